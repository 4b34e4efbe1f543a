"""A vote that needs more than a click waits, exactly as it was cast, until its voter gives a second factor (X2)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from core.access import member_of
from core.actor import Actor
from core.approvals.assessment import Assessment
from core.approvals.state import Choice, Vote
from core.approvals.store import Held
from core.db import Database
from core.signin import StepUpRequired, open_challenge, security_of, suffices


@dataclass(frozen=True, slots=True)
class WaitingVote:
    """What the voter is asked to confirm."""

    request_id: UUID
    stage: str
    choice: Choice
    reason: str
    criteria: Mapping[str, bool]
    digest: str

    @classmethod
    def from_json(cls, request_id: UUID, facts: Mapping[str, Any]) -> WaitingVote:
        """The vote that was stored."""
        return cls(
            request_id=request_id,
            stage=facts["stage"],
            choice=Choice(facts["choice"]),
            reason=facts["reason"],
            criteria=facts["criteria"],
            digest=facts["digest"],
        )


class _VoteUnassured(StepUpRequired):
    """This decision needs your second factor."""

    def __init__(self, vote: Vote) -> None:
        self.vote = vote
        super().__init__()


def require_assurance(held: Held, vote: Vote) -> None:
    """Returns if the vote is as sure as its stage wants it at the request's risk; else `stepping_up` takes over."""
    need = held.policy.stage(vote.stage).assurance
    if need is None:
        return
    level = Assessment.from_json(held.row.assessment).risk.level if held.row.assessment else None
    if not suffices(vote.assurance, need.at(level)):
        raise _VoteUnassured(vote)


@asynccontextmanager
async def stepping_up(database: Database, actor: Actor, request_id: UUID) -> AsyncIterator[None]:
    """A vote inside that is not sure enough waits, and StepUpRequired says where. Nothing else was changed."""
    try:
        yield
    except _VoteUnassured as exc:
        vote = exc.vote
        async with database.tenant(actor.tenant) as tx:
            owned = await security_of(tx, member_of(actor))
            if not owned.has_factor:
                message = "This decision needs your second factor, and you have none yet."
                raise StepUpRequired(message, link=f"{database.address}/console/security") from exc
            facts = {
                "stage": vote.stage,
                "choice": vote.choice.value,
                "reason": vote.reason,
                "criteria": dict(vote.criteria),
                "digest": vote.digest,
            }
            token = await open_challenge(tx, actor, subject_id=request_id, facts=facts)
        raise StepUpRequired(link=f"{database.address}/step-up/{token}") from exc
