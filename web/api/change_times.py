"""/api/v1/changes: the policy, the calendar, the agenda, and the time of a change."""

from __future__ import annotations

from typing import Final

from core.changes import ChangeCatalogue, calendar, change_agenda, change_policy, schedule, try_time
from core.db import Database
from core.errors import ErrorKind
from web.api.change_inputs import AgendaQuery, CalendarQuery, TimesIn, TryIn
from web.api.change_policy_shapes import ChangePolicyOut, policy_out
from web.api.change_shapes import ChangeOut, change_out
from web.api.change_time_shapes import AgendaOut, CalendarOut, FitOut, agenda_out, calendar_out, fit_out
from web.api.changes import ByChange
from web.endpoint import Call, Method, endpoint

_CHANGING: Final = (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN)
_TAGS: Final = ("changes",)
_TYPE: Final = "the permission of its type"


class ChangeTimes:
    """When changes are done, and by which policy."""

    def __init__(self, database: Database, catalogue: ChangeCatalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    @endpoint(Method.GET, "/api/v1/changes/policy", summary="Show the change policy", tags=_TAGS)
    async def policy(self, call: Call[None, None, None]) -> ChangePolicyOut:
        """The types, the matrix, the gates, templates, windows and freezes that hold here."""
        return policy_out(await change_policy(self._database, self._catalogue, call.actor))

    @endpoint(Method.GET, "/api/v1/changes/calendar", summary="Show the change calendar", tags=_TAGS)
    async def calendar(self, call: Call[None, CalendarQuery, None]) -> CalendarOut:
        """Changes with a time, freezes, and when maintenance windows are open."""
        since, until = call.query.since, call.query.until
        return calendar_out(await calendar(self._database, self._catalogue, call.actor, since=since, until=until))

    @endpoint(Method.GET, "/api/v1/changes/agenda", summary="Show the change agenda", tags=_TAGS)
    async def agenda(self, call: Call[None, AgendaQuery, None]) -> AgendaOut:
        """What a meeting about changes (CAB) speaks about: what waits for a decision, the next days, reviews."""
        return agenda_out(await change_agenda(self._database, self._catalogue, call.actor, days=call.query.days))

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/times",
        summary="Try a time for a change",
        tags=_TAGS,
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def times(self, call: Call[TryIn, None, ByChange]) -> FitOut:
        """What would be in the way, and the first time from then on that is accepted; nothing is changed."""
        body, change_id = call.body, call.path.change_id
        return fit_out(
            await try_time(
                self._database, self._catalogue, call.actor, change_id, starts_at=body.starts_at, ends_at=body.ends_at
            )
        )

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/schedule",
        summary="Schedule a change",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_TYPE,
    )
    async def schedule(self, call: Call[TimesIn, None, ByChange]) -> ChangeOut:
        """It has its time, or it is sent back to `authorise` where that needs more approval than it has.

        A refusal names all that is in the way, and the first time that is accepted.
        """
        body, change_id = call.body, call.path.change_id
        return change_out(
            await schedule(
                self._database, self._catalogue, call.actor, change_id, starts_at=body.starts_at, ends_at=body.ends_at
            )
        )
