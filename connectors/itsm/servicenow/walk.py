"""The next single step of a change towards where it shall stand. Pure: the connector takes the step and looks again.

Which states may follow is ServiceNow's to say (`available`, from nextstates): change models replace the classic paths.
What is decided here is only the direction, and what counts as arrived: a change that is already further than asked has
arrived, and none is ever moved back.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from connectors.itsm.base import TicketState
from connectors.itsm.servicenow.mapping import CHANGE_LABELS
from connectors.itsm.servicenow.wire import TaskRecord

NEW, ASSESS, AUTHORIZE, SCHEDULED, IMPLEMENT, REVIEW, CLOSED, CANCELED = "-5", "-4", "-3", "-2", "-1", "0", "3", "4"
PROGRESS: Final = (NEW, ASSESS, AUTHORIZE, SCHEDULED, IMPLEMENT, REVIEW, CLOSED)

# From where on a target counts as reached, and how far one may go for it. A pre-approved change has no approval state.
_GOALS: Final = {
    TicketState.OPEN: (NEW, NEW),
    TicketState.IN_APPROVAL: (ASSESS, SCHEDULED),
    TicketState.APPROVED: (SCHEDULED, SCHEDULED),
    TicketState.IMPLEMENTING: (IMPLEMENT, IMPLEMENT),
    TicketState.IMPLEMENTED: (REVIEW, REVIEW),
    TicketState.CLOSED: (CLOSED, CLOSED),
}
# The classic paths, for releases that do not offer nextstates.
_CLASSIC: Final = {
    NEW: (ASSESS, AUTHORIZE, CANCELED),
    ASSESS: (CANCELED,),
    AUTHORIZE: (CANCELED,),
    SCHEDULED: (IMPLEMENT, CANCELED),
    IMPLEMENT: (REVIEW, CANCELED),
    REVIEW: (CLOSED,),
}


@dataclass(frozen=True, slots=True)
class Arrived:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Move:
    """Set this state; `needs_group` tells that an assignment group must be set with it."""

    state: str
    needs_group: bool = False


@dataclass(frozen=True, slots=True)
class Approve:
    """Record the approval that was given in Countersign."""


@dataclass(frozen=True, slots=True)
class Reject:
    """Record the rejection that was given in Countersign."""


@dataclass(frozen=True, slots=True)
class Stuck:
    """It cannot get there, and will not by waiting."""

    reason: str
    field: str = "state"


@dataclass(frozen=True, slots=True)
class Wait:
    """The instance is about to do its part; look again later."""

    reason: str


Step = Arrived | Move | Approve | Reject | Stuck | Wait


def next_step(record: TaskRecord, target: TicketState, available: Collection[str] | None) -> Step:
    """What to do next. `available` is what the instance offers now (None: it does not say)."""
    offered = _CLASSIC.get(record.state, ()) if available is None else available
    if target in {TicketState.CANCELLED, TicketState.REJECTED}:
        return _towards_end(record, target, offered)
    if record.state == CANCELED:
        return Stuck(f"{record.number} was cancelled in ServiceNow.")
    if record.state not in PROGRESS:
        return Stuck(
            f"{record.number} is in state {record.state}, which is none that a change is moved on from; "
            "move it on in ServiceNow, then send this again."
        )
    return _towards_goal(record, target, offered)


def is_arrived(record: TaskRecord, target: TicketState) -> bool:
    """Whether there is nothing to do, which needs no question about the states on offer."""
    return isinstance(next_step(record, target, ()), Arrived)


def _towards_end(record: TaskRecord, target: TicketState, offered: Collection[str]) -> Step:
    if record.state == CANCELED:
        return Arrived()
    if target is TicketState.REJECTED and record.state in {ASSESS, AUTHORIZE} and record.approval == "requested":
        return Reject()
    if CANCELED in offered:
        return Move(CANCELED)
    label = CHANGE_LABELS.get(record.state, record.state)
    return Stuck(f"{record.number} is in {label} and can no longer be cancelled there.")


def _towards_goal(record: TaskRecord, target: TicketState, offered: Collection[str]) -> Step:
    reached, limit = _GOALS[target]
    position = PROGRESS.index(record.state)
    if position >= PROGRESS.index(reached):
        return Arrived()
    if record.is_on_hold:
        return Stuck(f"{record.number} is on hold in ServiceNow.", field="on_hold")
    if record.state == NEW and record.approval == "rejected":
        return Stuck(f"{record.number} was rejected in ServiceNow.", field="approval")
    if record.state in {ASSESS, AUTHORIZE} and record.approval != "approved":
        return Approve()
    onward = [state for state in PROGRESS[position + 1 : PROGRESS.index(limit) + 1] if state in offered]
    if onward:
        return Move(onward[0], needs_group=record.state == NEW and not record.assignment_group)
    if record.state == NEW and not record.assignment_group:
        # Not offered because the group is missing; which way it leads is the type's, so ask with the group set.
        return Move(NEW, needs_group=True)
    if record.state in {ASSESS, AUTHORIZE}:
        return Wait(f"ServiceNow has not yet moved {record.number} on after its approval.")
    if record.state == REVIEW:
        # Not offered before there is a close code, which travels with the move.
        return Move(CLOSED)
    label = CHANGE_LABELS[record.state]
    return Stuck(f"ServiceNow offers no way for {record.number} from {label} towards {target.value}.")
