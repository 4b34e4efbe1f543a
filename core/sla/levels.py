"""One figure of a service over a short time: what checks of rollouts read (G7)."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from core.db import Database
from core.ids import TenantId
from core.sla import burn, sample_store
from core.sla.catalogue import SlaCatalogue
from core.sla.looking import PLAIN
from core.sla.meter import Meter
from core.sla.objective import Metric, Objective
from core.sla.promises import promises_of
from core.sla.reading import minute_of_length, response_times, series_of
from core.sla.series import Series

RESPONSE_TIME: Final = "response_time_p95"
BURN_RATE: Final = "burn_rate"  # of the objective that burns fastest


async def level_of(
    database: Database, catalogue: SlaCatalogue, tenant: TenantId, service: str, figure: str, *, over: timedelta
) -> float | None:
    """The figure over the last so long; None where nothing was measured in that time.

    `figure` is burn_rate, availability, response_time_p95 (seconds), throughput_per_minute, success_rate or error_rate.
    """
    async with database.tenant(tenant) as tx:
        rows = await sample_store.load_services(tx, [service])
        if not rows:
            return None
        objectives = (await promises_of(tx, catalogue)).of(service)
        series = (await series_of(tx, {service: rows[0]}, {service: objectives}))[service]
        now = tx.now
        until = Meter(series, PLAIN, now).until
        since = until - minute_of_length(over)
        if not series.counts(since, until).total:
            return None
        if figure == RESPONSE_TIME:
            _median, p95, _p99 = (await response_times(tx, service, since=since, until=until)).values
            return p95
    if figure == BURN_RATE:
        return _fastest([Meter(series, each, now) for each in objectives], over)
    return _figure(series, Meter(series, _availability(objectives), now), figure, over)


def _fastest(meters: list[Meter], over: timedelta) -> float | None:
    rates = [
        burn.rate(meter.over(over), meter.objective.target)
        for meter in meters
        if meter.objective.target is not None and meter.over(over).total
    ]
    return max(rates, default=None)


def _figure(series: Series, meter: Meter, figure: str, over: timedelta) -> float | None:
    since = meter.until - minute_of_length(over)
    counts = series.counts(since, meter.until)
    match figure:
        case "availability":
            return series.uptime(since, meter.until, meter.bridge).share
        case "throughput_per_minute":
            return counts.total / minute_of_length(over)
        case "success_rate":
            return 1 - counts.failed / counts.total
        case "error_rate":
            return counts.failed / counts.total
        case _:
            return None


def _availability(objectives: tuple[Objective, ...]) -> Objective:
    return next((each for each in objectives if each.metric is Metric.AVAILABILITY), PLAIN)
