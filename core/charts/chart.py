"""A chart as data: what is drawn (Vega-Lite), what it says in words, and the same numbers as a table.

Colours are those of Okabe and Ito, told apart also by people who see few colours (https://jfly.uni-koeln.de/color/),
with lighter blues on dark ground. The order of a legend is the order of its bars, so that no colour stands alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

SCHEMA: Final = "https://vega.github.io/schema/vega-lite/v6.json"
WIDTH: Final = 440  # pixels, all of it: scaled down to a telephone's 328 the text is still of 10 pixels
ROW: Final = 34  # pixels for each row of bars
FONT: Final = "Liberation Sans, Arial, sans-serif"  # the renderer carries the first

Json = dict[str, Any]


class Theme(StrEnum):
    """The ground that a chart is drawn on."""

    LIGHT = "light"
    DARK = "dark"


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one theme. Text has a contrast of at least 4.5 with the ground, bars of at least 3."""

    ground: str
    text: str
    muted: str
    line: str
    blue: str
    pale: str
    green: str
    red: str
    grey: str


PALETTES: Final[Mapping[Theme, Palette]] = {
    Theme.LIGHT: Palette(
        "#ffffff", "#1b1d28", "#565d70", "#dcdfe8", "#0072b2", "#b06f00", "#00805d", "#c04f00", "#6f7687"
    ),
    Theme.DARK: Palette(
        "#1c1e26", "#e7e9f0", "#a6adbf", "#333745", "#56b4e9", "#f0e442", "#2fc99b", "#ff8a3d", "#8b92a6"
    ),
}


@dataclass(frozen=True, slots=True)
class Chart:
    """One chart. Each row of `rows` has a cell for each of `columns`, written for people."""

    name: str
    title: str
    description: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    body: Mapping[str, Any]  # Vega-Lite without what every chart has; colours are names of the palette

    def spec(self, theme: Theme) -> Json:
        """The whole chart as Vega-Lite 6, with its numbers inside and no address to fetch."""
        palette = PALETTES[theme]
        return {
            "$schema": SCHEMA,
            "description": self.description,
            "width": WIDTH,
            "autosize": {"type": "fit", "contains": "padding"},
            "background": palette.ground,
            "config": _config(palette),
            **_coloured(dict(self.body), palette),
        }


def colours(**series: str) -> Json:
    """The colour of each series, by the palette's names, in the legend's order."""
    return {
        "domain": [key.replace("_", " ") for key in series],
        "range": [f"palette:{each}" for each in series.values()],
    }


def _coloured(value: Any, palette: Palette) -> Any:
    match value:
        case dict():
            # A person's words stand in `data` alone: there nothing is taken for a colour's name.
            return {key: each if key == "data" else _coloured(each, palette) for key, each in value.items()}
        case list():
            return [_coloured(each, palette) for each in value]
        case str() if value.startswith("palette:"):
            return getattr(palette, value.removeprefix("palette:"))
        case _:
            return value


def _config(palette: Palette) -> Json:
    return {
        "font": FONT,
        "view": {"stroke": None},
        "lineBreak": "\n",
        # A browser draws an SVG with its own fonts, which may be wider than the one that was measured.
        "padding": {"left": 24, "right": 16, "top": 8, "bottom": 8},
        "bar": {"cornerRadiusEnd": 2},
        "axis": {
            "labelColor": palette.text,
            "titleColor": palette.muted,
            "gridColor": palette.line,
            "domainColor": palette.line,
            "tickColor": palette.line,
            "labelFontSize": 13,
            "titleFontSize": 13,
            "titleFontWeight": "normal",
            "labelLimit": 150,
        },
        "legend": {
            "labelColor": palette.text,
            "labelFontSize": 13,
            "orient": "top",
            "title": None,
            "labelLimit": 200,
            "symbolType": "square",
            "columnPadding": 24,
        },
        "text": {"color": palette.text, "fontSize": 14},
    }
