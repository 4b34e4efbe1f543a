"""What the next meeting about changes (CAB) has to speak about: one look, in the order of what is due (G6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import Row

from core.access import Directory, TokenScope, directory, permitted
from core.actor import Actor
from core.changes import reading, store
from core.changes.catalogue import ChangeCatalogue
from core.changes.errors import InvalidChange
from core.changes.loading import policy_of
from core.changes.store import ChangeFilter
from core.changes.timetable import Obstacle, Span, freeze_span, obstacles
from core.changes.views import AgendaItem, ChangeAgenda, ChangeView, FrozenTime
from core.db import Database, Transaction
from core.tenants import tenant_policy

DAYS_MAX: Final = 92
SHOWN_MAX: Final = 100  # of each part: no meeting speaks about more


async def change_agenda(
    database: Database, catalogue: ChangeCatalogue, actor: Actor, *, days: int = 14
) -> ChangeAgenda:
    """Changes that wait for a decision, those of the next days, emergencies and failures that wait for their review.

    Raises InvalidChange for days that are none.
    """
    async with permitted(database, actor, TokenScope.READ, action="change.agenda", resource="changes") as tx:
        if not 1 <= days <= DAYS_MAX:
            raise InvalidChange(f"An agenda is of 1 to {DAYS_MAX} days.", where="days")
        tenant, everybody = await tenant_policy(tx), await directory(tx)
        policy = await policy_of(tx, catalogue)
        until = tx.now + timedelta(days=days)
        waiting = await store.page(tx, ChangeFilter(state="authorise"), after=None, limit=SHOWN_MAX)
        planned = await store.in_order(tx, ChangeFilter(state="schedule", since=tx.now, until=until), limit=SHOWN_MAX)
        reviews = await store.page(tx, ChangeFilter(waits_for_review=True), after=None, limit=SHOWN_MAX)
        frozen = [FrozenTime(each.name, freeze_span(each, tenant.time_zone)) for each in policy.freezes]
        span = Span(tx.now, until)
        others = {row.change_id: store.as_planned(row, Span(row.starts_at, row.ends_at)) for row in planned}

        def item(row: Row[Any], view: ChangeView) -> AgendaItem:
            found: tuple[Obstacle, ...] = ()
            if row.starts_at is not None:
                change = store.as_planned(row, Span(row.starts_at, row.ends_at))
                rest = [each for key, each in others.items() if key != row.change_id]
                found = obstacles(policy, change, rest, time_zone=tenant.time_zone)
            return AgendaItem(view, found)

        return ChangeAgenda(
            span=span,
            time_zone=tenant.time_zone,
            waiting=tuple(item(*pair) for pair in await _seen(tx, waiting, everybody)),
            planned=tuple(item(*pair) for pair in await _seen(tx, planned, everybody)),
            reviews=tuple(view for _, view in await _seen(tx, reviews, everybody)),
            freezes=tuple(sorted((each for each in frozen if each.span.overlaps(span)), key=lambda each: each.span)),
        )


async def _seen(tx: Transaction, rows: Sequence[Row[Any]], everybody: Directory) -> list[tuple[Row[Any], ChangeView]]:
    return list(zip(rows, await reading.views(tx, rows, everybody), strict=True))
