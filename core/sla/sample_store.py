"""All SQL of samples and what they add up to."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, LargeBinary, Row, and_, case, delete, func, literal, or_, select, text

from core.db import SystemTransaction, Transaction
from core.sla.model import services, slices
from core.sla.series import Slice

MINUTE: Final = "minute"
HOUR: Final = "hour"
NO_SKETCH: Final = literal(b"", LargeBinary)
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
_PERCENTILE: Final = text("""
    SELECT percentile_cont(CAST(:shares AS float8[])) WITHIN GROUP (ORDER BY response_time) FROM sla_samples
    WHERE tenant_id = :tenant AND service = :service AND at >= :since AND at < :until
""")


@dataclass(frozen=True, slots=True)
class Sample:
    """One operation of a service: when it ended, how long it took (seconds), whether it succeeded, and its labels."""

    service: str
    at: datetime
    response_time: float
    success: bool
    labels: tuple[tuple[str, str], ...] = ()  # sorted by name


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


async def exact_percentiles(
    tx: Transaction, service: str, shares: Sequence[float], *, since: datetime, until: datetime
) -> tuple[float | None, ...]:
    """The percentiles of the samples themselves, at the cost of one."""
    values = {"tenant": tx.tenant, "service": service, "shares": list(shares), "since": since, "until": until}
    found = (await tx.connection.execute(_PERCENTILE, values)).scalar()
    return tuple(found) if found else (None,) * len(shares)


async def load_services(tx: Transaction, names: Collection[str] | None = None) -> Sequence[Row[Any]]:
    """The services by name; all of them, or these."""
    wanted = select(services).where(services.c.tenant_id == tx.tenant)
    if names is not None:
        wanted = wanted.where(services.c.service.in_(names))
    return (await tx.connection.execute(wanted.order_by(services.c.service))).all()


async def load_hours(
    tx: Transaction, names: Collection[str], *, since: int, until: int, sketches_from: int | None
) -> dict[str, dict[int, Slice]]:
    """The hours of these services from `since` to before `until`, by service and minute.

    Sketches are read from `sketches_from` on alone: they are most of the bytes. None: not at all.
    """
    columns = slices.c
    sketch = case((columns.minute >= sketches_from, columns.sketch), else_=NO_SKETCH) if sketches_from else NO_SKETCH
    within = and_(_of(HOUR, tx, names), columns.minute >= since, columns.minute < until)
    return await _by_service(tx, names, within, sketch=sketch, shares=columns.shares)


async def load_minutes(
    tx: Transaction, names: Collection[str], spans: Iterable[tuple[int, int]], *, with_sketches: bool
) -> dict[str, dict[int, Slice]]:
    """The minutes of these services in these spans, by service and minute."""
    columns = slices.c
    within = or_(*(and_(columns.minute >= begin, columns.minute < end) for begin, end in spans))
    sketch = columns.sketch if with_sketches else NO_SKETCH
    return await _by_service(tx, names, and_(_of(MINUTE, tx, names), within), sketch=sketch, shares=None)


async def forget_before(tx: Transaction, *, minutes: int, hours: int) -> None:
    """Older minutes and hours are gone."""
    for grain, before in ((MINUTE, minutes), (HOUR, hours)):
        columns = slices.c
        await tx.connection.execute(
            delete(slices).where(columns.tenant_id == tx.tenant, columns.grain == grain, columns.minute < before)
        )


def _of(grain: str, tx: Transaction, names: Collection[str]) -> ColumnElement[bool]:
    columns = slices.c
    return and_(columns.tenant_id == tx.tenant, columns.grain == grain, columns.service.in_(names))


async def _by_service(
    tx: Transaction,
    names: Collection[str],
    within: ColumnElement[bool],
    *,
    sketch: ColumnElement[Any],
    shares: ColumnElement[Any] | None,
) -> dict[str, dict[int, Slice]]:
    """A service's slices come as one row of arrays: a row for each would cost more than all the rest."""
    columns = slices.c
    wanted = [columns.minute, columns.total, columns.failed, sketch, *([] if shares is None else [shares])]
    statement = select(columns.service, *(func.array_agg(each) for each in wanted)).where(within)
    found: dict[str, dict[int, Slice]] = {name: {} for name in names}
    for service, minutes, *values in await tx.connection.execute(statement.group_by(columns.service)):
        made = (Slice(*each) for each in zip(*values, strict=True))
        found[service] = dict(zip(minutes, made, strict=True))
    return found


def _slice(row: Row[Any]) -> Slice:
    return Slice(row.total, row.failed, row.sketch, row.shares)
