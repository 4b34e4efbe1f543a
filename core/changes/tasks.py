"""What is to be done of a change, step by step, as ticket systems keep it in child records (G3, G6). Pure.

A gate is open until its evidence holds; the work, its validation and its review follow the change's life. What a bypass
let pass stays open until it is shown late, or the change's review is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from core.changes.policy import Gate
from core.changes.rules import PASSED
from core.changes.state import ChangeState
from core.changes.views import ChangeView


class TaskKind(StrEnum):
    """What kind of work a task is, in the words that ticket systems have for tasks of a change."""

    PLANNING = "planning"
    TESTING = "testing"
    IMPLEMENTATION = "implementation"
    REVIEW = "review"


class TaskState(StrEnum):
    """How a task stands."""

    OPEN = "open"
    WORKING = "working"
    DONE = "done"
    FAILED = "failed"  # over, and not as it should be
    CANCELLED = "cancelled"  # nobody does it any more


TASK_ENDS: Final = frozenset({TaskState.DONE, TaskState.FAILED, TaskState.CANCELLED})


class TaskStep(StrEnum):
    """The closed set of steps; the gates have the names that they have elsewhere."""

    TESTING = "testing"
    ROLLBACK_PLAN = "rollback_plan"
    COMMUNICATION = "communication"
    IMPLEMENTATION = "implementation"
    VALIDATION = "validation"
    REVIEW = "review"

    @property
    def gate(self) -> Gate | None:
        """The gate that it is; None for a step of the work itself."""
        return Gate(self.value) if self.value in tuple(Gate) else None

    @property
    def kind(self) -> TaskKind:
        """What kind of work it is."""
        return _KINDS[self]


@dataclass(frozen=True, slots=True)
class ChangeTask:
    """One step as it stands here. `said` is what shows it, or how it came out; empty while it is open."""

    step: TaskStep
    title: str
    description: str
    state: TaskState
    said: str = ""


_KINDS: Final[Mapping[TaskStep, TaskKind]] = {
    TaskStep.TESTING: TaskKind.TESTING,
    TaskStep.ROLLBACK_PLAN: TaskKind.PLANNING,
    TaskStep.COMMUNICATION: TaskKind.PLANNING,
    TaskStep.IMPLEMENTATION: TaskKind.IMPLEMENTATION,
    TaskStep.VALIDATION: TaskKind.TESTING,
    TaskStep.REVIEW: TaskKind.REVIEW,
}
_TITLES: Final[Mapping[TaskStep, str]] = {
    TaskStep.TESTING: "Show the results of testing",
    TaskStep.ROLLBACK_PLAN: "Write down the way back",
    TaskStep.COMMUNICATION: "Tell those whom it concerns",
    TaskStep.IMPLEMENTATION: "Implement",
    TaskStep.VALIDATION: "Validate that it works",
    TaskStep.REVIEW: "Review",
}
_HOW: Final[Mapping[bool, str]] = {  # whether it is a gate
    True: "Close this task with what shows it as its closing notes, or show it in Countersign.",
    False: "It follows the change in Countersign; closing it here changes nothing there.",
}
_STATES: Final[Mapping[TaskStep, Mapping[ChangeState, TaskState]]] = {  # OPEN where nothing is named
    TaskStep.IMPLEMENTATION: {
        ChangeState.IMPLEMENT: TaskState.WORKING,
        ChangeState.VALIDATE: TaskState.DONE,
        ChangeState.REVIEW: TaskState.DONE,
        ChangeState.CLOSED: TaskState.DONE,
        ChangeState.ROLLED_BACK: TaskState.FAILED,
        ChangeState.FAILED: TaskState.FAILED,
    },
    TaskStep.VALIDATION: {
        ChangeState.VALIDATE: TaskState.WORKING,
        ChangeState.REVIEW: TaskState.DONE,
        ChangeState.CLOSED: TaskState.DONE,
        ChangeState.ROLLED_BACK: TaskState.FAILED,
        ChangeState.FAILED: TaskState.FAILED,
    },
    TaskStep.REVIEW: {ChangeState.REVIEW: TaskState.WORKING},
}


def tasks_of(change: ChangeView) -> tuple[ChangeTask, ...]:
    """The steps of this change as they stand, in the order in which they are due."""
    steps = [TaskStep(gate) for gate in change.gates]
    steps += [TaskStep.IMPLEMENTATION, TaskStep.VALIDATION, *([TaskStep.REVIEW] if change.wants_review else [])]
    return tuple(_task(change, step) for step in steps)


def state_of(step: TaskStep, state: ChangeState) -> TaskState:
    """How a step of the work itself stands while its change is in this state, as far as that tells."""
    return _STATES.get(step, {}).get(state, TaskState.OPEN)


def _task(change: ChangeView, step: TaskStep) -> ChangeTask:
    title, how = f"{change.reference}: {_TITLES[step]}", _HOW[step.gate is not None]
    return ChangeTask(step, title, f"{change.title}\n\n{how}", *_stands(change, step))


def _stands(change: ChangeView, step: TaskStep) -> tuple[TaskState, str]:
    if step.gate is not None:
        state, said = _gate(change, step)
    elif step is TaskStep.REVIEW and change.review is not None:
        state, said = TaskState.DONE, f"{change.review.outcome.replace('_', ' ')}. {change.review.notes}".strip()
    else:
        state, said = state_of(step, ChangeState(change.state)), ""
        if step is TaskStep.VALIDATION and change.validation is not None:
            said = change.validation.notes
    # Nobody works on a change that is over; its review, and what it owes at that, can still be due.
    owes = change.review_state in ("due", "overdue") and (step is TaskStep.REVIEW or str(step) in change.owed)
    if change.is_over and state not in TASK_ENDS and not owes:
        return TaskState.CANCELLED, change.note or f"{change.reference} is {change.state.replace('_', ' ')}."
    return state, said or (f"{change.reference} is {change.state.replace('_', ' ')}." if state in TASK_ENDS else "")


def _gate(change: ChangeView, step: TaskStep) -> tuple[TaskState, str]:
    shown = [each for each in change.evidence if each.gate == step]
    if not shown or shown[-1].result != PASSED:
        return TaskState.OPEN, ""
    last = shown[-1]
    by = f"\nShown by {last.author.name}." if last.author is not None else ""
    return TaskState.DONE, f"{last.summary}{by}" + (f"\n{last.url}" if last.url else "")
