"""An approval is used once, by the decision that it allows."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from core.access import Directory, directory
from core.actor import Actor
from core.approvals import store
from core.approvals.consequences import UNUSED
from core.approvals.errors import NotApproved
from core.approvals.events import RequestEvent
from core.approvals.loading import hold
from core.approvals.state import Choice, RequestStatus
from core.approvals.views import ApprovedRequest, Endorsement
from core.db import Transaction
from core.deadlines import clear, set_deadline
from core.ids import RequestId
from core.named_tickets import NamedTicket, ticket_needed
from core.outbox import emit


async def hold_approved(tx: Transaction, request_id: UUID) -> ApprovedRequest:
    """The approved request, held for the rest of the transaction, used or not.

    Raises UnknownRequest, or NotApproved for one in another state.
    """
    held = await hold(tx, request_id)
    if held.state.status is not RequestStatus.APPROVED:
        raise NotApproved(f"REQ-{held.row.number} is {held.state.status}, not approved.")
    return _approved(
        held,
        await directory(tx),
        is_used=held.row.used_by is not None,
        ticket=await _ticket(tx, held),
    )


async def use_approval(
    tx: Transaction, actor: Actor, request_id: RequestId, decision_id: UUID
) -> ApprovedRequest | None:
    """What was approved, if no decision had used it; then this one has consumed it, and everybody hears of it."""
    held = await hold(tx, request_id)
    if not await store.mark_used(tx, request_id, decision_id):
        return None
    await clear(tx, request_id)
    await emit(
        tx,
        subject=f"request:{request_id}",
        type=RequestEvent.USED,
        data={"decision": str(decision_id), "by": actor.email, "reference": f"REQ-{held.row.number}"},
    )
    return _approved(held, await directory(tx), is_used=True, ticket=await _ticket(tx, held))


async def limit_approval(tx: Transaction, request_id: UUID, *, until: datetime) -> None:
    """The approval is over at `until` if nobody has used it by then: its requester wanted no longer one."""
    await set_deadline(tx, request_id, UNUSED, until, data={"until": until.isoformat()})


async def _ticket(tx: Transaction, held: store.Held) -> NamedTicket | None:
    return await ticket_needed(tx, held.row.request_id) if held.policy.ticket else None


def _approved(held: store.Held, everybody: Directory, *, is_used: bool, ticket: NamedTicket | None) -> ApprovedRequest:
    row, state = held.row, held.state
    return ApprovedRequest(
        id=RequestId(row.request_id),
        reference=f"REQ-{row.number}",
        action=row.action,
        resource=row.resource,
        requester=everybody.people[state.requester].email,
        digest=state.digest,
        policy_key=row.policy_key,
        policy_version=row.policy_version,
        endorsements=tuple(
            Endorsement(
                stage=stage.key,
                email=everybody.people[vote.voter].email,
                at=vote.cast_at,
                criteria=tuple(sorted(name for name, is_confirmed in vote.criteria.items() if is_confirmed)),
            )
            for stage in state.stages
            for vote in state.votes_on(stage.key)
            if vote.choice is Choice.APPROVE
        ),
        is_used=is_used,
        ticket=ticket,
    )
