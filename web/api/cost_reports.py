"""/api/v1/costs: the way down from project to meter, trend, forecast."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Final

from pydantic import Field

from core.charts import Renderer, forecast_chart, trend_chart
from core.db import Database
from core.errors import ErrorKind
from core.finance import (
    Breakdown,
    CostForecast,
    CostTrend,
    Expected,
    Level,
    Narrowed,
    cost_breakdown,
    cost_forecast,
    cost_trend,
)
from core.money import plain
from web.api.analytics import VEGA_LITE, DrawnQuery, drawn
from web.api.cost_shapes import exact
from web.endpoint import Call, Media, Method, Stream, endpoint
from web.schema import Day, MoneyOut, Output, Query

_TAGS: Final = ("costs",)
_ERRORS: Final = (ErrorKind.FORBIDDEN,)
_Name = Annotated[str | None, Field(max_length=200)]


class NarrowedQuery(Query):
    """Which costs; an empty name: of none that was named."""

    project: _Name = None
    agent: _Name = None
    meter: _Name = None
    cost_centre: Annotated[str | None, Field(max_length=200, description="by its code; empty: of none")] = None
    currency: Annotated[str, Field(max_length=3, description="the one with most costs by default")] = ""

    @property
    def narrowed(self) -> Narrowed:
        """The same, as reports take it."""
        return Narrowed(self.project, self.agent, self.meter, self.cost_centre)


class SpanQuery(NarrowedQuery):
    """Which costs of which days."""

    since: Annotated[Day | None, Field(description="first day (UTC)")] = None
    until: Annotated[Day | None, Field(description="the day after the last (UTC)")] = None


class BreakdownQuery(SpanQuery):
    """Which costs of which days, and by what they are told apart."""

    by: Annotated[Level | None, Field(description="by default the next step from project to agent to meter")] = None


class TrendChartQuery(SpanQuery, DrawnQuery):
    """Which costs, and how the chart is written."""


class ForecastQuery(NarrowedQuery):
    """Which costs, and how far ahead."""

    days: Annotated[int, Field(ge=1, le=185)] = 30


class ForecastChartQuery(ForecastQuery, DrawnQuery):
    """The same, and how the chart is written."""


class DayCostOut(Output):
    """What a day cost."""

    day: date
    cost: MoneyOut


class ShareOut(Output):
    """What one project, agent, meter or cost centre cost."""

    name: Annotated[str, Field(description="empty: none was named")]
    cost: MoneyOut
    share: Annotated[float | None, Field(description="of the whole")]
    quantity: Annotated[str | None, Field(description="of one meter")]
    before: Annotated[MoneyOut, Field(description="in as many days before")]


class BreakdownOut(Output):
    """Where the costs of the days go."""

    since: date
    until: date
    by: Annotated[Level | None, Field(description="null: `GET /api/v1/usage` shows the events")]
    total: MoneyOut
    before: MoneyOut
    items: list[ShareOut]
    days: list[DayCostOut]


class UnusualOut(Output):
    """A day that stood out."""

    day: date
    cost: float
    expected: float


class TrendDayOut(Output):
    """What a day cost, and the mean of the seven days up to it."""

    day: date
    cost: MoneyOut
    mean_of_week: float | None


class TrendOut(Output):
    """Where daily costs are going."""

    since: date
    until: date
    total: MoneyOut
    direction: str  # rising, falling, steady, unknown (too few weeks)
    per_week: Annotated[float, Field(description="by how much a week costs more than the one before")]
    change: Annotated[float | None, Field(description="share by which the second half differs from the first")]
    weekdays: Annotated[list[float], Field(description="Monday first: that day's mean as a share of the mean day")]
    unusual: list[UnusualOut]
    days: list[TrendDayOut]


class ExpectedOut(Output):
    """What is expected, and between what it lies in four of five cases."""

    day: date
    expected: float
    low: float
    high: float


class BackTestOut(Output):
    """How well the same method foretold the past, a week ahead; shares of 1."""

    days: int
    error: Annotated[float, Field(description="sum of misses over sum of costs")]
    naive_error: Annotated[float, Field(description="the same for: as a week ago")]
    bias: float
    covered: Annotated[float, Field(description="share of days that lay in the band")]


class MonthOut(Output):
    """What the month that runs is expected to come to."""

    so_far: MoneyOut
    expected: float
    low: float
    high: float


class ForecastOut(Output):
    """The coming days; without a week of history there is no forecast."""

    currency: str
    method: str
    band: Annotated[float, Field(description="share of days that are to lie between low and high")]
    items: list[ExpectedOut]
    total: ExpectedOut | None
    month: MonthOut | None
    back_test: BackTestOut | None


class CostReports:
    """Reports of costs."""

    def __init__(self, database: Database, renderer: Renderer) -> None:
        self._database = database
        self._renderer = renderer

    @endpoint(
        Method.GET,
        "/api/v1/costs/breakdown",
        summary="Show where costs go",
        tags=_TAGS,
        errors=_ERRORS,
        permission="view_audit",
    )
    async def breakdown(self, call: Call[None, BreakdownQuery, None]) -> BreakdownOut:
        """By project; within a project by agent; within an agent by meter; or by cost centre. The last thirty days."""
        query = call.query
        found = await cost_breakdown(
            self._database,
            call.actor,
            query.narrowed,
            since=query.since,
            until=query.until,
            currency=query.currency,
            by=query.by,
        )
        return breakdown_out(found)

    @endpoint(
        Method.GET,
        "/api/v1/costs/trend",
        summary="Show where costs are going",
        tags=_TAGS,
        errors=_ERRORS,
        permission="view_audit",
    )
    async def trend(self, call: Call[None, SpanQuery, None]) -> TrendOut:
        """By default the last twelve weeks, up to yesterday."""
        return trend_out(await self._trend(call))

    @endpoint(
        Method.GET,
        "/api/v1/costs/trend/chart",
        summary="Draw the trend of costs",
        tags=_TAGS,
        errors=(*_ERRORS, ErrorKind.UNAVAILABLE),
        permission="view_audit",
        responses={200: Media((VEGA_LITE, "image/svg+xml", "image/png"), "The chart")},
    )
    async def trend_chart(self, call: Call[None, TrendChartQuery, None]) -> Stream:
        """The same chart as in the console."""
        return await drawn(self._renderer, trend_chart(await self._trend(call)), call.query)

    @endpoint(
        Method.GET,
        "/api/v1/costs/forecast",
        summary="Foretell costs",
        tags=_TAGS,
        errors=_ERRORS,
        permission="view_audit",
    )
    async def forecast(self, call: Call[None, ForecastQuery, None]) -> ForecastOut:
        """From today on, with a band, and how well the method foretold the past."""
        return forecast_out(await self._forecast(call))

    @endpoint(
        Method.GET,
        "/api/v1/costs/forecast/chart",
        summary="Draw the forecast of costs",
        tags=_TAGS,
        errors=(*_ERRORS, ErrorKind.UNAVAILABLE),
        permission="view_audit",
        responses={200: Media((VEGA_LITE, "image/svg+xml", "image/png"), "The chart")},
    )
    async def forecast_chart(self, call: Call[None, ForecastChartQuery, None]) -> Stream:
        """The same chart as in the console."""
        return await drawn(self._renderer, forecast_chart(await self._forecast(call)), call.query)

    async def _trend(self, call: Call[None, SpanQuery, None] | Call[None, TrendChartQuery, None]) -> CostTrend:
        query = call.query
        return await cost_trend(
            self._database,
            call.actor,
            query.narrowed,
            since=query.since,
            until=query.until,
            currency=query.currency,
        )

    async def _forecast(
        self, call: Call[None, ForecastQuery, None] | Call[None, ForecastChartQuery, None]
    ) -> CostForecast:
        query = call.query
        return await cost_forecast(self._database, call.actor, query.narrowed, days=query.days, currency=query.currency)


def breakdown_out(found: Breakdown) -> BreakdownOut:
    """A breakdown as it travels."""
    currency = found.currency
    items = [
        ShareOut(
            name=each.name,
            cost=exact(each.cost, currency),
            share=float(each.cost / found.total) if found.total else None,
            quantity=plain(each.quantity) if each.quantity is not None else None,
            before=exact(each.before, currency),
        )
        for each in found.shares
    ]
    return BreakdownOut(
        since=found.span.since,
        until=found.span.until,
        by=found.level,
        total=exact(found.total, currency),
        before=exact(found.before, currency),
        items=items,
        days=[DayCostOut(day=day, cost=exact(cost, currency)) for day, cost in found.days],
    )


def trend_out(found: CostTrend) -> TrendOut:
    """A trend as it travels."""
    trend = found.trend
    return TrendOut(
        since=found.span.since,
        until=found.span.until,
        total=exact(found.total, found.currency),
        direction=trend.direction,
        per_week=trend.per_week,
        change=trend.change,
        weekdays=list(trend.weekdays),
        unusual=[UnusualOut(day=each.day, cost=each.cost, expected=each.expected) for each in trend.unusual],
        days=[
            TrendDayOut(day=day, cost=exact(cost, found.currency), mean_of_week=mean)
            for (day, cost), mean in zip(found.days, found.means, strict=True)
        ],
    )


def forecast_out(found: CostForecast) -> ForecastOut:
    """A forecast as it travels."""
    forecast = found.forecast
    month = None
    if found.month_expected is not None and found.month_low is not None and found.month_high is not None:
        month = MonthOut(
            so_far=exact(found.month_so_far, found.currency),
            expected=found.month_expected,
            low=found.month_low,
            high=found.month_high,
        )
    judged = forecast.back_test if forecast else None
    return ForecastOut(
        currency=found.currency,
        method=forecast.method if forecast else "none: a week of history is needed",
        band=0.8,
        items=[_expected_out(each) for each in forecast.days] if forecast else [],
        total=_expected_out(forecast.total) if forecast else None,
        month=month,
        back_test=BackTestOut(
            days=judged.days,
            error=judged.error,
            naive_error=judged.naive_error,
            bias=judged.bias,
            covered=judged.covered,
        )
        if judged
        else None,
    )


def _expected_out(each: Expected) -> ExpectedOut:
    return ExpectedOut(day=each.day, expected=each.cost, low=each.low, high=each.high)
