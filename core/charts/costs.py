"""Costs as charts: days, shares, the forecast with its band, return by what it hangs on, centres, variance. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from math import ceil
from typing import Final

from core.charts.chart import ROW, Chart, Json, colours
from core.charts.drawing import nothing
from core.finance import AgentReturn, Breakdown, Chargeback, CostForecast, CostTrend

DRAWN: Final = 12  # shares, centres, inputs; the table has all of them
HISTORY_DRAWN: Final = 56  # days before the forecast
TICKS: Final = 7  # days that are named below a picture
BY_DAY_MAX: Final = 2  # days from one to the next; where it is more, whole weeks
APART_MAX: Final = 120  # days: bars of more are thinner than a gap between them, and overlap so that none is seen
NOON: Final = time(12, tzinfo=UTC)  # where the middle of a day's bar is, its point of a line, and its name
NAME_MAX: Final = 24  # characters in the picture
_BMP_LAST: Final = 0xFFFF  # the renderer fails on half an emoji


def days_chart(found: Breakdown) -> Chart:
    """What each day cost."""
    return Chart(
        name="days",
        title="Cost by day",
        description=f"Cost in {found.currency} of each day, {found.span}: {found.total:,.2f} in all.",
        columns=("Day (UTC)", f"Cost ({found.currency})"),
        rows=tuple((day.isoformat(), _money(cost)) for day, cost in found.days),
        body=_day_bars(found.days, found.currency)
        if any(cost for _day, cost in found.days)
        else nothing("Nothing was spent."),
    )


def shares_chart(found: Breakdown) -> Chart:
    """What each project, agent or meter cost, the dearest first, beside the days before."""
    level = str(found.level or "").replace("_", " ")
    drawn = found.shares[:DRAWN]
    values = [
        {"name": _name(each.name or f"no {level}"), "span": span, "place": place, "cost": float(cost)}
        for each in drawn
        for place, (span, cost) in enumerate((("these days", each.cost), ("days before", each.before)))
    ]
    return Chart(
        name="shares",
        title=f"Cost by {level}",
        description=f"Cost in {found.currency} by {level}, {found.span}, and in as many days before.",
        columns=(level.capitalize(), f"Cost ({found.currency})", "Share", "Days before"),
        rows=tuple(
            (
                each.name or f"(no {level})",
                _money(each.cost),
                f"{each.cost / found.total:.0%}" if found.total else "–",
                _money(each.before),
            )
            for each in found.shares
        ),
        body=_bars(
            values,
            "Nothing was spent.",
            rows=2 * len(drawn),
            title=found.currency,
            colour={"field": "span", "type": "nominal", "scale": colours(these_days="blue", days_before="grey")},
            offset={"field": "span", "type": "nominal", "sort": ["these days", "days before"]},
        ),
    )


def trend_chart(found: CostTrend) -> Chart:
    """What each day cost, and the mean of the seven days up to it."""
    lines = [
        {"day": _noon(day), "mean": mean}
        for (day, _cost), mean in zip(found.days, found.means, strict=True)
        if mean is not None
    ]
    layers = _day_bars(found.days, found.currency)
    line: Json = {
        "data": {"values": lines},
        "mark": {"type": "line", "color": "palette:red", "strokeWidth": 2},
        "encoding": {"x": _by_noon(layers["encoding"]["x"]), "y": {"field": "mean", "type": "quantitative"}},
    }
    body = {"height": 240, "layer": [{key: layers[key] for key in ("data", "mark", "encoding")}, line]}
    change = f" The second half cost {found.trend.change:+.0%} against the first." if found.trend.change else ""
    return Chart(
        name="trend",
        title="Trend of daily costs",
        description=f"Cost in {found.currency} of each day with the mean of a week, {found.span}: "
        f"{found.trend.direction}.{change}",
        columns=("Day (UTC)", f"Cost ({found.currency})", "Mean of seven days"),
        rows=tuple(
            (day.isoformat(), _money(cost), "–" if mean is None else f"{mean:,.2f}")
            for (day, cost), mean in zip(found.days, found.means, strict=True)
        ),
        body=body if found.total else nothing("Nothing was spent."),
    )


def forecast_chart(found: CostForecast) -> Chart:
    """The latest days, then the coming ones with their band."""
    forecast = found.forecast
    columns = ("Day (UTC)", f"Expected ({found.currency})", "At least", "At most")
    if forecast is None:
        words = "A week of history is needed for a forecast."
        return Chart("forecast", "Forecast of costs", words, columns, (), nothing(words))
    past = [{"day": _noon(day), "cost": float(cost)} for day, cost in found.history[-HISTORY_DRAWN:]]
    coming = [{"day": _noon(each.day), "cost": each.cost, "low": each.low, "high": each.high} for each in forecast.days]
    days = [day for day, _cost in found.history[-HISTORY_DRAWN:]] + [each.day for each in forecast.days]
    x = _by_noon(_by_day(days))
    y: Json = {"type": "quantitative", "title": found.currency}
    body: Json = {
        "height": 260,
        "layer": [
            {
                "data": {"values": coming},
                "mark": {"type": "area", "color": "palette:blue", "opacity": 0.25},
                "encoding": {"x": x, "y": {"field": "low", **y}, "y2": {"field": "high"}},
            },
            {
                "data": {"values": past},
                "mark": {"type": "line", "color": "palette:grey"},
                "encoding": {"x": x, "y": {"field": "cost", **y}},
            },
            {
                "data": {"values": coming},
                "mark": {"type": "line", "color": "palette:blue", "strokeWidth": 2},
                "encoding": {"x": x, "y": {"field": "cost", **y}},
            },
        ],
    }
    total = forecast.total
    return Chart(
        name="forecast",
        title="Forecast of costs",
        description=f"The next {len(forecast.days)} days are expected to cost {total.cost:,.0f} {found.currency}, "
        f"between {total.low:,.0f} and {total.high:,.0f} in four of five cases.",
        columns=columns,
        rows=tuple(
            (each.day.isoformat(), f"{each.cost:,.2f}", f"{each.low:,.2f}", f"{each.high:,.2f}")
            for each in forecast.days
        ),
        body=body,
    )


def tornado_chart(found: AgentReturn, currency: str) -> Chart:
    """What the return becomes when one estimate is low or high; what moves it most on top."""
    drawn = [each for each in found.found.sensitivity if each.return_low is not None and each.return_high is not None]
    values = [
        {
            "name": _name(each.title),
            "estimate": estimate,
            "ends": float(ratio),
            "begins": float(found.found.ratio or 0),
        }
        for each in drawn[:DRAWN]
        for estimate, ratio in (("low", each.return_low), ("high", each.return_high))
        if ratio is not None
    ]
    body: Json = {
        "height": max(1, len(drawn[:DRAWN])) * ROW + 70,
        "data": {"values": values},
        "mark": {"type": "bar"},
        "encoding": {
            "y": {"field": "name", "type": "nominal", "title": None, "sort": None, "axis": {"ticks": False}},
            "x": {"field": "begins", "type": "quantitative", "title": "return", "axis": {"format": "%"}},
            "x2": {"field": "ends"},
            "color": {"field": "estimate", "type": "nominal", "scale": colours(low="pale", high="blue")},
        },
    }
    return Chart(
        name="sensitivity",
        title=f"What the return of {found.agent} hangs on",
        description=f"The return of {found.agent} if one estimate is low or high and the others are likely.",
        columns=("Estimate", f"Low ({currency} or hours)", "High", "Return if low", "Return if high"),
        rows=tuple(
            (each.title, _money(each.low), _money(each.high), _share(each.return_low), _share(each.return_high))
            for each in found.found.sensitivity
        ),
        body=body if values else nothing("Nothing was spent, so there is no return."),
    )


def centres_chart(made: Chargeback) -> Chart:
    """What each cost centre is charged."""
    statement = made.statement
    ranked = sorted(statement.centres, key=lambda each: -each.amount)
    values = [{"name": _name(each.code or "none"), "cost": float(each.amount)} for each in ranked[:DRAWN]]
    return Chart(
        name="chargeback",
        title=f"Chargeback {made.period}",
        description=f"{statement.amount:,} {statement.currency} by cost centre, {made.period}.",
        columns=("Cost centre", "Name", f"Amount ({statement.currency})"),
        rows=tuple((each.code or "–", each.title or "No cost centre", f"{each.amount:,}") for each in ranked),
        body=_bars(values, "Nothing was spent.", rows=len(values), title=statement.currency),
    )


def _by_day(days: Sequence[date]) -> Json:
    """An axis that names some of these days below their middle, the last of them too and none beyond it."""
    step = ceil(len(days) / TICKS)
    step = step if step <= BY_DAY_MAX else 7 * ceil(step / 7)
    named = [datetime.combine(day, NOON).timestamp() * 1000 for day in days[::-1][::step]]
    return {
        "field": "day",
        "type": "temporal",
        "timeUnit": "utcyearmonthdate",
        "title": None,
        "axis": {"format": "%d %b", "values": named[::-1], "labelFlush": False, "grid": False},
        "scale": {"type": "utc"},
    }


def _by_noon(axis: Json) -> Json:
    """The same for points, each at its day's noon."""
    return {key: value for key, value in axis.items() if key != "timeUnit"}


def _noon(day: date) -> str:
    return datetime.combine(day, NOON).isoformat()


def _day_bars(days: Sequence[tuple[date, Decimal]], currency: str) -> Json:
    return {
        "height": 220,
        "data": {"values": [{"day": day.isoformat(), "cost": float(cost)} for day, cost in days]},
        "mark": {"type": "bar", "color": "palette:blue", "binSpacing": 1 if len(days) <= APART_MAX else -0.5},
        "encoding": {
            "x": _by_day([day for day, _cost in days]),
            "y": {"field": "cost", "type": "quantitative", "title": currency},
        },
    }


def _bars(
    values: Sequence[Json],
    otherwise: str,
    *,
    rows: int,
    title: str,
    colour: Json | None = None,
    offset: Json | None = None,
) -> Json:
    if not values:
        return nothing(otherwise)
    encoding: Json = {
        "y": {
            "field": "name",
            "type": "nominal",
            "title": None,
            "sort": list(dict.fromkeys(each["name"] for each in values)),
            "axis": {"ticks": False},
        },
        "x": {"field": "cost", "type": "quantitative", "title": title, "axis": {"tickCount": 5}},
    }
    encoding |= {} if colour is None else {"color": colour}
    encoding |= {} if offset is None else {"yOffset": offset}
    return {
        "height": rows * (ROW if offset is None else ROW // 2) + 70,
        "data": {"values": list(values)},
        "mark": {"type": "bar", **({} if colour else {"color": "palette:blue"})},
        "encoding": encoding,
    }


def _name(text: str) -> str:
    """Short, and without what the renderer dies of."""
    seen = "".join(
        " " if unicodedata.category(each)[0] == "C" else each if ord(each) <= _BMP_LAST else "▫" for each in text
    )
    return seen if len(seen) <= NAME_MAX else f"{seen[: NAME_MAX - 1]}…"


def _money(amount: Decimal) -> str:
    return f"{amount:,.2f}"


def _share(ratio: Decimal | None) -> str:
    return "–" if ratio is None else f"{ratio:.0%}"
