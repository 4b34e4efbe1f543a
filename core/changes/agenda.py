"""What is done when: the calendar, and what the next meeting about changes (CAB) has to speak about (G6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row

from core.access import Directory, TokenScope, directory, permitted
from core.actor import Actor
from core.changes import reading, store
from core.changes.catalogue import ChangeCatalogue
from core.changes.errors import InvalidChange
from core.changes.loading import policy_of
from core.changes.store import ChangeFilter
from core.changes.timetable import Obstacle, Span, freeze_span, obstacles, occurrences
from core.changes.views import AgendaItem, Calendar, ChangeAgenda, ChangeView, FrozenTime, OpenTime
from core.db import Database, Transaction
from core.tenants import tenant_policy

DAYS_MAX: Final = 92
SPOKEN_OF_MAX: Final = 100  # of each part: no meeting speaks about more
CALENDAR_USUAL: Final = timedelta(days=35)
CALENDAR_MAX: Final = timedelta(days=366)
CALENDAR_REACH: Final = timedelta(days=36500)
SHOWN_MAX: Final = 500  # changes of one calendar


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
        waiting = await store.page(tx, ChangeFilter(state="authorise"), after=None, limit=SPOKEN_OF_MAX)
        planned = await store.in_order(
            tx, ChangeFilter(state="schedule", since=tx.now, until=until), limit=SPOKEN_OF_MAX
        )
        reviews = await store.page(tx, ChangeFilter(waits_for_review=True), after=None, limit=SPOKEN_OF_MAX)
        frozen = [FrozenTime(each.name, freeze_span(each, tenant.time_zone)) for each in policy.freezes]
        span = Span(tx.now, until)
        others = await store.planned(tx, since=tx.now)

        def item(row: Row[Any], view: ChangeView) -> AgendaItem:
            found: tuple[Obstacle, ...] = ()
            if row.starts_at is not None:
                change = store.as_planned(row, Span(row.starts_at, row.ends_at))
                found = obstacles(policy, change, others, time_zone=tenant.time_zone)
            return AgendaItem(view, found)

        return ChangeAgenda(
            span=span,
            time_zone=tenant.time_zone,
            waiting=tuple(item(*pair) for pair in await _seen(tx, waiting, everybody)),
            planned=tuple(item(*pair) for pair in await _seen(tx, planned, everybody)),
            reviews=tuple(view for _, view in await _seen(tx, reviews, everybody)),
            freezes=tuple(sorted((each for each in frozen if each.span.overlaps(span)), key=lambda each: each.span)),
        )


async def calendar(
    database: Database,
    catalogue: ChangeCatalogue,
    actor: Actor,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Calendar:
    """What happens between the two: changes with a time, freezes, and when windows are open.

    By default from now on, for CALENDAR_USUAL. Raises InvalidChange.
    """
    async with permitted(database, actor, TokenScope.READ, action="change.calendar", resource="changes") as tx:
        since = since or tx.now
        if abs(since - tx.now) > CALENDAR_REACH:  # what is added to days far off leads beyond what can be counted
            message = f"A calendar begins within {CALENDAR_REACH.days // 365} years of today."
            raise InvalidChange(message, where="since")
        until = until or since + CALENDAR_USUAL
        if until <= since:
            raise InvalidChange("It ends before it begins.", where="until")
        if until - since > CALENDAR_MAX:
            raise InvalidChange(f"A calendar shows {CALENDAR_MAX.days} days at most.", where="until")
        span = Span(since, until)
        tenant = await tenant_policy(tx)
        policy = catalogue.for_tenant(tenant)
        rows = await store.in_order(tx, ChangeFilter(since=since, until=until), limit=SHOWN_MAX)
        frozen = [FrozenTime(each.name, freeze_span(each, tenant.time_zone)) for each in policy.freezes]
        opened = [
            OpenTime(window.name, each)
            for window in policy.windows
            for each in occurrences(window, span, tenant.time_zone)
        ]
        return Calendar(
            span=span,
            time_zone=tenant.time_zone,
            changes=await reading.views(tx, rows, await directory(tx)),
            freezes=tuple(sorted((each for each in frozen if each.span.overlaps(span)), key=lambda each: each.span)),
            windows=tuple(sorted(opened, key=lambda each: each.span)),
        )


async def _seen(tx: Transaction, rows: Sequence[Row[Any]], everybody: Directory) -> list[tuple[Row[Any], ChangeView]]:
    return list(zip(rows, await reading.views(tx, rows, everybody), strict=True))
