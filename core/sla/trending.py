"""The long run of one service: its days, slopes, seasons and changes, also in words (S4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from core.access import TokenScope, permitted
from core.actor import Actor
from core.db import Database, Transaction
from core.sla.catalogue import SlaCatalogue
from core.sla.errors import InvalidPeriod
from core.sla.history import Daily, Measured, hourly, last_days
from core.sla.measuring import Measuring, measure, service_row
from core.sla.objective import Metric, value_words
from core.sla.promises import Promises, promises_of
from core.sla.series import minute_of
from core.sla.trends import Season, Shift, Slope, season_of_day, season_of_week, shifts, slope
from core.sla.windows import Unit, calendar_span
from core.tenants import tenant_policy

DAYS_MOST: Final = 180
_DAYS: Final = ("Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays", "Sundays")
Reading = Callable[[Measured], float | None]
READINGS: Final[dict[Metric, Reading]] = {
    Metric.RESPONSE_TIME: lambda found: found.p95,
    Metric.ERROR_RATE: lambda found: found.error_rate,
    Metric.THROUGHPUT: lambda found: float(found.total) if found.total else None,
}
_NAMES: Final = {
    Metric.RESPONSE_TIME: "The 95th percentile of response times",
    Metric.ERROR_RATE: "The error rate",
    Metric.THROUGHPUT: "The number of operations a day",
}


@dataclass(frozen=True, slots=True)
class Dated:
    """A change of level, and the day on which it began."""

    day: date
    shift: Shift


@dataclass(frozen=True, slots=True)
class Trend:
    """One figure in the long run. `sentences` say what of it is sure; none: nothing is."""

    metric: Metric
    days: int  # with samples
    slope: Slope | None
    changes: tuple[Dated, ...]
    by_hour: Season | None
    by_weekday: Season | None
    sentences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrendsView:
    """A service in the long run."""

    service: str
    zone: str
    days: tuple[Daily, ...]
    trends: tuple[Trend, ...]


async def get_trends(
    database: Database, catalogue: SlaCatalogue, actor: Actor, service: str, *, days: int = 30
) -> TrendsView:
    """The service's last so many days. Raises UnknownService, InvalidPeriod."""
    async with permitted(database, actor, TokenScope.READ, action="sla.trends", resource=service[:120]) as tx:
        return await trends_of(tx, await promises_of(tx, catalogue), service, days=days)


async def trends_of(tx: Transaction, promised: Promises, service: str, *, days: int) -> TrendsView:
    """The same, inside the caller's transaction."""
    if not 1 <= days <= DAYS_MOST:
        raise InvalidPeriod(f"Trends are over 1 to {DAYS_MOST} days.", where="days")
    zone = (await tenant_policy(tx)).time_zone
    row = await service_row(tx, service)
    return trends_in(await measure(tx, promised, row, last_days(days, tx.now)), zone)


def trends_in(found: Measuring, zone: str) -> TrendsView:
    """What is sure in what was measured of a service, in days of the time zone."""
    shown = found.days(zone)
    whole = [each for each in shown if _is_whole(each, found, zone)]
    return TrendsView(found.service, zone, shown, tuple(_trend(found, whole, metric, zone) for metric in READINGS))


def _is_whole(each: Daily, found: Measuring, zone: str) -> bool:
    """Whether all of the day was measured: one that is cut would look like a change."""
    day, first = calendar_span(Unit.DAY, zone, each.measured.start), found.series.first
    is_cut = day.start < found.span.start or day.end > found.span.end
    return not is_cut and first is not None and minute_of(day.start) >= first


def _trend(found: Measuring, days: Sequence[Daily], metric: Metric, zone: str) -> Trend:
    read = READINGS[metric]
    dated = [(each.day, value) for each in days if (value := read(each.measured)) is not None]
    values = [value for _day, value in dated]
    points = [(each.start, value) for each in hourly(found.series, found.span) if (value := read(each)) is not None]
    line = slope(values)
    changes = tuple(Dated(dated[each.index][0], each) for each in shifts(values))
    by_hour, by_weekday = season_of_day(points, zone), season_of_week(points, zone)
    said = tuple(_sentences(metric, values, line, changes, by_hour, by_weekday, zone))
    return Trend(metric, len(values), line, changes, by_hour, by_weekday, said)


def _sentences(
    metric: Metric,
    values: Sequence[float],
    line: Slope | None,
    changes: Sequence[Dated],
    by_hour: Season | None,
    by_weekday: Season | None,
    zone: str,
) -> list[str]:
    name, found = _NAMES[metric], []
    for each in changes:
        before, after = (value_words(metric, value) for value in (each.shift.before, each.shift.after))
        verb = "rose" if each.shift.after > each.shift.before else "fell"
        found.append(f"{name} {verb} from {_amount(before)} to {_amount(after)} about {each.day:%d %b %Y}.")
    if line is not None and line.is_sure and not changes:
        moved = abs(line.per_day) * (len(values) - 1)
        verb = "rises" if line.per_day > 0 else "falls"
        found.append(f"{name} {verb} steadily: by {_amount(value_words(metric, moved))} in {len(values)} days.")
    if by_hour is not None and by_hour.is_seen:
        worst, usual = (_amount(value_words(metric, value)) for value in (by_hour.worst_mean, by_hour.usual_mean))
        found.append(
            f"{name} follows the day: highest from {by_hour.worst}:00 to {(by_hour.worst + 1) % 24}:00 ({zone}), "
            f"{worst} against {usual}."
        )
    if by_weekday is not None and by_weekday.is_seen:
        found.append(f"{name} follows the week: highest on {_DAYS[by_weekday.worst]}.")
    return found


def _amount(words: str) -> str:
    """Operations a day are counted, not a rate."""
    return words.removesuffix(" operations/minute")
