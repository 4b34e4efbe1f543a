"""Entries of a form that were touched since an instant, although more are touched while they are read.

After a long absence there may be more than one look should read. It stops where it has read enough, and says up to
when that is everything.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from connectors.itsm.remedy.client import PAGE_ROWS, RemedyClient
from connectors.itsm.remedy.qualification import both, compare
from connectors.itsm.remedy.wire import REQUEST_ID, Values, instant, text

ROWS_MAX: Final = 400  # of one form for one look; the rest comes with the next


@dataclass(frozen=True, slots=True)
class Span:
    """From when on to ask. Past `bounded_after` no more is read of a form than is enough; None: all there is."""

    since: datetime
    bounded_after: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rows:
    """Entries of one form, and up to when they are all of them; None where nothing was left for later."""

    rows: Sequence[Values] = ()
    until: datetime | None = None


async def rows_in(
    client: RemedyClient, form: str, condition: str, fields: Sequence[str], *, by: str, span: Span
) -> Rows:
    """Each entry that meets the condition and has a time in the field `by` within the span, as it was last seen.

    Pages follow the time, not an offset: what is touched meanwhile moves to the end. However many there are, a look
    comes further than the one before, so that it never stands still.
    """
    rows: dict[str, Values] = {}
    at, offset = int(span.since.timestamp()), 0
    while True:
        asked = both(condition, compare(by, ">=", at))
        order = f"{by}.asc, {REQUEST_ID}.asc"
        page = await client.select(form, asked, fields=fields, sort=order, limit=PAGE_ROWS, offset=offset)
        rows.update({text(row[REQUEST_ID]): row for row in page.rows})
        if not page.has_more or not page.rows:
            return Rows(tuple(rows.values()))
        last = instant(page.rows[-1][by])
        if last is not None and len(rows) >= ROWS_MAX and _is_past(last, span):
            return Rows(tuple(rows.values()), last)
        reached = at if last is None else int(last.timestamp())
        at, offset = (reached, 0) if reached > at else (at, offset + len(page.rows))


def _is_past(reached: datetime, span: Span) -> bool:
    return span.bounded_after is not None and reached > span.bounded_after
