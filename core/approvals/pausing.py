"""While the requester is asked something, nobody's time runs (P3). Pure.

A question by somebody who is asked stops the clocks of the open stages; the requester's answer starts them again with
the time that was left. A question that stays unanswered stops them for PAUSE_MAX at most: a request never gets stuck.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from core.approvals.effects import Pause, Resume
from core.approvals.policy import ApprovalPolicy
from core.approvals.state import RequestState, RequestStatus, StageState
from core.ids import UserId

PAUSE_MAX: Final = timedelta(days=7)


def pause(state: RequestState, policy: ApprovalPolicy, by: UserId, *, now: datetime) -> tuple[Pause, ...]:
    """The open stages stand still if `by` is asked on one of them and the policy has it so; else nothing."""
    is_asked = any(by in stage.voters for stage in state.open_stages)
    if state.status is not RequestStatus.PENDING or not policy.pause_for_questions or not is_asked:
        return ()
    return tuple(Pause(stage.key, now, now + PAUSE_MAX) for stage in state.open_stages if stage.paused_at is None)


def resume(state: RequestState, policy: ApprovalPolicy, *, now: datetime) -> tuple[Resume, ...]:
    """Every stage that stands still goes on with the time that it had left."""
    if state.status is not RequestStatus.PENDING:
        return ()
    return tuple(_resumed(stage, policy, now=now) for stage in state.open_stages if stage.paused_at is not None)


def on_pause_over(state: RequestState, policy: ApprovalPolicy, stage: str, *, now: datetime) -> tuple[Resume, ...]:
    """The stage goes on although nobody has answered."""
    return tuple(effect for effect in resume(state, policy, now=now) if effect.stage == stage)


def _resumed(stage: StageState, policy: ApprovalPolicy, *, now: datetime) -> Resume:
    since, until = stage.paused_at or now, stage.due_at or now
    return Resume(stage.key, *policy.stage(stage.key).due_again(since, until, stage.voters, now=now))
