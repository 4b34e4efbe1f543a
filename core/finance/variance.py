"""Why actual costs differ from the budget: price, volume, mix; to the last digit. Pure (C11).

For each line i (a meter of an agent), within a group of lines of one unit, with planned quantity q and price p, actual
quantity Q, and the group's actual quantity over its planned one, g:

    price_i   what was paid - Q_i x p_i             the same quantity at another price
    volume_i  (g - 1) x q_i x p_i                   the plan, with everything grown alike
    mix_i     (Q_i - g x q_i) x p_i                 more of the dear and less of the cheap, or the other way

The three add up to what was paid less what was planned, for each line and altogether (the usual decomposition of
management accounting: Horngren, Cost Accounting, "sales-mix and sales-quantity variances"). Quantities of different
units are never added. What was not planned at all has the price that was paid: its price explains nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import groupby
from typing import Final

from core.finance.exact import difference, product, total

EXACT: Final = Decimal("1e-12")  # to which price and volume are rounded; mix takes what is left, so that nothing is


@dataclass(frozen=True, slots=True, order=True)
class LineKey:
    """What a line is about. An empty project or agent: none was named."""

    unit: str
    meter: str
    project: str
    agent: str


@dataclass(frozen=True, slots=True)
class Used:
    """A quantity and what it costs."""

    quantity: Fraction
    cost: Fraction

    def times(self, factor: Fraction) -> Used:
        """So many times as much, at the same price."""
        return Used(self.quantity * factor, self.cost * factor)


NOTHING: Final = Used(Fraction(0), Fraction(0))


@dataclass(frozen=True, slots=True)
class Effects:
    """What explains the difference between `planned` and `actual`, which are exact."""

    planned: Decimal
    actual: Decimal
    price: Decimal
    volume: Decimal
    mix: Decimal

    @property
    def total(self) -> Decimal:
        """Above 0: more was spent than planned."""
        return difference(self.actual, self.planned)

    def __add__(self, other: Effects) -> Effects:
        return Effects(
            planned=total((self.planned, other.planned)),
            actual=total((self.actual, other.actual)),
            price=total((self.price, other.price)),
            volume=total((self.volume, other.volume)),
            mix=total((self.mix, other.mix)),
        )


ZERO: Final = Effects(Decimal(0), Decimal(0), Decimal(0), Decimal(0), Decimal(0))


@dataclass(frozen=True, slots=True)
class LineVariance:
    """One line: its quantities and what explains its difference."""

    key: LineKey
    planned_quantity: Decimal
    actual_quantity: Decimal
    effects: Effects


def spread(budget: Decimal, pattern: Mapping[LineKey, Used]) -> dict[LineKey, Used]:
    """The budget as quantities and costs in the proportions of the pattern; empty if that costs nothing."""
    cost = sum((each.cost for each in pattern.values()), Fraction(0))
    if cost <= 0:
        return {}
    factor = Fraction(budget) / cost
    return {key: each.times(factor) for key, each in pattern.items()}


def explain(planned: Mapping[LineKey, Used], actual: Mapping[LineKey, Used]) -> tuple[LineVariance, ...]:
    """Each line's variance, in the order of their keys."""
    keys = sorted({*planned, *actual})
    return tuple(
        line
        for _unit, group in groupby(keys, key=lambda key: key.unit)
        for line in _group(list(group), planned, actual)
    )


def total_of(lines: Iterable[LineVariance]) -> Effects:
    """All of them together."""
    return sum((each.effects for each in lines), ZERO)


def _group(
    keys: Sequence[LineKey], planned: Mapping[LineKey, Used], actual: Mapping[LineKey, Used]
) -> Iterable[LineVariance]:
    was = sum((planned.get(key, NOTHING).quantity for key in keys), Fraction(0))
    has = sum((actual.get(key, NOTHING).quantity for key in keys), Fraction(0))
    growth = has / was if was > 0 else None
    for key in keys:
        plan, paid = planned.get(key, NOTHING), actual.get(key, NOTHING)
        price = _price(plan, paid)
        changed = plan.cost * (growth - 1) if growth is not None else paid.quantity * price - plan.cost
        effects = _effects(plan.cost, paid.cost, price=paid.cost - paid.quantity * price, volume=changed)
        yield LineVariance(key, decimal_of(plan.quantity), decimal_of(paid.quantity), effects)


def _price(plan: Used, paid: Used) -> Fraction:
    """The planned price; of what was not planned, the price that was paid."""
    for each in (plan, paid):
        if each.quantity:
            return each.cost / each.quantity
    return Fraction(0)


def _effects(planned: Fraction, actual: Fraction, *, price: Fraction, volume: Fraction) -> Effects:
    plan, paid = decimal_of(planned), decimal_of(actual)
    of_price, of_volume = decimal_of(price), decimal_of(volume)
    return Effects(plan, paid, of_price, of_volume, difference(difference(paid, plan), total((of_price, of_volume))))


def decimal_of(value: Fraction) -> Decimal:
    """The figure with twelve places: as exact as any price, and short enough to be read."""
    scaled = round(value / Fraction(EXACT))
    return product(Decimal(scaled), EXACT)
