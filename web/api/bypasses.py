"""/api/v1/bypasses: the emergency bypass and its review."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.db import Database
from core.durations import EXAMPLES, parse_duration
from core.emergency import BypassView, acknowledge, end, get_bypass, grant, list_bypasses, review
from core.errors import ErrorKind, InvalidInput
from web.api.convert import person_out, ticket_out
from web.api.requests import NoteIn
from web.api.shapes import PersonOut, TicketOut
from web.endpoint import Call, Method, Reply, endpoint
from web.paging import Cursors, Page, PageQuery
from web.schema import Id, Input, Output, Path

_CURSORS = Cursors("bypasses", UUID)


class BypassIn(Input):
    """What is bypassed, why and for how long."""

    action: Annotated[str, Field(max_length=100, description="agent.create … agent.retire, or * for any")]
    resource: Annotated[str, Field(max_length=300, description="the agent's name, or * for any")]
    justification: Annotated[str, Field(max_length=20_000)]
    duration: Annotated[str, Field(max_length=40, description="such as 30 minutes or 1h30m")] = "1 hour"


class ReviewIn(Input):
    """The reviewer's finding."""

    verdict: Annotated[str, Field(max_length=40, description="justified or not_justified")]
    notes: Annotated[str, Field(max_length=20_000)]


class FactorOut(Output):
    """One part of the risk."""

    name: str
    points: int


class BypassOut(Output):
    """An emergency bypass."""

    id: UUID
    reference: str
    tenant: str
    requester: PersonOut
    action: str
    resource: str
    justification: str
    state: str
    risk: str
    risk_factors: list[FactorOut]
    granted_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    acknowledged_by: PersonOut | None
    acknowledged_at: datetime | None
    review_due_at: datetime
    review_state: str
    review_verdict: str | None
    review_notes: str | None
    reviewed_by: PersonOut | None
    tickets: list[TicketOut]


class BypassesQuery(PageQuery):
    """Which bypasses."""

    state: Annotated[str | None, Field(max_length=20)] = None
    review_state: Annotated[str | None, Field(max_length=20)] = None


class ByBypass(Path):
    """One bypass."""

    bypass_id: Id


_CHANGING = (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN)


class Bypasses:
    """Emergency bypasses."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(
        Method.POST,
        "/api/v1/bypasses",
        summary="Bypass approval",
        tags=("bypasses",),
        responses={201: BypassOut},
        errors=(ErrorKind.FORBIDDEN,),
        permission="a role that the tenant allows",
    )
    async def grant(self, call: Call[BypassIn, None, None]) -> Reply:
        """Active at once; senior management is told; the review is open."""
        body = call.body
        duration = parse_duration(body.duration)
        if duration is None:
            raise InvalidInput(f"'{body.duration}' is not a duration.", where="duration", accepted=EXAMPLES)
        view = await grant(
            self._database,
            call.actor,
            action=body.action,
            resource=body.resource,
            justification=body.justification,
            duration=timedelta(seconds=duration.total_seconds()),
        )
        return Reply(201, bypass_out(view))

    @endpoint(Method.GET, "/api/v1/bypasses", summary="List bypasses", tags=("bypasses",))
    async def list(self, call: Call[None, BypassesQuery, None]) -> Page[BypassOut]:
        """Newest first."""
        query = call.query
        found = await list_bypasses(
            self._database,
            call.actor,
            state=query.state,
            review_state=query.review_state,
            after=_CURSORS.decode(query.cursor),
            limit=query.limit + 1,
        )
        return _CURSORS.page(found, limit=query.limit, shown=bypass_out, position=lambda bypass: bypass.id)

    @endpoint(
        Method.GET,
        "/api/v1/bypasses/{bypass_id}",
        summary="Show a bypass",
        tags=("bypasses",),
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def show(self, call: Call[None, None, ByBypass]) -> BypassOut:
        """Its scope, its risk, its review."""
        return bypass_out(await get_bypass(self._database, call.actor, call.path.bypass_id))

    @endpoint(
        Method.POST,
        "/api/v1/bypasses/{bypass_id}/end",
        summary="End a bypass",
        tags=("bypasses",),
        errors=_CHANGING,
        permission="its holder, or senior management",
    )
    async def end(self, call: Call[NoteIn, None, ByBypass]) -> BypassOut:
        """It allows nothing any more."""
        return bypass_out(await end(self._database, call.actor, call.path.bypass_id, reason=call.body.reason))

    @endpoint(
        Method.POST,
        "/api/v1/bypasses/{bypass_id}/acknowledge",
        summary="Acknowledge a bypass",
        tags=("bypasses",),
        errors=_CHANGING,
        permission="senior management, other than its holder",
    )
    async def acknowledge(self, call: Call[None, None, ByBypass]) -> BypassOut:
        """Nobody is reminded any more."""
        return bypass_out(await acknowledge(self._database, call.actor, call.path.bypass_id))

    @endpoint(
        Method.POST,
        "/api/v1/bypasses/{bypass_id}/review",
        summary="Review a bypass",
        tags=("bypasses",),
        errors=_CHANGING,
        permission="senior management, other than its holder",
    )
    async def review(self, call: Call[ReviewIn, None, ByBypass]) -> BypassOut:
        """The post-deployment review is done."""
        return bypass_out(
            await review(
                self._database, call.actor, call.path.bypass_id, verdict=call.body.verdict, notes=call.body.notes
            )
        )


def bypass_out(view: BypassView) -> BypassOut:
    """A bypass as it travels."""
    return BypassOut(
        id=view.id,
        reference=view.reference,
        tenant=view.tenant,
        requester=person_out(view.requester),
        action=view.action,
        resource=view.resource,
        justification=view.justification,
        state=view.status,
        risk=view.risk,
        risk_factors=[FactorOut(name=name, points=points) for name, points in view.risk_factors],
        granted_at=view.granted_at,
        expires_at=view.expires_at,
        ended_at=view.ended_at,
        acknowledged_by=person_out(view.acknowledged_by) if view.acknowledged_by else None,
        acknowledged_at=view.acknowledged_at,
        review_due_at=view.review_due_at,
        review_state=view.review_status,
        review_verdict=view.review_verdict,
        review_notes=view.review_notes,
        reviewed_by=person_out(view.reviewed_by) if view.reviewed_by else None,
        tickets=[ticket_out(ticket) for ticket in view.tickets],
    )
