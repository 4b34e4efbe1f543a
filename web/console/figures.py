"""Approvals in figures and pictures."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from aiohttp import web

from core.approvals import figures
from core.charts import PictureFormat, Theme, approval_chart, approval_charts
from web.console.bars import bar
from web.console.front import CONTENT_SECURITY_POLICY, Look

_WINDOWS: Final = (7, 30, 90, 365)  # days


async def analytics(look: Look) -> web.Response:
    """`GET /console/analytics`: where the time goes, of the requests opened in the last so many days."""
    days = _days(look)
    since = _since(look, days)
    found = await figures(look.database, look.actor, since=since, until=None)
    longest = max((each.time.median_s or 0 for each in found.stages), default=0)
    slowest = max((each.response.median_s or 0 for each in found.approvers), default=0)
    return look.page(
        "analytics.html",
        place="analytics",
        figures=found,
        charts=await approval_charts(look.database, look.actor, found),
        days=days,
        windows=_WINDOWS,
        bar=bar,
        longest=longest,
        slowest=slowest,
    )


async def chart(look: Look) -> web.Response:
    """`GET /console/analytics/charts/{name}.svg?days=30&theme=dark`: one picture of that page."""
    theme = Theme.DARK if look.query("theme") == Theme.DARK else Theme.LIGHT
    name = look.request.match_info["name"]
    found = await approval_chart(look.database, look.actor, name, since=_since(look, _days(look)))
    return web.Response(
        body=await look.house.renderer.draw(found, PictureFormat.SVG, theme),
        content_type=PictureFormat.SVG.media_type,
        # The page's policy holds for the picture too, should somebody open it by itself: it may run and fetch nothing.
        headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY, "Cache-Control": "no-store"},
    )


def _days(look: Look) -> int:
    return next((each for each in _WINDOWS if str(each) == look.query("days")), 30)


def _since(look: Look, days: int) -> datetime:
    return look.sight.now - timedelta(days=days)
