"""Usage that costs by what stands in the ledger: of meters with tiers, and corrections. For whoever holds its writers.

One correction may be of usage in the same batch, or of another correction there: what it corrects is posted first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Row

from core.costs import store
from core.costs.charging import Charge, Spent, spent_of
from core.costs.errors import Uncorrectable
from core.costs.ledger import Line, Months, line_for, month_key, reversal_of
from core.costs.rates import RateCard
from core.costs.rating import Book, rows_of
from core.costs.usage import Usage
from core.db import Transaction


async def post_apart(tx: Transaction, book: Book, events: Sequence[Usage]) -> list[Spent]:
    """They stand in the ledger and in its sums; what was spent on them. Raises Uncorrectable."""
    lines: list[Line] = []
    graduated = [usage for usage in events if not usage.corrects]
    if graduated:
        used = await _used(tx, book.card, graduated)
        lines += await _posted(tx, book, [line_for(book.card, usage, used) for usage in graduated], used)
    corrections = [usage for usage in events if usage.corrects]
    while corrections:
        ids = {usage.id for usage in corrections}
        ready = [usage for usage in corrections if usage.corrects not in ids]
        if not ready:
            raise _ringed(corrections[0])
        lines += await _corrected(tx, book, ready)
        corrections = [usage for usage in corrections if usage.corrects in ids]
    return spent_of(line.charge for line in lines)


async def _corrected(tx: Transaction, book: Book, events: Sequence[Usage]) -> Sequence[Line]:
    by_id: dict[str, str] = {}
    for usage in events:
        if by_id.setdefault(usage.corrects, usage.id) != usage.id:
            raise _uncorrectable(usage)
    found = await store.mark_corrected(tx, by_id)
    for usage in events:
        if usage.corrects not in found:
            raise _uncorrectable(usage)
    standing = {row.usage_id: _line(row) for row in await store.lines_of(tx, found)}
    used = await _used(tx, book.card, (*events, *(line.charge for line in standing.values())))
    lines = []
    for usage in events:
        if usage.corrects in standing:
            lines.append(reversal_of(book.card, standing[usage.corrects], used))
        if usage.quantity:
            lines.append(line_for(book.card, usage, used))
    return await _posted(tx, book, lines, used)


async def _posted(tx: Transaction, book: Book, lines: Sequence[Line], used: Months) -> Sequence[Line]:
    if lines:
        rows = rows_of(book, lines)  # which gives their kinds numbers
        await store.post_more(tx, rows, book.kinds)
        await store.keep_months(tx, used)
    return lines


async def _used(tx: Transaction, card: RateCard, told: Iterable[Usage | Charge]) -> Months:
    """How much was used already of what is graduated."""
    priced = [(each, card.price(each.meter, each.at)) for each in told if each.meter in card.meters]
    keys = {month_key(each.meter, price, each.at) for each, price in priced if not price.is_flat}
    return await store.months_used(tx, keys)


def _ringed(usage: Usage) -> Uncorrectable:
    return Uncorrectable("These corrections correct each other in a ring.", usage_id=usage.id, where="corrects")


def _uncorrectable(usage: Usage) -> Uncorrectable:
    return Uncorrectable(
        f"'{usage.id}' corrects '{usage.corrects}', which is not known or was corrected already.",
        usage_id=usage.id,
        where="corrects",
        next_step="Correct the usage that stands: the last correction, by its own id.",
    )


def _line(row: Row[Any]) -> Line:
    charge = Charge(
        usage_id=row.usage_id,
        at=row.at,
        project=row.project,
        agent=row.agent,
        meter=row.meter,
        meter_class=row.meter_class,
        quantity=row.quantity,
        amount=row.amount,
        currency=row.currency,
    )
    return Line(charge, row.is_reversal, row.priced_amount, row.priced_currency)
