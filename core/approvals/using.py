"""An approval is used once, by the decision that it allows."""

from __future__ import annotations

from uuid import UUID

from core.access import Directory, directory
from core.actor import Actor
from core.approvals import store
from core.approvals.errors import NotApproved
from core.approvals.events import RequestEvent
from core.approvals.loading import hold
from core.approvals.state import Choice, RequestStatus
from core.approvals.views import ApprovedRequest, Endorsement
from core.db import Transaction
from core.deadlines import clear
from core.ids import RequestId
from core.outbox import emit


async def hold_approved(tx: Transaction, request_id: UUID) -> ApprovedRequest:
    """The approved request, held for the rest of the transaction, used or not.

    Raises UnknownRequest, or NotApproved for one in another state.
    """
    held = await hold(tx, request_id)
    if held.state.status is not RequestStatus.APPROVED:
        raise NotApproved(f"REQ-{held.row.number} is {held.state.status}, not approved.")
    return _approved(held, await directory(tx), is_used=held.row.used_by is not None)


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
    return _approved(held, await directory(tx), is_used=True)


def _approved(held: store.Held, everybody: Directory, *, is_used: bool) -> ApprovedRequest:
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
    )
