"""An approval that somebody gave on a request's ticket: a vote, by the same rules as any other (N1, X2).

What is no vote is told once, with the reason: to whoever gave it, in the thread, and on the ticket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from core.actor import Actor, system_actor
from core.approvals.events import RequestEvent
from core.approvals.loading import hold
from core.approvals.state import Choice
from core.approvals.voting import Ballot, count_vote
from core.audit import AuditCategory, AuditResult, record
from core.db import Transaction
from core.errors import CountersignError
from core.ids import UserId
from core.outbox import emit
from core.signin import StepUpRequired

INSTEAD: Final = (
    "This stage takes no decision from a ticket system. Decide in Countersign, in chat or at the console, where your "
    "second factor can be asked for."
)


@dataclass(frozen=True, slots=True)
class TicketVote:
    """What somebody decided there. `seen_digest` is what the ticket said when they were asked."""

    system: str  # as people write it
    number: str
    name: str  # as the system calls whoever decided
    choice: Choice
    reason: str
    comment: str  # what they wrote with it; the reason says where it was decided if they wrote nothing
    seen_digest: str


async def take_ticket_vote(
    tx: Transaction, actor: Actor, request_id: UUID, vote: TicketVote
) -> CountersignError | None:
    """The vote counts as if it had been cast here; else why it does not, which has been recorded and told."""
    ballot = Ballot(vote.choice, vote.reason, seen_digest=vote.seen_digest)
    try:
        async with tx.connection.begin_nested():
            await count_vote(tx, actor, request_id, ballot)
    except CountersignError as error:
        refusal = StepUpRequired(INSTEAD) if isinstance(error, StepUpRequired) else error
        await tell_uncounted(tx, actor, request_id, vote, refusal)
        return error
    return None


async def tell_uncounted(
    tx: Transaction,
    actor: Actor,
    request_id: UUID,
    vote: TicketVote,
    error: CountersignError,
    *,
    concerns: UserId | None = None,
) -> None:
    """The trail, the thread, the ticket and whoever decided know that this did not count, and why.

    `concerns` is told too: somebody else decided in their place.
    """
    held = await hold(tx, request_id)
    facts: Mapping[str, Any] = {
        "request": f"REQ-{held.row.number}",
        "system": vote.system,
        "ticket": vote.number,
        "by": vote.name,
        "decision": vote.choice.value,
        "code": error.code,
        "why": error.sentence(),
        "said": vote.comment,
        "people": [str(person) for person in (actor.user, concerns) if person],
    }
    await record(
        tx,
        actor if actor.user else system_actor(tx.tenant),
        action=RequestEvent.TICKET_VOTE_UNCOUNTED,
        resource=held.row.resource_name,
        category=AuditCategory.SECURITY,
        subject_id=request_id,
        details=facts,
        result=AuditResult.DENIED,
    )
    await emit(tx, subject=f"request:{request_id}", type=RequestEvent.TICKET_VOTE_UNCOUNTED, data=facts)
