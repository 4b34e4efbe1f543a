"""Use cases of a vote that waits for its voter's second factor (X2)."""

from __future__ import annotations

from core.access import TokenScope, permitted
from core.actor import Actor
from core.approvals.loading import view_of
from core.approvals.stepping import WaitingVote, stepping_up
from core.approvals.views import RequestView
from core.approvals.voting import Ballot, count_vote
from core.audit import audited
from core.db import Database
from core.signin import Assurance, Proof, assurance_of, find_challenge, give_proof, use_challenge


async def waiting_vote(database: Database, actor: Actor, token: str) -> tuple[WaitingVote, RequestView]:
    """What waits under the token for this person, and the request as it stands. Raises LinkOver."""
    async with permitted(database, actor, TokenScope.READ, action="request.step_up", resource="vote") as tx:
        subject, facts = await find_challenge(tx, actor, token)
        return WaitingVote.from_json(subject, facts), await view_of(tx, subject)


async def confirm_vote(database: Database, actor: Actor, token: str, *, proof: Proof) -> tuple[RequestView, Actor]:
    """The vote that waited counts, once; and the actor, assured. No proof is needed for ten minutes after the last.

    Raises CodeRefused or KeyRefused, which leave the vote waiting, LinkOver, or what `cast_vote` raises.
    """
    vote, _request = await waiting_vote(database, actor, token)
    if assurance_of(actor, now=database.clock.now()) is Assurance.CLICK:
        actor = await give_proof(database, actor, proof)
    ballot = Ballot(vote.choice, vote.reason, vote.criteria, vote.stage, vote.digest)
    about, said = str(vote.request_id), {"decision": vote.choice}
    async with (
        stepping_up(database, actor, vote.request_id),
        audited(database, actor, action="request.vote", resource=about, details=said) as tx,
    ):
        await use_challenge(tx, token)  # with the vote or not at all: a server that dies in between loses neither
        return await count_vote(tx, actor, vote.request_id, ballot), actor
