"""/api/v1/delegations: who decides for whom while somebody is away."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import Field

from core.db import Database
from core.delegations import Absence, DelegationView, end, list_delegations, set_away
from core.errors import ErrorKind
from web.api.convert import person_out
from web.api.shapes import PersonOut
from web.endpoint import Call, Method, Reply, endpoint
from web.paging import Page, whole
from web.schema import Id, Input, Output, Path

_NAMES_MAX = 50
_WHEN = "a day (the whole day where the person lives), or an instant such as 2026-12-20T14:00:00Z"
Name = Annotated[str, Field(min_length=1, max_length=100)]


class DelegationIn(Input):
    """Who decides in whose place, from when to when, about what."""

    to: Annotated[str, Field(max_length=300, description="the e-mail of who stands in")]
    ends: Annotated[str, Field(max_length=40, description=f"{_WHEN}; the last day is included")]
    starts: Annotated[str, Field(max_length=40, description=f"{_WHEN}; none: now")] = ""
    person: Annotated[str | None, Field(max_length=300, description="who is away; none: me")] = None
    actions: Annotated[list[Name] | None, Field(max_length=_NAMES_MAX, description="none: every action")] = None
    stages: Annotated[list[Name] | None, Field(max_length=_NAMES_MAX, description="none: every stage")] = None
    reason: Annotated[str, Field(max_length=20_000, description="out of office, for example")] = ""


class DelegationOut(Output):
    """A delegation. `decides` is who is reached in the end, where the stand-in is away as well."""

    id: UUID
    absent: PersonOut
    stand_in: PersonOut
    decides: PersonOut
    starts_at: datetime
    ends_at: datetime
    actions: list[str] | None
    stages: list[str] | None
    reason: str
    state: str
    created_by: str


class ByDelegation(Path):
    """One delegation."""

    delegation_id: Id


_CHANGING = (ErrorKind.NOT_FOUND, ErrorKind.CONFLICT, ErrorKind.FORBIDDEN)


class Delegations:
    """Standing delegations."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(Method.GET, "/api/v1/delegations", summary="List delegations", tags=("delegations",))
    async def list(self, call: Call[None, None, None]) -> Page[DelegationOut]:
        """Those in force and those planned, the next to begin first."""
        return whole([delegation_out(each) for each in await list_delegations(self._database, call.actor)])

    @endpoint(
        Method.POST,
        "/api/v1/delegations",
        summary="Let somebody decide while I am away",
        tags=("delegations",),
        responses={201: DelegationOut},
        errors=_CHANGING,
        permission="everybody for themselves; manage users for others",
    )
    async def create(self, call: Call[DelegationIn, None, None]) -> Reply:
        """From its beginning on the other person is asked; what was asked before waits for either."""
        body = call.body
        view = await set_away(
            self._database,
            call.actor,
            Absence(
                to_email=body.to,
                ends=body.ends,
                starts=body.starts,
                person_email=body.person,
                actions=body.actions,
                stages=body.stages,
                reason=body.reason,
            ),
        )
        return Reply(201, delegation_out(view))

    @endpoint(
        Method.DELETE,
        "/api/v1/delegations/{delegation_id}",
        summary="End a delegation",
        tags=("delegations",),
        errors=_CHANGING,
        permission="the person who is away, or manage users",
    )
    async def end(self, call: Call[None, None, ByDelegation]) -> None:
        """Open stages ask the person again."""
        await end(self._database, call.actor, call.path.delegation_id)


def delegation_out(view: DelegationView) -> DelegationOut:
    """A delegation as it travels."""
    return DelegationOut(
        id=view.id,
        absent=person_out(view.absent),
        stand_in=person_out(view.stand_in),
        decides=person_out(view.decides),
        starts_at=view.starts_at,
        ends_at=view.ends_at,
        actions=None if view.actions is None else list(view.actions),
        stages=None if view.stages is None else list(view.stages),
        reason=view.reason,
        state=view.status,
        created_by=view.created_by,
    )
