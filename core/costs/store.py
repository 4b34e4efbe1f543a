"""All SQL of writing usage: keys, ledger, months, sums. What is read of costs is in queries.py."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, text

from core.costs.ledger import Line, sums_of
from core.costs.model import usage_keys, usage_ledger, usage_months
from core.costs.usage import Usage
from core.db import Staging, Transaction
from core.ids import uuid7s

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_PART = text("SELECT countersign_usage_part(:month)")
_KEYS = Staging("told_keys", {"usage_id": "text", "digest": "bytea", "at": "timestamptz"})
_LINES = Staging(
    "told_lines",
    {
        "at": "timestamptz",
        "line_id": "uuid",
        "usage_id": "text",
        "is_reversal": "bool",
        "project": "text",
        "agent": "text",
        "meter": "text",
        "meter_class": "text",
        "quantity": "numeric",
        "amount": "numeric",
        "currency": "text",
        "priced_amount": "numeric",
        "priced_currency": "text",
    },
)
_TAKE_KEYS = text(
    "WITH taken AS (INSERT INTO usage_keys (tenant_id, usage_id, digest, at) SELECT :tenant, * FROM told_keys"
    " ON CONFLICT DO NOTHING RETURNING usage_id)"
    " SELECT usage_id FROM told_keys WHERE (SELECT count(*) FROM taken) < :told"
    " AND usage_id NOT IN (SELECT usage_id FROM taken)"
)
_CORRECT = text(
    "UPDATE usage_keys k SET corrected_by = u.by FROM unnest(CAST(:ids AS text[]), CAST(:bys AS text[])) u (id, by)"
    " WHERE k.tenant_id = :tenant AND k.usage_id = u.id AND k.corrected_by IS NULL RETURNING k.usage_id, k.at"
)
_WRITE = text(
    f"INSERT INTO usage_ledger (tenant_id, {', '.join(_LINES.columns)}, recorded_at)"  # noqa: S608  no word of it is anybody's
    " SELECT :tenant, *, :now FROM told_lines"
)
_SUM_UP = text(
    "INSERT INTO cost_rollups (tenant_id, day, project, agent, meter, meter_class, currency, quantity, amount, events)"
    " SELECT :tenant, *"
    " FROM unnest(CAST(:day AS date[]), CAST(:project AS text[]), CAST(:agent AS text[]), CAST(:meter AS text[]),"
    " CAST(:meter_class AS text[]), CAST(:currency AS text[]), CAST(:quantity AS numeric[]),"
    " CAST(:amount AS numeric[]), CAST(:events AS bigint[]))"
    " ON CONFLICT (tenant_id, day, project, agent, meter, meter_class, currency) DO UPDATE"
    " SET quantity = cost_rollups.quantity + excluded.quantity, amount = cost_rollups.amount + excluded.amount,"
    " events = cost_rollups.events + excluded.events"
)
_KEEP_MONTHS = text(
    "INSERT INTO usage_months (tenant_id, meter, month, since, quantity)"
    " SELECT :tenant, * FROM unnest(CAST(:meters AS text[]), CAST(:months AS date[]), CAST(:sinces AS date[]),"
    " CAST(:quantities AS numeric[]))"
    " ON CONFLICT (tenant_id, meter, month, since) DO UPDATE SET quantity = excluded.quantity"
)


async def hold(tx: Transaction) -> None:
    """Nobody else writes usage of this tenant until the transaction ends: one writer at a time, in whole batches."""
    await tx.connection.execute(_LOCK, {"name": f"usage {tx.tenant}"})


async def open_months(tx: Transaction, months: Iterable[date]) -> None:
    """The ledger has a part for each of these months."""
    for month in months:
        await tx.connection.execute(_PART, {"month": month})


async def take_keys(tx: Transaction, told: Collection[Usage], digests: Mapping[str, bytes]) -> frozenset[str]:
    """Every id is known now; those that were known before."""
    await _KEYS.fill(tx, [(each.id, digests[each.id], each.at) for each in told])
    rows = await tx.connection.execute(_TAKE_KEYS, {"tenant": tx.tenant, "told": len(told)})
    return frozenset(rows.scalars())


async def digests_of(tx: Transaction, ids: Collection[str]) -> Mapping[str, bytes]:
    """What these ids stand for, by id."""
    columns = usage_keys.c
    wanted = select(columns.usage_id, columns.digest).where(columns.tenant_id == tx.tenant, columns.usage_id.in_(ids))
    return {row.usage_id: row.digest for row in await tx.connection.execute(wanted)}


async def known_among(tx: Transaction, ids: Collection[str]) -> frozenset[str]:
    """Those of the ids that were told before."""
    return frozenset(await digests_of(tx, ids)) if ids else frozenset()


async def mark_corrected(tx: Transaction, by_id: Mapping[str, str]) -> Mapping[str, datetime]:
    """Each earlier id has the id that corrects it; those of them that could, with their times."""
    parameters = {"tenant": tx.tenant, "ids": list(by_id), "bys": list(by_id.values())}
    return {row.usage_id: row.at for row in await tx.connection.execute(_CORRECT, parameters)}


async def lines_of(tx: Transaction, found: Mapping[str, datetime]) -> Sequence[Row[Any]]:
    """The lines that stand for these ids, told for these times."""
    columns = usage_ledger.c
    wanted = select(usage_ledger).where(
        columns.tenant_id == tx.tenant,
        columns.at.in_(set(found.values())),
        columns.usage_id.in_(found),
        columns.is_reversal.is_(False),
    )
    return (await tx.connection.execute(wanted)).all()


async def months_used(
    tx: Transaction, keys: Collection[tuple[str, date, date]]
) -> dict[tuple[str, date, date], Decimal]:
    """How much was used of each (meter, month, first day of the price)."""
    if not keys:
        return {}
    columns = usage_months.c
    wanted = select(usage_months).where(
        columns.tenant_id == tx.tenant,
        columns.meter.in_({meter for meter, _month, _since in keys}),
        columns.month.in_({month for _meter, month, _since in keys}),
    )
    rows = await tx.connection.execute(wanted)
    found = {(row.meter, row.month, row.since): row.quantity for row in rows}
    return {key: found[key] for key in keys if key in found}


async def keep_months(tx: Transaction, used: Mapping[tuple[str, date, date], Decimal]) -> None:
    """So much was used of each."""
    if not used:
        return
    parameters = {
        "tenant": tx.tenant,
        "meters": [meter for meter, _month, _since in used],
        "months": [month for _meter, month, _since in used],
        "sinces": [since for _meter, _month, since in used],
        "quantities": list(used.values()),
    }
    await tx.connection.execute(_KEEP_MONTHS, parameters)


async def write(tx: Transaction, lines: Sequence[Line]) -> None:
    """The lines stand in the ledger, and the sums hold them."""
    await _LINES.fill(tx, [_row(line_id, line) for line_id, line in zip(uuid7s(len(lines)), lines, strict=True)])
    await tx.connection.execute(_WRITE, {"tenant": tx.tenant, "now": tx.now})
    sums = sums_of(line.charge for line in lines)
    parameters: dict[str, Any] = {"tenant": tx.tenant}
    for index, name in enumerate(("day", "project", "agent", "meter", "meter_class", "currency")):
        parameters[name] = [key[index] for key in sums]
    for index, name in enumerate(("quantity", "amount", "events")):
        parameters[name] = [values[index] for values in sums.values()]
    await tx.connection.execute(_SUM_UP, parameters)


def _row(line_id: UUID, line: Line) -> tuple[Any, ...]:
    charge = line.charge
    return (
        charge.at,
        line_id,
        charge.usage_id,
        line.is_reversal,
        charge.project,
        charge.agent,
        charge.meter,
        charge.meter_class,
        charge.quantity,
        charge.amount,
        charge.currency,
        line.priced_amount,
        line.priced_currency,
    )
