"""Approvals as pictures: one definition for API, console and command line (P8).

chart.py        a chart as data: Vega-Lite, words and a table; themes
definitions.py  pure: the charts that figures make
drawing.py      pure: what charts of counts are drawn with
burn.py         pure: how a budget burns; ticks.py: names of hours, days and months below it
bypasses.py     pure: a month of bypasses
impact.py       pure: what feels a change
deliveries.py   pure: what a destination takes, hour by hour
costs.py        pure: days, shares, trend, forecast, return, chargeback
service_levels.py   pure: how a service does, and how its error budget goes
service_reports.py  reports of service levels with their charts
service.py      the charts of a tenant
rendering.py    Vega-Lite -> SVG, PNG, in a process of its own (worker.py)
"""

from core.charts.burn import burn_chart
from core.charts.bypasses import bypass_chart
from core.charts.chart import Chart, Theme
from core.charts.costs import (
    centres_chart,
    days_chart,
    forecast_chart,
    shares_chart,
    tornado_chart,
    trend_chart,
)
from core.charts.definitions import NAMES
from core.charts.definitions import charts_of_week as weekly_charts
from core.charts.deliveries import throughput_chart
from core.charts.impact import impact_chart
from core.charts.rendering import PictureFailed, PictureFormat, Renderer
from core.charts.service import UnknownChart, approval_chart, approval_charts
from core.charts.service_levels import service_chart, service_charts
from core.charts.service_reports import ReportFormat, run_charts, write_report

__all__ = [
    "NAMES",
    "Chart",
    "PictureFailed",
    "PictureFormat",
    "Renderer",
    "ReportFormat",
    "Theme",
    "UnknownChart",
    "approval_chart",
    "approval_charts",
    "burn_chart",
    "bypass_chart",
    "centres_chart",
    "days_chart",
    "forecast_chart",
    "impact_chart",
    "run_charts",
    "service_chart",
    "service_charts",
    "shares_chart",
    "throughput_chart",
    "tornado_chart",
    "trend_chart",
    "weekly_charts",
    "write_report",
]
