"""The inbox: what waits for me, what I asked for, and everything else."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from core.approvals import (
    RequestFilter,
    RequestView,
    StageView,
    count_requests,
    get_request,
    largest_kind,
    list_requests,
)
from core.drafts import list_drafts
from core.errors import NotFound
from web.console.front import Look
from web.paging import Cursors

PAGE_SIZE: Final = 25
_TABS: Final = (
    ("waiting", "Waiting for me"),
    ("mine", "My requests"),
    ("drafts", "My drafts"),
    ("all", "All requests"),
)
_CURSORS: Final = Cursors("console-requests", int)


async def inbox(look: Look) -> web.Response:
    """`GET /console`: the requests of one tab, newest first, narrowed by what was searched for."""
    tab = look.query("tab") or "waiting"
    if tab not in {key for key, _ in _TABS}:
        tab = "all"
    if tab == "drafts" and look.actor.user:
        return await _drafts(look)
    wanted, sought = _wanted(look, tab), look.query("q")
    found = list(
        await list_requests(
            look.database,
            look.actor,
            wanted,
            after=_CURSORS.decode(look.query("cursor") or None),
            limit=PAGE_SIZE + 1,
        )
        if look.actor.user or tab == "all"
        else ()
    )
    more = len(found) > PAGE_SIZE
    shown = found[:PAGE_SIZE]
    exact = await _numbered(look, sought)
    if exact is not None and not look.query("cursor"):
        shown = [exact, *(each for each in shown if each.id != exact.id)]
    return look.page(
        "inbox.html",
        place="inbox",
        tabs=_TABS,
        tab=tab,
        sought=sought,
        requests=shown,
        waiting=await _waiting(look),
        drafts=(),
        many=len(largest_kind(shown, look.actor.user)) if look.actor.user and tab == "waiting" else 0,
        cursor=_CURSORS.encode(number_of(shown[-1])) if more else None,
        open_stages=open_stages,
    )


async def _drafts(look: Look) -> web.Response:
    """The reader's own drafts; nobody else sees them."""
    sought = look.query("q")
    found = [
        draft
        for draft in await list_drafts(look.database, look.actor)
        if sought.lower() in f"{draft.resource.get('name', '')} {draft.justification}".lower()
    ]
    return look.page(
        "inbox.html",
        place="inbox",
        tabs=_TABS,
        tab="drafts",
        sought=sought,
        requests=(),
        waiting=await _waiting(look),
        drafts=found,
        many=0,
        cursor=None,
        open_stages=open_stages,
    )


async def _waiting(look: Look) -> int:
    """How many requests wait for the reader."""
    if not look.actor.user:
        return 0
    return await count_requests(look.database, look.actor, RequestFilter(waiting_for=look.actor.user))


def open_stages(request: RequestView) -> tuple[StageView, ...]:
    """The stages that somebody can decide now."""
    return tuple(stage for stage in request.stages if stage.status == "open")


def number_of(request: RequestView) -> int:
    """42 of REQ-42."""
    return int(request.reference.partition("-")[2])


def number_in(text: str) -> int | None:
    """42 of "REQ-42", "req-42" or "42"; None if it is no reference."""
    digits = text.strip().lower().removeprefix("req-")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 9 else None


def _wanted(look: Look, tab: str) -> RequestFilter:
    sought = look.query("q") or None
    match tab:
        case "waiting":
            return RequestFilter(waiting_for=look.actor.user, contains=sought)
        case "mine":
            return RequestFilter(requester=look.actor.user, contains=sought)
        case _:
            person = look.everybody.by_email.get((sought or "").lower())
            if person is not None:
                return RequestFilter(requester=person.id)
            return RequestFilter(contains=sought)


async def _numbered(look: Look, sought: str) -> RequestView | None:
    number = number_in(sought)
    if number is None:
        return None
    try:
        return await get_request(look.database, look.actor, number)
    except NotFound:
        return None
