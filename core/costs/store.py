"""All SQL of writing usage: keys, ledger, months, sums. What is read of costs is in queries.py."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Row, select, text
from sqlalchemy.exc import IntegrityError

from core.costs.errors import ToldMeanwhile
from core.costs.model import usage_ledger, usage_months
from core.costs.rating import Kind
from core.db import Staging, Transaction

_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_SHARE = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:name, 0))")
_PART = text("SELECT countersign_usage_part(:month)")
_TOLD = Staging(
    "told_usage",
    {
        "line_id": "uuid",
        "usage_id": "text",
        "digest": "bytea",
        "at": "timestamptz",
        "project": "text",
        "agent": "text",
        "kind": "int",  # none: of this usage no line is written yet
        "quantity": "numeric",
        "amount": "numeric",
        "priced_amount": "numeric",  # none: it is the amount
        "is_reversal": "bool",
    },
)
# Whoever writes at the same time meets the same ids, and later the same sums, in the same order: they wait, never both.
# There is no ON CONFLICT, which looks for every id twice; what another has written meanwhile is an error that is rare.
_TAKE_KEYS = text(
    "INSERT INTO usage_keys (tenant_id, usage_id, digest, at)"
    " SELECT :tenant, usage_id, digest, at FROM told_usage ORDER BY usage_id"
)
_KINDS = (
    "unnest(CAST(:meters AS text[]), CAST(:classes AS text[]), CAST(:currencies AS text[]), CAST(:priced AS text[]))"
    " WITH ORDINALITY AS k (meter, meter_class, currency, priced_currency, number)"
)
# In the order of their times they meet the pages of the ledger's key one after another, instead of all of them at once.
_WRITE = text(
    "INSERT INTO usage_ledger (tenant_id, at, line_id, usage_id, is_reversal, project, agent, meter, meter_class,"  # noqa: S608  no word of it is anybody's
    " quantity, amount, currency, priced_amount, priced_currency, recorded_at)"
    " SELECT :tenant, t.at, t.line_id, t.usage_id, t.is_reversal, t.project, t.agent, k.meter, k.meter_class,"
    " t.quantity, t.amount, k.currency, coalesce(t.priced_amount, t.amount), k.priced_currency, :now"
    f" FROM told_usage t JOIN {_KINDS} ON k.number = t.kind + 1 ORDER BY t.at"
)
_SUM_UP = text(
    "INSERT INTO cost_rollups (tenant_id, day, project, agent, meter, meter_class, currency, quantity, amount, events)"  # noqa: S608  the same
    " SELECT :tenant, s.day, s.project, s.agent, k.meter, k.meter_class, k.currency, sum(s.quantity), sum(s.amount),"
    " sum(s.events)"
    " FROM (SELECT (at AT TIME ZONE 'UTC')::date AS day, project, agent, kind, sum(quantity) AS quantity,"
    "  sum(amount) AS amount, sum(CASE WHEN quantity < 0 THEN -1 ELSE 1 END) AS events"
    "  FROM told_usage WHERE kind IS NOT NULL GROUP BY 1, 2, 3, 4) s"
    f" JOIN {_KINDS} ON k.number = s.kind + 1"
    " GROUP BY 2, 3, 4, 5, 6, 7 ORDER BY 2, 3, 4, 5, 6, 7"
    " ON CONFLICT (tenant_id, day, project, agent, meter, meter_class, currency) DO UPDATE"
    " SET quantity = cost_rollups.quantity + excluded.quantity, amount = cost_rollups.amount + excluded.amount,"
    " events = cost_rollups.events + excluded.events"
)
_APART = "\x1f"  # stands in no id: all are printable
# One text for all: an array of them would be looked at by the driver one by one.
_DIGESTS = text(
    "SELECT usage_id, digest FROM usage_keys"
    " WHERE tenant_id = :tenant AND usage_id = ANY(string_to_array(:ids, :apart))"
)
_CORRECT = text(
    "UPDATE usage_keys k SET corrected_by = u.by FROM unnest(CAST(:ids AS text[]), CAST(:bys AS text[])) u (id, by)"
    " WHERE k.tenant_id = :tenant AND k.usage_id = u.id AND k.corrected_by IS NULL RETURNING k.usage_id, k.at"
)
_KEEP_MONTHS = text(
    "INSERT INTO usage_months (tenant_id, meter, month, since, quantity)"
    " SELECT :tenant, * FROM unnest(CAST(:meters AS text[]), CAST(:months AS date[]), CAST(:sinces AS date[]),"
    " CAST(:quantities AS numeric[]))"
    " ON CONFLICT (tenant_id, meter, month, since) DO UPDATE SET quantity = excluded.quantity"
)


async def hold(tx: Transaction) -> None:
    """Nobody else writes usage of this tenant until the transaction ends."""
    await tx.connection.execute(_LOCK, {"name": f"usage {tx.tenant}"})


async def share(tx: Transaction) -> None:
    """Nobody who has to be alone writes usage of this tenant until the transaction ends; others may."""
    await tx.connection.execute(_SHARE, {"name": f"usage {tx.tenant}"})


async def open_months(tx: Transaction, months: Iterable[date]) -> None:
    """The ledger has a part for each of these months."""
    for month in months:
        await tx.connection.execute(_PART, {"month": month})


async def fill(tx: Transaction, parts: Iterable[Sequence[str]]) -> None:
    """The usage that is to be written, as rows of COPY; once in a transaction."""
    await _TOLD.fill_from_text(tx, parts)


async def take_keys(tx: Transaction) -> None:
    """Every id of what is to be written is known now. Raises ToldMeanwhile if another has just told one of them."""
    try:
        await tx.connection.execute(_TAKE_KEYS, {"tenant": tx.tenant})
    except IntegrityError as exc:
        raise ToldMeanwhile from exc


async def digests_of(tx: Transaction, ids: Collection[str]) -> Mapping[str, str]:
    """What these ids stand for, in hexadecimal, by id."""
    parameters = {"tenant": tx.tenant, "ids": _APART.join(ids), "apart": _APART}
    return {row.usage_id: row.digest.hex() for row in await tx.connection.execute(_DIGESTS, parameters)}


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


async def post(tx: Transaction, kinds: Sequence[Kind]) -> None:
    """What is to be written and has a kind stands in the ledger, and the sums hold it."""
    parameters = {
        "tenant": tx.tenant,
        "meters": [kind.meter for kind in kinds],
        "classes": [kind.meter_class for kind in kinds],
        "currencies": [kind.currency for kind in kinds],
        "priced": [kind.priced_currency for kind in kinds],
    }
    await tx.connection.execute(_WRITE, {**parameters, "now": tx.now})
    await tx.connection.execute(_SUM_UP, parameters)


async def post_more(tx: Transaction, rows: Sequence[str], kinds: Sequence[Kind]) -> None:
    """These rows of COPY are what is to be written, and stand in the ledger too."""
    await _TOLD.refill_from_text(tx, [rows])
    await post(tx, kinds)
