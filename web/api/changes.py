"""/api/v1/changes: the change registry."""

from __future__ import annotations

from typing import Annotated, Final
from uuid import UUID

from core.changes import (
    ChangeCatalogue,
    ChangeFilter,
    assess,
    cancel,
    complete,
    draft,
    fail,
    get_change,
    implement,
    list_changes,
    review,
    revise,
    roll_back,
    show_evidence,
    submit,
)
from core.db import Database
from core.errors import ErrorKind
from web.api.change_inputs import (
    ChangeIn,
    ChangeReviewIn,
    ChangesQuery,
    CompletionIn,
    EvidenceIn,
    ReasonIn,
    RevisionIn,
)
from web.api.change_shapes import ChangeOut, change_out
from web.endpoint import Call, Method, Reply, endpoint
from web.paging import Cursors, Page
from web.schema import Named, Path

_CURSORS: Final = Cursors("changes", int)
_CHANGING: Final = (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN)
_TAGS: Final = ("changes",)
_TYPE: Final = "the permission of its type"
_REQUESTER: Final = "its requester"


class ByChange(Path):
    """One change, by its reference or its id."""

    change_id: Annotated[UUID, Named("CHG")]


class Changes:
    """The change registry."""

    def __init__(self, database: Database, catalogue: ChangeCatalogue) -> None:
        self._database = database
        self._catalogue = catalogue

    @endpoint(
        Method.POST,
        "/api/v1/changes",
        summary="Draft a change",
        tags=_TAGS,
        responses={201: ChangeOut},
        errors=(ErrorKind.FORBIDDEN,),
        permission=_TYPE,
    )
    async def draft(self, call: Call[ChangeIn, None, None]) -> Reply:
        """It is in the registry, and nobody is asked yet."""
        body = call.body
        view = await draft(
            self._database,
            self._catalogue,
            call.actor,
            body.proposal(),
            template=body.template,
            rollback_plan=body.rollback_plan,
        )
        return Reply(201, change_out(view))

    @endpoint(Method.GET, "/api/v1/changes", summary="List changes", tags=_TAGS)
    async def list(self, call: Call[None, ChangesQuery, None]) -> Page[ChangeOut]:
        """Newest first; every filter narrows."""
        query = call.query
        wanted = ChangeFilter(
            state=query.state,
            type=query.type,
            risk=query.risk,
            requester=call.actor.user if query.mine else None,
            resource=query.resource,
            contains=query.q,
            since=query.since,
            until=query.until,
            is_open=query.open,
            waits_for_review=query.waiting_for_review,
        )
        after, limit = _CURSORS.decode(query.cursor), query.limit
        found = await list_changes(self._database, self._catalogue, call.actor, wanted, after=after, limit=limit + 1)
        return _CURSORS.page(
            found, limit=limit, shown=change_out, position=lambda change: int(change.reference.partition("-")[2])
        )

    @endpoint(
        Method.GET, "/api/v1/changes/{change_id}", summary="Show a change", tags=_TAGS, errors=(ErrorKind.NOT_FOUND,)
    )
    async def show(self, call: Call[None, None, ByChange]) -> ChangeOut:
        """Its whole life in one place."""
        return change_out(await get_change(self._database, call.actor, call.path.change_id))

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/revise",
        summary="Revise a change",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_REQUESTER,
    )
    async def revise(self, call: Call[RevisionIn, None, ByChange]) -> ChangeOut:
        """It is a draft again: what was assessed, approved and scheduled is so no more."""
        body = call.body
        return change_out(
            await revise(
                self._database,
                self._catalogue,
                call.actor,
                call.path.change_id,
                body.proposal(),
                reason=body.reason,
            )
        )

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/evidence",
        summary="Add evidence to a change",
        tags=_TAGS,
        responses={201: ChangeOut},
        errors=_CHANGING,
        permission=_TYPE,
    )
    async def evidence(self, call: Call[EvidenceIn, None, ByChange]) -> Reply:
        """It is the last word on its gate."""
        body = call.body
        view = await show_evidence(
            self._database,
            self._catalogue,
            call.actor,
            call.path.change_id,
            gate=body.gate,
            summary=body.summary,
            result=body.result,
            url=body.url,
        )
        return Reply(201, change_out(view))

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/assess",
        summary="Assess a change",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_TYPE,
    )
    async def assess(self, call: Call[None, None, ByChange]) -> ChangeOut:
        """Its reach and its risk are known, with the reasons."""
        return change_out(await assess(self._database, self._catalogue, call.actor, call.path.change_id))

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/submit",
        summary="Submit a change",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_REQUESTER,
    )
    async def submit(self, call: Call[None, None, ByChange]) -> ChangeOut:
        """Those of its risk's row are asked; a standard change may be scheduled at once."""
        return change_out(await submit(self._database, self._catalogue, call.actor, call.path.change_id))

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/implement",
        summary="Implement a change",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_TYPE,
    )
    async def implement(self, call: Call[None, None, ByChange]) -> ChangeOut:
        """It is being done. A refusal names every gate that is missing; a live bypass lets it pass, and owes them."""
        return change_out(await implement(self._database, self._catalogue, call.actor, call.path.change_id))

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/complete",
        summary="Complete a change",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_TYPE,
    )
    async def complete(self, call: Call[CompletionIn, None, ByChange]) -> ChangeOut:
        """It is done; with a validation that passed, its review is open."""
        body, change_id = call.body, call.path.change_id
        return change_out(
            await complete(
                self._database, self._catalogue, call.actor, change_id, validation=body.validation, notes=body.notes
            )
        )

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/rollback",
        summary="Roll a change back",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_TYPE,
    )
    async def rollback(self, call: Call[ReasonIn, None, ByChange]) -> ChangeOut:
        """What it did is undone, or those who decide about that are asked. From when it is begun until it is closed."""
        change_id, reason = call.path.change_id, call.body.reason
        return change_out(await roll_back(self._database, self._catalogue, call.actor, change_id, reason=reason))

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/fail",
        summary="Give a change up",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_TYPE,
    )
    async def fail(self, call: Call[ReasonIn, None, ByChange]) -> ChangeOut:
        """It has failed, and what it did stays as it is."""
        change_id, reason = call.path.change_id, call.body.reason
        return change_out(await fail(self._database, self._catalogue, call.actor, change_id, reason=reason))

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/review",
        summary="Review a change",
        tags=_TAGS,
        errors=_CHANGING,
        permission="a role of its risk's row or above, other than who raised and implemented it",
    )
    async def review(self, call: Call[ChangeReviewIn, None, ByChange]) -> ChangeOut:
        """The review is done, and what was validated is closed."""
        body = call.body
        return change_out(
            await review(
                self._database,
                self._catalogue,
                call.actor,
                call.path.change_id,
                outcome=body.outcome,
                notes=body.notes,
                lessons=body.lessons,
                tags=body.tags,
            )
        )

    @endpoint(
        Method.POST,
        "/api/v1/changes/{change_id}/cancel",
        summary="Cancel a change",
        tags=_TAGS,
        errors=_CHANGING,
        permission="its requester, or senior management",
    )
    async def cancel(self, call: Call[ReasonIn, None, ByChange]) -> ChangeOut:
        """It will not be done, and nobody is asked any more."""
        return change_out(await cancel(self._database, call.actor, call.path.change_id, reason=call.body.reason))
