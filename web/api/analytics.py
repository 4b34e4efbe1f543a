"""/api/v1/analytics: figures over many requests (P8)."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field

from core.approvals import Figures, figures
from core.approvals.analytics import Spread
from core.db import Database
from core.errors import ErrorKind
from web.api.convert import person_out
from web.api.shapes import PersonOut
from web.endpoint import Call, Method, endpoint
from web.schema import Output, Query


class Window(Query):
    """Which requests: those opened in it."""

    since: Annotated[AwareDatetime | None, Field(description="30 days before the end by default")] = None
    until: Annotated[AwareDatetime | None, Field(description="now by default")] = None


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

    def __init__(self, database: Database) -> None:
        self._database = database

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
