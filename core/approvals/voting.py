"""Use cases of votes: cast, and taken back (P1, P2, P9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from core.access import TokenScope, directory, member_of, require_scope
from core.actor import Actor
from core.approvals import ballots, rules, undoing
from core.approvals.asking import PeopleFor
from core.approvals.awaiting import require_ticket
from core.approvals.consequences import follow
from core.approvals.loading import hold, hold_seated, view_of
from core.approvals.sightings import note_sighting
from core.approvals.state import Choice, Vote
from core.approvals.stepping import require_assurance, stepping_up
from core.approvals.views import RequestView
from core.audit import audited
from core.db import Database, Transaction
from core.ids import RequestId
from core.signin import assurance_of

SEEN_DIGEST_MIN: Final = 12  # characters of the digest that tell one version from another


@dataclass(frozen=True, slots=True)
class Ballot:
    """What somebody says about a stage.

    Without a stage it is the one that they may decide. `seen_digest` (or its first characters) is what they looked at;
    None means the request as it stands.
    """

    choice: Choice
    reason: str = ""
    criteria: Mapping[str, bool] = field(default_factory=dict)
    stage: str | None = None
    seen_digest: str | None = None


async def cast_vote(
    database: Database,
    actor: Actor,
    request_id: UUID,
    *,
    choice: Choice,
    reason: str = "",
    criteria: Mapping[str, bool] | None = None,
    stage: str | None = None,
    seen_digest: str | None = None,
) -> RequestView:
    """The vote counts, once, and whatever follows from it has happened (P1, P2). See Ballot for what it says.

    Raises StepUpRequired with a link where its stage asks for more than a click: exactly this vote waits there (X2).
    """
    ballot = Ballot(choice, reason, criteria or {}, stage, seen_digest)
    async with (
        stepping_up(database, actor, request_id),
        audited(database, actor, action="request.vote", resource=str(request_id), details={"decision": choice}) as tx,
    ):
        return await count_vote(tx, actor, request_id, ballot)


async def count_vote(tx: Transaction, actor: Actor, request_id: UUID, ballot: Ballot) -> RequestView:
    """The same within the transaction of another use case."""
    require_scope(actor, TokenScope.VOTE)
    voter = member_of(actor)
    held = await hold_seated(tx, request_id)
    if ballot.choice is Choice.APPROVE and held.policy.ticket is not None:
        await require_ticket(tx, request_id)
    digest, seen = held.state.digest, ballot.seen_digest
    if seen and not (len(seen) >= SEEN_DIGEST_MIN and digest.startswith(seen)):
        digest = seen  # which is not in force: the rule says so
    elif seen:
        await note_sighting(tx, actor, request_id, revision=held.row.revision)
    vote = Vote(
        stage=ballots.stage_to_vote_on(held.state, voter, ballot.stage),
        voter=voter,
        choice=ballot.choice,
        reason=ballot.reason.strip(),
        criteria=ballot.criteria,
        digest=digest,
        cast_at=tx.now,
        assurance=assurance_of(actor, now=tx.now),
    )
    if vote.choice is Choice.APPROVE and vote.stage in {entry.key for entry in held.policy.stages}:
        # Criteria that an approving vote does not name count as confirmed by the voter (CONTRACT).
        named = dict.fromkeys(held.policy.stage(vote.stage).criteria, True) | dict(ballot.criteria)
        vote = replace(vote, criteria=named)
    people = PeopleFor(await directory(tx), held.row.resource, held.state.requester)
    effects = rules.cast_vote(held.state, held.policy, vote, people, now=tx.now)
    if effects:
        require_assurance(held, vote)
    await follow(tx, actor, RequestId(request_id), held.row.number, held.row.resource_name, effects)
    return await view_of(tx, request_id)


async def undo_vote(database: Database, actor: Actor, request_id: UUID) -> RequestView:
    """The actor's last vote on the request does not count any more (P9)."""
    async with audited(database, actor, action="request.undo", resource=str(request_id)) as tx:
        require_scope(actor, TokenScope.VOTE)
        held = await hold(tx, request_id)
        effects = undoing.undo_vote(held.state, held.policy, member_of(actor), now=tx.now)
        await follow(tx, actor, RequestId(request_id), held.row.number, held.row.resource_name, effects)
        return await view_of(tx, request_id)
