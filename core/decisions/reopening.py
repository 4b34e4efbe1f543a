"""Asking again for what was rejected, withdrawn or has expired (P9).

A request that is over stays over: tickets and platforms have been told so. Asking again opens a new one that names the
old one, under the policy in force now, with everything that was asked and the reason to look at it once more.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from core.access import TokenScope, member_of, require_scope
from core.actor import Actor
from core.approvals import load_request
from core.approvals.errors import InvalidRequest, NotOver, NotYourRequest
from core.audit import audited
from core.db import Database
from core.decisions.gate import Gate
from core.decisions.views import DecisionView
from core.roles.permissions import ACTION_PERMISSIONS

REOPENED: Final = ("rejected", "withdrawn", "expired")
REASON_MAX: Final = 500  # characters


async def reopen(database: Database, gate: Gate, actor: Actor, request_id: UUID, *, reason: str) -> DecisionView:
    """What the gate answers to the same question asked again; a pending answer has its new request open.

    Raises UnknownRequest, NotYourRequest, NotOver or InvalidRequest.
    """
    async with audited(database, actor, action="request.reopen", resource=str(request_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        before = await load_request(tx, request_id)
        if before.requester.id != member_of(actor):
            raise NotYourRequest("Only the person who asked can ask again.")
        if before.status not in REOPENED:
            raise NotOver(f"{before.reference} is {before.status}.", next_step="Change it while it is pending.")
        if before.action not in ACTION_PERMISSIONS:
            about = before.resource["name"]
            raise InvalidRequest(f"{before.reference} is about {about}; submit that again.", where="request")
        if not reason.strip() or len(reason) > REASON_MAX:
            raise InvalidRequest(
                f"Say in 1 to {REASON_MAX} characters why it should be looked at again.", where="reason"
            )
    why = f"Asked again, as {before.reference} was {before.status}: {reason.strip()}"
    return await gate.decide(
        actor,
        action=before.action,
        resource={"type": "agent", **before.resource},
        context={"justification": f"{before.justification}\n\n{why}".strip()},
        reopens=int(before.reference.partition("-")[2]),
    )
