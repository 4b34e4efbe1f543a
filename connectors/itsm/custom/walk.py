"""The next state of a ticket towards where it shall stand. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from connectors.itsm.base import TicketState
from connectors.itsm.custom.request_spec import States, shown
from connectors.itsm.custom.tickets import Record

PROGRESS: Final = (
    TicketState.OPEN, TicketState.IN_APPROVAL, TicketState.APPROVED, TicketState.IMPLEMENTING, TicketState.IMPLEMENTED,
    TicketState.CLOSED,
)  # fmt: skip
ENDED: Final = frozenset({TicketState.REJECTED, TicketState.CANCELLED})


@dataclass(frozen=True, slots=True)
class Arrived:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Move:
    """Write the system's word for this state."""

    state: TicketState


@dataclass(frozen=True, slots=True)
class Stuck:
    """It cannot get there, and will not by waiting."""

    reason: str


def next_step(
    found: Record, target: TicketState, states: States[TicketState], *, stepwise: bool
) -> Arrived | Move | Stuck:
    """What to do next; a ticket that is further than asked has arrived, and none is moved back."""
    if found.state == _word(states, target):
        return Arrived()
    stands = states.read.get(found.state)
    if stands is None:
        return Stuck(f"{found.number} is in state '{found.state}', which is not known here; add it to 'states.read'.")
    if stands is target:
        return Arrived()
    if target in ENDED:
        if stands in ENDED:
            return Arrived()
        return Stuck(f"{found.number} is closed and stays so.") if stands is TicketState.CLOSED else Move(target)
    if stands in ENDED:
        return Stuck(f"{found.number} was {stands.value} there.")
    here, there = PROGRESS.index(stands), PROGRESS.index(target)
    if here >= there:
        return Arrived()
    if not stepwise:
        return Move(target)
    onward = [state for state in PROGRESS[here + 1 : there + 1] if _word(states, state) != found.state]
    return Move(onward[0]) if onward else Arrived()


def _word(states: States[TicketState], state: TicketState) -> str:
    return shown(states.write[state])
