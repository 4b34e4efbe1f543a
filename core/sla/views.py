"""Service levels as doors show them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from core.access import PersonView
from core.sla.judging import Judged, Standing
from core.sla.objective import Objective


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectiveView:
    """One objective. `origin` is file or api; one of a file has neither author nor times."""

    id: UUID
    origin: str
    objective: Objective
    version: int = 1
    author: PersonView | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusView:
    """How one service does over a rolling window. Figures are None where there were no samples."""

    service: str
    since: datetime
    until: datetime
    measured_since: datetime | None  # the first sample, where it lies within the window
    last_sample_at: datetime | None
    samples: int
    failed: int
    response_time_p50: float | None  # seconds
    response_time_p95: float | None
    response_time_p99: float | None
    is_exact: bool  # percentiles of the samples themselves; else of sketches, within 1 %
    availability: float | None
    minutes_down: float
    minutes_unsampled: int  # of these, because nothing was heard
    throughput_per_minute: float | None
    success_rate: float | None
    error_rate: float | None
    standing: str  # the worst of its objectives'
    words: str
    objectives: tuple[Judged, ...]
    alerts: tuple[AlertView, ...]


@dataclass(frozen=True, slots=True)
class WorstView:
    """An alert while it was worst."""

    kind: str
    severity: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertView:
    """One alert of one objective."""

    id: UUID
    service: str
    objective: str
    kind: str
    severity: str
    state: str
    words: str
    started_at: datetime
    changed_at: datetime
    resolved_at: datetime | None
    worst: WorstView


@dataclass(frozen=True, slots=True)
class ServiceView:
    """One line of the list of services."""

    service: str
    standing: str
    words: str
    availability: float | None
    response_time_p95: float | None
    error_rate: float | None
    throughput_per_minute: float | None
    last_sample_at: datetime | None
    alerts: int


_WORST_FIRST: Final = {
    each: place for place, each in enumerate((Standing.BREACHED, Standing.AT_RISK, Standing.NO_DATA, Standing.MET))
}


def worst_first(services: Iterable[ServiceView]) -> list[ServiceView]:
    """In the order in which somebody must look at them: what is not kept, what is at risk, what is silent, the others.

    Among equals, more alerts come first, then the name decides.
    """
    return sorted(services, key=lambda each: (_WORST_FIRST[Standing(each.standing)], -each.alerts, each.service))
