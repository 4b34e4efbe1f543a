"""Changes: the registry, one of them, and what is done when."""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta, tzinfo
from http import HTTPStatus
from typing import Final

from aiohttp import web

from core.changes import (
    ChangeFilter,
    ChangeState,
    ChangeView,
    calendar,
    change_agenda,
    change_impact,
    change_policy,
    get_change,
    list_changes,
)
from core.charts import PictureFormat, Theme, impact_chart
from core.errors import CountersignError, NotFound
from web.console.forms import Form
from web.console.front import CONTENT_SECURITY_POLICY, Look
from web.paging import Cursors
from web.problems import status_of

PLACE: Final = "/console/changes"
PAGE_SIZE: Final = 50
AGENDA_DAYS: Final = 14
OPEN: Final = "open"
WEEKS: Final = 5  # of one calendar
REACH: Final = timedelta(days=3650)
_CURSORS: Final = Cursors("console-changes", int)
ANSWERS: Final = {
    "drafted": "The draft is there; nobody has been asked yet.",
    "evidence": "The evidence stands with the change.",
    "assess": "Its reach and its risk are known.",
    "submit": "Those who decide have been asked, or it may be scheduled at once.",
    "schedule": "It has its time.",
    "sent_back": "That time needs more approval than it has: those who decide have been asked again.",
    "implement": "It is being implemented; its approval is used.",
    "roll_out": "The agent platform has been told to begin.",
    "complete": "It is done.",
    "roll_back": "It is rolled back, or those who decide about that have been asked.",
    "recovery": "Whether everything works again is known.",
    "acknowledge": "You look after it; nobody is told again.",
    "fail": "It has failed; what it did stays.",
    "review": "The review is done.",
    "cancel": "It will not be done.",
}
_REFERENCE: Final = re.compile(r"(?:CHG-)?([0-9]{1,9})", re.IGNORECASE | re.ASCII)


async def changes(look: Look) -> web.Response:
    """`GET /console/changes`: newest first, by state, type and words."""
    return await listed(look)


async def listed(look: Look, *, error: CountersignError | None = None, typed: Form | None = None) -> web.Response:
    """The list with its filters and the form of a draft."""
    state, kind, sought = look.query("state"), look.query("type"), look.query("q")
    policy = await change_policy(look.database, look.house.changes, look.actor)
    wanted = ChangeFilter(
        state=state if state in set(ChangeState) else None,
        type=kind if kind in policy.types else None,
        contains=sought or None,
        is_open=state == OPEN,
    )
    after = _CURSORS.decode(look.query("cursor") or None)
    page = await list_changes(look.database, look.house.changes, look.actor, wanted, after=after, limit=PAGE_SIZE + 1)
    last = page[PAGE_SIZE - 1].reference.partition("-")[2] if len(page) > PAGE_SIZE else ""
    return look.page(
        "changes.html",
        place="changes",
        status=_status(error),
        changes=page[:PAGE_SIZE],
        states=(OPEN, *(each.value for each in ChangeState)),
        types=tuple(policy.types.values()),
        state=state,
        kind=kind,
        sought=sought,
        cursor=_CURSORS.encode(int(last)) if last else None,
        message=error.sentence() if error else "",
        typed=typed.typed() if typed else {},
    )


async def change(look: Look) -> web.Response:
    """`GET /console/changes/{reference}`: its whole life in one place."""
    return await shown(look, await found(look))


async def found(look: Look) -> ChangeView:
    """The change that the address names. Raises NotFound."""
    match = _REFERENCE.fullmatch(look.request.match_info["reference"])
    if match is None:
        raise NotFound("There is no such change.")
    return await get_change(look.database, look.actor, int(match[1]))


async def shown(
    look: Look, view: ChangeView, *, error: CountersignError | None = None, form: str = "", typed: Form | None = None
) -> web.Response:
    """The page of the change; with what was typed where that was refused."""
    impact = await change_impact(look.database, look.house.changes, look.actor, view.id)
    return look.page(
        "change.html",
        place="changes",
        status=_status(error),
        change=view,
        last={each.gate: each for each in view.evidence},
        impact=impact_chart(impact.reference, impact.radius),
        tenants=impact.tenants,
        is_with_platform=view.rollout is not None and view.rollout.ended_at is None,
        said=ANSWERS.get(look.query("done"), ""),
        message=error.sentence() if error else "",
        failed=form,
        typed=typed.typed() if typed else {},
    )


async def picture(look: Look) -> web.Response:
    """`GET /console/changes/{reference}/impact.svg?theme=dark`: what feels it."""
    view = await found(look)
    impact = await change_impact(look.database, look.house.changes, look.actor, view.id)
    theme = Theme.DARK if look.query("theme") == Theme.DARK else Theme.LIGHT
    chart = impact_chart(impact.reference, impact.radius)
    return web.Response(
        body=await look.house.renderer.draw(chart, PictureFormat.SVG, theme),
        content_type=PictureFormat.SVG.media_type,
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"},
    )


async def agenda(look: Look) -> web.Response:
    """`GET /console/changes/agenda`: what the next meeting about changes has to speak about (CAB)."""
    return look.page(
        "change_agenda.html",
        place="changes",
        agenda=await change_agenda(look.database, look.house.changes, look.actor, days=AGENDA_DAYS),
    )


async def timetable(look: Look) -> web.Response:
    """`GET /console/changes/calendar`: five weeks, by the day where the reader is, with freezes and openings."""
    first = _monday(look.query("from"), now=look.sight.now, place=look.sight.place)
    until = first + timedelta(weeks=WEEKS)
    planned = await calendar(look.database, look.house.changes, look.actor, since=first, until=until)
    days = [first + timedelta(days=number) for number in range(7 * WEEKS)]
    kinds = (planned.changes, planned.freezes, planned.windows)
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
    """From when until when it is shown: what is planned, but a change that is done no longer than it took."""
    span = getattr(each, "span", each)
    starts_at, ends_at = getattr(span, "starts_at", None), getattr(span, "ends_at", None)
    if not starts_at or not ends_at:
        return None
    done_at = getattr(each, "completed_at", None) or getattr(each, "ended_at", None)
    if done_at is not None:
        starts_at = min(starts_at, done_at)
        ends_at = max(min(ends_at, done_at), starts_at + timedelta(minutes=1))
    return starts_at, ends_at


def _status(error: CountersignError | None) -> int:
    return status_of(error.kind) if error else HTTPStatus.OK
