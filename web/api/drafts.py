"""/api/v1/drafts: requests that are written and not yet asked."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.db import Database
from core.decisions import Gate
from core.drafts import DraftView, discard, get_draft, list_drafts, save, submit
from core.errors import ErrorKind
from web.api.decisions import DecisionOut, decision_out
from web.endpoint import Call, Method, Reply, endpoint
from web.paging import Page, whole
from web.schema import Id, Input, Output, Path


class DraftIn(Input):
    """What would be asked; anything may still be missing."""

    action: Annotated[str, Field(max_length=100)]
    resource: Annotated[dict[str, str], Field(max_length=30)] = Field(default_factory=dict)
    justification: Annotated[str, Field(max_length=4000)] = ""


class DraftOut(Output):
    """A draft."""

    id: UUID
    action: str
    resource: dict[str, str]
    justification: str
    updated_at: datetime


class ByDraft(Path):
    """One draft."""

    draft_id: Id


_CHANGING = (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN)
_EXAMPLE = {"action": "agent.create", "resource": {"name": "invoice-helper"}, "justification": "Month-end close"}


class Drafts:
    """The caller's own drafts; nobody sees another's."""

    def __init__(self, database: Database, gate: Gate) -> None:
        self._database = database
        self._gate = gate

    @endpoint(Method.GET, "/api/v1/drafts", summary="List my drafts", tags=("drafts",))
    async def list(self, call: Call[None, None, None]) -> Page[DraftOut]:
        """The one changed last first."""
        return whole([_shown(draft) for draft in await list_drafts(self._database, call.actor)])

    @endpoint(
        Method.POST,
        "/api/v1/drafts",
        summary="Write a draft",
        tags=("drafts",),
        errors=_CHANGING,
        responses={201: DraftOut},
        example=_EXAMPLE,
    )
    async def create(self, call: Call[DraftIn, None, None]) -> Reply:
        """Nobody is asked yet."""
        body = call.body
        draft = await save(
            self._database,
            call.actor,
            action=body.action,
            resource=body.resource,
            justification=body.justification,
        )
        return Reply(201, _shown(draft))

    @endpoint(
        Method.GET,
        "/api/v1/drafts/{draft_id}",
        summary="Show my draft",
        tags=("drafts",),
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def show(self, call: Call[None, None, ByDraft]) -> DraftOut:
        """What would be asked."""
        return _shown(await get_draft(self._database, call.actor, call.path.draft_id))

    @endpoint(
        Method.PUT,
        "/api/v1/drafts/{draft_id}",
        summary="Rewrite my draft",
        tags=("drafts",),
        errors=_CHANGING,
        example=_EXAMPLE,
    )
    async def replace(self, call: Call[DraftIn, None, ByDraft]) -> DraftOut:
        """The draft holds exactly this."""
        body = call.body
        draft = await save(
            self._database,
            call.actor,
            draft_id=call.path.draft_id,
            action=body.action,
            resource=body.resource,
            justification=body.justification,
        )
        return _shown(draft)

    @endpoint(
        Method.DELETE, "/api/v1/drafts/{draft_id}", summary="Discard my draft", tags=("drafts",), errors=_CHANGING
    )
    async def discard(self, call: Call[None, None, ByDraft]) -> None:
        """It is gone."""
        await discard(self._database, call.actor, call.path.draft_id)

    @endpoint(
        Method.POST,
        "/api/v1/drafts/{draft_id}/submit",
        summary="Ask for what my draft says",
        tags=("drafts",),
        errors=_CHANGING,
        permission="the action's permission; anyone else is answered with deny",
    )
    async def submit(self, call: Call[None, None, ByDraft]) -> DecisionOut:
        """The gate's answer; unless it denies, the draft is gone."""
        return decision_out(await submit(self._database, self._gate, call.actor, call.path.draft_id))


def _shown(draft: DraftView) -> DraftOut:
    return DraftOut(
        id=draft.id,
        action=draft.action,
        resource=dict(draft.resource),
        justification=draft.justification,
        updated_at=draft.updated_at,
    )
