"""Use case: budgets against what was spent, explained by price, volume and mix (C11).

A budget says an amount, not how much of what at which price. The plan behind it is taken to be the period before: its
lines, in its proportions and at its prices, scaled to the amount. Where nothing was spent then, it is what was used
now, at list prices. What a period that still runs may have spent so far is its limit by the share of time that is over.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from core.access import TokenScope, permitted
from core.actor import Actor
from core.budgets import BudgetFilter, BudgetView, Standing, Window, calendar_window, get_budget, list_budgets
from core.costs import RateCard, RateCatalogue
from core.db import Database, Transaction
from core.finance import ledger
from core.finance.errors import InvalidReport
from core.finance.exact import difference
from core.finance.variance import (
    Effects,
    LineKey,
    LineVariance,
    Used,
    decimal_of,
    explain,
    spread,
    total_of,
)

_MOMENT: Final = timedelta(microseconds=1)


class Basis(StrEnum):
    """What the plan behind a budget is taken from."""

    BEFORE = "before"  # the period before
    LIST = "list"  # list prices
    NOTHING = "nothing"  # nothing was spent, then or now


@dataclass(frozen=True, slots=True)
class BudgetVariance:
    """A budget's period: what was planned by now, what was spent, and why they differ."""

    budget_id: UUID
    reference: str
    name: str
    currency: str
    window: Window
    is_over: bool
    limit: Decimal  # of the whole period
    basis: Basis
    effects: Effects  # with `planned` up to now
    lines: tuple[LineVariance, ...]  # the greatest difference first


async def budget_variances(
    database: Database,
    rates: RateCatalogue,
    actor: Actor,
    *,
    budget: UUID | int | None = None,
    at: date | None = None,
) -> tuple[BudgetVariance, ...]:
    """Of one budget, or of each; of the period that holds the day, by default the one that runs.

    Raises UnknownBudget, or InvalidReport for a day that lies in no period of the budget that is named.
    """
    views = (
        await list_budgets(database, actor, BudgetFilter())
        if budget is None
        else (await get_budget(database, actor, budget),)
    )
    if budget is None and at is not None:  # a list does not hold what is over
        views = tuple([await get_budget(database, actor, each.id) for each in views])
    async with permitted(database, actor, TokenScope.READ, action="variance.show", resource="budgets") as tx:
        await ledger.may_read(tx, actor)
        card = rates.for_tenant(tx.tenant)
        chosen = [(each, _standing(each, at)) for each in views]
        if budget is not None and chosen[0][1] is None:
            raise InvalidReport(f"{views[0].reference} has no period that holds {at}.", where="at")
        return tuple([await _variance(tx, card, each, standing) for each, standing in chosen if standing is not None])


def _standing(view: BudgetView, at: date | None) -> Standing | None:
    if at is None:
        return view.standing
    noon = datetime.combine(at, time(12), ZoneInfo(view.zone))
    return next((each for each in (view.standing, *view.past) if each.window.holds(noon)), None)


async def _variance(tx: Transaction, card: RateCard, view: BudgetView, standing: Standing) -> BudgetVariance:
    window, terms = standing.window, view.terms
    actual = await _used(tx, card, view, window)
    pattern, basis = await _used(tx, card, view, _before(view, window)), Basis.BEFORE
    planned_amount = decimal_of(Fraction(standing.limit) * _share(window, tx.now))
    planned = spread(planned_amount, pattern)
    if not planned:
        planned, basis = spread(planned_amount, _listed(card, actual, window)), Basis.LIST
    if not planned:
        basis = Basis.NOTHING
    lines = explain(planned, actual)
    effects = total_of(lines)
    if basis is Basis.NOTHING:  # what was not spent at all is volume
        effects = Effects(
            planned_amount, effects.actual, Decimal(0), difference(effects.actual, planned_amount), Decimal(0)
        )
    return BudgetVariance(
        budget_id=view.id,
        reference=view.reference,
        name=terms.name,
        currency=terms.currency,
        window=window,
        is_over=window.ends_at <= tx.now,
        limit=standing.limit,
        basis=basis,
        effects=effects,
        lines=tuple(sorted(lines, key=lambda line: (-abs(line.effects.total), line.key))),
    )


def _before(view: BudgetView, window: Window) -> Window:
    """The whole period of the calendar before this one; where that was changed in its midst, as far as it had come."""
    whole = calendar_window(view.period, view.zone, window.starts_at - _MOMENT)
    return Window(whole.starts_at, window.starts_at)


def _share(window: Window, now: datetime) -> Fraction:
    """How much of the period is over."""
    over = max(0, int((min(now, window.ends_at) - window.starts_at).total_seconds()))
    return Fraction(over, int((window.ends_at - window.starts_at).total_seconds()))


async def _used(tx: Transaction, card: RateCard, view: BudgetView, window: Window) -> dict[LineKey, Used]:
    scope = view.terms.scope
    rows = await ledger.used_between(
        tx,
        project=scope.project or None,
        agent=scope.agent or None,
        meter_class=scope.meter_class or None,
        currency=view.terms.currency,
        since=window.starts_at,
        until=window.ends_at,
    )
    units = {name: meter.unit for name, meter in ledger.meters_of(card).items()}
    return {
        LineKey(units.get(row.meter, row.meter), row.meter, row.project, row.agent): Used(
            Fraction(row.quantity), Fraction(row.cost)
        )
        for row in rows
    }


def _listed(card: RateCard, actual: Mapping[LineKey, Used], window: Window) -> dict[LineKey, Used]:
    day = window.starts_at.astimezone(UTC).date()
    return {
        key: Used(
            used.quantity,
            Fraction(
                ledger.listed(
                    card,
                    key.meter,
                    day,
                    decimal_of(used.quantity),
                    otherwise=decimal_of(used.cost),
                    currency=card.currency,
                )
            ),
        )
        for key, used in actual.items()
    }
