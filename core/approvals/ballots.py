"""Whether a vote may be cast, and on which stage (P1, P2, R7). Pure; what follows from it is in rules.py."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from core.approvals import errors
from core.approvals.asking import asked_title
from core.approvals.policy import ApprovalPolicy, StagePolicy
from core.approvals.state import Choice, RequestState, RequestStatus, StageStatus, Vote
from core.ids import UserId

REASON_MAX: Final = 2000  # characters
REASON_MIN_TO_REJECT: Final = 3


def stage_to_vote_on(state: RequestState, voter: UserId, wanted: str | None) -> str:
    """The stage meant by somebody who names none: the open one on which they are asked, else any open one.

    Somebody who has voted and is asked nothing more means that vote again: their answer got lost, not their vote. And
    somebody whose stage others have decided means that one, not one on which they were never asked.
    """
    if wanted is not None:
        return wanted
    mine = [stage.key for stage in state.open_stages if voter in stage.voters]
    voted = [vote.stage for vote in reversed(state.votes) if vote.voter == voter and vote.digest == state.digest]
    late = [stage.key for stage in reversed(state.stages) if voter in stage.voters]
    open_ones = [stage.key for stage in state.open_stages]
    known = [stage.key for stage in reversed(state.stages)]
    return next(iter([*mine, *voted, *late, *open_ones, *known]), "")


def is_repeated(state: RequestState, vote: Vote) -> bool:
    """The same person saying the same again: a double click, or a delivery that came twice."""
    return any(
        (other.voter, other.stage, other.choice, other.digest) == (vote.voter, vote.stage, vote.choice, vote.digest)
        for other in state.votes
    )


def check_vote(state: RequestState, policy: ApprovalPolicy, vote: Vote) -> None:
    """Returns if the vote may be cast.

    Raises AlreadyDecided, StageAlreadyDecided, AlreadyVoted, StaleDigest, OwnRequest, NotAnApprover,
    VotedOnAnotherStage or InvalidVote.
    """
    if vote.voter == state.requester:
        raise errors.OwnRequest("Nobody approves their own request.", next_step="The people asked will decide.")
    check_pending(state)
    if vote.stage not in {stage.key for stage in state.stages}:
        raise errors.InvalidVote(
            f"There is no stage '{vote.stage}'.", where="stage", accepted=tuple(stage.key for stage in state.stages)
        )
    current = state.stage(vote.stage)
    if current.status is StageStatus.WAITING:
        raise errors.InvalidVote(
            f"Stage '{vote.stage}' is not open yet.",
            where="stage",
            accepted=tuple(stage.key for stage in state.open_stages),
        )
    if current.status is not StageStatus.OPEN:
        raise errors.StageAlreadyDecided(
            f"Stage '{vote.stage}' is {current.status} already.",
            where="stage",
            accepted=tuple(stage.key for stage in state.open_stages),
        )
    if vote.digest != state.digest:
        raise errors.StaleDigest(next_step="Look at it again, then decide.")
    if vote.voter not in current.voters:
        asked = " or ".join(map(asked_title, current.roles))
        raise errors.NotAnApprover(f"Stage '{vote.stage}' is decided by {asked}; you are not asked.", where="stage")
    if any(other.voter == vote.voter for other in state.votes_on(vote.stage)):
        raise errors.AlreadyVoted("You have voted the other way already; a vote cannot be turned round.")
    if current.place_of(vote.voter) in state.filled(current):
        raise errors.AlreadyVoted("This place has its vote: whoever stands in, or is stood in for, has voted already.")
    if vote.voter in barred(state, policy, vote.stage):
        raise errors.VotedOnAnotherStage(
            "You have decided another stage of this request; nobody decides two.", next_step="Delegate your place."
        )
    _check_content(policy.stage(vote.stage), vote)


def check_pending(state: RequestState) -> None:
    """Returns while the request can still move; raises AlreadyDecided, saying by whose vote and when."""
    if state.status is not RequestStatus.PENDING:
        deciding = {RequestStatus.APPROVED: Choice.APPROVE, RequestStatus.REJECTED: Choice.REJECT}.get(state.status)
        votes = [vote for vote in state.votes if vote.digest == state.digest and vote.choice is deciding]
        by_vote = max(votes, key=_cast_at, default=None)
        raise errors.AlreadyDecided(
            f"This request is {state.status} already.",
            by=by_vote.voter if by_vote else None,
            at=by_vote.cast_at if by_vote else None,
        )


def barred(state: RequestState, policy: ApprovalPolicy, stage: str) -> frozenset[UserId]:
    """Who may not decide the stage whatever their role: the requester, and who has decided another stage (R7)."""
    barred = frozenset({state.requester})
    if policy.same_voter_may_decide_stages:
        return barred
    return barred | {vote.voter for vote in state.votes if vote.stage != stage and vote.digest == state.digest}


def _check_content(stage: StagePolicy, vote: Vote) -> None:
    if len(vote.reason) > REASON_MAX:
        raise errors.InvalidVote(
            f"The reason has {len(vote.reason)} characters; at most {REASON_MAX} are kept.", where="reason"
        )
    if vote.choice is Choice.REJECT and len(vote.reason.strip()) < REASON_MIN_TO_REJECT:
        raise errors.InvalidVote("Say why you reject it, so that the requester can do better.", where="reason")
    unknown = sorted(set(vote.criteria) - set(stage.criteria))
    if unknown:
        raise errors.InvalidVote(
            f"Stage '{stage.key}' has no criterion '{unknown[0]}'.",
            where=f"criteria.{unknown[0]}",
            accepted=stage.criteria,
        )
    unmet = [name for name, is_met in vote.criteria.items() if not is_met]
    if vote.choice is Choice.APPROVE and unmet:
        raise errors.InvalidVote(
            f"Criterion '{unmet[0]}' is not confirmed, so this cannot be an approval.",
            where=f"criteria.{unmet[0]}",
            next_step="Confirm it, or reject the request.",
        )


def _cast_at(vote: Vote) -> datetime:
    return vote.cast_at
