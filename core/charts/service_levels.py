"""How a service does, hour by hour, and how its error budget goes, as charts. Pure (S7)."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from core.charts.chart import Chart, Json, colours
from core.charts.drawing import nothing
from core.sla import Course, Metric, value_words

NAMES: Final = ("response-time", "operations", "budget")
HEIGHT: Final = 180
_NOTHING: Final = "No sample in this time."
_LABELS: Final = "slice(datum.value, {start}, {end})"


def service_charts(course: Course, *, zone: str = "UTC") -> tuple[Chart, ...]:
    """The charts in the order of NAMES; times are of the zone."""
    place = ZoneInfo(zone)
    return _response_time(course, place), _operations(course, place), _budget(course, place)


def service_chart(course: Course, name: str, *, zone: str = "UTC") -> Chart:
    """The chart of that name, which is one of NAMES."""
    return next(each for each in service_charts(course, zone=zone) if each.name == name)


def _response_time(course: Course, place: ZoneInfo) -> Chart:
    points = [(each, each.p95) for each in course.hours if each.p95 is not None]
    bound = course.response_time.bound.limit if course.response_time else None
    values = [{"hour": _when(each.start, place), "p95": round(p95, 6)} for each, p95 in points]
    worst = max(points, key=lambda one: one[1], default=None)
    said = f"worst {value_words(Metric.RESPONSE_TIME, worst[1])} at {_when(worst[0].start, place)}" if worst else "none"
    layers: list[Json] = [
        {
            "mark": {"type": "line", "color": "palette:blue", "point": {"color": "palette:blue", "size": 20}},
            "encoding": {"x": _hours(course), "y": _axis("p95", "seconds")},
        }
    ]
    if bound is not None:
        layers.append({"mark": {"type": "rule", "color": "palette:red"}, "encoding": {"y": {"datum": bound}}})
    promised = f" The line is the promise, {value_words(Metric.RESPONSE_TIME, bound)}." if bound is not None else ""
    return Chart(
        name="response-time",
        title="Response time",
        description=f"95th percentile of each hour: {said}.{promised}",
        columns=("Hour", "95th percentile", "Operations"),
        rows=tuple(
            (_when(each.start, place), value_words(Metric.RESPONSE_TIME, p95), f"{each.total:,}")
            for each, p95 in points
        ),
        body={"height": HEIGHT, "data": {"values": values}, "layer": layers} if values else nothing(_NOTHING),
    )


def _operations(course: Course, place: ZoneInfo) -> Chart:
    total, failed = (sum(getattr(each, name) for each in course.hours) for name in ("total", "failed"))
    values = [
        {"hour": _when(each.start, place), "outcome": outcome, "place": order, "operations": count}
        for each in course.hours
        for order, (outcome, count) in enumerate((("failed", each.failed), ("succeeded", each.total - each.failed)))
    ]
    body: Json = {
        "height": HEIGHT,
        "data": {"values": values},
        "mark": {"type": "bar"},
        "encoding": {
            "x": _hours(course),
            "y": {**_axis("operations", "operations"), "stack": True},
            "order": {"field": "place", "type": "ordinal"},
            "color": {"field": "outcome", "type": "nominal", "scale": colours(succeeded="blue", failed="red")},
        },
    }
    return Chart(
        name="operations",
        title="Operations",
        description=f"Operations of each hour: {total:,} in all, {failed:,} of them failed.",
        columns=("Hour", "Operations", "Failed"),
        rows=tuple((_when(each.start, place), f"{each.total:,}", f"{each.failed:,}") for each in course.hours),
        body=body if values else nothing(_NOTHING),
    )


def _budget(course: Course, place: ZoneInfo) -> Chart:
    found = course.burndown
    points = found.points if found else ()
    values = [{"at": at.astimezone(place).strftime("%Y-%m-%dT%H:%M:%S"), "left": round(left, 4)} for at, left in points]
    what = f"{found.objective.words}, {found.objective.window.words}" if found else "nothing is promised"
    left = f"{points[-1][1]:.0%} left" if points else "nothing measured"
    body: Json = {
        "height": HEIGHT,
        "data": {"values": values},
        "layer": [
            {
                "mark": {"type": "area", "line": {"color": "palette:green"}, "color": "palette:green", "opacity": 0.3},
                "encoding": {
                    "x": {
                        "field": "at",
                        "type": "temporal",
                        "title": None,
                        "axis": {"format": "%d %b %H:%M", "tickCount": 4, "labelOverlap": True, "labelSeparation": 12},
                    },
                    "y": {**_axis("left", "budget left"), "axis": {"format": "%", "tickCount": 4}},
                },
            },
            {"mark": {"type": "rule", "color": "palette:red"}, "encoding": {"y": {"datum": 0}}},
        ],
    }
    return Chart(
        name="budget",
        title="Error budget",
        description=f"What is left of the error budget ({what}): {left}.",
        columns=("At", "Left"),
        rows=tuple((_when(at, place), f"{share:.1%}") for at, share in points),
        body=body if values else nothing(_NOTHING),
    )


def _hours(course: Course) -> Json:
    label = _LABELS.format(start=11, end=16) if course.days == 1 else _LABELS.format(start=5, end=16)
    return {
        "field": "hour",
        "type": "ordinal",
        "title": None,
        "sort": None,
        "axis": {"labelExpr": label, "labelAngle": 0 if course.days == 1 else -45, "labelOverlap": True},
    }


def _axis(field: str, title: str) -> Json:
    return {"field": field, "type": "quantitative", "title": title, "axis": {"tickCount": 4}}


def _when(at: datetime, place: ZoneInfo) -> str:
    return f"{at.astimezone(place):%Y-%m-%d %H:%M}"
