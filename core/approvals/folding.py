"""What a request looks like after effects: the reference against which the store is tested."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from core.approvals.effects import (
    Amend,
    AskAbsent,
    AskAlso,
    DecideRequest,
    DecideStage,
    Delegate,
    Effect,
    Escalate,
    FillPlace,
    GiveBack,
    OpenStage,
    Pause,
    RecordVote,
    Remind,
    ReopenStage,
    ResetStage,
    Resume,
    UndoVote,
)
from core.approvals.state import RequestState, Seat, StageState, StageStatus
from core.ids import UserId


def apply(state: RequestState, effects: Iterable[Effect]) -> RequestState:
    """The state once the effects have happened, in order."""
    for effect in effects:
        state = _apply(state, effect)
    return state


def _apply(state: RequestState, effect: Effect) -> RequestState:
    match effect:
        case RecordVote(vote):
            return replace(state, votes=(*state.votes, vote))
        case DecideRequest(status):
            return replace(state, status=status)
        case UndoVote(undone):
            return replace(state, votes=tuple(vote for vote in state.votes if vote != undone))
        case Remind() | AskAbsent():
            return state
        case Amend():
            return replace(state, digest=effect.digest)
        case (
            OpenStage()
            | DecideStage()
            | Escalate()
            | Delegate()
            | FillPlace()
            | GiveBack()
            | ResetStage()
            | ReopenStage()
            | Pause()
            | Resume()
            | AskAlso()
        ):
            stages = tuple(_on_stage(stage, effect) if stage.key == effect.stage else stage for stage in state.stages)
            return replace(state, stages=stages)
        case _:
            assert_never(effect)


def _on_stage(
    stage: StageState,
    effect: OpenStage
    | DecideStage
    | Escalate
    | Delegate
    | FillPlace
    | GiveBack
    | ResetStage
    | ReopenStage
    | Pause
    | Resume
    | AskAlso,
) -> StageState:
    match effect:
        case OpenStage():
            return replace(
                stage,
                status=StageStatus.OPEN,
                opened_at=effect.opened_at,
                due_at=effect.due_at,
                roles=effect.roles,
                approvers=effect.approvers,
                escalation_level=effect.escalation_level,
            )
        case ResetStage():
            return StageState(stage.key, roles=effect.roles)
        case DecideStage():
            return replace(stage, status=effect.status, paused_at=None)
        case ReopenStage():
            return replace(stage, status=StageStatus.OPEN, due_at=effect.due_at)
        case Pause():
            return replace(stage, paused_at=effect.at)
        case Resume():
            return replace(stage, paused_at=None, due_at=effect.due_at)
        case Escalate():
            return replace(
                stage,
                due_at=effect.due_at,
                roles=(*stage.roles, effect.to_role),
                approvers=stage.approvers | effect.approvers,
                escalation_level=effect.level,
            )
        case AskAlso():
            roles = (*stage.roles, effect.role) if effect.role else stage.roles
            return replace(stage, roles=roles, approvers=stage.approvers | effect.approvers)
        case Delegate():
            delegates = {**stage.delegates, effect.from_person: effect.to_person}
            return replace(stage, delegates=delegates, stand_ins=_without(stage, effect.from_person))
        case FillPlace():
            return replace(stage, stand_ins={**stage.stand_ins, effect.place: effect.seat})
        case GiveBack():
            return replace(stage, stand_ins=_without(stage, effect.place))
        case _:
            assert_never(effect)


def _without(stage: StageState, place: UserId) -> dict[UserId, Seat]:
    return {other: seat for other, seat in stage.stand_ins.items() if other != place}
