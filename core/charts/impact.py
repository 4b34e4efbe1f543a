"""What feels a change, as a picture: from what is touched on the left, step by step to the right. Pure (G4)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from core.charts.chart import ROW, Chart, Json, colours
from core.charts.drawing import nothing
from core.dependencies import Felt

DRAWN: Final = 40  # the table has all of them
NAME_MAX: Final = 22  # characters of a name in the picture
_BMP_LAST: Final = 0xFFFF  # the renderer fails on half an emoji


def impact_chart(reference: str, radius: Sequence[Felt]) -> Chart:
    """The blast radius of the change; the nearest are drawn, and the table has all."""
    drawn = radius[:DRAWN]
    others = [each for each in radius if each.distance]
    left_out = len(radius) - len(drawn)
    more = f" {left_out} farther ones are not drawn." if left_out else ""
    steps = max((each.distance for each in radius), default=0)
    feel = f"{len(others)} more feel it" if len(others) > 1 else "1 more feels it"
    away = f"up to {steps} steps away" if steps > 1 else "1 step away"
    said = f"{feel}, {away}." if others else "Nothing else feels it."
    return Chart(
        name="impact",
        title=f"What feels {reference}",
        description=f"{reference} touches {len(radius) - len(others)}. {said}{more}",
        columns=("Resource", "Steps away", "Through"),
        rows=tuple((each.resource, str(each.distance), each.via or "–") for each in radius),
        body=_body(drawn),
    )


def _body(drawn: Sequence[Felt]) -> Json:
    if not drawn:
        return nothing("It touches nothing.")
    places: dict[str, tuple[int, int]] = {}
    heights: Counter[int] = Counter()
    for each in drawn:
        places[each.resource] = (each.distance, heights[each.distance])
        heights[each.distance] += 1
    nodes = [
        {"x": x, "y": y, "name": _name(name), "kind": "touched" if x == 0 else "feels it"}
        for name, (x, y) in places.items()
    ]
    edges = [
        {
            "x": places[each.via][0],
            "y": places[each.via][1],
            "x2": places[each.resource][0],
            "y2": places[each.resource][1],
        }
        for each in drawn
        if each.via
    ]
    last = max(each.distance for each in drawn)
    x = {"field": "x", "type": "quantitative", "axis": None, "scale": {"domain": [-0.2, last + 0.9], "nice": False}}
    most = max(heights.values())
    y = {"field": "y", "type": "quantitative", "axis": None, "scale": {"domain": [most - 0.4, -0.6], "nice": False}}
    place = {"x": x, "y": y}
    layers: list[Json] = [
        {
            "data": {"values": nodes},
            "mark": {"type": "point", "filled": True, "size": 90, "opacity": 1},
            "encoding": {
                **place,
                "color": {"field": "kind", "type": "nominal", "scale": colours(touched="red", feels_it="blue")},
            },
        },
        {
            "data": {"values": nodes},
            "mark": {"type": "text", "align": "left", "dx": -4, "dy": -13, "fontSize": 11},  # above the lines
            "encoding": {**place, "text": {"field": "name", "type": "nominal"}},
        },
    ]
    if edges:
        line = {"type": "rule", "color": "palette:muted", "opacity": 0.6}
        ends = {**place, "x2": {"field": "x2"}, "y2": {"field": "y2"}}
        layers.insert(0, {"data": {"values": edges}, "mark": line, "encoding": ends})
    return {"height": most * ROW + 60, "layer": layers}


def _name(resource: str) -> str:
    """Short, and without what the renderer dies of."""
    seen = "".join(
        each if each.isprintable() and ord(each) <= _BMP_LAST else "▫" for each in resource.partition(":")[2]
    )
    return seen if len(seen) <= NAME_MAX else f"{seen[: NAME_MAX - 1]}…"
