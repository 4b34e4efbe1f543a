"""What the use cases of requests begin and end with: a request under lock, and how it looks then."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import rfc8785

from core.access import directory
from core.approvals import queries, reading, store
from core.approvals.consequences import held_as_seated
from core.approvals.errors import UnknownRequest
from core.approvals.views import RequestView
from core.db import Transaction

JUSTIFICATION_MAX = 4000  # characters
AUTOMATIC = "Every criterion of an automatic approval held."


async def hold(tx: Transaction, request_id: UUID) -> store.Held:
    """The request, held for the rest of the transaction. Raises UnknownRequest."""
    held = await store.hold(tx, request_id)
    if held is None:
        raise UnknownRequest(where="request")
    return held


async def hold_seated(tx: Transaction, request_id: UUID) -> store.Held:
    """The same, with everybody where they should sit at this instant. Raises UnknownRequest."""
    held = await held_as_seated(tx, request_id)
    if held is None:
        raise UnknownRequest(where="request")
    return held


async def view_of(tx: Transaction, request_id: UUID) -> RequestView:
    """The request as doors show it. Raises UnknownRequest."""
    found = await reading.views(tx, await queries.by_ids(tx, [request_id]), await directory(tx))
    if not found:
        raise UnknownRequest(where="request")
    return found[0]


def digest_of(
    action: str, resource: Mapping[str, Any], justification: str, requester: str, *, revision: int = 1
) -> str:
    """SHA-256 over the canonical request (RFC 8785), in hex: what a vote binds to."""
    body: dict[str, Any] = {
        "action": action,
        "resource": dict(resource),
        "justification": justification,
        "requester": requester,
        **({"revision": revision} if revision > 1 else {}),
    }
    return hashlib.sha256(rfc8785.dumps(body)).hexdigest()
