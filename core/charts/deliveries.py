"""How much a destination takes, hour by hour, as a chart. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from core.charts.chart import Chart

HEIGHT: Final = 120  # pixels: small, beside the figures


def throughput_chart(title: str, hours: Sequence[tuple[datetime, int]]) -> Chart:
    """Deliveries in each hour, by when it began, UTC; the last hour still runs."""
    total = sum(count for _begins, count in hours)
    busiest = max(hours, key=lambda each: each[1], default=None)
    said = f"{total:,} in all" + (f", {busiest[1]:,} in the busiest hour." if busiest and total else ".")
    labels = [(f"{begins:%Y-%m-%d %H:%M}", count) for begins, count in hours]
    return Chart(
        name="throughput",
        title=f"Delivered to {title} in each hour",
        description=f"Deliveries per hour of the last day, in UTC: {said}",
        columns=("Hour (UTC)", "Delivered"),
        rows=tuple((whole, f"{count:,}") for whole, count in labels),
        body={
            "height": HEIGHT,
            "data": {"values": [{"hour": whole, "delivered": count} for whole, count in labels]},
            "mark": {"type": "bar", "color": "palette:blue"},
            "encoding": {
                "x": {
                    "field": "hour",
                    "type": "ordinal",
                    "title": None,
                    "sort": None,
                    "axis": {"labelExpr": "slice(datum.value, 11, 16)", "labelAngle": 0, "labelOverlap": True},
                },
                "y": {"field": "delivered", "type": "quantitative", "title": None, "axis": {"tickMinStep": 1}},
            },
        },
    )
