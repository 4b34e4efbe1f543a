"""What an administrator's filter sends us: signed as Standard Webhooks ask, at most once, in no order.

Remedy has no webhooks of its own; the payload is what the filter in `docs/connectors` builds. It is a nudge: what is
true is asked of the server.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from connectors.itsm.base import FieldChange, WebhookEvent
from connectors.itsm.remedy.wire import NUMBER, instant
from connectors.itsm.signatures import verified_id
from connectors.messages import UnreadableMessage, document_of


def read_webhook(
    headers: Mapping[str, str], body: bytes, *, key: bytes, account: str, now: datetime
) -> tuple[WebhookEvent, ...]:
    """The event in this message.

    Raises WebhookRejected unless it is signed with the key and fresh, UnreadableMessage if it names no ticket.
    """
    identity = verified_id(headers, body, key=key, now=now)
    document = document_of(body)
    # `request` is the ticket's number, also when a work log or an approval was touched.
    number = document.get("request")
    if not isinstance(number, str) or not NUMBER.match(number):
        raise UnreadableMessage(
            "The body names no ticket: 'request' is missing, or is no number of one.",
            where="request",
            accepted=("CRQ000000000101",),
        )
    by = str(document.get("last_modified_by") or "")
    at = instant(document.get("last_modified_date"))
    return (
        WebhookEvent(
            delivery_id=identity,
            table=str(document.get("form", "")),
            external_id=number,
            number=number,
            operation=str(document.get("operation", "")),
            version=int(at.timestamp()) if at else 0,
            by=by,
            ours=by == account,
            changes=_changes(document.get("changes")),
        ),
    )


def _changes(value: Any) -> dict[str, FieldChange]:
    if not isinstance(value, dict):
        return {}
    return {
        str(name): FieldChange(_shown(one.get("old")), _shown(one.get("new")))
        for name, one in value.items()
        if isinstance(one, dict)
    }


def _shown(value: Any) -> str:
    return "" if value is None else str(value)
