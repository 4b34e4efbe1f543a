"""What charts of counts are drawn with. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

from core.charts.chart import ROW, Json

_TICKS: Final = 5


def bars(values: Sequence[Json], otherwise: str, *, rows: int, x: Json, encoding: Json) -> Json:
    """Lying bars, one row for each stage in the order of `values`; words where there is nothing to draw."""
    if not values:
        return nothing(otherwise)
    return {
        "height": max(rows, 1) * (ROW if "yOffset" not in encoding else ROW * 2 // 3) + 80,
        "data": {"values": list(values)},
        "mark": {"type": "bar"},
        "encoding": {
            "y": {
                "field": "stage",
                "type": "nominal",
                "title": None,
                "sort": list(_once(values)),
                "axis": {"ticks": False},
            },
            "x": {"type": "quantitative", **x},
            **{key: {"type": "nominal", **each} for key, each in encoding.items()},
        },
    }


def nothing(words: str) -> Json:
    """Words where there is nothing to draw."""
    return {"height": 80, "data": {"values": [{}]}, "mark": {"type": "text", "text": words}}


def _once(values: Iterable[Json]) -> dict[Any, None]:
    return dict.fromkeys(each["stage"] for each in values)


def whole(most: int) -> Json:
    """The axis of a count: whole numbers, each once."""
    step = max(1, -(-most // _TICKS))
    return {"format": "d", "values": list(range(0, most + step, step))}
