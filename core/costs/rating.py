"""Usage is rated by the thousand before anything is locked: checked, told apart by digest, priced. Pure.

What costs the same whatever else was used (nearly all of it) leaves as rows that are ready for the ledger. Apart stays
what depends on what stands there: usage of meters with tiers, and corrections.

This is the hottest loop of usage: each event is looked at once, and what is said of one that is not sound comes from
`usage.check`, which looks at everything again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

from core.costs.charging import Spent
from core.costs.ledger import Line
from core.costs.rates import FOREVER, RateCard
from core.costs.usage import EARLY_MAX, ID_MAX, LATE_MAX, PLACES_MAX, QUANTITY_MAX, Usage, check, digest_of
from core.errors import CountersignError
from core.ids import uuid7_run
from core.money import EXACT

_DAY: Final = len("2026-11-28")
_MONTH: Final = len("2026-11")
_DAYS_KEPT: Final = 50_000  # rates that hold for one day
_NAMES_KEPT: Final = 50_000
_NOTHING: Final = Decimal(0)
_multiply: Final = EXACT.multiply


@dataclass(frozen=True, slots=True)
class Kind:
    """What many lines of the ledger have in common."""

    meter: str
    meter_class: str
    currency: str
    priced_currency: str


@dataclass(frozen=True, slots=True)
class Rate:
    """What each unit of a kind costs at a flat price, in its currency, and what that is worth in the tenant's."""

    kind: int
    each: Decimal
    worth: Decimal | None  # None: one


class Book:
    """The flat rates of a card, looked up once for a meter and day. Kinds of lines have numbers, and keep them."""

    def __init__(self, card: RateCard) -> None:
        self.card = card
        self.kinds: list[Kind] = []
        self._numbers: dict[Kind, int] = {}
        self._always: dict[str, Rate] = {}
        self._by_day: dict[tuple[str, str], Rate | None] = {}
        self.names = {"": ""}  # of projects and agents that are sound, and how COPY has them

    def remember(self, *names: str) -> None:
        """The names are sound."""
        if len(self.names) >= _NAMES_KEPT:
            self.names.clear()
            self.names[""] = ""
        self.names.update({name: _escaped(name) for name in names})

    def number(self, kind: Kind) -> int:
        """The kind's number, its place among `kinds`."""
        found = self._numbers.get(kind)
        if found is None:
            found = self._numbers[kind] = len(self.kinds)
            self.kinds.append(kind)
        return found

    def rate(self, usage: Usage, day: str) -> Rate | None:
        """What a unit costs; None if that depends on how many were used before.

        Raises UnknownMeter, or InvalidUsage where no price or exchange rate holds yet.
        """
        found = self._always.get(usage.meter)
        if found is not None:
            return found
        key = (usage.meter, day)
        if key not in self._by_day:
            if len(self._by_day) >= _DAYS_KEPT:
                self._by_day.clear()
            self._by_day[key] = self._looked_up(usage)
        return self._by_day[key]

    def _looked_up(self, usage: Usage) -> Rate | None:
        meter = self.card.meter(usage.meter)
        price = meter.price(usage.at)
        worth = self.card.worth(price.currency, usage.at)
        if not price.is_flat:
            return None
        kind = Kind(usage.meter, meter.meter_class, self.card.currency, price.currency)
        each = _multiply(price.tiers[0].unit_price, EXACT.subtract(Decimal(1), price.discount))
        rate = Rate(self.number(kind), each, None if worth == 1 else worth)
        if price is meter.prices[-1] and price.since == FOREVER and price.currency == self.card.currency:
            self._always[usage.meter] = rate
        return rate


@dataclass(frozen=True, slots=True)
class Rated:
    """Usage as it was told at an instant, ready to be written. The lists have one item for each event, in their order.

    `rows` are those of COPY into the ledger's staging table; kinds and amounts are None for what stays apart.
    """

    now: datetime
    events: list[Usage] = field(default_factory=list)
    digests: list[str] = field(default_factory=list)
    rows: list[str] = field(default_factory=list)
    kinds: list[int | None] = field(default_factory=list)
    amounts: list[Decimal | None] = field(default_factory=list)
    months: set[str] = field(default_factory=set)  # "2026-11"
    problems: list[tuple[int, CountersignError]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """By which the events are known."""
        return [usage.id for usage in self.events]

    @property
    def apart(self) -> list[Usage]:
        """What costs by what stands in the ledger."""
        return [usage for usage, kind in zip(self.events, self.kinds, strict=True) if kind is None]


class Rater:
    """Rates usage of one tenant, as of one instant."""

    def __init__(self, book: Book, *, now: datetime) -> None:
        self.rated = Rated(now)
        self._book = book
        self._oldest, self._newest = now - LATE_MAX, now + EARLY_MAX
        self._run = uuid7_run()

    def take(self, events: Sequence[Usage]) -> None:
        """They are rated, behind those that were before."""
        for number, usage in enumerate(events, len(self.rated.events)):
            self.rated.events.append(usage)
            try:
                self._take(number, usage)
            except CountersignError as exc:
                self.rated.problems.append((number, exc))

    def _take(self, number: int, usage: Usage) -> None:
        rated, book = self.rated, self._book
        usage_id, project, agent, quantity = usage.id, usage.project, usage.agent, usage.quantity
        if not (
            0 < len(usage_id) <= ID_MAX
            and usage_id.isprintable()
            and usage_id[0] != " " != usage_id[-1]
            and project in book.names
            and agent in book.names
            and self._oldest <= usage.at <= self._newest
            and quantity.is_finite()
            and _NOTHING < quantity <= QUANTITY_MAX
            and usage.corrects != usage_id
        ):  # it may be sound still, but hardly ever is
            check(usage, now=rated.now)
            book.remember(project, agent)
        text = f"{quantity:f}"
        whole, _point, places = text.partition(".")
        places = places.rstrip("0")
        if len(places) > PLACES_MAX:
            check(usage, now=rated.now)
        when = usage.at.isoformat()
        rate = book.rate(usage, when[:_DAY])
        digest = digest_of(usage, quantity=f"{whole}.{places:0<2}", when=when)
        names = f"{book.names[project]}\t{book.names[agent]}"
        begun = f"{self._run}{number:06x}\t{_escaped(usage_id)}\t\\\\x{digest}\t{when}\t{names}"
        rated.digests.append(digest)
        rated.months.add(when[:_MONTH])
        if rate is None or usage.corrects:
            kind = amount = None
            rated.rows.append(f"{begun}\t\\N\t\\N\t\\N\t\\N\tf\n")
        else:
            kind, amount, priced = rate.kind, _multiply(quantity, rate.each), "\\N"
            if rate.worth is not None:
                priced, amount = f"{amount:f}", _multiply(amount, rate.worth)
            rated.rows.append(f"{begun}\t{kind}\t{text}\t{amount:f}\t{priced}\tf\n")
        rated.kinds.append(kind)
        rated.amounts.append(amount)


def rated(book: Book, events: Sequence[Usage], *, now: datetime) -> Rated:
    """Usage that was found sound at that instant."""
    rater = Rater(book, now=now)
    rater.take(events)
    return rater.rated


def spent_on(book: Book, parts: Iterable[Rated]) -> list[Spent]:
    """What costs the same whatever else was used, put together."""
    found: dict[tuple[str, str, int], Spent] = {}
    for part in parts:
        for usage, kind, amount in zip(part.events, part.kinds, part.amounts, strict=True):
            if kind is None or amount is None:
                continue
            key = (usage.project, usage.agent, kind)
            spent = found.get(key)
            if spent is None:
                common = book.kinds[kind]
                spent = found[key] = Spent(usage.project, usage.agent, common.meter_class, common.currency)
            spent.times.append(usage.at)
            spent.amounts.append(amount)
    return list(found.values())


def rows_of(book: Book, lines: Iterable[Line]) -> list[str]:
    """The rows of lines whose usage is known already."""
    run = uuid7_run()
    return [_row(f"{run}{number:06x}", book, line) for number, line in enumerate(lines)]


def _row(line_id: str, book: Book, line: Line) -> str:
    charge = line.charge
    kind = book.number(Kind(charge.meter, charge.meter_class, charge.currency, line.priced_currency))
    names = (charge.usage_id, charge.project, charge.agent)
    usage_id, project, agent = (_escaped(each) for each in names)
    numbers = f"{kind}\t{charge.quantity:f}\t{charge.amount:f}\t{line.priced_amount:f}"
    is_reversal = "t" if line.is_reversal else "f"
    return f"{line_id}\t{usage_id}\t\\N\t{charge.at.isoformat()}\t{project}\t{agent}\t{numbers}\t{is_reversal}\n"


def _escaped(text: str) -> str:
    """As COPY wants it: nothing that is printable means anything to it but this."""
    return text.replace("\\", "\\\\") if "\\" in text else text
