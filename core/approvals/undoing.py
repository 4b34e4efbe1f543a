"""A vote taken back: a slip of the finger on a telephone must not decide anything (P9). Pure.

While the request is pending, shortly after the vote, and only where nothing has been built on it. A request that is
decided has been told to tickets and platforms; nobody can take that back in their place.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from core.approvals import errors
from core.approvals.ballots import check_pending
from core.approvals.effects import Effect, ReopenStage, ResetStage, UndoVote
from core.approvals.policy import ApprovalPolicy
from core.approvals.rules import needs_of
from core.approvals.state import RequestState, StageState, StageStatus, Vote
from core.ids import UserId

GRACE: Final = timedelta(minutes=5)


def undo_vote(state: RequestState, policy: ApprovalPolicy, by: UserId, *, now: datetime) -> tuple[Effect, ...]:
    """The person's last vote does not count; a stage that it closed is open again, and what it opened waits again.

    Raises AlreadyDecided, NothingToUndo, or TooLateToUndo: the grace is over, or somebody voted on what followed.
    """
    check_pending(state)
    mine = [vote for vote in state.votes if vote.voter == by and vote.digest == state.digest]
    if not mine:
        raise errors.NothingToUndo("You have cast no vote on this request that counts.")
    vote = mine[-1]
    if now - vote.cast_at > GRACE:
        minutes = int(GRACE.total_seconds() // 60)
        raise errors.TooLateToUndo(f"A vote can be taken back for {minutes} minutes.", next_step="Ask the requester.")
    stage = state.stage(vote.stage)
    if stage.status is StageStatus.OPEN:
        return (UndoVote(vote),)
    followers = _followers(state, policy, vote)
    for follower in followers:
        if state.votes_on(follower.key):
            raise errors.TooLateToUndo(f"Somebody has voted on stage '{follower.key}' since, which your vote opened.")
    opened = (follower.key for follower in followers if follower.status is StageStatus.OPEN)
    resets = (ResetStage(key, policy.stage(key).approvers) for key in opened)
    due_at = max(stage.due_at or now, now)
    return (UndoVote(vote), *resets, ReopenStage(stage.key, due_at))


def _followers(state: RequestState, policy: ApprovalPolicy, vote: Vote) -> tuple[StageState, ...]:
    """The stages that need this one."""
    skipped = frozenset(stage.key for stage in state.stages if stage.status is StageStatus.SKIPPED)
    return tuple(stage for stage in state.stages if vote.stage in needs_of(policy, policy.stage(stage.key), skipped))
