"""/api/v1/sla: trends, reports, credits, plans and actions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from core.charts import Renderer, ReportFormat, write_report
from core.db import Database
from core.errors import ErrorKind, InvalidInput
from core.sla import (
    SlaCatalogue,
    add_action,
    adopt_plan,
    close_plan,
    draft_plan,
    export_report,
    finish_action,
    get_plan,
    get_trends,
    list_actions,
    list_credits,
    list_plans,
    service_report,
    take_action,
)
from web.api.sla_report_shapes import (
    ActionEndIn,
    ActionIn,
    ActionOut,
    CreditsOut,
    EndIn,
    OwnerIn,
    PlanIn,
    PlanOut,
    TrendsOut,
    action_out,
    credit_out,
    plan_out,
    trends_out,
)
from web.endpoint import Call, Media, Method, Reply, Stream, endpoint
from web.paging import Cursors, Page, PageQuery
from web.schema import Id, Path, Query

_PLANS: Final = Cursors("sla-plans", int)
_ACTIONS: Final = Cursors("sla-actions", UUID)
_TAGS: Final = ("service levels",)
_CHANGING: Final = (ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND, ErrorKind.CONFLICT)
_MODIFY: Final = "modify_config"
Service = Annotated[str | None, Field(max_length=120)]
Period = Annotated[str, Field(max_length=20, description="2026-03, or a day in it; the last whole one by default")]


class ByPlan(Path):
    """One plan."""

    plan_id: Id


class ByAction(Path):
    """One action."""

    action_id: Id


class ByReport(Path):
    """One kind of report."""

    report: Annotated[str, Field(max_length=40, description="violations, trends, customer")]


class TrendsQuery(Query):
    """Of which service, over how many days."""

    days: Annotated[int, Field(ge=1, le=180)] = 30


class ByService(Path):
    """One service."""

    service: Annotated[str, Field(min_length=1, max_length=120)]


class CreditsQuery(Query):
    """Of which period."""

    period: Period = ""
    service: Service = None


class ReportQuery(CreditsQuery):
    """Of which period, written how."""

    format: Annotated[str, Field(max_length=10, description="html, pdf, csv")] = "html"


class PlansQuery(PageQuery):
    """Which plans."""

    service: Service = None


class ActionsQuery(PlansQuery):
    """Which actions."""

    state: Annotated[str | None, Field(max_length=40, description="open, done, dropped")] = None


class SlaReports:
    """Service levels over longer times."""

    def __init__(self, database: Database, catalogue: SlaCatalogue, renderer: Renderer) -> None:
        self._database = database
        self._catalogue = catalogue
        self._renderer = renderer

    @endpoint(
        Method.GET,
        "/api/v1/sla/services/{service}/trends",
        summary="Show where a service goes",
        tags=_TAGS,
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def trends(self, call: Call[None, TrendsQuery, ByService]) -> TrendsOut:
        """Slopes, seasons and changes of level; each is told of only where it is sure."""
        days, service = call.query.days, call.path.service
        return trends_out(await get_trends(self._database, self._catalogue, call.actor, service, days=days))

    @endpoint(
        Method.GET, "/api/v1/sla/credits", summary="Show service credits", tags=_TAGS, errors=(ErrorKind.INVALID,)
    )
    async def credits(self, call: Call[None, CreditsQuery, None]) -> CreditsOut:
        """By the terms of each service that has any."""
        query = call.query
        found = await list_credits(
            self._database, self._catalogue, call.actor, period=query.period, service=query.service
        )
        return CreditsOut(items=[credit_out(each) for each in found])

    @endpoint(
        Method.GET,
        "/api/v1/sla/reports/{report}",
        summary="Write a report of service levels",
        tags=_TAGS,
        errors=(ErrorKind.NOT_FOUND, ErrorKind.INVALID),
        responses={200: Media(tuple(each.media_type for each in ReportFormat), "The report")},
    )
    async def report(self, call: Call[None, ReportQuery, ByReport]) -> Stream:
        """In the tenant's name: violations, trends, or what a customer may read."""
        query, kind = call.query, call.path.report
        if query.format not in tuple(ReportFormat):
            raise InvalidInput(f"'{query.format}' is no format.", where="format", accepted=tuple(ReportFormat))
        form = ReportFormat(query.format)
        made = service_report if form is ReportFormat.HTML else export_report
        found = await made(
            self._database, self._catalogue, call.actor, kind, service=query.service, period=query.period
        )
        content = await write_report(found, form, self._renderer)
        name = f"service-levels-{kind}.{query.format}"
        return Stream(_once(content), form.media_type, name)

    @endpoint(Method.GET, "/api/v1/sla/plans", summary="List improvement plans", tags=_TAGS)
    async def plans(self, call: Call[None, PlansQuery, None]) -> Page[PlanOut]:
        """Newest first."""
        query = call.query
        found = await list_plans(
            self._database,
            self._catalogue,
            call.actor,
            service=query.service,
            after=_PLANS.decode(query.cursor),
            limit=query.limit + 1,
        )
        return _PLANS.page(
            found, limit=query.limit, shown=plan_out, position=lambda one: int(one.reference.partition("-")[2])
        )

    @endpoint(
        Method.POST,
        "/api/v1/sla/plans",
        summary="Draft an improvement plan",
        tags=_TAGS,
        responses={201: PlanOut},
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission=_MODIFY,
    )
    async def draft(self, call: Call[PlanIn, None, None]) -> Reply:
        """From the last thirty days: what they say, and what could be done about it."""
        return Reply(201, plan_out(await draft_plan(self._database, self._catalogue, call.actor, call.body.service)))

    @endpoint(
        Method.GET,
        "/api/v1/sla/plans/{plan_id}",
        summary="Show an improvement plan",
        tags=_TAGS,
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def plan(self, call: Call[None, None, ByPlan]) -> PlanOut:
        """With its actions, and what they have changed."""
        return plan_out(await get_plan(self._database, self._catalogue, call.actor, call.path.plan_id))

    @endpoint(
        Method.POST,
        "/api/v1/sla/plans/{plan_id}/adopt",
        summary="Adopt an improvement plan",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_MODIFY,
    )
    async def adopt(self, call: Call[None, None, ByPlan]) -> PlanOut:
        """It is no draft any more."""
        return plan_out(await adopt_plan(self._database, self._catalogue, call.actor, call.path.plan_id))

    @endpoint(
        Method.POST,
        "/api/v1/sla/plans/{plan_id}/end",
        summary="End an improvement plan",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_MODIFY,
    )
    async def end(self, call: Call[EndIn, None, ByPlan]) -> PlanOut:
        """It is done, or dropped."""
        body, plan_id = call.body, call.path.plan_id
        found = await close_plan(self._database, self._catalogue, call.actor, plan_id, state=body.state, note=body.note)
        return plan_out(found)

    @endpoint(Method.GET, "/api/v1/sla/actions", summary="List remediation actions", tags=_TAGS)
    async def actions(self, call: Call[None, ActionsQuery, None]) -> Page[ActionOut]:
        """Newest first, with what those that are done have changed."""
        query = call.query
        found = await list_actions(
            self._database,
            self._catalogue,
            call.actor,
            service=query.service,
            state=query.state,
            after=_ACTIONS.decode(query.cursor),
            limit=query.limit + 1,
        )
        return _ACTIONS.page(found, limit=query.limit, shown=action_out, position=lambda one: one.id)

    @endpoint(
        Method.POST,
        "/api/v1/sla/actions",
        summary="Add a remediation action",
        tags=_TAGS,
        responses={201: ActionOut},
        errors=(ErrorKind.FORBIDDEN, ErrorKind.NOT_FOUND),
        permission=_MODIFY,
    )
    async def add(self, call: Call[ActionIn, None, None]) -> Reply:
        """Somebody is to do it until then."""
        body = call.body
        found = await add_action(
            self._database,
            self._catalogue,
            call.actor,
            service=body.service,
            title=body.title,
            owner=body.owner,
            due_at=body.due_at,
            why=body.why,
            plan_id=body.plan_id,
        )
        return Reply(201, action_out(found))

    @endpoint(
        Method.POST,
        "/api/v1/sla/actions/{action_id}/owner",
        summary="Give a remediation action to somebody",
        tags=_TAGS,
        errors=_CHANGING,
        permission=_MODIFY,
    )
    async def give(self, call: Call[OwnerIn, None, ByAction]) -> ActionOut:
        """It is this person's, until then."""
        body, action_id = call.body, call.path.action_id
        found = await take_action(
            self._database, self._catalogue, call.actor, action_id, owner=body.owner, due_at=body.due_at
        )
        return action_out(found)

    @endpoint(
        Method.POST,
        "/api/v1/sla/actions/{action_id}/end",
        summary="End a remediation action",
        tags=_TAGS,
        errors=_CHANGING,
        permission="its owner, or modify_config",
    )
    async def finish(self, call: Call[ActionEndIn, None, ByAction]) -> ActionOut:
        """It is done, and its effect is measured from now on; or dropped."""
        body, action_id = call.body, call.path.action_id
        found = await finish_action(
            self._database,
            self._catalogue,
            call.actor,
            action_id,
            state=body.state,
            evidence=body.evidence or "",
        )
        return action_out(found)


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content
