"""What an agent is worth against what it costs: return, payback, and what that hangs on. Pure (C9).

    return = (benefits - costs) / costs, of a span
    costs  = what the ledger says of the agent in the span, and investments whose day lies in it
    benefit of a span = its monthly worth, by the days of each month on which it holds

Benefits are declared by people with a low and a high estimate; the ledger is measured. Payback looks at the agent's
whole life: the first day from which on everything gained is at least everything spent; if that has not come, the day on
which it will at the pace of the last four weeks. Sensitivity moves one estimate at a time, the others staying likely.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Final

from core.finance.variance import decimal_of

PACE_DAYS: Final = 28
PROJECTED_MAX: Final = 3660  # days: what pays back later does not pay back
COST_SWAY: Final = Fraction(1, 5)  # running costs are known, what they will be is not: 20 % either way
DAY: Final = timedelta(days=1)


class BenefitKind(StrEnum):
    """What an agent brings, or what was put into it."""

    TIME_SAVED = "time_saved"
    COST_AVOIDED = "cost_avoided"
    REVENUE = "revenue"
    INVESTMENT = "investment"


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure as people see it: likely, and between what they are sure."""

    low: Decimal
    likely: Decimal
    high: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Benefit:
    """What holds from `starts_on` to before `ends_on` (None: it goes on). Its worth a month is quantity x rate."""

    key: str
    title: str
    kind: BenefitKind
    quantity: Estimate  # hours a month; of other kinds the money itself, with a rate of 1
    rate: Decimal
    starts_on: date
    ends_on: date | None = None

    def holds(self, day: date) -> bool:
        """Whether it counts on that day."""
        return self.starts_on <= day and (self.ends_on is None or day < self.ends_on)

    def worth(self, since: date, until: date, quantity: Decimal) -> Fraction:
        """Its worth in [since, until) if so much is right; an investment counts whole, on its day."""
        each = Fraction(quantity) * Fraction(self.rate)
        if self.kind is BenefitKind.INVESTMENT:
            return each if since <= self.starts_on < until else Fraction(0)
        begins, ends = max(since, self.starts_on), min(until, self.ends_on or until)
        return each * sum((share for share in month_shares(begins, ends)), Fraction(0))


@dataclass(frozen=True, slots=True)
class Sway:
    """The return if one estimate is low or high, and the others are likely."""

    key: str
    title: str
    low: Decimal  # the estimate
    high: Decimal
    return_low: Decimal | None
    return_high: Decimal | None


@dataclass(frozen=True, slots=True)
class Payback:
    """When everything gained covers everything spent. Not reached: at this pace; `on` None: never, or too far."""

    is_reached: bool
    on: date | None
    after_days: int | None  # since the first expense


@dataclass(frozen=True, slots=True)
class Return:
    """What the agent brought and cost in a span. `ratio` is None where it cost nothing."""

    benefits: Mapping[BenefitKind, Decimal]
    benefit: Decimal
    running_cost: Decimal
    investment: Decimal
    net: Decimal
    ratio: Decimal | None
    payback: Payback | None  # None: nothing was ever spent, or nothing is said to be gained
    sensitivity: tuple[Sway, ...]  # what moves the return most first


def month_shares(since: date, until: date) -> Iterator[Fraction]:
    """What share of each month lies in [since, until)."""
    while since < until:
        days = calendar.monthrange(since.year, since.month)[1]
        following = since.replace(day=1) + timedelta(days=days)
        yield Fraction((min(following, until) - since).days, days)
        since = following


def return_of(benefits: Sequence[Benefit], costs: Mapping[date, Decimal], *, since: date, until: date) -> Return:
    """The return in [since, until). `costs` are those of each day of the agent's whole life, in the same currency."""
    gains = [each for each in benefits if each.kind is not BenefitKind.INVESTMENT]
    invested = [each for each in benefits if each.kind is BenefitKind.INVESTMENT]
    running = sum((Fraction(cost) for day, cost in costs.items() if since <= day < until), Fraction(0))
    by_kind: dict[BenefitKind, Fraction] = {}
    for each in gains:
        worth = each.worth(since, until, each.quantity.likely)
        by_kind[each.kind] = by_kind.get(each.kind, Fraction(0)) + worth
    benefit = sum(by_kind.values(), Fraction(0))
    investment = sum((each.worth(since, until, each.quantity.likely) for each in invested), Fraction(0))
    spent = running + investment
    return Return(
        benefits={kind: decimal_of(worth) for kind, worth in by_kind.items()},
        benefit=decimal_of(benefit),
        running_cost=decimal_of(running),
        investment=decimal_of(investment),
        net=decimal_of(benefit - spent),
        ratio=_ratio(benefit, spent),
        payback=_payback(gains, invested, costs, until=until),
        sensitivity=_sensitivity(benefits, running, since=since, until=until),
    )


def _ratio(benefit: Fraction, spent: Fraction) -> Decimal | None:
    return decimal_of((benefit - spent) / spent) if spent > 0 else None


def _sensitivity(benefits: Sequence[Benefit], running: Fraction, *, since: date, until: date) -> tuple[Sway, ...]:
    likely = {each.key: each.worth(since, until, each.quantity.likely) for each in benefits}

    def ratio(worth: Mapping[str, Fraction], cost: Fraction) -> Decimal | None:
        gained = sum((worth[each.key] for each in benefits if each.kind is not BenefitKind.INVESTMENT), Fraction(0))
        put_in = sum((worth[each.key] for each in benefits if each.kind is BenefitKind.INVESTMENT), Fraction(0))
        return _ratio(gained, put_in + cost)

    found = []
    for each in benefits:
        low, high = (
            ratio({**likely, each.key: each.worth(since, until, quantity)}, running)
            for quantity in (each.quantity.low, each.quantity.high)
        )
        found.append(Sway(each.key, each.title, each.quantity.low, each.quantity.high, low, high))
    cheap, dear = running * (1 - COST_SWAY), running * (1 + COST_SWAY)
    found.append(
        Sway(
            "running_cost",
            "Running cost",
            decimal_of(cheap),
            decimal_of(dear),
            ratio(likely, cheap),
            ratio(likely, dear),
        )
    )
    return tuple(sorted(found, key=_swing, reverse=True))


def _swing(sway: Sway) -> Decimal:
    if sway.return_low is None or sway.return_high is None:
        return Decimal(0)
    return abs(sway.return_high - sway.return_low)


def _payback(
    gains: Sequence[Benefit], invested: Sequence[Benefit], costs: Mapping[date, Decimal], *, until: date
) -> Payback | None:
    spending = [day for day, cost in costs.items() if cost > 0 and day < until]
    spending += [each.starts_on for each in invested if each.starts_on < until]
    if not spending or not gains:
        return None
    first = min(spending)
    balance, reached = Fraction(0), None
    by_day = list(_daily(gains, invested, costs, since=first, until=until))
    for day, net in by_day:
        balance += net
        if balance < 0:
            reached = None
        elif reached is None:
            reached = day
    if reached is not None:
        return Payback(is_reached=True, on=reached, after_days=(reached - first).days)
    recent = by_day[-PACE_DAYS:]
    pace = _pace(gains, recent, costs, until=until)
    if pace <= 0 or (days := int(-balance // pace) + 1) > PROJECTED_MAX:
        return Payback(is_reached=False, on=None, after_days=None)
    on = until + (days - 1) * DAY
    return Payback(is_reached=False, on=on, after_days=(on - first).days)


def _daily(
    gains: Iterable[Benefit],
    invested: Iterable[Benefit],
    costs: Mapping[date, Decimal],
    *,
    since: date,
    until: date,
) -> Iterator[tuple[date, Fraction]]:
    """What each day gained less what it cost. What was gained before the first expense counts on that day."""
    gains, invested = tuple(gains), tuple(invested)
    earlier = min((each.starts_on for each in gains), default=since)
    day = since
    while day < until:
        begins = min(earlier, since) if day == since else day
        gained = sum((each.worth(begins, day + DAY, each.quantity.likely) for each in gains), Fraction(0))
        put_in = sum((each.worth(day, day + DAY, each.quantity.likely) for each in invested), Fraction(0))
        yield day, gained - put_in - Fraction(costs.get(day, Decimal(0)))
        day += DAY


def _pace(
    gains: Sequence[Benefit], recent: Sequence[tuple[date, Fraction]], costs: Mapping[date, Decimal], *, until: date
) -> Fraction:
    """What a coming day gains: benefits that still hold, less the mean running cost of the last days."""
    running = sum((Fraction(costs.get(day, Decimal(0))) for day, _net in recent), Fraction(0)) / len(recent)
    gained = sum(
        (each.worth(until, until + 28 * DAY, each.quantity.likely) for each in gains if each.holds(until)), Fraction(0)
    )
    return gained / 28 - running
