"""A change's life as a table: which step is legal in which state, and where it leads (G1, G2).

The table is the whole truth: rules ask it, `docs/changes.md` draws it, and the tests walk it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class ChangeState(StrEnum):
    """Where a change is in its life."""

    DRAFT = "draft"
    ASSESS = "assess"  # impact and risk are known; nobody is asked yet
    AUTHORISE = "authorise"  # the people of its risk's row are asked
    SCHEDULE = "schedule"  # it may be done, at the time that is set for it
    IMPLEMENT = "implement"
    VALIDATE = "validate"  # it is done; whether it works is being checked
    REVIEW = "review"
    CLOSED = "closed"
    ROLLED_BACK = "rolled_back"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Step(StrEnum):
    """What moves a change."""

    ASSESS = "assess"
    SUBMIT = "submit"  # to the people of its risk's row
    PREAPPROVE = "preapprove"  # a standard change, by its template
    APPROVE = "approve"
    TURN_DOWN = "turn_down"  # rejected, withdrawn, or not decided in time
    LAPSE = "lapse"  # the approval is over, as nobody used it in its time
    REVISE = "revise"
    SCHEDULE = "schedule"
    SEND_BACK = "send_back"  # to those who decide: its new time needs more approval than it has
    IMPLEMENT = "implement"
    BYPASS = "bypass"  # implemented under a live emergency bypass
    COMPLETE = "complete"
    VALIDATE = "validate"
    CLOSE = "close"  # validated, where the policy asks for no review
    REVIEW = "review"
    ROLL_BACK = "roll_back"
    REOPEN = "reopen"  # what was rolled back does not work again
    FAIL = "fail"
    CANCEL = "cancel"


_S = ChangeState
# step -> the states in which it is legal, each with where it leads
TRANSITIONS: Final[Mapping[Step, Mapping[ChangeState, ChangeState]]] = {
    Step.ASSESS: {_S.DRAFT: _S.ASSESS, _S.ASSESS: _S.ASSESS},
    Step.SUBMIT: {_S.ASSESS: _S.AUTHORISE},
    Step.PREAPPROVE: {_S.ASSESS: _S.SCHEDULE},
    Step.APPROVE: {_S.AUTHORISE: _S.SCHEDULE},
    Step.TURN_DOWN: {_S.AUTHORISE: _S.DRAFT},
    Step.LAPSE: {_S.SCHEDULE: _S.DRAFT},
    Step.REVISE: {_S.ASSESS: _S.DRAFT, _S.AUTHORISE: _S.DRAFT, _S.SCHEDULE: _S.DRAFT},
    Step.SCHEDULE: {_S.SCHEDULE: _S.SCHEDULE},
    Step.SEND_BACK: {_S.SCHEDULE: _S.AUTHORISE},
    Step.IMPLEMENT: {_S.SCHEDULE: _S.IMPLEMENT},
    Step.BYPASS: {
        _S.DRAFT: _S.IMPLEMENT,
        _S.ASSESS: _S.IMPLEMENT,
        _S.AUTHORISE: _S.IMPLEMENT,
        _S.SCHEDULE: _S.IMPLEMENT,
    },
    Step.COMPLETE: {_S.IMPLEMENT: _S.VALIDATE},
    Step.VALIDATE: {_S.VALIDATE: _S.REVIEW},
    Step.CLOSE: {_S.VALIDATE: _S.CLOSED},
    Step.REVIEW: {_S.REVIEW: _S.CLOSED, _S.ROLLED_BACK: _S.ROLLED_BACK, _S.FAILED: _S.FAILED},
    Step.ROLL_BACK: {_S.IMPLEMENT: _S.ROLLED_BACK, _S.VALIDATE: _S.ROLLED_BACK, _S.REVIEW: _S.ROLLED_BACK},
    Step.REOPEN: {_S.ROLLED_BACK: _S.IMPLEMENT},
    Step.FAIL: {_S.IMPLEMENT: _S.FAILED, _S.VALIDATE: _S.FAILED},
    Step.CANCEL: {
        _S.DRAFT: _S.CANCELLED,
        _S.ASSESS: _S.CANCELLED,
        _S.AUTHORISE: _S.CANCELLED,
        _S.SCHEDULE: _S.CANCELLED,
    },
}
BY_ITSELF: Final = frozenset({Step.PREAPPROVE, Step.APPROVE, Step.TURN_DOWN, Step.LAPSE, Step.SEND_BACK, Step.REOPEN})
DONE: Final[Mapping[Step, str]] = {  # what a change is after the step, as people say it
    Step.ASSESS: "assessed",
    Step.SUBMIT: "submitted",
    Step.PREAPPROVE: "approved",
    Step.APPROVE: "approved",
    Step.TURN_DOWN: "turned down",
    Step.LAPSE: "sent back",
    Step.REVISE: "revised",
    Step.SCHEDULE: "scheduled",
    Step.SEND_BACK: "sent back",
    Step.IMPLEMENT: "implemented",
    Step.BYPASS: "implemented under a bypass",
    Step.COMPLETE: "completed",
    Step.VALIDATE: "validated",
    Step.CLOSE: "closed",
    Step.REVIEW: "reviewed",
    Step.ROLL_BACK: "rolled back",
    Step.REOPEN: "opened again",
    Step.FAIL: "given up",
    Step.CANCEL: "cancelled",
}
ENDS: Final = frozenset({_S.CLOSED, _S.ROLLED_BACK, _S.FAILED, _S.CANCELLED})
UNSUCCESSFUL: Final = (_S.ROLLED_BACK, _S.FAILED)
BEFORE_WORK: Final = (_S.DRAFT, _S.ASSESS, _S.AUTHORISE, _S.SCHEDULE)
AT_WORK: Final = (_S.IMPLEMENT, _S.VALIDATE)
UNDER_WAY: Final = (*AT_WORK, _S.REVIEW)


def steps_from(state: ChangeState) -> tuple[Step, ...]:
    """The steps that are legal in this state, in the table's order."""
    return tuple(step for step, moves in TRANSITIONS.items() if state in moves)


def target(step: Step, state: ChangeState) -> ChangeState | None:
    """Where the step leads from here; None if it is not legal."""
    return TRANSITIONS[step].get(state)
