"""All SQL of samples and what they add up to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import Row, delete, func, select, text

from core.db import SystemTransaction, Transaction
from core.sla.model import services, slices
from core.sla.series import PER_HOUR, Slice, minute_of

MINUTE: Final = "minute"
HOUR: Final = "hour"
NEVER: Final = 2**31 - 1  # a minute that does not come
SliceKey = tuple[str, str, int]  # grain, service, minute

_REGISTER: Final = text("""
    INSERT INTO sla_services (tenant_id, service, first_at, last_at, heard_at)
    SELECT :tenant, u.service, u.first_at, u.last_at, :now
    FROM unnest(CAST(:services AS text[]), CAST(:firsts AS timestamptz[]), CAST(:lasts AS timestamptz[]))
        AS u(service, first_at, last_at)
    ORDER BY u.service
    ON CONFLICT (tenant_id, service) DO UPDATE SET
        first_at = least(sla_services.first_at, EXCLUDED.first_at),
        last_at = greatest(sla_services.last_at, EXCLUDED.last_at),
        heard_at = EXCLUDED.heard_at
    RETURNING xmax = 0 AS is_new
""")
_PARTS: Final = text("SELECT countersign_sla_part(day) FROM unnest(CAST(:days AS date[])) AS u(day)")
_DROP_PARTS: Final = text("SELECT countersign_drop_sla_parts(:before)")
_INSERT: Final = text("""
    INSERT INTO sla_samples (tenant_id, service, at, response_time, success)
    SELECT :tenant, u.service, u.at, u.response_time, u.success
    FROM unnest(CAST(:services AS text[]), CAST(:ats AS timestamptz[]), CAST(:times AS float8[]),
                CAST(:successes AS bool[])) AS u(service, at, response_time, success)
""")
_SLICES: Final = text("""
    SELECT grain, service, minute, total, failed, sketch, shares FROM sla_slices
    JOIN unnest(CAST(:grains AS text[]), CAST(:services AS text[]), CAST(:minutes AS int[]))
        AS u(grain, service, minute) USING (grain, service, minute)
    WHERE tenant_id = :tenant
""")
_KEEP: Final = text("""
    INSERT INTO sla_slices (tenant_id, grain, service, minute, total, failed, sketch, shares)
    SELECT :tenant, * FROM unnest(CAST(:grains AS text[]), CAST(:services AS text[]), CAST(:minutes AS int[]),
        CAST(:totals AS bigint[]), CAST(:faileds AS bigint[]), CAST(:sketches AS bytea[]), CAST(:shares AS bytea[]))
    ON CONFLICT (tenant_id, grain, service, minute) DO UPDATE SET
        total = EXCLUDED.total, failed = EXCLUDED.failed, sketch = EXCLUDED.sketch, shares = EXCLUDED.shares
""")
_LOOK: Final = text("""
    SELECT s.*, e.percentiles FROM sla_services s LEFT JOIN LATERAL (
        SELECT percentile_cont(CAST(:shares AS float8[])) WITHIN GROUP (ORDER BY response_time) AS percentiles
        FROM sla_samples
        WHERE tenant_id = :tenant AND service = s.service AND at >= :since AND at < :until AND (
            SELECT coalesce(sum(total), 0) FROM sla_slices
            WHERE tenant_id = :tenant AND grain = 'hour' AND service = s.service AND minute >= :first AND minute < :last
        ) <= :most
    ) e ON true
    WHERE s.tenant_id = :tenant AND s.service = ANY(CAST(:services AS text[])) ORDER BY s.service
""")
_SPANS: Final = text("""
    SELECT number, grain, array_agg(minute), array_agg(total), array_agg(failed),
        array_agg(CASE WHEN minute >= sketched THEN sketch ELSE '' END),
        array_agg(CASE WHEN grain = 'hour' THEN shares ELSE '' END)
    FROM unnest(CAST(:numbers AS int[]), CAST(:services AS text[]), CAST(:grains AS text[]), CAST(:begins AS int[]),
        CAST(:ends AS int[]), CAST(:sketched AS int[])) AS u(number, of_service, of_grain, begins, ends, sketched)
    JOIN sla_slices ON service = of_service AND grain = of_grain AND minute >= begins AND minute < ends
    WHERE tenant_id = :tenant GROUP BY number, grain
""")


@dataclass(frozen=True, slots=True)
class Sample:
    """One operation of a service: when it ended, how long it took (seconds), whether it succeeded, and its labels."""

    service: str
    at: datetime
    response_time: float
    success: bool
    labels: tuple[tuple[str, str], ...] = ()  # sorted by name


@dataclass(frozen=True, slots=True)
class Looked:
    """A service as it is stored, and percentiles of its samples; None: there are too many to ask them."""

    row: Row[Any]
    percentiles: Sequence[float | None] | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """The hours of a service from the one to before the other, and its minutes in these spans.

    Sketches are read from `sketches_from` on alone: they are most of the bytes. None: not at all.
    """

    service: str
    hours: tuple[int, int]
    minutes: tuple[tuple[int, int], ...]
    sketches_from: int | None


@dataclass(frozen=True, slots=True)
class Slices:
    """Slices of one service by their first minute."""

    minutes: dict[int, Slice]
    hours: dict[int, Slice]


async def register(tx: Transaction, spans: Mapping[str, tuple[datetime, datetime]]) -> bool:
    """The services are known and locked until the transaction ends; whether one of them is new."""
    found = await tx.connection.execute(
        _REGISTER,
        {
            "tenant": tx.tenant,
            "now": tx.now,
            "services": list(spans),
            "firsts": [first for first, _last in spans.values()],
            "lasts": [last for _first, last in spans.values()],
        },
    )
    return any(row.is_new for row in found)


async def count_services(tx: Transaction) -> int:
    """How many there are."""
    wanted = select(func.count()).where(services.c.tenant_id == tx.tenant)
    return int((await tx.connection.execute(wanted)).scalar_one())


async def open_days(tx: SystemTransaction, days: Collection[date]) -> None:
    """There is a part for the samples of each of these days (UTC)."""
    await tx.connection.execute(_PARTS, {"days": sorted(days)})


async def drop_days(tx: SystemTransaction, *, before: datetime) -> int:
    """The parts of days that ended by then are gone, every tenant's; how many."""
    return int((await tx.connection.execute(_DROP_PARTS, {"before": before})).scalar_one())


async def add_samples(tx: Transaction, found: Sequence[Sample]) -> None:
    """The samples are kept.

    PostgreSQL refuses COPY into a table with row-level security, so they come as four arrays.
    """
    await tx.connection.execute(
        _INSERT,
        {
            "tenant": tx.tenant,
            "services": [each.service for each in found],
            "ats": [each.at for each in found],
            "times": [each.response_time for each in found],
            "successes": [each.success for each in found],
        },
    )


async def slices_at(tx: Transaction, keys: Collection[SliceKey]) -> dict[SliceKey, Slice]:
    """Those of these slices that there are."""
    grains, names, minutes = zip(*keys, strict=True)
    rows = await tx.connection.execute(
        _SLICES, {"tenant": tx.tenant, "grains": list(grains), "services": list(names), "minutes": list(minutes)}
    )
    return {(row.grain, row.service, row.minute): _slice(row) for row in rows}


async def keep_slices(tx: Transaction, found: Mapping[SliceKey, Slice]) -> None:
    """The slices are these."""
    grains, names, minutes = zip(*found, strict=True)
    await tx.connection.execute(
        _KEEP,
        {
            "tenant": tx.tenant,
            "grains": list(grains),
            "services": list(names),
            "minutes": list(minutes),
            "totals": [each.total for each in found.values()],
            "faileds": [each.failed for each in found.values()],
            "sketches": [each.sketch for each in found.values()],
            "shares": [each.shares for each in found.values()],
        },
    )


async def look(
    tx: Transaction, names: Collection[str], shares: Sequence[float], *, since: datetime, until: datetime, most: int
) -> dict[str, Looked]:
    """The services of these names that there are, each with the percentiles of its samples in that time.

    The percentiles, all at the cost of one, are None of a service whose hours in that time have more than `most`.
    """
    first = minute_of(since)
    found = await tx.connection.execute(
        _LOOK,
        {
            "tenant": tx.tenant,
            "services": list(names),
            "shares": list(shares),
            "since": since,
            "until": until,
            "first": first - first % PER_HOUR,
            "last": minute_of(until),
            "most": most,
        },
    )
    return {row.service: Looked(row, row.percentiles) for row in found}


async def load_services(tx: Transaction, names: Collection[str] | None = None) -> Sequence[Row[Any]]:
    """The services by name; all of them, or these."""
    wanted = select(services).where(services.c.tenant_id == tx.tenant)
    if names is not None:
        wanted = wanted.where(services.c.service.in_(names))
    return (await tx.connection.execute(wanted.order_by(services.c.service))).all()


async def load_slices(tx: Transaction, wanted: Sequence[Wanted]) -> list[Slices]:
    """What is wanted of each, in one statement for all.

    It comes as two rows of arrays for each: a row for every slice would cost more than all the rest.
    """
    spans = [
        (number, each.service, grain, *span, NEVER if each.sketches_from is None else each.sketches_from)
        for number, each in enumerate(wanted)
        for grain, some in ((HOUR, (each.hours,)), (MINUTE, each.minutes))
        for span in some
    ]
    found = [Slices({}, {}) for _ in wanted]
    if not spans:
        return found
    names = ("numbers", "services", "grains", "begins", "ends", "sketched")
    columns = dict(zip(names, map(list, zip(*spans, strict=True)), strict=True))
    for number, grain, at, *values in await tx.connection.execute(_SPANS, {"tenant": tx.tenant, **columns}):
        of_grain = found[number].hours if grain == HOUR else found[number].minutes
        of_grain.update(zip(at, map(Slice, *values), strict=True))
    return found


async def forget_before(tx: Transaction, *, minutes: int, hours: int) -> None:
    """Older minutes and hours are gone."""
    for grain, before in ((MINUTE, minutes), (HOUR, hours)):
        columns = slices.c
        await tx.connection.execute(
            delete(slices).where(columns.tenant_id == tx.tenant, columns.grain == grain, columns.minute < before)
        )


def _slice(row: Row[Any]) -> Slice:
    return Slice(row.total, row.failed, row.sketch, row.shares)
