"""The next single step of an issue towards where it shall stand. Pure: the connector takes the step and looks again.

Jira shows only the moves out of the present status, so the workflow is discovered while it is walked: nothing is known
of what lies two steps ahead, no status is entered twice, and no step leads back. A change is walked through approval,
as the request was; an emergency change and an incident take the shortest way that is offered.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from connectors.itsm.base import TicketState
from connectors.itsm.jira.mapping import is_unsuccessful
from connectors.itsm.jira.wire import Approval, Status, Transition

PROGRESS: Final = (
    TicketState.OPEN, TicketState.IN_APPROVAL, TicketState.APPROVED, TicketState.IMPLEMENTING,
    TicketState.IMPLEMENTED, TicketState.CLOSED,
)  # fmt: skip
ENDS: Final = {  # the ends that will do, best first
    TicketState.REJECTED: (TicketState.REJECTED, TicketState.CANCELLED),
    TicketState.CANCELLED: (TicketState.CANCELLED, TicketState.REJECTED),
}


class Decision(StrEnum):
    """What an approval of Jira Service Management can be answered with."""

    APPROVE = "approve"
    DECLINE = "decline"


@dataclass(frozen=True, slots=True)
class Position:
    """Where an issue stands. `existing` are the states that its workflow has at all; empty if that is not known."""

    number: str
    status: Status
    state: TicketState
    approval: Approval | None
    existing: frozenset[TicketState]


@dataclass(frozen=True, slots=True)
class Offer:
    """A move that is open to us, and where it leads in our words; whether the administrator named that very status."""

    transition: Transition
    state: TicketState
    is_named: bool = False


@dataclass(frozen=True, slots=True)
class Goal:
    """Where to, by which kind of way, and whether the work behind it succeeded."""

    target: TicketState
    is_direct: bool = False
    is_success: bool = True


@dataclass(frozen=True, slots=True)
class Arrived:
    """Nothing is left to do."""


@dataclass(frozen=True, slots=True)
class Take:
    """Make this move."""

    offer: Offer


@dataclass(frozen=True, slots=True)
class Answer:
    """Answer the approval that is waited for."""

    approval: Approval
    decision: Decision


@dataclass(frozen=True, slots=True)
class Held:
    """People there must decide, and our account may not decide for them."""

    reason: str


@dataclass(frozen=True, slots=True)
class Stuck:
    """It cannot get there, and will not by waiting."""

    reason: str


Step = Arrived | Take | Answer | Held | Stuck


def next_step(position: Position, goal: Goal, offers: Sequence[Offer], visited: Collection[str]) -> Step:
    """What to do next. `visited` are the ids of the statuses that this walk has been in."""
    if goal.target in ENDS:
        return _towards_end(position, goal, offers)
    if position.state in ENDS:
        return Stuck(f"{position.number} was {position.state.value} in Jira.")
    reached = nearest(goal.target, position.existing)
    if position.approval is not None and _rank(reached) > _rank(TicketState.IN_APPROVAL):
        return _decide(position, position.approval, Decision.APPROVE)
    if _rank(position.state) >= _rank(reached):
        return Arrived()
    new = [one for one in offers if one.transition.to.id not in visited and one.state not in ENDS]
    ahead = [one for one in new if _rank(position.state) < _rank(one.state) <= _rank(reached)]
    aside = [one for one in new if one.state is position.state]
    if ahead:
        return Take(min(ahead, key=lambda one: _order(one, goal)))
    if aside:
        return Take(aside[0])
    return _stuck(position, goal, offers)


def is_arrived(position: Position, target: TicketState) -> bool:
    """Whether there is nothing to do, which needs no question about the moves on offer."""
    return isinstance(next_step(position, Goal(target), (), ()), Arrived)


def nearest(target: TicketState, existing: frozenset[TicketState]) -> TicketState:
    """The last state up to the target that the workflow has; the target itself where that is not known.

    A workflow without a review stays in implementation, one without approval at its beginning. Being closed is never
    replaced by less.
    """
    if not existing or target is TicketState.CLOSED:
        return target
    reachable = [state for state in PROGRESS[: _rank(target) + 1] if state in existing]
    return reachable[-1] if reachable else TicketState.OPEN


def _towards_end(position: Position, goal: Goal, offers: Sequence[Offer]) -> Step:
    if position.state in ENDS:
        return Arrived()
    ends = ENDS[goal.target]
    has_end = not position.existing or any(state in position.existing for state in ends)
    if position.state is TicketState.CLOSED:
        # Where the workflow has one end for all, being there is all that can be asked.
        if has_end:
            return Stuck(f"{position.number} is {position.status.name} in Jira and stays so.")
        return Arrived()
    if position.approval is not None:
        return _decide(position, position.approval, Decision.DECLINE)
    for state in ends if has_end else (TicketState.CLOSED,):
        fitting = [offer for offer in offers if offer.state is state]
        if fitting:
            return Take(min(fitting, key=lambda offer: not offer.is_named))
    return _stuck(position, goal, offers)


def _decide(position: Position, approval: Approval, decision: Decision) -> Step:
    if approval.may_answer:
        return Answer(approval, decision)
    awaited = ", ".join(approval.awaited) or "its approvers"
    return Held(f"{position.number} waits in Jira for {awaited} ({approval.name}); our account is not asked.")


def _stuck(position: Position, goal: Goal, offers: Sequence[Offer]) -> Stuck:
    ways = ", ".join(f"{one.transition.name} (to {one.transition.to.name})" for one in offers) or "no move"
    return Stuck(
        f"{position.number} is in {position.status.name}, and nothing that Jira offers our account leads towards "
        f"{goal.target.value}: {ways}."
    )


def _order(offer: Offer, goal: Goal) -> tuple[bool, int, bool, bool]:
    """What to prefer, least first: the target itself where the way is direct, else the smallest step."""
    misses = goal.is_direct and offer.state is not goal.target
    rank = -_rank(offer.state) if goal.is_direct else _rank(offer.state)
    unfitting = offer.state is TicketState.CLOSED and is_unsuccessful(offer.transition.to) is goal.is_success
    return (misses, rank, unfitting, not offer.is_named)


def _rank(state: TicketState) -> int:
    return PROGRESS.index(state)
