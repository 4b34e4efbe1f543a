"""Service credits: what the terms give back for a period in which availability was not kept (S9)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Row

from core.access import TokenScope, permitted
from core.actor import Actor
from core.db import Database, Transaction
from core.sla import sample_store
from core.sla.catalogue import SlaCatalogue
from core.sla.contract import Contract, tier_words
from core.sla.errors import InvalidPeriod
from core.sla.measuring import Measuring, measure_in_parts
from core.sla.objective import Metric
from core.sla.promises import Promises, promises_of
from core.sla.series import minute_of
from core.sla.windows import Span, Unit, calendar_span, span_before
from core.tenants import tenant_policy

_PERIOD: Final = re.compile(r"([0-9]{4})-([0-9]{2})(?:-([0-9]{2}))?")  # a month, or a day in the period
PERIODS: Final = ("2026-03", "2026-03-14")


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditView:
    """What one service's customer gets back for one period."""

    service: str
    start: datetime
    end: datetime
    is_over: bool  # else it is what would be credited if nothing more happened
    promised: float | None
    availability: float | None  # measured so far
    availability_at_end: float | None  # if it is up from now on; what is credited goes by this
    minutes_down: float
    credit: Decimal  # share of the fee
    amount: Decimal | None  # None: the fee is not known here
    currency: str
    terms: tuple[str, ...]


async def list_credits(
    database: Database, catalogue: SlaCatalogue, actor: Actor, *, period: str = "", service: str | None = None
) -> tuple[CreditView, ...]:
    """The credits of the period that is named (2026-03, or a day in it), or the last whole one.

    Raises InvalidPeriod.
    """
    async with permitted(database, actor, TokenScope.READ, action="sla.credits", resource=service or "services") as tx:
        promised, zone = await promises_of(tx, catalogue), (await tenant_policy(tx)).time_zone
        rows = await sample_store.load_services(tx, None if service is None else [service])
        return await credits_of(tx, promised, rows, period=period, zone=zone)


async def credits_of(
    tx: Transaction, promised: Promises, rows: Sequence[Row[Any]], *, period: str, zone: str
) -> tuple[CreditView, ...]:
    """The credits of these services that have terms, in the period of those that is named. Raises InvalidPeriod."""
    bound = [row for row in rows if promised.binds(row)]
    terms = {row.service: known for row in bound if (known := promised.contract_of(row.service)) is not None}
    views: dict[str, CreditView] = {}
    for unit in {each.period for each in terms.values()} or {Unit.MONTH}:  # a month, a quarter: one pass for each
        span = span_of(period, unit, zone, tx.now)
        some = [row for row in rows if row.service in terms and terms[row.service].period is unit]
        async for found in measure_in_parts(tx, promised, some, span, with_sketches=False):
            views[found.service] = _credit(found, terms[found.service], span, now=tx.now)
    return tuple(views[row.service] for row in rows if row.service in views)


def span_of(period: str, unit: Unit, zone: str, now: datetime) -> Span:
    """The period that is named: by its month, by a day in it, or (empty) the last whole one. Raises InvalidPeriod."""
    if not period:
        return span_before(unit, zone, calendar_span(unit, zone, now))
    try:
        noon = datetime.combine(_day_in(period.strip()), time(12), ZoneInfo(zone))
        span = calendar_span(unit, zone, noon.astimezone(UTC))
    except (ValueError, OverflowError):
        raise InvalidPeriod(f"'{period[:40]}' is no period.", where="period", accepted=PERIODS) from None
    if span.start > now:
        until = f"up to {now.astimezone(ZoneInfo(zone)):%Y-%m}"
        raise InvalidPeriod("This period has not begun.", where="period", accepted=(until,))
    return span


def _day_in(period: str) -> date:
    """The day, or the first of the month. Raises ValueError."""
    found = _PERIOD.fullmatch(period)
    if found is None:
        raise ValueError(period)
    return date(int(found[1]), int(found[2]), int(found[3] or 1))


def _credit(found: Measuring, terms: Contract, span: Span, *, now: datetime) -> CreditView:
    whole = found.whole()
    target = next((each.target for each in found.objectives if each.metric is Metric.AVAILABILITY), None)
    known = _at_end(found, span)
    return CreditView(
        service=found.service,
        start=span.start,
        end=span.end,
        is_over=span.end <= now,
        promised=target,
        availability=whole.availability,
        availability_at_end=known,
        minutes_down=whole.minutes_down,
        credit=Decimal() if known is None else terms.credit(known),
        amount=None if known is None else terms.amount(known),
        currency=terms.currency,
        terms=tier_words(terms),
    )


def _at_end(found: Measuring, span: Span) -> float | None:
    """The availability of the whole span if the rest of it, of which nothing is known, is up; None without samples."""
    until = minute_of(found.span.end)
    up = found.series.uptime(minute_of(found.span.start), until, found.bridge)
    left = minute_of(span.end) - until
    return (up.up + left) / (up.minutes + left) if up.minutes else None
