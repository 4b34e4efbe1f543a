"""/api/v1/dependencies, what feels a change, and lessons: what is known around changes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from core.changes import ChangeCatalogue, Impact, LessonView, change_impact, search_lessons
from core.charts import Renderer, impact_chart
from core.db import Database
from core.dependencies import DependencyView, declare_dependency, dismiss_dependency, list_dependencies
from core.errors import ErrorKind, InvalidInput
from web.api.analytics import VEGA_LITE, DrawnQuery, drawn
from web.api.changes import ByChange
from web.api.convert import person_out
from web.api.shapes import PersonOut
from web.endpoint import Call, Media, Method, Stream, endpoint
from web.paging import Cursors, Page, PageQuery
from web.schema import Input, Output

_TAGS: Final = ("changes",)
_EDGES: Final = Cursors("dependencies", str)
_LESSONS: Final = Cursors("lessons", int)
_APART: Final = "\n"  # stands in no resource's name, since forms and JSON alike bring it as a blank at most
_DECLARING: Final = (ErrorKind.FORBIDDEN, ErrorKind.LIMITED)


class DependencyIn(Input):
    """That one resource needs another."""

    dependent: Annotated[str, Field(max_length=300, description="agent:invoice-reader")]
    needs: Annotated[str, Field(max_length=300, description="tool:ocr, data:invoices, service:Ledger")]


class DependencyOut(Output):
    """That one resource needs another, and who says so."""

    dependent: str
    needs: str
    origin: str  # declared, learnt
    state: str  # held, dismissed
    seen: int  # times that it was seen in use
    author: PersonOut | None  # who declared, confirmed or dismissed it
    first_at: datetime
    last_at: datetime


class DependenciesQuery(PageQuery):
    """Of which resource."""

    of: Annotated[str | None, Field(max_length=300, description="on either side")] = None


class FeltOut(Output):
    """Something that feels a change."""

    resource: str
    distance: int  # steps; 0: it is touched
    path: list[str]  # from what is touched on


class ImpactOut(Output):
    """What feels a change, the nearest first."""

    change: str
    felt: list[FeltOut]
    tenants: Annotated[list[str], Field(description="ids of the tenants that feel it, the nearest first")]


class LessonOut(Output):
    """What was learnt from a change."""

    change_id: UUID
    change: str
    title: str
    type: str
    state: str  # of that change
    lessons: str
    tags: list[str]
    by: PersonOut
    at: datetime
    likeness: float  # to the change that it is suggested for; 0 in a search


class LessonsQuery(PageQuery):
    """Which lessons."""

    q: Annotated[str, Field(max_length=200, description='words; "a phrase", or, -not')] = ""


class Dependencies:
    """Dependencies, impact and lessons."""

    def __init__(self, database: Database, catalogue: ChangeCatalogue, renderer: Renderer) -> None:
        self._database = database
        self._catalogue = catalogue
        self._renderer = renderer

    @endpoint(Method.GET, "/api/v1/dependencies", summary="List dependencies", tags=_TAGS)
    async def dependencies(self, call: Call[None, DependenciesQuery, None]) -> Page[DependencyOut]:
        """By their ends; dismissed ones too."""
        cursor = _EDGES.decode(call.query.cursor)
        after = tuple(cursor.split(_APART, 1)) if cursor else None
        if after is not None and len(after) != 2:
            raise InvalidInput("This is no cursor of this list.", where="cursor")
        found = await list_dependencies(
            self._database,
            call.actor,
            of=call.query.of,
            after=(after[0], after[1]) if after else None,
            limit=call.query.limit + 1,
        )
        return _EDGES.page(
            found,
            limit=call.query.limit,
            shown=dependency_out,
            position=lambda one: f"{one.dependent}{_APART}{one.needs}",
        )

    @endpoint(
        Method.PUT,
        "/api/v1/dependencies",
        summary="Declare a dependency",
        tags=_TAGS,
        errors=_DECLARING,
        permission="modify_config",
    )
    async def declare(self, call: Call[DependencyIn, None, None]) -> DependencyOut:
        """The one needs the other; what was learnt is confirmed by it."""
        body = call.body
        return dependency_out(await declare_dependency(self._database, call.actor, body.dependent, body.needs))

    @endpoint(
        Method.POST,
        "/api/v1/dependencies/dismiss",
        summary="Dismiss a dependency",
        tags=_TAGS,
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission="modify_config",
    )
    async def dismiss(self, call: Call[DependencyIn, None, None]) -> None:
        """The one does not need the other; what was learnt is not learnt again."""
        await dismiss_dependency(self._database, call.actor, call.body.dependent, call.body.needs)

    @endpoint(
        Method.GET,
        "/api/v1/changes/{change_id}/impact",
        summary="Show what feels a change",
        tags=_TAGS,
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def impact(self, call: Call[None, None, ByChange]) -> ImpactOut:
        """The nearest first, with the path by which the change gets there; as things are now."""
        return impact_out(await change_impact(self._database, self._catalogue, call.actor, call.path.change_id))

    @endpoint(
        Method.GET,
        "/api/v1/changes/{change_id}/impact/chart",
        summary="Draw what feels a change",
        tags=_TAGS,
        errors=(ErrorKind.NOT_FOUND, ErrorKind.UNAVAILABLE),
        responses={200: Media((VEGA_LITE, "image/svg+xml", "image/png"), "The chart")},
    )
    async def impact_chart(self, call: Call[None, DrawnQuery, ByChange]) -> Stream:
        """The same picture as in the console."""
        found = await change_impact(self._database, self._catalogue, call.actor, call.path.change_id)
        return await drawn(self._renderer, impact_chart(found.reference, found.radius), call.query)

    @endpoint(Method.GET, "/api/v1/lessons", summary="Search lessons of changes", tags=_TAGS)
    async def lessons(self, call: Call[None, LessonsQuery, None]) -> Page[LessonOut]:
        """Of the newest changes first. A change that has not begun says itself which are like it (`suggested`)."""
        query = call.query
        after = _LESSONS.decode(query.cursor)
        found = await search_lessons(self._database, call.actor, words=query.q, after=after, limit=query.limit + 1)
        return _LESSONS.page(
            found, limit=query.limit, shown=lesson_out, position=lambda one: int(one.reference.partition("-")[2])
        )


def dependency_out(view: DependencyView) -> DependencyOut:
    """A dependency as it travels."""
    return DependencyOut(
        dependent=view.dependent,
        needs=view.needs,
        origin=view.origin,
        state=view.state,
        seen=view.seen,
        author=person_out(view.author) if view.author else None,
        first_at=view.first_at,
        last_at=view.last_at,
    )


def impact_out(found: Impact) -> ImpactOut:
    """An impact as it travels."""
    felt = [
        FeltOut(resource=each.resource, distance=each.distance, path=list(path))
        for each, path in zip(found.radius, found.paths, strict=True)
    ]
    return ImpactOut(change=found.reference, felt=felt, tenants=list(found.tenants))


def lesson_out(view: LessonView) -> LessonOut:
    """A lesson as it travels."""
    return LessonOut(
        change_id=view.change_id,
        change=view.reference,
        title=view.title,
        type=view.type,
        state=view.state,
        lessons=view.lessons,
        tags=list(view.tags),
        by=person_out(view.by),
        at=view.at,
        likeness=view.likeness,
    )
