"""The life of an incident as a table (B6)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class IncidentState(StrEnum):
    """Where an incident is."""

    OPEN = "open"  # and nobody looks after it
    ACKNOWLEDGED = "acknowledged"
    RESOLVED = "resolved"
    CLOSED = "closed"


class Step(StrEnum):
    """What moves it."""

    ACKNOWLEDGE = "acknowledge"
    RELEASE = "release"
    RESOLVE = "resolve"
    REOPEN = "reopen"
    CLOSE = "close"


UNDER_WAY: Final = frozenset({IncidentState.OPEN, IncidentState.ACKNOWLEDGED})
TRANSITIONS: Final[Mapping[Step, Mapping[IncidentState, IncidentState]]] = {
    Step.ACKNOWLEDGE: {IncidentState.OPEN: IncidentState.ACKNOWLEDGED},
    Step.RELEASE: {IncidentState.ACKNOWLEDGED: IncidentState.OPEN},
    Step.RESOLVE: dict.fromkeys(UNDER_WAY, IncidentState.RESOLVED),
    Step.REOPEN: dict.fromkeys((IncidentState.RESOLVED, IncidentState.CLOSED), IncidentState.OPEN),
    Step.CLOSE: {IncidentState.RESOLVED: IncidentState.CLOSED},
}


def target(step: Step, state: IncidentState) -> IncidentState | None:
    """Where the step leads from here; None where it is not legal."""
    return TRANSITIONS[step].get(state)


def steps_from(state: IncidentState) -> tuple[Step, ...]:
    """The steps that are legal here."""
    return tuple(step for step in Step if state in TRANSITIONS[step])
