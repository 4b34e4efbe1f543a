"""/api/v1/incidents/{id}/review and follow-ups: what is learnt, and done about it."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from core.db import Database
from core.errors import ErrorKind
from core.incidents import add_follow_up, change_follow_up, finish_follow_up, list_follow_ups, review
from web.api.incident_inputs import (
    EvidenceOfWorkIn,
    FollowUpChangeIn,
    FollowUpIn,
    FollowUpsQuery,
    IncidentReviewIn,
)
from web.api.incident_shapes import FollowUpOut, IncidentOut, follow_up_out, incident_out
from web.api.incidents import RESPONDER, ByIncident
from web.endpoint import Call, Method, Reply, endpoint
from web.paging import Cursors, Page
from web.schema import Id, Path

_CURSORS: Final = Cursors("follow_ups", UUID)
_CHANGING: Final = (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN)
_TAGS: Final = ("incidents",)
_FOLLOW_UPS: Final = ("follow_ups",)
_OWNER: Final = "its owner, or a responder"


class ByFollowUp(Path):
    """One follow-up."""

    follow_up_id: Id


class IncidentReviews:
    """Reviews of incidents, and follow-ups."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/review",
        summary="Review an incident",
        tags=_TAGS,
        errors=_CHANGING,
        permission=RESPONDER,
    )
    async def review(self, call: Call[IncidentReviewIn, None, ByIncident]) -> IncidentOut:
        """The review is written, and what was resolved is closed."""
        body = call.body
        view = await review(
            self._database,
            call.actor,
            call.path.incident_id,
            summary=body.summary,
            causes=body.causes,
            went_well=body.went_well,
            went_wrong=body.went_wrong,
        )
        return incident_out(view)

    @endpoint(
        Method.POST,
        "/api/v1/incidents/{incident_id}/follow-ups",
        summary="Agree on a follow-up",
        tags=_FOLLOW_UPS,
        responses={201: FollowUpOut},
        errors=_CHANGING,
        permission=RESPONDER,
    )
    async def add(self, call: Call[FollowUpIn, None, ByIncident]) -> Reply:
        """Its owner is told, and reminded when it is due."""
        body = call.body
        view = await add_follow_up(
            self._database,
            call.actor,
            call.path.incident_id,
            title=body.title,
            owner=body.owner,
            due_at=body.due_at,
            before=body.before,
        )
        return Reply(201, follow_up_out(view))

    @endpoint(Method.GET, "/api/v1/follow-ups", summary="List follow-ups", tags=_FOLLOW_UPS)
    async def list(self, call: Call[None, FollowUpsQuery, None]) -> Page[FollowUpOut]:
        """Of all incidents, newest first."""
        query = call.query
        after, limit = _CURSORS.decode(query.cursor), query.limit
        found = await list_follow_ups(
            self._database, call.actor, state=query.state, mine=query.mine, after=after, limit=limit + 1
        )
        return _CURSORS.page(found, limit=limit, shown=follow_up_out, position=lambda view: view.id)

    @endpoint(
        Method.POST,
        "/api/v1/follow-ups/{follow_up_id}/done",
        summary="Finish a follow-up",
        tags=_FOLLOW_UPS,
        errors=_CHANGING,
        permission=_OWNER,
    )
    async def done(self, call: Call[EvidenceOfWorkIn, None, ByFollowUp]) -> FollowUpOut:
        """It is done, as the evidence shows."""
        body = call.body
        view = await finish_follow_up(
            self._database, call.actor, call.path.follow_up_id, evidence=body.evidence, after=body.after
        )
        return follow_up_out(view)

    @endpoint(
        Method.PATCH,
        "/api/v1/follow-ups/{follow_up_id}",
        summary="Change a follow-up",
        tags=_FOLLOW_UPS,
        errors=_CHANGING,
        permission=_OWNER,
    )
    async def change(self, call: Call[FollowUpChangeIn, None, ByFollowUp]) -> FollowUpOut:
        """It has another owner or another time, or is dropped."""
        body = call.body
        view = await change_follow_up(
            self._database,
            call.actor,
            call.path.follow_up_id,
            owner=body.owner,
            due_at=body.due_at,
            drop=body.drop,
        )
        return follow_up_out(view)
