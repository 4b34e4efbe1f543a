"""What each cost centre is charged for a month: to the cent, with what rounding made of it shown. Pure (C10).

The ledger is exact to many places, a statement has the smallest coin of its currency. Every figure is rounded from the
exact one (half to even), never from a rounded one; so a centre's lines need not add up to its amount, nor the centres
to the whole. What is missing stands there as a line of its own, "rounding": with it everything adds up, and the whole
is the ledger's total rounded once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import groupby
from typing import Final

from core.finance.assigning import Assignments
from core.finance.exact import difference, to_places, total

_PLACES: Final = {  # ISO 4217, where it is not 2
    **dict.fromkeys(
        "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF".split(),  # noqa: SIM905  read as a list
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}


@dataclass(frozen=True, slots=True)
class Spent:
    """What one meter cost an agent of a project on one day, exactly. An empty project or agent: none was named."""

    day: date
    project: str
    agent: str
    meter: str
    quantity: Decimal
    cost: Decimal
    cost_centre: str = ""  # where it was asked for


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """One meter of an agent of a project in the month."""

    project: str
    agent: str
    meter: str
    quantity: Decimal
    exact: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class CentreStatement:
    """What one centre is charged. Its lines and its rounding add up to its amount."""

    code: str  # empty: what belongs to no centre
    title: str
    lines: tuple[Line, ...]
    exact: Decimal
    rounding: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Statement:
    """A month of one currency. The centres and the rounding add up to the amount: the ledger's, rounded once."""

    since: date
    until: date
    currency: str
    centres: tuple[CentreStatement, ...]  # by code; the one without comes last
    exact: Decimal
    rounding: Decimal
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Meter:
    """What a meter is called, what it counts, and to which class it belongs."""

    title: str
    unit: str
    meter_class: str


@dataclass(frozen=True, slots=True)
class Chargeback:
    """A month's statement, of which tenant, and when it was made."""

    tenant: str
    tenant_name: str
    period: str  # 2026-11
    statement: Statement
    made_at: datetime
    is_over: bool  # whether the month is: costs told late still change it, and are then in the next one made
    meters: Mapping[str, Meter]
    currencies: tuple[str, ...]

    @property
    def name(self) -> str:
        """Under which it is filed."""
        return f"{self.tenant}-{self.period}-{self.statement.currency}"


def places_of(currency: str) -> int:
    """How many places the smallest coin takes."""
    return _PLACES.get(currency, 2)


def rounded(amount: Decimal, currency: str) -> Decimal:
    """The amount in whole coins, half to even."""
    return to_places(amount, places_of(currency))


def statement_of(
    spent: Iterable[Spent],
    assignments: Assignments,
    titles: dict[str, str],
    *,
    since: date,
    until: date,
    currency: str,
) -> Statement:
    """Who is charged what for [since, until)."""
    found: dict[tuple[str, str, str, str], list[Spent]] = {}
    for each in spent:
        code = assignments.centre_of(each.project, each.agent, on=each.day)
        found.setdefault((code, each.project, each.agent, each.meter), []).append(each)
    ordered = sorted(found.items(), key=lambda entry: (not entry[0][0], entry[0]))
    centres = tuple(
        _centre(code, titles.get(code, ""), [_line(key, parts, currency) for key, parts in group], currency)
        for code, group in groupby(ordered, key=lambda entry: entry[0][0])
    )
    exact = total(each.exact for each in centres)
    amount = rounded(exact, currency)
    rounding = difference(amount, total(each.amount for each in centres))
    return Statement(since, until, currency, centres, exact, rounding, amount)


def _line(key: tuple[str, str, str, str], parts: list[Spent], currency: str) -> Line:
    _code, project, agent, meter = key
    exact = total(each.cost for each in parts)
    return Line(project, agent, meter, total(each.quantity for each in parts), exact, rounded(exact, currency))


def _centre(code: str, title: str, lines: list[Line], currency: str) -> CentreStatement:
    exact = total(each.exact for each in lines)
    amount = rounded(exact, currency)
    rounding = difference(amount, total(each.amount for each in lines))
    return CentreStatement(code, title, tuple(lines), exact, rounding, amount)
