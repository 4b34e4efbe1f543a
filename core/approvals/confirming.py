"""Use cases of a vote that waits for its voter's second factor (X2)."""

from __future__ import annotations

from core.access import TokenScope, permitted
from core.actor import Actor
from core.approvals.loading import view_of
from core.approvals.service import cast_vote
from core.approvals.stepping import WaitingVote
from core.approvals.views import RequestView
from core.db import Database
from core.signin import Assurance, assurance_of, find_challenge, give_code, use_challenge


async def waiting_vote(database: Database, actor: Actor, token: str) -> tuple[WaitingVote, RequestView]:
    """What waits under the token for this person, and the request as it stands. Raises LinkOver."""
    async with permitted(database, actor, TokenScope.READ, action="request.step_up", resource="vote") as tx:
        subject, facts = await find_challenge(tx, actor, token)
        return WaitingVote.from_json(subject, facts), await view_of(tx, subject)


async def confirm_vote(database: Database, actor: Actor, token: str, *, code: str) -> tuple[RequestView, Actor]:
    """The vote that waited counts, once; and the actor, assured. No code is needed for ten minutes after the last.

    Raises CodeRefused, which leaves the vote waiting, LinkOver, or what `cast_vote` raises.
    """
    vote, _request = await waiting_vote(database, actor, token)
    if assurance_of(actor, now=database.clock.now()) is Assurance.CLICK:
        actor = await give_code(database, actor, code)
    async with database.tenant(actor.tenant) as tx:
        await use_challenge(tx, token)
    request = await cast_vote(
        database,
        actor,
        vote.request_id,
        choice=vote.choice,
        reason=vote.reason,
        criteria=vote.criteria,
        stage=vote.stage,
        seen_digest=vote.digest,
    )
    return request, actor
