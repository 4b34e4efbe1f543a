"""/api/v1/absences, calendars and fallbacks: who is away without having said so here, and who decides then."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.absences import (
    AbsenceView,
    FeedView,
    connect_calendar,
    disconnect_calendar,
    get_calendar,
    list_absences,
    set_fallback,
)
from core.access import list_people
from core.actor import Actor
from core.db import Database
from core.errors import ErrorKind, NotFound
from core.ids import UserId
from web.api.convert import person_out
from web.api.shapes import PersonOut
from web.endpoint import Call, Method, endpoint
from web.paging import Page, whole
from web.schema import Id, Input, Output, Path


class AbsenceOut(Output):
    """Somebody away by their calendar, and who decides then unless they named another; null: whoever stands above."""

    id: UUID
    absent: PersonOut
    stand_in: PersonOut | None
    starts_at: datetime
    ends_at: datetime
    state: str


class FallbackIn(Input):
    """Who decides while the person is away and has named nobody."""

    fallback: Annotated[str, Field(max_length=300, description="e-mail; empty: their manager, else whoever is above")]


class CalendarIn(Input):
    """Where the calendar is published."""

    address: Annotated[
        str, Field(max_length=4000, description="the private https address of the iCalendar feed; never shown again")
    ]


class CalendarOut(Output):
    """A connected calendar; of its address only the host is ever shown."""

    address: str
    created_by: str
    created_at: datetime
    read_at: datetime | None  # when it was last read without a fault
    problem: str  # why it could not be read the last time; empty if it could
    next_poll_at: datetime


class ByUser(Path):
    """One person."""

    user_id: Id


_CHANGING = (ErrorKind.NOT_FOUND, ErrorKind.FORBIDDEN, ErrorKind.CONFLICT)
_WHO = "everybody for themselves; manage users for others"


class Absences:
    """Absences, calendars and fallbacks."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(Method.GET, "/api/v1/absences", summary="List absences by calendar", tags=("absences",))
    async def list(self, call: Call[None, None, None]) -> Page[AbsenceOut]:
        """Those in force and those of the next sixty days, the next to begin first."""
        return whole([_absence_out(each) for each in await list_absences(self._database, call.actor)])

    @endpoint(
        Method.PUT,
        "/api/v1/users/{user_id}/fallback",
        summary="Set somebody's fallback",
        tags=("absences",),
        errors=_CHANGING,
        permission=f"{_WHO}; an administrator never themselves",
        example={"fallback": "lee@example.com"},
    )
    async def set_fallback(self, call: Call[FallbackIn, None, ByUser]) -> None:
        """They decide whenever the person is away and has named nobody."""
        person = await self._email(call.actor, call.path)
        await set_fallback(self._database, call.actor, call.body.fallback, person_email=person)

    @endpoint(
        Method.GET,
        "/api/v1/users/{user_id}/calendar",
        summary="Show a connected calendar",
        tags=("absences",),
        errors=_CHANGING,
        permission=_WHO,
    )
    async def show_calendar(self, call: Call[None, None, ByUser]) -> CalendarOut:
        """When it was last read, and what was wrong if it could not be."""
        person = await self._email(call.actor, call.path)
        found = await get_calendar(self._database, call.actor, person_email=person)
        if found is None:
            raise NotFound("No calendar is connected.", where="calendar")
        return _calendar_out(found)

    @endpoint(
        Method.PUT,
        "/api/v1/users/{user_id}/calendar",
        summary="Connect a calendar",
        tags=("absences",),
        errors=_CHANGING,
        permission=_WHO,
        example={"address": "https://calendar.example.com/private-3f/basic.ics"},
    )
    async def connect_calendar(self, call: Call[CalendarIn, None, ByUser]) -> CalendarOut:
        """It is read within a minute, then every few minutes: out-of-office events become absences."""
        person = await self._email(call.actor, call.path)
        found = await connect_calendar(self._database, call.actor, call.body.address, person_email=person)
        return _calendar_out(found)

    @endpoint(
        Method.DELETE,
        "/api/v1/users/{user_id}/calendar",
        summary="Disconnect a calendar",
        tags=("absences",),
        errors=_CHANGING,
        permission=_WHO,
    )
    async def disconnect_calendar(self, call: Call[None, None, ByUser]) -> None:
        """Its absences hold no more, and its address is forgotten."""
        person = await self._email(call.actor, call.path)
        await disconnect_calendar(self._database, call.actor, person_email=person)

    async def _email(self, actor: Actor, path: ByUser) -> str:
        person = (await list_people(self._database, actor)).people.get(UserId(path.user_id))
        if person is None:
            raise NotFound("There is no such person.", where="user")
        return person.email


def _absence_out(view: AbsenceView) -> AbsenceOut:
    return AbsenceOut(
        id=view.id,
        absent=person_out(view.absent),
        stand_in=person_out(view.stand_in) if view.stand_in else None,
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        state=view.status,
    )


def _calendar_out(view: FeedView) -> CalendarOut:
    return CalendarOut(
        address=view.shown,
        created_by=view.created_by,
        created_at=view.created_at,
        read_at=view.read_at,
        problem=view.problem,
        next_poll_at=view.next_poll_at,
    )
