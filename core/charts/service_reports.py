"""Reports of service levels with their charts, written as pages, print or a spreadsheet (S8)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from enum import StrEnum
from typing import Final

from core.charts.chart import Chart, Json, Theme
from core.charts.rendering import PictureFailed, PictureFormat, Renderer
from core.documents import Picture, Table, Words, to_csv, to_page, to_pdf
from core.sla import Drawn, Metric, Run, ServiceReport, value_words

WIDTH: Final = 760  # pixels: as wide as a page's text
HEIGHT: Final = 150
_NOT_DRAWN: Final = "The pictures could not be drawn; the tables have every figure."


class ReportFormat(StrEnum):
    """How a report is written."""

    HTML = "html"
    PDF = "pdf"
    CSV = "csv"

    @property
    def media_type(self) -> str:
        """What HTTP calls it."""
        return {"html": "text/html", "pdf": "application/pdf", "csv": "text/csv"}[self.value]


async def write_report(report: ServiceReport, form: ReportFormat, renderer: Renderer) -> bytes:
    """The report as a file. Where pictures cannot be drawn, it says so and has its tables."""
    if form is ReportFormat.CSV:
        return to_csv(report.plain).encode()
    document = report.document(await _illustrated(report, renderer))
    if form is ReportFormat.HTML:
        return to_page(document).encode()
    return await asyncio.to_thread(to_pdf, document)


def run_charts(run: Run) -> tuple[Chart, ...]:
    """Response time and availability against what is promised, and what is left of the error budget."""
    return tuple(each for each in (_response_time(run), _availability(run), _budget(run)) if each is not None)


async def _illustrated(report: ServiceReport, renderer: Renderer) -> list[Table | Words | Picture]:
    found: list[Table | Words | Picture] = []
    is_drawing = True
    for part in report.parts:
        if not isinstance(part, Drawn):
            found.append(part)
            continue
        if is_drawing:
            try:
                found += await _drawn(part.run, renderer)
            except PictureFailed:  # the next ones would wait for their time-out, too
                found.append(Words(_NOT_DRAWN))
                is_drawing = False
        found.append(part.run.table)
    return found


async def _drawn(run: Run, renderer: Renderer) -> list[Picture]:
    return [
        Picture(
            png=await renderer.draw(each, PictureFormat.PNG, Theme.LIGHT),
            words=each.description,
            title=f"{run.service}: {each.title}",
            width=WIDTH,
        )
        for each in run_charts(run)
    ]


def _response_time(run: Run) -> Chart | None:
    points = [(each.day, each.measured.p95 if each.measured else None) for each in run.days]
    known = [(day, value) for day, value in points if value is not None]
    if not known:
        return None
    worst_day, worst = max(known, key=lambda each: each[1])
    bound = run.response_time.bound if run.response_time else None
    said = f"95th percentile of each day: at most {value_words(Metric.RESPONSE_TIME, worst)}, on {worst_day}."
    promised = ""
    if bound is not None and run.response_time is not None:
        over = sum(not bound.admits(value) for _day, value in known)
        promised = f" Promised is {run.response_time.target_words}: {_worse(over, len(known))}."
    return _chart(
        run,
        "response-time",
        "response time",
        said + promised,
        values=[{"day": _at(day), "value": value} for day, value in points],
        axis={"title": "seconds", "axis": {"tickCount": 4}},
        limit=bound.limit if bound else None,
        label=f"promised {run.response_time.target_words}" if run.response_time else "",
    )


def _availability(run: Run) -> Chart | None:
    points = [(each.day, each.measured.availability if each.measured else None) for each in run.days]
    known = [(day, value) for day, value in points if value is not None]
    if not known:
        return None
    worst_day, worst = min(known, key=lambda each: each[1])
    objective = run.availability
    said = f"Availability of each day: at least {value_words(Metric.AVAILABILITY, worst)}, on {worst_day}."
    limit = objective.bound.limit if objective else None
    promised = ""
    if objective is not None:
        under = sum(not objective.bound.admits(value) for _day, value in known)
        promised = f" Promised is {objective.target_words} ({objective.window.words}): {_worse(under, len(known))}."
    lowest = min(worst, limit if limit is not None else 1.0)
    floor = max(0.0, 1 - (1 - lowest) * 1.2) if lowest < 1 else 0.99  # a perfect month needs an axis, too
    return _chart(
        run,
        "availability",
        "availability",
        said + promised,
        values=[{"day": _at(day), "value": value} for day, value in points],
        axis={
            "title": None,
            "scale": {"domain": [floor, 1], "zero": False, "nice": False},
            "axis": {"format": ".5~%", "tickCount": 4},
        },
        limit=limit,
        label=f"promised {objective.target_words}" if objective else "",
    )


def _budget(run: Run) -> Chart | None:
    points = [(each.day, each.left) for each in run.days]
    known = [(day, left) for day, left in points if left is not None]
    if run.budget is None or not known:
        return None
    gone = next((day for day, left in known if left < 0), None)
    last_day, last = known[-1]
    said = f"What is left of the error budget ({run.budget.words}, over {run.over}): {last:.0%} on {last_day}."
    when = "" if gone is None else f" It was gone on {gone}."
    anew = f" It begins anew on {', '.join(map(str, run.resets))}." if run.resets else ""
    return _chart(
        run,
        "budget",
        "error budget",
        said + when + anew,
        values=[{"day": _at(day), "value": left} for day, left in points],
        axis={
            "title": None,
            "scale": {"domainMax": 1, "domainMin": min(0.0, *(left for _day, left in known)), "nice": False},
            "axis": {"format": "%", "tickCount": 4},
        },
        limit=0.0,
        label="nothing left",
    )


def _chart(
    run: Run, name: str, title: str, said: str, *, values: Sequence[Json], axis: Json, limit: float | None, label: str
) -> Chart:
    """A line by day, which is broken where nothing was measured, and the bound beside it."""
    line: Json = {
        "mark": {
            "type": "line",
            "interpolate": "linear",
            "color": "palette:blue",
            "strokeWidth": 2,
            "invalid": "break-paths-show-domains",
            "point": {"color": "palette:blue", "size": 22},
        },
        "encoding": {
            "x": {
                "field": "day",
                "type": "temporal",
                "title": None,
                "axis": {"format": "%d %b", "tickCount": 8, "grid": False},
            },
            "y": {"field": "value", "type": "quantitative", **axis},
        },
    }
    layers = [line]
    if limit is not None:
        once: Json = {"values": [{}]}  # else it would be drawn for every day, one over the other
        rule = {"type": "rule", "color": "palette:red", "strokeDash": [6, 4]}
        layers.append({"data": once, "mark": rule, "encoding": {"y": {"datum": limit}}})
        # Above the plot, where no line runs through it.
        words: Json = {"type": "text", "text": f"– – {label}", "align": "right", "baseline": "bottom", "fontSize": 13}
        place = {"x": {"value": "width"}, "y": {"value": -8}}
        layers.append({"data": once, "mark": {**words, "color": "palette:red"}, "encoding": place})
    rows = tuple((each["day"][:10], "–" if each["value"] is None else f"{each['value']:.6g}") for each in values)
    return Chart(
        name=f"{run.service}-{name}",
        title=title,
        description=said,
        columns=("Day", title),
        rows=rows,
        body={"width": WIDTH, "height": HEIGHT, "data": {"values": list(values)}, "layer": layers},
    )


def _worse(days: int, of: int) -> str:
    return "no day was worse" if not days else f"worse on {days} of {of} days"


def _at(day: object) -> str:
    """Midnight of no time zone: a date alone would be read as one of UTC."""
    return f"{day}T00:00:00"
