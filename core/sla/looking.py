"""How services do: use cases that read (S2, S7)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from config.suggest import did_you_mean
from core.access import TokenScope, permitted
from core.actor import Actor
from core.db import Database, Transaction
from core.sla import sample_store, sketch, store
from core.sla.alerts import alert_view
from core.sla.catalogue import SlaCatalogue
from core.sla.errors import InvalidPeriod, UnknownService
from core.sla.judging import Judged, Standing, judge, silence_words
from core.sla.meter import Meter
from core.sla.objective import Bound, Metric, Objective
from core.sla.promises import Promises, promises_of
from core.sla.reading import (
    SHOWN_PERCENTILES,
    Percentiles,
    look,
    percentiles,
    read_services,
    series_of,
)
from core.sla.series import PER_HOUR, Series, instant_of, minute_of
from core.sla.views import ServiceView, StatusView
from core.sla.windows import DAY, LAST_DAY, MINUTE, SHORTEST, floor

LONGEST_LOOK: Final = timedelta(days=35)
_ORDER: Final = (Standing.BREACHED, Standing.AT_RISK, Standing.MET, Standing.NO_DATA)
_WRONG: Final = _ORDER[:2]
PLAIN: Final = Objective(
    name="availability", metric=Metric.AVAILABILITY, bound=Bound(">=", 0.9), window=LAST_DAY
)  # what a service is measured by that nothing is promised of


async def get_status(
    database: Database, catalogue: SlaCatalogue, actor: Actor, service: str, *, window: timedelta = DAY
) -> StatusView:
    """How the service does over the last so long. Raises UnknownService, InvalidPeriod."""
    if not SHORTEST <= window <= LONGEST_LOOK:
        raise InvalidPeriod("That is no window to look at.", where="window", accepted=("1h to 35d, such as 24h", "7d"))
    async with permitted(database, actor, TokenScope.READ, action="sla.status", resource=service[:120]) as tx:
        return await status_of(tx, await promises_of(tx, catalogue), service, window=window)


async def list_services(
    database: Database, catalogue: SlaCatalogue, actor: Actor, *, after: str = "", limit: int = 50
) -> tuple[ServiceView, ...]:
    """Every service that was sampled or that something is promised of, by name, over the last day."""
    async with permitted(database, actor, TokenScope.READ, action="sla.services", resource="services") as tx:
        promised = await promises_of(tx, catalogue)
        known = {row.service: row for row in await sample_store.load_services(tx)}
        names = [name for name in sorted({*known, *promised.named}) if name > after][:limit]
        read = await read_services(tx, promised, [known[name] for name in names if name in known])
        alerts = await store.firing(tx)
        firing = {name: [each.objective for each in alerts if each.service == name] for name in names}
        return tuple(service_view(name, known.get(name), read.get(name), firing[name], now=tx.now) for name in names)


async def service_names(database: Database, actor: Actor) -> tuple[str, ...]:
    """Every service that was sampled, by name."""
    async with permitted(database, actor, TokenScope.READ, action="sla.services", resource="services") as tx:
        return tuple(row.service for row in await sample_store.load_services(tx))


async def standings(tx: Transaction, catalogue: SlaCatalogue, *, limit: int) -> tuple[StatusView, ...]:
    """How each service that was sampled, or that something is promised of, did over the last day; by name."""
    promised = await promises_of(tx, catalogue)
    sampled = {row.service for row in await sample_store.load_services(tx)}
    return await statuses_of(tx, promised, sorted({*sampled, *promised.named})[:limit], window=DAY)


async def status_of(tx: Transaction, promised: Promises, service: str, *, window: timedelta = DAY) -> StatusView:
    """How the service does over the last so long. Raises UnknownService."""
    found = await statuses_of(tx, promised, [service], window=window)
    if not found[0].last_sample_at and service not in promised.named:
        raise await _unknown(tx, promised, service)
    return found[0]


async def statuses_of(
    tx: Transaction, promised: Promises, names: Sequence[str], *, window: timedelta
) -> tuple[StatusView, ...]:
    """How each of these services does over the last so long, in as many statements as for one."""
    since, until = minute_of(floor(tx.now - window, MINUTE)), minute_of(tx.now) + 1
    looked = await look(tx, names, since=since, until=until)
    objectives = {name: promised.of(name) for name in names}
    series = await series_of(tx, {name: each.row for name, each in looked.items()}, objectives, looked, since=since)
    alerts = await store.firing(tx)
    return tuple(
        _status(
            looked[name].row,
            series[name],
            objectives[name],
            percentiles(series[name], looked[name], since=since, until=until),
            [each for each in alerts if each.service == name],
            window=window,
            now=tx.now,
        )
        if name in looked
        else _empty(name, objectives[name], window=window, now=tx.now)
        for name in names
    )


def service_view(
    name: str,
    row: Row[Any] | None,
    read: tuple[Series, tuple[Objective, ...]] | None,
    firing: Collection[str],
    *,
    now: datetime,
) -> ServiceView:
    """One line of the list, from sketches. `firing` are the objectives that have an alert."""
    if row is None or read is None:
        return ServiceView(name, Standing.NO_DATA, "No sample was ever taken.", None, None, None, None, None, 0)
    series, objectives = read
    since = minute_of(now - DAY)
    since -= since % PER_HOUR
    meter = Meter(series, _availability(objectives), now)
    counts = series.counts(since, meter.until)
    judged = tuple(judge(Meter(series, each, now), row.last_at) for each in objectives)
    silence = meter.silent_for(row.last_at)
    return ServiceView(
        service=name,
        standing=_stands(judged, silence, firing),
        words=_said(judged, silence, firing),
        availability=series.uptime(since, meter.until, meter.bridge).share,
        response_time_p95=sketch.percentile(series.sketch(since, meter.until), 0.95),
        error_rate=counts.failed / counts.total if counts.total else None,
        throughput_per_minute=meter.throughput(since) if counts.total else None,
        last_sample_at=row.last_at,
        alerts=len(firing),
    )


def _status(
    row: Row[Any],
    series: Series,
    objectives: Sequence[Objective],
    times: Percentiles,
    alerts: Sequence[Row[Any]],
    *,
    window: timedelta,
    now: datetime,
) -> StatusView:
    since = minute_of(floor(now - window, MINUTE))
    meter = Meter(series, _availability(objectives), now)
    counts = series.counts(since, meter.until)
    up = series.uptime(since, meter.until, meter.bridge)
    judged = _judged(series, objectives, row, times, window=window, now=now)
    firing = tuple(alert_view(each) for each in alerts)
    burning, silence = [each.objective for each in firing], meter.silent_for(row.last_at)
    first = max(instant_of(since), floor(row.first_at, MINUTE))
    return StatusView(
        service=row.service,
        since=instant_of(since),
        until=now,
        measured_since=first if counts.total else None,
        last_sample_at=row.last_at,
        samples=counts.total,
        failed=counts.failed,
        response_time_p50=times.values[0],
        response_time_p95=times.values[1],
        response_time_p99=times.values[2],
        is_exact=times.is_exact,
        availability=up.share,
        minutes_down=up.minutes - up.up,
        minutes_unsampled=up.unsampled,
        throughput_per_minute=meter.throughput(since) if counts.total else None,
        success_rate=1 - counts.failed / counts.total if counts.total else None,
        error_rate=counts.failed / counts.total if counts.total else None,
        standing=_stands(judged, silence, burning),
        words=_said(judged, silence, burning),
        objectives=judged,
        alerts=firing,
    )


def _judged(
    series: Series,
    objectives: Sequence[Objective],
    row: Row[Any],
    times: Percentiles,
    *,
    window: timedelta,
    now: datetime,
) -> tuple[Judged, ...]:
    """Each objective; with the exact percentile where that is what the status shows."""
    exact: Mapping[float, float | None] = dict(zip(SHOWN_PERCENTILES, times.values, strict=True))
    found = []
    for each in objectives:
        is_shown = each.metric is Metric.RESPONSE_TIME and each.window.rolling == window
        value = exact.get(each.percentile) if is_shown else None
        found.append(judge(Meter(series, each, now), row.last_at, value=value))
    return tuple(found)


async def _unknown(tx: Transaction, promised: Promises, service: str) -> UnknownService:
    known = {row.service for row in await sample_store.load_services(tx)} | promised.named
    return UnknownService(
        f"No sample of '{service[:120]}' was ever taken.{did_you_mean(service, sorted(known))}",
        where="service",
        accepted=tuple(sorted(known)[:20]),
        next_step="Send some to POST /api/v1/sla/samples.",
    )


def _empty(service: str, objectives: Sequence[Objective], *, window: timedelta, now: datetime) -> StatusView:
    """A service that something is promised of, and that nobody has sampled."""
    judged = tuple(judge(Meter(Series(), each, now), None) for each in objectives)
    return StatusView(
        service=service,
        since=floor(now - window, MINUTE),
        until=now,
        measured_since=None,
        last_sample_at=None,
        samples=0,
        failed=0,
        response_time_p50=None,
        response_time_p95=None,
        response_time_p99=None,
        is_exact=True,
        availability=None,
        minutes_down=0,
        minutes_unsampled=0,
        throughput_per_minute=None,
        success_rate=None,
        error_rate=None,
        standing=Standing.NO_DATA,
        words="No sample was ever taken.",
        objectives=judged,
        alerts=(),
    )


def _availability(objectives: Sequence[Objective]) -> Objective:
    return next((each for each in objectives if each.metric is Metric.AVAILABILITY), PLAIN)


def _stands(judged: Sequence[Judged], silence: timedelta, firing: Collection[str]) -> Standing:
    """As the worst of what wakes people, if anything does; nothing is met by a service that is silent for too long."""
    worst = _worst([each for each in judged if each.objective.pages] or judged, firing)
    return Standing.AT_RISK if silence and worst is Standing.MET else worst


def _worst(judged: Iterable[Judged], firing: Collection[str]) -> Standing:
    """The worst standing of them; one that is not known says nothing beside one that is.

    Nothing is met while an alert of it fires.
    """
    found = {_standing(each, firing) for each in judged}
    return next((each for each in _ORDER if each in found), Standing.NO_DATA)


def _standing(judged: Judged, firing: Collection[str]) -> Standing:
    is_firing = judged.objective.name in firing
    return Standing.AT_RISK if is_firing and judged.standing is Standing.MET else judged.standing


def _said(judged: Sequence[Judged], silence: timedelta, firing: Collection[str]) -> str:
    """What is to be said, the worst that wakes people first, then what wakes nobody. `silence` is longer than usual.

    Silence puts every promise at risk, which needs no more words; one that is broken is named nevertheless.
    """
    said = [silence_words(silence)] if silence else []
    for wakes in (True, False):
        some = [each for each in judged if each.objective.pages is wakes]
        wrong = (Standing.BREACHED,) if silence and wakes else _WRONG
        if _worst(some, firing) in wrong:
            said.append(_first(some, firing))
    if said:
        is_met = _stands(judged, silence, firing) is Standing.MET
        return " ".join(["What wakes people is met.", *said] if is_met else said)
    worst = _worst(judged, firing)
    if worst is Standing.NO_DATA and judged:
        return judged[0].words
    return "Every objective is met." if judged else "Nothing is promised of it."


def _first(judged: Sequence[Judged], firing: Collection[str]) -> str:
    """The first of the worst of them."""
    worst = _worst(judged, firing)
    found = next(each for each in judged if _standing(each, firing) is worst)
    return found.words if found.standing is worst else f"Its alert is not over yet: {found.words}"
