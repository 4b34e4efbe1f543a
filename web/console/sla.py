"""Service levels: every service, one with its charts and error budgets, objectives, reports and plans (S7, S8)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from urllib.parse import quote

from aiohttp import web

from core.charts import Chart, PictureFormat, ReportFormat, Theme, service_chart, service_charts, write_report
from core.charts.service_levels import NAMES
from core.errors import NotFound
from core.sla import (
    ReportKind,
    export_report,
    figure_words,
    get_course,
    get_status,
    get_trends,
    list_actions,
    list_credits,
    list_objectives,
    list_plans,
    list_services,
    service_report,
    value_words,
)
from web.console.front import CONTENT_SECURITY_POLICY, Look
from web.console.improvements import rights

_WINDOWS: Final = (1, 7, 30)  # days
_SERVICES_SHOWN: Final = 200
_WEEK_DAYS: Final = 7
_MONTH_DAYS: Final = 31
_QUARTER_DAYS: Final = 92
_TREND_DAYS: Final = 30
# A report of ours carries its style inside, and runs nothing.
_REPORT_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'"


async def services(look: Look) -> web.Response:
    """`GET /console/sla`: every service, how it stands and why."""
    found = await list_services(look.database, look.house.sla, look.actor, limit=_SERVICES_SHOWN)
    return look.page("sla.html", place="sla", services=found, value_words=value_words, figure_words=figure_words)


async def service(look: Look) -> web.Response:
    """`GET /console/sla/services/{service}?days=1`: one service."""
    name, days = look.request.match_info["service"], _days(look)
    status = await get_status(look.database, look.house.sla, look.actor, name, window=timedelta(days=days))
    charts: tuple[Chart, ...] = ()
    trends: list[str] = []
    if status.last_sample_at is not None:
        course = await get_course(look.database, look.house.sla, look.actor, name, days=days)
        charts = service_charts(course, zone=str(look.sight.place))
        run = await get_trends(look.database, look.house.sla, look.actor, name, days=_TREND_DAYS)
        trends = [sentence for each in run.trends for sentence in each.sentences]
    return look.page(
        "sla_service.html",
        place="sla",
        found=status,
        charts=charts,
        trends=trends,
        days=days,
        windows=_WINDOWS,
        path=f"/console/sla/services/{quote(name, safe='')}",
        value_words=value_words,
        figure_words=figure_words,
        plans=await list_plans(look.database, look.house.sla, look.actor, service=name, limit=5),
        actions=await list_actions(look.database, look.house.sla, look.actor, service=name, limit=20),
        people=(),
        **rights(look),
    )


async def chart(look: Look) -> web.Response:
    """`GET /console/sla/services/{service}/{chart}.svg?days=1&theme=dark`: one picture of that page."""
    theme = Theme.DARK if look.query("theme") == Theme.DARK else Theme.LIGHT
    name = look.request.match_info["chart"]
    if name not in NAMES:
        raise NotFound("There is no such chart.", accepted=NAMES)
    course = await get_course(
        look.database, look.house.sla, look.actor, look.request.match_info["service"], days=_days(look)
    )
    found = service_chart(course, name, zone=str(look.sight.place))
    return web.Response(
        body=await look.house.renderer.draw(found, PictureFormat.SVG, theme),
        content_type=PictureFormat.SVG.media_type,
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"},
    )


async def objectives(look: Look) -> web.Response:
    """`GET /console/sla/objectives`: everything that is promised."""
    found = await list_objectives(look.database, look.house.sla, look.actor, limit=_SERVICES_SHOWN)
    return look.page("sla_objectives.html", place="sla", objectives=found)


async def reports(look: Look) -> web.Response:
    """`GET /console/sla/reports?period=2026-03`: credits, and reports to read or take along."""
    period = look.query("period")
    found = await list_credits(look.database, look.house.sla, look.actor, period=period)
    kinds = [each.value for each in ReportKind]
    return look.page(
        "sla_reports.html", place="sla", credits=found, period=period, kinds=kinds, period_words=period_words
    )


async def report(look: Look) -> web.Response:
    """`GET /console/sla/reports/{report}?period=2026-03&format=pdf`: one report."""
    kind = look.request.match_info["report"]
    wanted = look.query("format")
    form = ReportFormat(wanted) if wanted in set(ReportFormat) else ReportFormat.HTML
    made = service_report if form is ReportFormat.HTML else export_report
    found = await made(
        look.database,
        look.house.sla,
        look.actor,
        kind,
        period=look.query("period"),
        service=look.query("service") or None,
    )
    headers = {"Cache-Control": "no-store"}
    if form is ReportFormat.HTML:
        headers["Content-Security-Policy"] = _REPORT_POLICY
    else:
        headers["Content-Disposition"] = f'attachment; filename="service-levels-{kind}.{form}"'
    charset = None if form is ReportFormat.PDF else "utf-8"
    body = await write_report(found, form, look.house.renderer)
    return web.Response(body=body, content_type=form.media_type, charset=charset, headers=headers)


def period_words(start: datetime, end: datetime) -> str:
    """`October 2026`, `Q4 2026`, `2026`, or a day or a week by its first day; whatever the tenant's time zone."""
    middle, days = start + (end - start) / 2, round((end - start) / timedelta(days=1))
    if days > _QUARTER_DAYS:
        return f"{middle:%Y}"
    if days > _MONTH_DAYS:
        return f"Q{(middle.month + 2) // 3} {middle:%Y}"
    if days > _WEEK_DAYS:
        return f"{middle:%B %Y}"
    if days == 1:
        return f"{middle.day} {middle:%b %Y}"
    monday = middle - timedelta(days=middle.weekday())
    return f"the week of {monday.day} {monday:%b %Y}"


def _days(look: Look) -> int:
    return next((each for each in _WINDOWS if str(each) == look.query("days")), 1)
