"""/api/v1/analytics: figures over many requests (P8)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AwareDatetime, Field

from core.approvals import Figures, figures
from core.approvals.analytics import Spread
from core.charts import NAMES, Chart, PictureFormat, Renderer, Theme, approval_chart
from core.db import Database
from core.errors import ErrorKind
from web.api.convert import person_out
from web.api.shapes import PersonOut
from web.endpoint import Call, Media, Method, Stream, endpoint
from web.schema import Output, Path, Query

VEGA_LITE: Final = "application/vnd.vegalite.v6+json"  # as notebooks name it


class Window(Query):
    """Which requests: those opened in it."""

    since: Annotated[AwareDatetime | None, Field(description="30 days before the end by default")] = None
    until: Annotated[AwareDatetime | None, Field(description="now by default")] = None


class DrawnQuery(Query):
    """How a chart is written."""

    format: Annotated[
        Literal["vega", "svg", "png"],
        Field(description="`vega`: the definition (Vega-Lite 6, its numbers inside), with a description and a table"),
    ] = "vega"
    theme: Annotated[Theme, Field(description="the ground it is drawn on")] = Theme.LIGHT


class ChartQuery(Window, DrawnQuery):
    """Which requests, and how the chart is written."""


class ByChart(Path):
    """Which chart."""

    name: Annotated[str, Field(description=f"One of {', '.join(NAMES)}")]


class SpreadOut(Output):
    """How long something takes; null where nothing was measured."""

    count: int
    median_s: float | None
    p90_s: float | None


class TotalsOut(Output):
    """What became of the requests."""

    asked: int
    pending: int
    approved: int
    rejected: int
    withdrawn: int
    expired: int
    amended: int
    unused: int
    approval_rate: float | None
    time_to_decision: SpreadOut


class StageFiguresOut(Output):
    """One stage of one policy."""

    policy: str
    stage: str
    time: SpreadOut
    open_now: int
    overdue_now: int
    escalated: int
    rejected: int


class ActionFiguresOut(Output):
    """One governed action."""

    action: str
    asked: int
    approved: int
    rejected: int


class ApproverFiguresOut(Output):
    """One person who is asked."""

    person: PersonOut
    approvals: int
    rejections: int
    waiting_now: int
    response: SpreadOut


class BottleneckOut(Output):
    """A stage that holds requests up."""

    policy: str
    stage: str
    share_of_time: float
    reasons: list[str]


class FiguresOut(Output):
    """Approvals in figures."""

    since: datetime
    until: datetime
    totals: TotalsOut
    stages: list[StageFiguresOut]
    actions: list[ActionFiguresOut]
    approvers: list[ApproverFiguresOut]
    bottlenecks: list[BottleneckOut]


class Analytics:
    """Figures."""

    def __init__(self, database: Database, renderer: Renderer) -> None:
        self._database = database
        self._renderer = renderer

    @endpoint(
        Method.GET,
        "/api/v1/analytics/approvals",
        summary="Approvals in figures",
        tags=("analytics",),
        errors=(ErrorKind.INVALID,),
    )
    async def approvals(self, call: Call[None, Window, None]) -> FiguresOut:
        """Time in each stage, rates by action and approver, what is overdue, and bottlenecks with their reasons."""
        found = await figures(self._database, call.actor, since=call.query.since, until=call.query.until)
        return figures_out(found)

    @endpoint(
        Method.GET,
        "/api/v1/analytics/approvals/charts/{name}",
        summary="Approvals as a chart",
        tags=("analytics",),
        errors=(ErrorKind.INVALID, ErrorKind.NOT_FOUND, ErrorKind.UNAVAILABLE),
        responses={200: Media((VEGA_LITE, "image/svg+xml", "image/png"), "The chart")},
    )
    async def chart(self, call: Call[None, ChartQuery, ByChart]) -> Stream:
        """The same chart as in the console: its definition, or a picture in colours that everybody tells apart."""
        query = call.query
        found = await approval_chart(self._database, call.actor, call.path.name, since=query.since, until=query.until)
        return await drawn(self._renderer, found, query)


async def drawn(renderer: Renderer, chart: Chart, query: DrawnQuery) -> Stream:
    """The chart as it is asked for. Raises PictureFailed."""
    if query.format == "vega":
        return Stream(_once(definition(chart, query.theme)), VEGA_LITE)
    picture = PictureFormat(query.format)
    return Stream(_once(await renderer.draw(chart, picture, query.theme)), picture.media_type)


def definition(chart: Chart, theme: Theme) -> bytes:
    """The chart as Vega-Lite; its title, words and table stand in `usermeta`, which renderers leave alone."""
    table = {"columns": chart.columns, "rows": chart.rows}
    meta: dict[str, Any] = {"name": chart.name, "title": chart.title, "table": table}
    return json.dumps({**chart.spec(theme), "usermeta": meta}, ensure_ascii=False).encode()


async def _once(content: bytes) -> AsyncIterator[bytes]:
    yield content


def figures_out(found: Figures) -> FiguresOut:
    """The figures as they travel."""
    totals = found.totals
    return FiguresOut(
        since=found.since,
        until=found.until,
        totals=TotalsOut(
            asked=totals.asked,
            pending=totals.pending,
            approved=totals.approved,
            rejected=totals.rejected,
            withdrawn=totals.withdrawn,
            expired=totals.expired,
            amended=totals.amended,
            unused=totals.unused,
            approval_rate=totals.approval_rate,
            time_to_decision=_spread(totals.time_to_decision),
        ),
        stages=[
            StageFiguresOut(
                policy=each.policy,
                stage=each.stage,
                time=_spread(each.time),
                open_now=each.open_now,
                overdue_now=each.overdue_now,
                escalated=each.escalated,
                rejected=each.rejected,
            )
            for each in found.stages
        ],
        actions=[
            ActionFiguresOut(action=each.action, asked=each.asked, approved=each.approved, rejected=each.rejected)
            for each in found.actions
        ],
        approvers=[
            ApproverFiguresOut(
                person=person_out(each.person),
                approvals=each.approvals,
                rejections=each.rejections,
                waiting_now=each.waiting_now,
                response=_spread(each.response),
            )
            for each in found.approvers
        ],
        bottlenecks=[
            BottleneckOut(
                policy=each.policy, stage=each.stage, share_of_time=each.share_of_time, reasons=list(each.reasons)
            )
            for each in found.bottlenecks
        ],
    )


def _spread(spread: Spread) -> SpreadOut:
    return SpreadOut(count=spread.count, median_s=spread.median_s, p90_s=spread.p90_s)
