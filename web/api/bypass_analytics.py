"""/api/v1/analytics/bypasses: a month of emergency bypasses in figures and as a chart."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field

from core.charts import Renderer, bypass_chart
from core.db import Database
from core.emergency import BypassReport, Tally, bypass_report
from core.errors import ErrorKind
from web.api.analytics import VEGA_LITE, DrawnQuery, drawn
from web.endpoint import Call, Media, Method, Stream, endpoint
from web.schema import Output, Query


class MonthQuery(Query):
    """Which month."""

    month: Annotated[
        str, Field(max_length=20, description="2026-03, in the tenant's time zone; the last whole month by default")
    ] = ""


class MonthChartQuery(MonthQuery, DrawnQuery):
    """Which month, and how the chart is written."""


class TallyOut(Output):
    """Bypasses that have something in common, by what their review said."""

    key: str
    name: str
    total: int
    justified: int
    not_justified: int
    unreviewed: int


class BypassReportOut(Output):
    """The bypasses granted in a month; times are null where nothing was measured."""

    first_day: date
    last_day: date
    all: TallyOut
    by_reason: list[TallyOut]
    by_person: list[TallyOut]
    actions: int
    actions_failed: int
    extended: int
    unacknowledged: int
    reviews_overdue: int
    remediations_open: int
    median_to_acknowledgement_s: float | None
    median_to_review_s: float | None


class BypassAnalytics:
    """Figures of bypasses."""

    def __init__(self, database: Database, renderer: Renderer) -> None:
        self._database = database
        self._renderer = renderer

    @endpoint(
        Method.GET,
        "/api/v1/analytics/bypasses",
        summary="A month of bypasses in figures",
        tags=("analytics",),
        errors=(ErrorKind.INVALID,),
    )
    async def bypasses(self, call: Call[None, MonthQuery, None]) -> BypassReportOut:
        """By reason, person and verdict, with the median times until they were acknowledged and reviewed."""
        return report_out(await bypass_report(self._database, call.actor, month=call.query.month))

    @endpoint(
        Method.GET,
        "/api/v1/analytics/bypasses/chart",
        summary="A month of bypasses as a chart",
        tags=("analytics",),
        errors=(ErrorKind.INVALID, ErrorKind.UNAVAILABLE),
        responses={200: Media((VEGA_LITE, "image/svg+xml", "image/png"), "The chart")},
    )
    async def bypasses_chart(self, call: Call[None, MonthChartQuery, None]) -> Stream:
        """The same chart as in chat and in the console."""
        query = call.query
        found = bypass_chart(await bypass_report(self._database, call.actor, month=query.month))
        return await drawn(self._renderer, found, query)


def report_out(report: BypassReport) -> BypassReportOut:
    """The figures as they travel."""
    return BypassReportOut(
        first_day=report.first,
        last_day=report.last,
        all=_tally_out(report.all),
        by_reason=[_tally_out(each) for each in report.by_reason],
        by_person=[_tally_out(each) for each in report.by_person],
        actions=report.actions,
        actions_failed=report.failed,
        extended=report.extended,
        unacknowledged=report.unacknowledged,
        reviews_overdue=report.overdue,
        remediations_open=report.remediations_open,
        median_to_acknowledgement_s=report.to_acknowledgement_s,
        median_to_review_s=report.to_review_s,
    )


def _tally_out(tally: Tally) -> TallyOut:
    return TallyOut(
        key=tally.key,
        name=tally.name,
        total=tally.total,
        justified=tally.justified,
        not_justified=tally.not_justified,
        unreviewed=tally.unreviewed,
    )
