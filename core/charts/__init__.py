"""Approvals as pictures: one definition for API, console and command line (P8).

chart.py        a chart as data: Vega-Lite, words and a table; themes
definitions.py  pure: the charts that figures make
service.py      the charts of a tenant
rendering.py    Vega-Lite -> SVG, PNG, in a process of its own (worker.py)
"""

from core.charts.chart import Chart, Theme
from core.charts.definitions import NAMES
from core.charts.rendering import PictureFailed, PictureFormat, Renderer
from core.charts.service import UnknownChart, approval_chart, approval_charts

__all__ = [
    "NAMES",
    "Chart",
    "PictureFailed",
    "PictureFormat",
    "Renderer",
    "Theme",
    "UnknownChart",
    "approval_chart",
    "approval_charts",
]
