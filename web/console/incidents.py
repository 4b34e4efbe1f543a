"""Incidents: what is wrong and was, and one of them with its whole life (S3, S5, B6)."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from aiohttp import web

from core.errors import CountersignError, NotFound
from core.incidents import (
    ROLES,
    IncidentFilter,
    IncidentState,
    IncidentView,
    Severity,
    get_incident,
    list_incidents,
    newest_entries,
    refusal_of,
)
from core.suspects import list_suspects
from web.console.forms import Form
from web.console.front import Look
from web.paging import Cursors
from web.problems import status_of

PLACE: Final = "/console/incidents"
PAGE_SIZE: Final = 50
ENTRIES_MAX: Final = 500  # of a timeline on its page; the API has all
OPEN: Final = "under_way"
_CURSORS: Final = Cursors("console-incidents", int)
_REFERENCE: Final = re.compile(r"(?:INC-)?([0-9]{1,9})", re.IGNORECASE | re.ASCII)
ANSWERS: Final = {
    "reported": "The incident is open, and whoever must know is told.",
    "acknowledge": "You look after it; nobody is told again.",
    "release": "Nobody looks after it, and people are told again.",
    "assign": "It is assigned.",
    "role": "The role is given.",
    "severity": "Its severity has changed.",
    "start": "When it began is corrected.",
    "update": "Everybody who follows it has been told.",
    "note": "The timeline has it.",
    "link": "It is linked.",
    "unlink": "It is not linked any more.",
    "channel": "A channel of its own is on its way.",
    "resolve": "It is resolved.",
    "reopen": "It is open again.",
    "close": "It is closed.",
    "review": "The review is written.",
    "follow_up": "The follow-up is agreed.",
    "follow_up_done": "The follow-up is done.",
}


async def incidents(look: Look) -> web.Response:
    """`GET /console/incidents`: newest first, by state, severity and words."""
    return await listed(look)


async def listed(look: Look, *, error: CountersignError | None = None, typed: Form | None = None) -> web.Response:
    """The list with its filters, and the form of a report."""
    state, severity, sought = look.query("state"), look.query("severity"), look.query("q")
    wanted = IncidentFilter(
        state=state if state in set(IncidentState) else None,
        severity=severity if severity in set(Severity) else None,
        contains=sought or None,
        is_open=state == OPEN,
    )
    after = _CURSORS.decode(look.query("cursor") or None)
    page = await list_incidents(look.database, look.actor, wanted, after=after, limit=PAGE_SIZE + 1)
    last = page[PAGE_SIZE - 1].reference.partition("-")[2] if len(page) > PAGE_SIZE else ""
    return look.page(
        "incidents.html",
        place="incidents",
        status=_status(error),
        incidents=page[:PAGE_SIZE],
        states=(OPEN, *(each.value for each in IncidentState)),
        severities=[each.value for each in Severity],
        state=state,
        severity=severity,
        sought=sought,
        cursor=_CURSORS.encode(int(last)) if last else None,
        message=error.sentence() if error else "",
        typed=typed.typed() if typed else {},
    )


async def incident(look: Look) -> web.Response:
    """`GET /console/incidents/{reference}`: everything about it."""
    return await shown(look, await found(look))


async def found(look: Look) -> IncidentView:
    """The incident that the address names. Raises NotFound."""
    match = _REFERENCE.fullmatch(look.request.match_info["reference"])
    if match is None:
        raise NotFound("There is no such incident.")
    return await get_incident(look.database, look.actor, int(match[1]))


async def shown(
    look: Look, view: IncidentView, *, error: CountersignError | None = None, form: str = "", typed: Form | None = None
) -> web.Response:
    """The page of the incident; with what was typed where that was refused."""
    entries = await newest_entries(look.database, look.actor, view.id, limit=ENTRIES_MAX)
    return look.page(
        "incident.html",
        place="incidents",
        status=_status(error),
        incident=view,
        entries=entries,
        may=await refusal_of(look.database, look.actor, view.id) is None,
        suspects=await list_suspects(look.database, look.actor, view.id),
        severities=[each.value for each in Severity],
        roles=ROLES,
        people=sorted((each for each in look.everybody.people.values() if each.active), key=lambda each: each.name),
        said=ANSWERS.get(look.query("done"), ""),
        message=error.sentence() if error else "",
        failed=form,
        typed=typed.typed() if typed else {},
    )


def _status(error: CountersignError | None) -> int:
    return status_of(error.kind) if error else HTTPStatus.OK
