"""What an approval there means here, and what it shall say. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Final

from core.approvals import RequestView, StageView
from core.ids import UserId
from core.tickets.values import Decision, Shown, ToldApproval

DECIDED: Final = frozenset({Decision.APPROVED, Decision.REJECTED})
_SAYS: Final = {"approve": Decision.APPROVED, "reject": Decision.REJECTED}


class Outcome(StrEnum):
    """What became of an approval here. REOPEN: it does not count, and is to ask again there."""

    NONE = ""
    COUNTED = "counted"
    REFUSED = "refused"
    UNLINKED = "unlinked"
    REOPEN = "reopen"


@dataclass(frozen=True, slots=True)
class Known:
    """What we know of one approval there. `digest` is of the request as it was when the approval asked."""

    id: str
    account: str
    digest: str
    version: int
    decision: Decision
    outcome: Outcome = Outcome.NONE


def is_news(known: Known | None, told: ToldApproval) -> bool:
    """Whether this says something else than what is known, and later. Late and doubled tellings do not."""
    if known is None:
        return told.decision in DECIDED
    return told.version >= known.version and told.decision is not known.decision


def heard(known: Known | None, told: ToldApproval, *, digest_shown: str) -> Known:
    """The approval as it is known with this telling. One that nobody told of before asked what the ticket says."""
    if known is None:
        return Known(told.id, told.account, digest_shown, told.version, told.decision)
    return replace(known, account=told.account or known.account, version=told.version, decision=told.decision)


def seen_open(known: Known | None, told: ToldApproval, *, digest: str, digest_before: str) -> Known | None:
    """How an approval stands once its ticket says what `digest` asks; None where nothing new is known.

    An open one asks that from now on. One that was decided before we ever heard of it asked what the ticket said until
    now, and is told of by the next look.
    """
    if known is not None and told.version < known.version:
        return None
    if told.decision is Decision.REQUESTED:
        return Known(told.id, told.account, digest, told.version, Decision.REQUESTED)
    if told.is_ours or told.decision is Decision.ENDED:
        return heard(known, told, digest_shown=digest_before)
    return known or Known(told.id, told.account, digest_before, told.version, Decision.REQUESTED)


def shown(request: RequestView, accounts: Mapping[UserId, str], approvals: Iterable[Known]) -> tuple[Shown, ...]:
    """What the approvals of those who have an account there shall say, while the request is pending: each once.

    After it is decided, nobody is asked any more: those who voted are shown, and the others are no longer required.
    """
    known = tuple(approvals)
    stages = [stage for stage in request.stages if stage.is_needed]
    people = {person.id: person for stage in stages for person in stage.approvers}
    people |= {vote.voter.id: vote.voter for stage in stages for vote in stage.votes}
    told = []
    for user, person in sorted(people.items()):
        if user not in accounts:
            continue
        says, reason = _says(request, stages, user)
        if says is not None:
            theirs = [each for each in known if each.account and each.account == accounts[user]]
            told.append(_shown(person.email, accounts[user], says, reason, theirs, request.digest))
    return tuple(told)


def _says(request: RequestView, stages: Iterable[StageView], user: UserId) -> tuple[Decision | None, str]:
    """Asked on an open stage without a vote of theirs: that; else their last vote; else nothing."""
    last: tuple[Decision | None, str] = (None, "")
    for stage in stages:
        vote = next((vote for vote in stage.votes if vote.voter.id == user), None)
        if vote is not None:
            last = (_SAYS[vote.decision], vote.reason)
        elif request.status == "pending" and stage.status == "open" and user in {each.id for each in stage.approvers}:
            return Decision.REQUESTED, ""
    return last


def _shown(email: str, account: str, says: Decision, reason: str, theirs: Iterable[Known], digest: str) -> Shown:
    asks = says is Decision.REQUESTED
    reopen = next((each.id for each in theirs if asks and each.outcome is Outcome.REOPEN), "")
    # What counted was for another stage, as this one still asks; what was refused or stale counts for none.
    spent = frozenset(
        each.id for each in theirs if each.digest != digest or (asks and each.outcome is not Outcome.NONE)
    )
    return Shown(account, email, says, reason, spent - {reopen}, reopen)
