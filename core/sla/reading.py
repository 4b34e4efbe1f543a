"""Reading what services did: slices of many at once, and exact percentiles where samples are few (S2)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from core.db import Transaction
from core.sla import sample_store, sketch
from core.sla.keeping import OWN, SAMPLES_KEPT
from core.sla.objective import Metric, Objective
from core.sla.promises import Promises
from core.sla.sample_store import Looked, Wanted
from core.sla.series import PER_HOUR, Series, instant_of, minute_of
from core.sla.windows import DAY, MINUTE

EXACT_MAX: Final = 30_000  # samples: up to here their percentile takes some 10 ms
FINE_MINUTES: Final = 7 * PER_HOUR  # before now: what short windows are made of
LEAST_HISTORY: Final = 3 * DAY  # the longest window of a burn rate
SHOWN_PERCENTILES: Final = (0.5, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Response times at SHOWN_PERCENTILES."""

    values: tuple[float | None, ...]
    is_exact: bool


async def look(tx: Transaction, names: Collection[str], *, since: int, until: int) -> dict[str, Looked]:
    """These services, each with exact percentiles of its response times in these minutes where it has few samples."""
    begin = instant_of(since)
    most = EXACT_MAX if begin >= tx.now - SAMPLES_KEPT else -1
    return await sample_store.look(tx, names, SHOWN_PERCENTILES, since=begin, until=instant_of(until), most=most)


async def read_services(
    tx: Transaction, promised: Promises, rows: Sequence[Row[Any]]
) -> dict[str, tuple[Series, tuple[Objective, ...]]]:
    """The same of many services, in as many statements as for one."""
    objectives = {row.service: promised.of(row.service) for row in rows}
    found = await series_of(tx, {row.service: row for row in rows}, objectives)
    return {name: (series, objectives[name]) for name, series in found.items()}


async def response_times(tx: Transaction, service: str, *, since: int, until: int) -> Percentiles:
    """The service's response times in these minutes, in one statement where it has few samples."""
    found = (await look(tx, [service], since=since, until=until)).get(service)
    if found is None:
        return Percentiles((None,) * len(SHOWN_PERCENTILES), is_exact=True)
    if found.percentiles is not None:
        return Percentiles(tuple(found.percentiles), is_exact=True)
    series = await series_of(tx, {service: found.row}, {}, {service: found}, since=since)
    return percentiles(series[service], found, since=since, until=until)


def percentiles(series: Series, looked: Looked, *, since: int, until: int) -> Percentiles:
    """The response times from `since` to before `until`: exact for few samples, from sketches for many."""
    if not series.counts(since, until).total:
        return Percentiles((None,) * len(SHOWN_PERCENTILES), is_exact=True)
    if looked.percentiles is not None:
        return Percentiles(tuple(looked.percentiles), is_exact=True)
    whole = series.sketch(since, until)
    return Percentiles(tuple(sketch.percentile(whole, share) for share in SHOWN_PERCENTILES), is_exact=False)


async def series_of(
    tx: Transaction,
    rows: Mapping[str, Row[Any]],
    objectives: Mapping[str, Collection[Objective]],
    looked: Mapping[str, Looked] | None = None,
    *,
    since: int | None = None,
) -> dict[str, Series]:
    """What these services did. Sketches of the window are read unless the percentiles of all are known exactly."""
    promised = [each for some in objectives.values() for each in some]
    now = minute_of(tx.now)
    earliest = min(now - minute_of_length(LEAST_HISTORY), now if since is None else since)
    is_exact = looked and all(each.percentiles is not None for each in looked.values())
    sketched = now if is_exact else now - minute_of_length(DAY) if since is None else since
    for each in promised:
        begin = minute_of(each.window.span(tx.now).start)
        earliest = min(earliest, begin)
        if each.metric is Metric.RESPONSE_TIME:
            sketched = min(sketched, begin, now - minute_of_length(LEAST_HISTORY))
    spans = [(now - FINE_MINUTES, now + PER_HOUR)]  # samples may be a little ahead
    if since is not None and since % PER_HOUR:
        spans.append((since, since - since % PER_HOUR + PER_HOUR))
    before = earliest - earliest % PER_HOUR - minute_of_length(DAY)  # what speaks for a gap at the beginning
    hours, from_ = (before, now + PER_HOUR), sketched - sketched % PER_HOUR
    found = await sample_store.load_slices(tx, [Wanted(name, hours, tuple(spans), from_) for name in rows])
    return {
        name: Series(each.minutes, each.hours, first=minute_of(row.first_at), is_asked_only=name == OWN)
        for (name, row), each in zip(rows.items(), found, strict=True)
    }


def minute_of_length(length: timedelta) -> int:
    """A length in minutes."""
    return int(length / MINUTE)
