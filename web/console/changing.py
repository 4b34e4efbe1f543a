"""Changes: the registry, one of them, and what is done when."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final

from aiohttp import web

from core.changes import ChangeFilter, ChangeState, calendar, change_policy, get_change, list_changes
from core.errors import NotFound
from web.console.front import Look
from web.paging import Cursors

PAGE_SIZE: Final = 50
OPEN: Final = "open"
WEEKS: Final = 5  # of one calendar
REACH: Final = timedelta(days=3650)
_CURSORS: Final = Cursors("console-changes", int)
_REFERENCE: Final = re.compile(r"(?:CHG-)?([0-9]{1,9})", re.IGNORECASE | re.ASCII)


async def changes(look: Look) -> web.Response:
    """`GET /console/changes`: newest first, by state, type and words."""
    state, kind, sought = look.query("state"), look.query("type"), look.query("q")
    policy = await change_policy(look.database, look.house.changes, look.actor)
    wanted = ChangeFilter(
        state=state if state in set(ChangeState) else None,
        type=kind if kind in policy.types else None,
        contains=sought or None,
        is_open=state == OPEN,
    )
    after = _CURSORS.decode(look.query("cursor") or None)
    found = await list_changes(look.database, look.actor, wanted, after=after, limit=PAGE_SIZE + 1)
    last = found[PAGE_SIZE - 1].reference.partition("-")[2] if len(found) > PAGE_SIZE else ""
    return look.page(
        "changes.html",
        place="changes",
        changes=found[:PAGE_SIZE],
        states=(OPEN, *(each.value for each in ChangeState)),
        types=tuple(policy.types.values()),
        state=state,
        kind=kind,
        sought=sought,
        cursor=_CURSORS.encode(int(last)) if last else None,
    )


async def change(look: Look) -> web.Response:
    """`GET /console/changes/{reference}`: its whole life in one place."""
    match = _REFERENCE.fullmatch(look.request.match_info["reference"])
    if match is None:
        raise NotFound("There is no such change.")
    found = await get_change(look.database, look.actor, int(match[1]))
    last = {each.gate: each for each in found.evidence}
    return look.page("change.html", place="changes", change=found, last=last)


async def timetable(look: Look) -> web.Response:
    """`GET /console/changes/calendar`: five weeks, by the day where the reader is, with freezes and openings."""
    first = _monday(look.query("from"), now=look.sight.now, place=look.sight.place)
    until = first + timedelta(weeks=WEEKS)
    found = await calendar(look.database, look.house.changes, look.actor, since=first, until=until)
    days = [first + timedelta(days=number) for number in range(7 * WEEKS)]
    kinds = (found.changes, found.freezes, found.windows)
    shown = [(day, *(_on(day, each) for each in kinds)) for day in days]
    return look.page(
        "change_calendar.html",
        place="changes",
        days=[each for each in shown if any(each[1:])],
        first=first,
        last=until - timedelta(days=1),
        earlier=f"{first - timedelta(weeks=WEEKS):%Y-%m-%d}",
        later=f"{until:%Y-%m-%d}",
    )


def _monday(text: str, *, now: datetime, place: tzinfo) -> datetime:
    """The beginning of the week that the day is in, where the reader is; of this week for what is no day near us."""
    today = now.astimezone(place).date()
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = today
    if abs(day - today) > REACH:
        day = today
    return datetime.combine(day - timedelta(days=day.weekday()), time(), place)


def _on(day: datetime, found: tuple[object, ...]) -> list[object]:
    """Those that touch the day."""
    next_day = day + timedelta(days=1)
    return [each for each in found if (span := _span(each)) and span[0] < next_day and day < span[1]]


def _span(each: object) -> tuple[datetime, datetime] | None:
    span = getattr(each, "span", each)
    starts_at, ends_at = getattr(span, "starts_at", None), getattr(span, "ends_at", None)
    return (starts_at, ends_at) if starts_at and ends_at else None
