"""What reports read of the ledger and its sums; nothing else here knows how costs are kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Final

from core.access import Permission, TokenScope, require
from core.actor import Actor
from core.costs import (
    CostFilter,
    CostRow,
    Group,
    RateCard,
    lines_between,
    lines_by_day,
    lines_by_hour,
    meter_title,
    sums,
)
from core.db import Transaction
from core.errors import CountersignError
from core.finance import store
from core.finance.chargeback import Meter, Spent
from core.finance.exact import product
from core.finance.focus import Charged
from core.finance.spans import Span

EVERYTHING: Final = ("project", "agent", "meter")
CENTRE: Final = "cost_centre"


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Which costs: of this project, agent, meter and cost centre. None: of any; empty: of none that was named."""

    project: str | None = None
    agent: str | None = None
    meter: str | None = None
    cost_centre: str | None = None

    def where(self, span: Span) -> CostFilter:
        """The same, in the ledger's words."""
        return CostFilter(
            projects=() if self.project is None else (self.project,),
            agents=() if self.agent is None else (self.agent,),
            meters=() if self.meter is None else (self.meter,),
            cost_centres=() if self.cost_centre is None else (self.cost_centre,),
            since=span.since,
            until=span.until,
        )


ALL: Final = Narrowed()


async def may_read(tx: Transaction, actor: Actor) -> None:
    """Returns if the actor may see costs. Raises PermissionMissing."""
    await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)


async def currencies(tx: Transaction, span: Span, narrowed: Narrowed = ALL) -> tuple[str, ...]:
    """In which currencies there are costs, the one with most of them first."""
    rows = await _sums(tx, (), narrowed.where(span))
    return tuple(row.currency for row in sorted(rows, key=lambda row: (-row.events, row.currency)))


async def spent_by_currency(
    tx: Transaction, span: Span, *, narrowed: Narrowed = ALL, by: Collection[str] = EVERYTHING
) -> dict[str, list[Spent]]:
    """What was spent on each day, by currency, the one with most events first; what `by` leaves out has no name."""
    groups = [Group.DAY, *(Group(name) for name in (*EVERYTHING, CENTRE) if name in by)]
    found: dict[str, list[Spent]] = defaultdict(list)
    events: Counter[str] = Counter()
    for row in await _sums(tx, groups, narrowed.where(span)):
        names = dict(zip((str(each) for each in groups), row.keys, strict=True))
        events[row.currency] += row.events
        found[row.currency].append(
            Spent(
                day=date.fromisoformat(names["day"]),
                project=names.get("project", ""),
                agent=names.get("agent", ""),
                meter=names.get("meter", ""),
                quantity=row.quantity,
                cost=row.amount,
                cost_centre=names.get(CENTRE, ""),
            )
        )
    return {currency: found[currency] for currency in sorted(found, key=lambda each: (-events[each], each))}


async def spent(
    tx: Transaction,
    span: Span,
    *,
    currency: str,
    narrowed: Narrowed = ALL,
    by: Collection[str] = EVERYTHING,
) -> list[Spent]:
    """The same, in one currency."""
    return (await spent_by_currency(tx, span, narrowed=narrowed, by=by)).get(currency, [])


async def charged(tx: Transaction, span: Span, card: RateCard, *, currency: str) -> list[Charged]:
    """The ledger's own lines by day, what was taken back apart, with what the list says. No cost centre yet."""
    return [
        Charged(
            day=row.day,
            cost_centre="",
            project=row.project,
            agent=row.agent,
            meter=row.meter,
            quantity=row.quantity,
            cost=row.amount,
            list_cost=listed(card, row.meter, row.day, row.quantity, otherwise=row.amount, currency=currency),
            request=row.decision,
            is_correction=row.is_reversal,
        )
        for row in await lines_by_day(tx, ALL.where(span), currency=currency)
    ]


async def hours_of(
    tx: Transaction, span: Span, *, currency: str, compute: str
) -> Mapping[str, Mapping[int, tuple[Decimal, int]]]:
    """By agent and hour of the week: what computing cost, and how many other things were done."""
    found: dict[str, dict[int, tuple[Decimal, int]]] = defaultdict(dict)
    for row in await lines_by_hour(tx, ALL.where(span), currency=currency):
        cost, deeds = found[row.agent].get(row.hour, (Decimal(0), 0))
        if row.meter_class == compute:
            cost += row.amount
        else:
            deeds += int(row.events)
        found[row.agent][row.hour] = cost, deeds
    return found


async def used_between(
    tx: Transaction,
    *,
    project: str | None,
    agent: str | None,
    meter_class: str | None,
    currency: str,
    since: datetime,
    until: datetime,
) -> list[Spent]:
    """What was used between two instants, by project, agent and meter; from the sums where these are whole days."""
    where = CostFilter(
        projects=() if project is None else (project,),
        agents=() if agent is None else (agent,),
        meter_classes=() if meter_class is None else (meter_class,),
    )
    first = since.astimezone(UTC)
    if first.time() == until.astimezone(UTC).time() == time():
        days = replace(where, since=first.date(), until=until.astimezone(UTC).date())
        groups = (Group.PROJECT, Group.AGENT, Group.METER)
        rows = [row for row in await sums(tx, groups, days) if row.currency == currency]
        return [
            Spent(first.date(), project, agent, meter, row.quantity, row.amount)
            for row in rows
            for project, agent, meter in (row.keys,)
        ]
    lines = await lines_between(tx, where, currency=currency, since=since, until=until)
    return [Spent(first.date(), row.project, row.agent, row.meter, row.quantity, row.amount) for row in lines]


def meters_of(card: RateCard) -> dict[str, Meter]:
    """What each meter is called and counts, as the rate card says."""
    return {
        name: Meter(meter_title(name), each.prices[-1].unit or name, each.meter_class)
        for name, each in card.meters.items()
    }


def listed(card: RateCard, meter: str, day: date, quantity: Decimal, *, otherwise: Decimal, currency: str) -> Decimal:
    """What it costs by list: the first tier's price without a discount. `otherwise` where the card does not say."""
    at = datetime.combine(day, time(), UTC)
    try:
        price = card.price(meter, at)
        worth = card.worth(price.currency, at)
    except CountersignError:
        return otherwise
    if card.currency != currency:
        return otherwise
    return product(product(quantity, price.tiers[0].unit_price), worth)


async def _sums(tx: Transaction, groups: Sequence[Group], where: CostFilter) -> tuple[CostRow, ...]:
    asks = Group.COST_CENTRE in groups or where.cost_centres
    return await sums(tx, groups, where, bearers=await store.bearers(tx) if asks else ())
