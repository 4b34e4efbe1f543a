"""A month of emergency bypasses in figures and a picture (E2)."""

from __future__ import annotations

from datetime import date, timedelta

from aiohttp import web

from core.charts import PictureFormat, Theme, bypass_chart
from core.emergency import bypass_report
from web.console.front import CONTENT_SECURITY_POLICY, Look


async def report(look: Look) -> web.Response:
    """`GET /console/bypasses/report?month=2026-03`: that month, or the last whole one."""
    found = await bypass_report(look.database, look.actor, month=look.query("month"))
    following = found.last + timedelta(days=1)
    has_begun = following <= look.sight.now.astimezone(look.sight.place).date()
    return look.page(
        "bypass_report.html",
        place="bypasses",
        report=found,
        chart=bypass_chart(found),
        month=_month(found.first),
        before=_month(found.first - timedelta(days=1)),
        after=_month(following) if has_begun else "",
    )


async def chart(look: Look) -> web.Response:
    """`GET /console/bypasses/report.svg?month=2026-03&theme=dark`: the picture of that page."""
    theme = Theme.DARK if look.query("theme") == Theme.DARK else Theme.LIGHT
    found = bypass_chart(await bypass_report(look.database, look.actor, month=look.query("month")))
    return web.Response(
        body=await look.house.renderer.draw(found, PictureFormat.SVG, theme),
        content_type=PictureFormat.SVG.media_type,
        # The page's policy holds for the picture too, should somebody open it by itself: it may run and fetch nothing.
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"},
    )


def _month(day: date) -> str:
    return f"{day:%Y-%m}"
