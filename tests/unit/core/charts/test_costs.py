"""Pictures of costs name the days that they show, and no others (C7, C8)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest

from core.charts import Chart, PictureFormat, Renderer, Theme, days_chart, forecast_chart, trend_chart
from core.finance import ALL, Breakdown, CostForecast, CostTrend, Level, Span
from core.finance.forecast import foretell
from core.finance.trend import moving_means, trend_of

TODAY = date(2026, 11, 28)
DAY = timedelta(days=1)


def costs(number):
    """What each of so many days cost, today's last."""
    return tuple((TODAY - (number - 1 - at) * DAY, Decimal(100 + at % 7)) for at in range(number))


def by_day(number):
    days = costs(number)
    span = Span(days[0][0], TODAY + DAY)
    total = sum((cost for _day, cost in days), Decimal(0))
    return days_chart(Breakdown(span, "USD", ("USD",), ALL, Level.PROJECT, total, Decimal(0), (), days))


def trend(number):
    days = costs(number)
    figures = [float(cost) for _day, cost in days]
    means, said = tuple(moving_means(figures)), trend_of(days[0][0], figures)
    return trend_chart(CostTrend(Span(days[0][0], TODAY + DAY), "USD", ALL, days, means, Decimal(1), said))


def forecast(number, ahead):
    days = costs(number)
    found = foretell(days[0][0], [float(cost) for _day, cost in days], days=ahead)
    return forecast_chart(CostForecast(days, "USD", ALL, found, Decimal(0), None, None, None))


def named(chart: Chart) -> list[date]:
    """The days that stand below the picture."""
    encoding = chart.body["encoding"] if "encoding" in chart.body else chart.body["layer"][-1]["encoding"]
    return [datetime.fromtimestamp(each / 1000, UTC).date() for each in encoding["x"]["axis"]["values"]]


@pytest.mark.row("C7")
@pytest.mark.parametrize(
    ("number", "apart"), [(1, 1), (7, 1), (8, 2), (14, 2), (15, 7), (30, 7), (49, 7), (50, 14), (90, 14), (365, 56)]
)
def test_days_are_named_up_to_today_and_none_that_has_not_begun(number, apart):
    days = named(by_day(number))
    assert days[-1] == TODAY
    assert {later - earlier for earlier, later in pairwise(days)} <= {apart * DAY}
    assert TODAY - number * DAY < days[0] < TODAY - number * DAY + (apart + 1) * DAY
    assert len(days) <= 7


@pytest.mark.row("C8")
def test_the_last_day_of_a_trend_and_of_a_forecast_is_named():
    assert named(trend(84))[-1] == TODAY
    assert named(forecast(60, 30))[-1] == TODAY + 30 * DAY


@pytest.mark.row("C7", "C8")
async def test_a_picture_says_those_days_and_shows_the_bars_of_a_year():
    renderer = Renderer()
    try:
        week, year, line = [
            (await renderer.draw(chart, PictureFormat.SVG, Theme.LIGHT)).decode()
            for chart in (by_day(7), by_day(365), trend(84))
        ]
    finally:
        await renderer.close()
    assert re.findall(r">(\d\d \w{3})<", week) == [f"{day} Nov" for day in range(22, 29)]
    assert re.findall(r">(\d\d \w{3})<", line)[-1] == "28 Nov"
    bars = [float(width) for width in re.findall(r'aria-roledescription="bar" d="M[^"]*?[hH](-?[\d.]+)', year)]
    assert len(bars) == 365
    assert min(map(abs, bars)) > 0.5
