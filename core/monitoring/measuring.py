"""Once a minute, what a tenant's governance did and how it stands, as one event: sent once, and again if it must be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from core.approvals import standing
from core.budgets import shares_used
from core.db import Transaction
from core.decisions import count_decisions
from core.emergency import how_many_active
from core.ids import earliest_uuid7
from core.incidents import open_by_severity
from core.monitoring import store
from core.monitoring.events import EXPORTED, MEASURED, SUBJECT
from core.outbox import Event, count_events, emit, list_destinations
from core.sla import SlaCatalogue, standings

KIND: Final = "metrics"
EVERY: Final = timedelta(minutes=1)
SETTLED: Final = timedelta(seconds=15)  # no transaction runs as long: what happened before is committed
DECISIONS_OF: Final = timedelta(hours=24)  # over which the time to a decision is measured
SERVICES_MAX: Final = 50  # measured each minute; the rest is in the console
_LINE: Final = f"{SUBJECT}:{UUID(int=1)}"


@dataclass(frozen=True, slots=True)
class MeasuredPoint:
    """One value. `kind`: count (in the interval) or gauge (at its end)."""

    name: str
    kind: str
    value: float
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured over an interval."""

    since: datetime
    until: datetime
    points: tuple[MeasuredPoint, ...]

    @property
    def interval_s(self) -> int:
        """Its length in whole seconds, one at least."""
        return max(1, round((self.until - self.since).total_seconds()))


async def measure(tx: Transaction, levels: SlaCatalogue | None = None) -> bool:
    """Whether a minute had passed since the last time; what was measured over it is an event then.

    `levels` are what is promised of services, for those that are measured too.
    """
    row = await store.hold_mark(tx, KIND)
    until, counted = tx.now - SETTLED, earliest_uuid7(SETTLED)
    if row is None:
        if not await store.has_mark(tx, KIND):
            await store.begin_mark(tx, KIND, until=until, counted=counted)
        return False
    if until - row.until < EVERY:
        return False
    points = [
        *_counts(await count_events(tx, after=row.counted, until=counted)),
        *await _decisions(tx, row.counted, counted),
        *await _gauges(tx),
        *await _services(tx, levels),
    ]
    data = {"since": row.until.isoformat(), "until": until.isoformat(), "points": [_stored(each) for each in points]}
    await emit(tx, subject=_LINE, type=MEASURED, data=data)
    await store.move_mark(tx, KIND, until=until, counted=counted)
    return True


def measured_points(event: Event) -> Measured:
    """What a MEASURED event speaks of."""
    data = event.data
    return Measured(
        datetime.fromisoformat(data["since"]),
        datetime.fromisoformat(data["until"]),
        tuple(
            MeasuredPoint(each["name"], each["kind"], float(each["value"]), each.get("tags", {}))
            for each in data["points"]
        ),
    )


def _counts(found: Mapping[str, int]) -> list[MeasuredPoint]:
    """One for each event that is told of, zero included: no data would say nothing."""
    return [MeasuredPoint(f"countersign.{type_}", "count", found.get(type_, 0)) for type_ in sorted(EXPORTED)]


async def _decisions(tx: Transaction, after: UUID, until: UUID) -> list[MeasuredPoint]:
    """What the gate answered."""
    found = await count_decisions(tx, after=after, until=until)
    return [MeasuredPoint("countersign.decisions", "count", how, {"decision": name}) for name, how in found.items()]


async def _gauges(tx: Transaction) -> list[MeasuredPoint]:
    requests = await standing(tx, since=tx.now - DECISIONS_OF)
    points = [
        MeasuredPoint("countersign.requests.pending", "gauge", requests.pending),
        MeasuredPoint("countersign.requests.overdue_stages", "gauge", requests.overdue_stages),
        MeasuredPoint("countersign.bypasses.active", "gauge", await how_many_active(tx)),
    ]
    points += [
        MeasuredPoint("countersign.requests.decision_seconds", "gauge", value, {"quantile": name})
        for name, value in (("0.5", requests.decision_p50_s), ("0.95", requests.decision_p95_s))
        if value is not None
    ]
    points += [
        MeasuredPoint("countersign.incidents.open", "gauge", count, {"severity": severity})
        for severity, count in (await open_by_severity(tx)).items()
    ]
    points += [
        MeasuredPoint("countersign.budgets.used_ratio", "gauge", share, {"budget": reference, "name": name})
        for reference, (name, share) in (await shares_used(tx)).items()
    ]
    for each in await list_destinations(tx):
        tags = {"connector": each.subscriber}
        points.append(MeasuredPoint("countersign.deliveries.pending", "gauge", each.pending, tags))
        points.append(MeasuredPoint("countersign.deliveries.dead", "gauge", each.dead, tags))
    return points


async def _services(tx: Transaction, levels: SlaCatalogue | None) -> list[MeasuredPoint]:
    """How each service did over the last day, and what is left of the error budget of each objective."""
    points = []
    for each in () if levels is None else await standings(tx, levels, limit=SERVICES_MAX):
        tags = {"service": each.service}
        figures = {
            "availability_ratio": each.availability,
            "error_ratio": each.error_rate,
            "response_time_p95_seconds": each.response_time_p95,
            "throughput_per_minute": each.throughput_per_minute,
        }
        points += [
            MeasuredPoint(f"countersign.services.{name}", "gauge", value, tags)
            for name, value in figures.items()
            if value is not None
        ]
        points += [
            MeasuredPoint(
                "countersign.services.error_budget_left_ratio",
                "gauge",
                judged.budget.share_left,
                {**tags, "objective": judged.objective.name},
            )
            for judged in each.objectives
            if judged.budget is not None
        ]
    return points


def _stored(point: MeasuredPoint) -> dict[str, Any]:
    tags = {"tags": dict(point.tags)} if point.tags else {}
    return {"name": point.name, "kind": point.kind, "value": float(point.value), **tags}
