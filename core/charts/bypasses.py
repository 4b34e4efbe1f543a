"""A month of bypasses by reason and by what their reviews said, as a chart. Pure."""

from __future__ import annotations

from typing import Final

from core.charts.chart import Chart, colours
from core.charts.drawing import bars, whole
from core.emergency import BypassReport, Tally

REASONS_DRAWN: Final = 12  # the table has all of them
_VERDICTS: Final = ("justified", "not justified", "not reviewed")


def bypass_chart(report: BypassReport) -> Chart:
    """The reasons, the most frequent first, each divided by verdict."""
    drawn = report.by_reason[:REASONS_DRAWN]
    values = [
        {"stage": each.name, "verdict": verdict, "place": place, "bypasses": count}
        for each in drawn
        for place, (verdict, count) in enumerate(zip(_VERDICTS, _counts(each), strict=True))
    ]
    said = ", ".join(f"{count} {verdict}" for verdict, count in zip(_VERDICTS, _counts(report.all), strict=True))
    return Chart(
        name="bypasses",
        title="Bypasses by reason",
        description=f"Emergency bypasses from {report.first} to {report.last} by reason and verdict: {said}.",
        columns=("Reason", "Bypasses", *(verdict.capitalize() for verdict in _VERDICTS)),
        rows=tuple((each.name, str(each.total), *map(str, _counts(each))) for each in report.by_reason),
        body=bars(
            values,
            "No bypass was used.",
            rows=len(drawn),
            x={
                "field": "bypasses",
                "title": "bypasses",
                "axis": whole(max((each.total for each in drawn), default=0)),
            },
            encoding={
                "order": {"field": "place", "type": "ordinal"},
                "color": {
                    "field": "verdict",
                    "scale": colours(justified="green", not_justified="red", not_reviewed="grey"),
                },
            },
        ),
    )


def _counts(tally: Tally) -> tuple[int, int, int]:
    return tally.justified, tally.not_justified, tally.unreviewed
