"""Service levels as they travel."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import AfterValidator, Field

from core.sla import (
    LABELS_MAX,
    SAMPLES_MAX,
    AlertView,
    Budget,
    Judged,
    ObjectiveView,
    ServiceView,
    StatusView,
    budget_words,
    value_words,
)
from web.api.convert import person_out
from web.api.shapes import PersonOut
from web.schema import Input, Instant, Line, Output

Metrics = Annotated[
    str, Field(max_length=40, description="availability, response_time, throughput, success_rate, error_rate")
]
Target = Annotated[str, Field(max_length=120, description="99.9%, < 2 seconds, > 1000 operations/minute")]
Words = Annotated[str, Field(max_length=2000)]
# What is measured travels without what binary fractions add to it: to the microsecond, and shares so that 1 is 1.
Figure = Annotated[float, AfterValidator(lambda value: round(value, 6))]
Share = Annotated[float, AfterValidator(lambda value: round(value, 9))]


class SampleIn(Input):
    """One operation: when it ended, how long it took (seconds), whether it succeeded, and what it was a case of."""

    service: Annotated[str, Field(min_length=1, max_length=120)]
    time: Instant
    response_time: Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False, description="seconds")]
    success: bool
    labels: Annotated[
        dict[str, str],
        Field(max_length=100, description=f"region, version, endpoint …: up to {LABELS_MAX}, each of few values"),
    ] = Field(default_factory=dict)


class SamplesIn(Input):
    """Operations of services, in any order."""

    samples: Annotated[list[SampleIn], Field(max_length=SAMPLES_MAX)]


class SamplesOut(Output):
    """How many samples were taken. They are durable."""

    accepted: int


class ObjectiveIn(Input):
    """An objective."""

    name: Line
    service: Annotated[str, Field(min_length=1, max_length=120, description="* for every service")]
    metric: Metrics
    target: Target
    window: Annotated[
        str, Field(max_length=60, description="rolling 24-hour window, rolling 30 days, calendar month")
    ] = "rolling 30 days"
    percentile: Annotated[
        float | None, Field(gt=0, lt=1, description="of response times, and of nothing else; 0.95 if it is not said")
    ] = None
    description: Words = ""
    incidents: Annotated[bool, Field(description="whether an alert of it opens an incident")] = True
    minimum_traffic: Annotated[int, Field(ge=1, le=10**9, description="operations, below which nobody is woken")] = 30


class ObjectiveChangeIn(Input):
    """What is to be other. What is not here stays."""

    target: Target | None = None
    window: Annotated[str | None, Field(max_length=60)] = None
    percentile: Annotated[float | None, Field(gt=0, lt=1)] = None
    description: Words | None = None
    incidents: bool | None = None
    minimum_traffic: Annotated[int | None, Field(ge=1, le=10**9)] = None


class OpenSloIn(Input):
    """OpenSLO v1 documents."""

    document: Annotated[str, Field(max_length=900_000, description="YAML; documents are divided by lines of ---")]


class ObjectiveOut(Output):
    """An objective."""

    id: UUID
    origin: str  # file, api
    name: str
    service: str  # *: every service without one of this name
    metric: str
    target: str
    limit: float  # share, seconds, or operations per minute
    window: str
    percentile: float
    description: str
    incidents: bool
    minimum_traffic: int
    words: str
    version: int
    author: PersonOut | None
    created_at: datetime | None
    updated_at: datetime | None


class ImportedOut(Output):
    """What came of an import."""

    created: list[ObjectiveOut]
    changed: list[ObjectiveOut]
    unchanged: int  # they held so before
    passed_over: list[str]


class BudgetOut(Output):
    """An error budget."""

    unit: str  # minutes, operations
    allowed: Figure
    spent: Figure
    left: Figure  # below 0: it was too much
    share_left: Share
    burn_rate: Figure  # of the last hour; 1: as fast as allowed
    exhausted_in_s: Figure | None  # at this rate; null: not at all
    words: str


class SignalOut(Output):
    """What is to be told about an objective."""

    kind: str
    severity: str
    words: str


class ObjectiveStatusOut(Output):
    """How an objective stands."""

    name: str
    metric: str
    target: str
    window: str
    state: str  # no_data, met, at_risk, breached
    value: Share | None
    value_words: str
    budget: BudgetOut | None  # null: nothing is counted
    signal: SignalOut | None
    words: str


class WorstOut(Output):
    """An alert while it was worst."""

    kind: str
    severity: str
    words: str


class AlertOut(Output):
    """An alert of an objective."""

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
    worst: WorstOut


class StatusOut(Output):
    """How a service does. Figures are null where nothing was measured: nothing is made up."""

    service: str
    since: datetime
    until: datetime
    measured_since: datetime | None
    last_sample_at: datetime | None
    samples: int
    failed: int
    response_time_p50: Figure | None  # seconds
    response_time_p95: Figure | None
    response_time_p99: Figure | None
    exact: bool  # percentiles of the samples; else within 1 %
    availability: Share | None
    minutes_down: Figure
    minutes_unsampled: int
    throughput_per_minute: Figure | None
    success_rate: Share | None
    error_rate: Share | None
    state: str
    words: str
    objectives: list[ObjectiveStatusOut]
    alerts: list[AlertOut]


class ServiceOut(Output):
    """A service, over the last day."""

    service: str
    state: str
    words: str
    availability: Share | None
    response_time_p95: Figure | None
    error_rate: Share | None
    throughput_per_minute: Figure | None
    last_sample_at: datetime | None
    alerts: int


def objective_out(view: ObjectiveView) -> ObjectiveOut:
    """An objective as it travels."""
    objective = view.objective
    return ObjectiveOut(
        id=view.id,
        origin=view.origin,
        name=objective.name,
        service=objective.service,
        metric=objective.metric,
        target=objective.target_words,
        limit=objective.bound.limit,
        window=objective.window.words,
        percentile=objective.percentile,
        description=objective.description,
        incidents=objective.pages,
        minimum_traffic=objective.minimum_traffic,
        words=objective.words,
        version=view.version,
        author=person_out(view.author) if view.author else None,
        created_at=view.created_at,
        updated_at=view.updated_at,
    )


def status_out(view: StatusView) -> StatusOut:
    """A status as it travels."""
    return StatusOut(
        service=view.service,
        since=view.since,
        until=view.until,
        measured_since=view.measured_since,
        last_sample_at=view.last_sample_at,
        samples=view.samples,
        failed=view.failed,
        response_time_p50=view.response_time_p50,
        response_time_p95=view.response_time_p95,
        response_time_p99=view.response_time_p99,
        exact=view.is_exact,
        availability=view.availability,
        minutes_down=view.minutes_down,
        minutes_unsampled=view.minutes_unsampled,
        throughput_per_minute=view.throughput_per_minute,
        success_rate=view.success_rate,
        error_rate=view.error_rate,
        state=view.standing,
        words=view.words,
        objectives=[_judged(each) for each in view.objectives],
        alerts=[alert_out(each) for each in view.alerts],
    )


def alert_out(view: AlertView) -> AlertOut:
    """An alert as it travels."""
    return AlertOut.model_validate(view)


def service_out(view: ServiceView) -> ServiceOut:
    """A service as it travels."""
    return ServiceOut(
        service=view.service,
        state=view.standing,
        words=view.words,
        availability=view.availability,
        response_time_p95=view.response_time_p95,
        error_rate=view.error_rate,
        throughput_per_minute=view.throughput_per_minute,
        last_sample_at=view.last_sample_at,
        alerts=view.alerts,
    )


def _judged(judged: Judged) -> ObjectiveStatusOut:
    objective = judged.objective
    signal = judged.signal
    return ObjectiveStatusOut(
        name=objective.name,
        metric=objective.metric,
        target=objective.target_words,
        window=objective.window.words,
        state=judged.standing,
        value=judged.value,
        value_words="" if judged.value is None else value_words(objective.metric, judged.value),
        budget=_budget(judged, judged.budget) if judged.budget else None,
        signal=SignalOut(kind=signal.kind, severity=signal.severity, words=signal.words) if signal else None,
        words=judged.words,
    )


def _budget(judged: Judged, budget: Budget) -> BudgetOut:
    return BudgetOut(
        unit=budget.unit,
        allowed=budget.allowed,
        spent=budget.spent,
        left=budget.left,
        share_left=budget.share_left,
        burn_rate=budget.burn,
        exhausted_in_s=None if budget.gone_in is None else budget.gone_in.total_seconds(),
        words=budget_words(judged.objective, budget),
    )
