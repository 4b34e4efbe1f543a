"""How services do: use cases that read (S2, S7)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
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
from core.sla.keeping import OWN, SAMPLES_KEPT
from core.sla.meter import Meter
from core.sla.objective import Bound, Metric, Objective
from core.sla.promises import Promises, promises_of
from core.sla.series import PER_HOUR, Counts, Series, instant_of, minute_of
from core.sla.views import ServiceView, StatusView
from core.sla.windows import DAY, LAST_DAY, MINUTE, SHORTEST, floor

EXACT_MAX: Final = 30_000  # samples: up to here their percentile takes some 10 ms
FINE_MINUTES: Final = 7 * PER_HOUR  # before now: what short windows are made of
LONGEST_LOOK: Final = timedelta(days=35)
LEAST_HISTORY: Final = 3 * DAY  # the longest window of a burn rate
SHOWN_PERCENTILES: Final = (0.5, 0.95, 0.99)
_ORDER: Final = (Standing.BREACHED, Standing.AT_RISK, Standing.MET, Standing.NO_DATA)
PLAIN: Final = Objective(
    name="availability", metric=Metric.AVAILABILITY, bound=Bound(">=", 0.9), window=LAST_DAY
)  # what a service is measured by that nothing is promised of


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Response times at SHOWN_PERCENTILES."""

    values: tuple[float | None, ...]
    is_exact: bool


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


async def standings(tx: Transaction, catalogue: SlaCatalogue, *, limit: int) -> tuple[StatusView, ...]:
    """How each service that was sampled, or that something is promised of, did over the last day; by name."""
    promised = await promises_of(tx, catalogue)
    sampled = {row.service for row in await sample_store.load_services(tx)}
    return tuple([await status_of(tx, promised, name) for name in sorted({*sampled, *promised.named})[:limit]])


async def status_of(tx: Transaction, promised: Promises, service: str, *, window: timedelta = DAY) -> StatusView:
    """The same, inside the caller's transaction."""
    rows = await sample_store.load_services(tx, [service])
    objectives = promised.of(service)
    if not rows:
        return await _empty(tx, promised, service, objectives, window)
    row = rows[0]
    since = minute_of(floor(tx.now - window, MINUTE))
    series = await read_series(tx, row, objectives, since=since)
    meter = Meter(series, _availability(objectives), tx.now)
    counts = series.counts(since, meter.until)
    times = await percentiles(tx, series, service, counts, since=since, until=meter.until)
    up = series.uptime(since, meter.until, meter.bridge)
    judged = await _judged(tx, series, objectives, row, times, window=window)
    firing = tuple(alert_view(each) for each in await store.firing(tx, service))
    first = max(instant_of(since), floor(row.first_at, MINUTE))
    return StatusView(
        service=service,
        since=instant_of(since),
        until=tx.now,
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
        standing=_worst(judged, [each.objective for each in firing]),
        words=_said(judged, meter.silent_for(row.last_at), [each.objective for each in firing]),
        objectives=judged,
        alerts=firing,
    )


async def read_series(
    tx: Transaction, row: Row[Any], objectives: Collection[Objective], *, since: int | None = None
) -> Series:
    """What the service did over its objectives' windows, and in every minute at the edges of `since` and now."""
    found = await _read(tx, objectives, [row.service], since=since)
    return replace(found[row.service], first=minute_of(row.first_at), is_asked_only=row.service == OWN)


async def read_services(
    tx: Transaction, promised: Promises, rows: Sequence[Row[Any]]
) -> dict[str, tuple[Series, tuple[Objective, ...]]]:
    """The same of many services, in as many statements as for one."""
    objectives = {row.service: promised.of(row.service) for row in rows}
    found = await _read(tx, [each for some in objectives.values() for each in some], list(objectives))
    return {
        row.service: (
            replace(found[row.service], first=minute_of(row.first_at), is_asked_only=row.service == OWN),
            objectives[row.service],
        )
        for row in rows
    }


async def percentiles(
    tx: Transaction, series: Series, service: str, counts: Counts, *, since: int, until: int
) -> Percentiles:
    """The response times from `since` to before `until`: exact for few samples, from sketches for many."""
    begin = instant_of(since)
    if counts.total <= EXACT_MAX and begin >= tx.now - SAMPLES_KEPT:
        end = instant_of(until)
        exact = await sample_store.exact_percentiles(tx, service, SHOWN_PERCENTILES, since=begin, until=end)
        return Percentiles(exact, is_exact=True)
    whole = series.sketch(since, until)
    return Percentiles(tuple(sketch.percentile(whole, share) for share in SHOWN_PERCENTILES), is_exact=False)


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
    return ServiceView(
        service=name,
        standing=_worst(judged, firing),
        words=_said(judged, meter.silent_for(row.last_at), firing),
        availability=series.uptime(since, meter.until, meter.bridge).share,
        response_time_p95=sketch.percentile(series.sketch(since, meter.until), 0.95),
        error_rate=counts.failed / counts.total if counts.total else None,
        throughput_per_minute=meter.throughput(since) if counts.total else None,
        last_sample_at=row.last_at,
        alerts=len(firing),
    )


async def _read(
    tx: Transaction, objectives: Collection[Objective], names: Sequence[str], *, since: int | None = None
) -> dict[str, Series]:
    now = minute_of(tx.now)
    until = now + PER_HOUR  # samples may be a little ahead
    earliest = min(now - minute_of_length(LEAST_HISTORY), now if since is None else since)
    sketched = now - minute_of_length(DAY) if since is None else since
    for each in objectives:
        begin = minute_of(each.window.span(tx.now).start)
        earliest = min(earliest, begin)
        if each.metric is Metric.RESPONSE_TIME:
            sketched = min(sketched, begin, now - minute_of_length(LEAST_HISTORY))
    sketched -= sketched % PER_HOUR
    before = earliest - earliest % PER_HOUR - minute_of_length(DAY)  # what speaks for a gap at the beginning
    hours = await sample_store.load_hours(tx, names, since=before, until=until, sketches_from=sketched)
    spans = [(now - FINE_MINUTES, until)]
    if since is not None and since % PER_HOUR:
        spans.append((since, since - since % PER_HOUR + PER_HOUR))
    minutes = await sample_store.load_minutes(tx, names, spans, with_sketches=True)
    return {name: Series(minutes[name], hours[name]) for name in names}


def minute_of_length(length: timedelta) -> int:
    """A length in minutes."""
    return int(length / MINUTE)


async def _judged(
    tx: Transaction,
    series: Series,
    objectives: Sequence[Objective],
    row: Row[Any],
    times: Percentiles,
    *,
    window: timedelta,
) -> tuple[Judged, ...]:
    """Each objective; with the exact percentile where that is what the status shows."""
    exact: Mapping[float, float | None] = dict(zip(SHOWN_PERCENTILES, times.values, strict=True))
    found = []
    for each in objectives:
        is_shown = each.metric is Metric.RESPONSE_TIME and each.window.rolling == window
        value = exact.get(each.percentile) if is_shown else None
        found.append(judge(Meter(series, each, tx.now), row.last_at, value=value))
    return tuple(found)


async def _empty(
    tx: Transaction, promised: Promises, service: str, objectives: Sequence[Objective], window: timedelta
) -> StatusView:
    """A service that something is promised of, and that nobody has sampled. Raises UnknownService for any other."""
    if service not in promised.named:
        known = {row.service for row in await sample_store.load_services(tx)} | promised.named
        raise UnknownService(
            f"No sample of '{service[:120]}' was ever taken.{did_you_mean(service, sorted(known))}",
            where="service",
            accepted=tuple(sorted(known)[:20]),
            next_step="Send some to POST /api/v1/sla/samples.",
        )
    judged = tuple(judge(Meter(Series(), each, tx.now), None) for each in objectives)
    return StatusView(
        service=service,
        since=floor(tx.now - window, MINUTE),
        until=tx.now,
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


def _worst(judged: Sequence[Judged], firing: Collection[str]) -> Standing:
    """The worst standing of what people would be woken for; one that is not known says nothing beside one that is.

    Nothing is met while an alert of it fires.
    """
    found = {_standing(each, firing) for each in judged if each.objective.pages}
    return next((each for each in _ORDER if each in found), Standing.NO_DATA)


def _standing(judged: Judged, firing: Collection[str]) -> Standing:
    is_firing = judged.objective.name in firing
    return Standing.AT_RISK if is_firing and judged.standing is Standing.MET else judged.standing


def _said(judged: Sequence[Judged], silence: timedelta, firing: Collection[str]) -> str:
    """The worst that is to be said, in a sentence. `silence` is longer than usual, or zero."""
    if silence:
        return silence_words(silence)
    worst = _worst(judged, firing)
    first = next((each for each in judged if _standing(each, firing) is worst and each.objective.pages), None)
    if worst is Standing.MET or first is None:
        return "Every objective is met." if judged else "Nothing is promised of it."
    if first.standing is not worst:
        return f"Its alert is not over yet: {first.words}"
    return first.words
