"""/api/v1/costs/centres: cost centres, and what belongs to them from which day on."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

from pydantic import Field

from core.db import Database
from core.errors import ErrorKind
from core.finance import (
    CostCentreView,
    SubjectKind,
    Turn,
    TurnView,
    assign,
    list_assignments,
    list_cost_centres,
    put_cost_centre,
    unassign,
)
from web.api.convert import person_out
from web.api.shapes import PersonOut
from web.endpoint import Call, Method, endpoint
from web.paging import Page, whole
from web.schema import Day, Input, Line, Output

_TAGS: Final = ("costs",)


class CostCentreIn(Input):
    """A cost centre."""

    code: Annotated[str, Field(max_length=40, examples=["CC-100"])]
    title: Line


class CostCentreOut(Output):
    """A cost centre."""

    code: str
    title: str
    author: PersonOut | None
    created_at: datetime


class SubjectIn(Input):
    """A project or agent, and a day."""

    kind: SubjectKind
    subject: Annotated[Line, Field(description="the name of the project or agent")]
    starts_on: Day


class AssignmentIn(SubjectIn):
    """To which centre it belongs from then on."""

    cost_centre: Annotated[str, Field(max_length=40, description="its code; empty: to none")]


class AssignmentOut(Output):
    """From when on a project's or agent's costs belong to a centre."""

    kind: SubjectKind
    subject: str
    starts_on: date
    cost_centre: str
    author: PersonOut | None
    created_at: datetime


class CostCentres:
    """Cost centres and assignments."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @endpoint(Method.GET, "/api/v1/costs/centres", summary="List cost centres", tags=_TAGS)
    async def centres(self, call: Call[None, None, None]) -> Page[CostCentreOut]:
        """By their codes."""
        return whole([_centre_out(each) for each in await list_cost_centres(self._database, call.actor)])

    @endpoint(
        Method.PUT,
        "/api/v1/costs/centres",
        summary="Name a cost centre",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN, ErrorKind.LIMITED),
        permission="modify_config",
    )
    async def put(self, call: Call[CostCentreIn, None, None]) -> CostCentreOut:
        """The centre has this title, and is there if it was not."""
        return _centre_out(await put_cost_centre(self._database, call.actor, call.body.code, call.body.title))

    @endpoint(Method.GET, "/api/v1/costs/centres/assignments", summary="List what belongs to cost centres", tags=_TAGS)
    async def assignments(self, call: Call[None, None, None]) -> Page[AssignmentOut]:
        """By subject and day. What is said of an agent goes before what is said of its project."""
        return whole([_turn_out(each) for each in await list_assignments(self._database, call.actor)])

    @endpoint(
        Method.PUT,
        "/api/v1/costs/centres/assignments",
        summary="Assign a project or agent to a cost centre",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND, ErrorKind.LIMITED),
        permission="modify_config",
    )
    async def assign(self, call: Call[AssignmentIn, None, None]) -> AssignmentOut:
        """From that day on, until the next such day of the same project or agent."""
        body = call.body
        turn = Turn(body.kind, body.subject, body.starts_on, body.cost_centre)
        return _turn_out(await assign(self._database, call.actor, turn))

    @endpoint(
        Method.POST,
        "/api/v1/costs/centres/assignments/remove",
        summary="Remove an assignment",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="modify_config",
    )
    async def remove(self, call: Call[SubjectIn, None, None]) -> None:
        """What was said of the subject from that day on was never said."""
        body = call.body
        await unassign(self._database, call.actor, body.kind, body.subject, body.starts_on)


def _centre_out(view: CostCentreView) -> CostCentreOut:
    return CostCentreOut(
        code=view.code,
        title=view.title,
        author=person_out(view.author) if view.author else None,
        created_at=view.created_at,
    )


def _turn_out(view: TurnView) -> AssignmentOut:
    return AssignmentOut(
        kind=view.kind,
        subject=view.subject,
        starts_on=view.starts_on,
        cost_centre=view.code,
        author=person_out(view.author) if view.author else None,
        created_at=view.created_at,
    )
