"""/api/v1/incidents: opened by alerts and by people, worked on, resolved."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from core.db import Database
from core.errors import ErrorKind
from core.incidents import (
    IncidentFilter,
    acknowledge,
    assign,
    change_severity,
    close,
    correct_start,
    get_incident,
    give_role,
    link,
    list_incidents,
    note,
    post_update,
    release,
    reopen,
    report,
    resolve,
    take_alert,
    timeline,
    unlink,
)
from core.suspects import list_suspects
from web.api.incident_inputs import (
    EntryIn,
    IncidentAlertIn,
    IncidentIn,
    IncidentReasonIn,
    IncidentsQuery,
    MaybeReasonIn,
    PersonIn,
    ResolutionIn,
    RoleIn,
    SeverityIn,
    StartIn,
    TargetIn,
    UpdateIn,
)
from web.api.incident_shapes import (
    AlertOutcomeOut,
    EntryOut,
    IncidentOut,
    SuspectOut,
    entry_out,
    incident_out,
    suspect_out,
)
from web.endpoint import Call, Method, Reply, endpoint
from web.paging import Cursors, Page, PageQuery, whole
from web.schema import Named, Path

_CURSORS: Final = Cursors("incidents", int)
_ENTRIES: Final = Cursors("incident_entries", tuple[datetime, UUID])
_CHANGING: Final = (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN)
_TAGS: Final = ("incidents",)
RESPONDER: Final = "a responder, or somebody with a part in it"


class ByIncident(Path):
    """One incident, by its reference or its id."""

    incident_id: Annotated[UUID, Named("INC")]


class Incidents:
    """Incidents under way, and those that were."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(
        Method.POST,
        "/api/v1/incidents",
        summary="Report an incident",
        tags=_TAGS,
        responses={201: IncidentOut},
        errors=(ErrorKind.FORBIDDEN,),
    )
    async def report(self, call: Call[IncidentIn, None, None]) -> Reply:
        """It is open, and whoever its severity pages is told."""
        body = call.body
        view = await report(
            self._database,
            call.actor,
            title=body.title,
            description=body.description,
            severity=body.severity,
            service=body.service,
            started_at=body.started_at,
        )
        return Reply(201, incident_out(view))

    @endpoint(
        Method.POST,
        "/api/v1/incidents/alerts",
        summary="Tell of an alert",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN,),
        permission="a responder, or a role that deploys agents with a token that covers decide",
    )
    async def alert(self, call: Call[IncidentAlertIn, None, None]) -> AlertOutcomeOut:
        """Its incident is as the alert says: opened, joined, opened again, resolved, or nothing new."""
        outcome = await take_alert(self._database, call.actor, call.body.told())
        return AlertOutcomeOut(effect=outcome.effect, incident_id=outcome.incident_id, reference=outcome.reference)

    @endpoint(Method.GET, "/api/v1/incidents", summary="List incidents", tags=_TAGS)
    async def list(self, call: Call[None, IncidentsQuery, None]) -> Page[IncidentOut]:
        """Newest first; every filter narrows."""
        query = call.query
        wanted = IncidentFilter(
            state=query.state,
            severity=query.severity,
            service=query.service,
            source=query.source,
            assignee=call.actor.user if query.mine else None,
            contains=query.q,
            since=query.since,
            until=query.until,
            is_open=query.open,
            waits_for_review=query.waiting_for_review,
        )
        after, limit = _CURSORS.decode(query.cursor), query.limit
        found = await list_incidents(self._database, call.actor, wanted, after=after, limit=limit + 1)
        return _CURSORS.page(
            found, limit=limit, shown=incident_out, position=lambda view: int(view.reference.partition("-")[2])
        )

    @endpoint(
        Method.GET,
        "/api/v1/incidents/{incident_id}",
        summary="Show an incident",
        tags=_TAGS,
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def show(self, call: Call[None, None, ByIncident]) -> IncidentOut:
        """Everything about it, with the newest of its timeline."""
        return incident_out(await get_incident(self._database, call.actor, call.path.incident_id))

    @endpoint(
        Method.GET,
        "/api/v1/incidents/{incident_id}/timeline",
        summary="Show an incident's timeline",
        tags=_TAGS,
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def timeline(self, call: Call[None, PageQuery, ByIncident]) -> Page[EntryOut]:
        """What happened, in the order in which it did."""
        after, limit = _ENTRIES.decode(call.query.cursor), call.query.limit
        found = await timeline(self._database, call.actor, call.path.incident_id, after=after, limit=limit + 1)
        return _ENTRIES.page(found, limit=limit, shown=entry_out, position=lambda entry: (entry.at, entry.id))

    @endpoint(
        Method.GET,
        "/api/v1/incidents/{incident_id}/suspects",
        summary="Show what may have caused an incident",
        tags=_TAGS,
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def suspects(self, call: Call[None, None, ByIncident]) -> Page[SuspectOut]:
        """The likeliest first, with the reasons in words."""
        found = await list_suspects(self._database, call.actor, call.path.incident_id)
        return whole([suspect_out(each) for each in found])

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/timeline",
        summary="Add to an incident's timeline",
        tags=_TAGS,
        responses={201: IncidentOut},
        errors=_CHANGING,
    )
    async def note(self, call: Call[EntryIn, None, ByIncident]) -> Reply:
        """It stands there at the time at which it happened."""
        body = call.body
        view = await note(self._database, call.actor, call.path.incident_id, text=body.text, at=body.at)
        return Reply(201, incident_out(view))

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/acknowledge",
        summary="Acknowledge an incident",
        tags=_TAGS,
        errors=_CHANGING,
        permission=RESPONDER,
    )
    async def acknowledge(self, call: Call[None, None, ByIncident]) -> IncidentOut:
        """You look after it, and nobody is told again."""
        return incident_out(await acknowledge(self._database, call.actor, call.path.incident_id))

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/release",
        summary="Undo an acknowledgement",
        tags=_TAGS,
        errors=_CHANGING,
        permission=RESPONDER,
    )
    async def release(self, call: Call[MaybeReasonIn, None, ByIncident]) -> IncidentOut:
        """Nobody looks after it, and it pages as at first."""
        incident_id, reason = call.path.incident_id, call.body.reason
        return incident_out(await release(self._database, call.actor, incident_id, reason=reason))

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/assign",
        summary="Assign an incident",
        tags=_TAGS,
        errors=_CHANGING,
        permission=RESPONDER,
    )
    async def assign(self, call: Call[PersonIn, None, ByIncident]) -> IncidentOut:
        """The person works on it, and is told so."""
        return incident_out(await assign(self._database, call.actor, call.path.incident_id, email=call.body.email))

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/roles",
        summary="Give a role in an incident",
        tags=_TAGS,
        errors=_CHANGING,
        permission=RESPONDER,
    )
    async def give_role(self, call: Call[RoleIn, None, ByIncident]) -> IncidentOut:
        """The person is its commander, speaks for it, or writes it down."""
        body, incident_id = call.body, call.path.incident_id
        return incident_out(await give_role(self._database, call.actor, incident_id, role=body.role, email=body.email))

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/severity",
        summary="Change an incident's severity",
        tags=_TAGS,
        errors=_CHANGING,
        permission=RESPONDER,
    )
    async def severity(self, call: Call[SeverityIn, None, ByIncident]) -> IncidentOut:
        """It is as bad as that; whoever that pages is told."""
        body = call.body
        view = await change_severity(
            self._database, call.actor, call.path.incident_id, severity=body.severity, reason=body.reason
        )
        return incident_out(view)

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/start",
        summary="Correct when an incident began",
        tags=_TAGS,
        errors=_CHANGING,
        permission=RESPONDER,
    )
    async def start(self, call: Call[StartIn, None, ByIncident]) -> IncidentOut:
        """It began then; when it was reported stays as it is."""
        began = call.body.started_at
        return incident_out(await correct_start(self._database, call.actor, call.path.incident_id, started_at=began))

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/updates",
        summary="Post a status update",
        tags=_TAGS,
        errors=_CHANGING,
        permission=RESPONDER,
    )
    async def update(self, call: Call[UpdateIn, None, ByIncident]) -> IncidentOut:
        """Everybody who follows it hears how it stands."""
        return incident_out(await post_update(self._database, call.actor, call.path.incident_id, text=call.body.text))

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/links",
        summary="Link an incident",
        tags=_TAGS,
        errors=_CHANGING,
        permission=RESPONDER,
    )
    async def link(self, call: Call[TargetIn, None, ByIncident]) -> IncidentOut:
        """It has to do with a change, request, bypass, ticket, another incident, or a page."""
        return incident_out(await link(self._database, call.actor, call.path.incident_id, call.body.target))

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/unlink",
        summary="Undo a link of an incident",
        tags=_TAGS,
        errors=_CHANGING,
        permission=RESPONDER,
    )
    async def unlink(self, call: Call[TargetIn, None, ByIncident]) -> IncidentOut:
        """It has nothing to do with that."""
        return incident_out(await unlink(self._database, call.actor, call.path.incident_id, call.body.target))

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/resolve",
        summary="Resolve an incident",
        tags=_TAGS,
        errors=_CHANGING,
        permission=RESPONDER,
    )
    async def resolve(self, call: Call[ResolutionIn, None, ByIncident]) -> IncidentOut:
        """It is resolved, and a review is due where its severity owes one."""
        body = call.body
        view = await resolve(
            self._database, call.actor, call.path.incident_id, resolution=body.resolution, cause=body.cause
        )
        return incident_out(view)

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/reopen",
        summary="Open an incident again",
        tags=_TAGS,
        errors=_CHANGING,
        permission=RESPONDER,
    )
    async def reopen(self, call: Call[IncidentReasonIn, None, ByIncident]) -> IncidentOut:
        """It is open, and pages as at first."""
        return incident_out(await reopen(self._database, call.actor, call.path.incident_id, reason=call.body.reason))

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/close",
        summary="Close an incident",
        tags=_TAGS,
        errors=_CHANGING,
        permission=RESPONDER,
    )
    async def close(self, call: Call[None, None, ByIncident]) -> IncidentOut:
        """It is over for good: no alert opens it again."""
        return incident_out(await close(self._database, call.actor, call.path.incident_id))
