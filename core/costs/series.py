"""Lines of the ledger, added up for reports: what was taken back apart from what was used, and by hours of the week."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, case, cast, extract, func, select
from sqlalchemy.types import Date, Integer

from core.costs.model import usage_ledger
from core.costs.queries import CostFilter
from core.db import Transaction

_L = usage_ledger.c
_GOVERNED = "^countersign:agent_(creation|deployment):"  # ids of metering.py
_SUMS = (func.sum(_L.quantity).label("quantity"), func.sum(_L.amount).label("amount"))


async def lines_by_day(tx: Transaction, where: CostFilter, *, currency: str) -> Sequence[Row[Any]]:
    """Quantity and amount by day (UTC), project, agent, meter and decision; what takes usage back apart.

    `decision` is the gate's decision on a governed action that metered itself; empty for usage that was told.
    """
    keys: list[ColumnElement[Any]] = [
        cast(func.timezone("UTC", _L.at), Date).label("day"),
        _L.project,
        _L.agent,
        _L.meter,
        _L.is_reversal,
        case((_L.usage_id.regexp_match(_GOVERNED), func.split_part(_L.usage_id, ":", 3)), else_="").label("decision"),
    ]
    query: Select[Any] = select(*keys, *_SUMS).where(
        _L.tenant_id == tx.tenant, _L.currency == currency, *_chosen(where)
    )
    found: Sequence[Row[Any]] = (await tx.connection.execute(query.group_by(*keys).order_by(*keys))).all()
    return found


async def lines_by_hour(tx: Transaction, where: CostFilter, *, currency: str) -> Sequence[Row[Any]]:
    """Amount and events by agent, meter, class and hour of the week (0: Monday from midnight, UTC)."""
    at = func.timezone("UTC", _L.at)
    hour = cast((extract("isodow", at) - 1) * 24 + extract("hour", at), Integer).label("hour")
    keys: list[ColumnElement[Any]] = [_L.agent, _L.meter, _L.meter_class, hour]
    sums = (func.sum(_L.amount).label("amount"), func.sum(func.sign(_L.quantity)).label("events"))
    query: Select[Any] = select(*keys, *sums).where(_L.tenant_id == tx.tenant, _L.currency == currency, *_chosen(where))
    found: Sequence[Row[Any]] = (await tx.connection.execute(query.group_by(*keys))).all()
    return found


async def lines_between(
    tx: Transaction, where: CostFilter, *, currency: str, since: datetime, until: datetime
) -> Sequence[Row[Any]]:
    """Quantity and amount by project, agent and meter, from an instant to before another."""
    keys: list[ColumnElement[Any]] = [_L.project, _L.agent, _L.meter]
    chosen = (*_chosen(where), _L.at >= since, _L.at < until)
    query: Select[Any] = select(*keys, *_SUMS).where(_L.tenant_id == tx.tenant, _L.currency == currency, *chosen)
    found: Sequence[Row[Any]] = (await tx.connection.execute(query.group_by(*keys).order_by(*keys))).all()
    return found


def _chosen(where: CostFilter) -> list[ColumnElement[bool]]:
    chosen: list[ColumnElement[bool]] = [_L[name].in_(values) for name, values in where.words.items()]
    if where.since:
        chosen.append(_L.at >= func.timezone("UTC", cast(where.since, Date)))
    if where.until:
        chosen.append(_L.at < func.timezone("UTC", cast(where.until, Date)))
    return chosen
