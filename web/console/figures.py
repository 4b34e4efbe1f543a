"""Approvals in figures."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from aiohttp import web

from core.approvals import figures
from web.console.bars import bar
from web.console.front import Look

_WINDOWS: Final = (7, 30, 90, 365)  # days


async def analytics(look: Look) -> web.Response:
    """`GET /console/analytics`: where the time goes, of the requests opened in the last so many days."""
    days = next((each for each in _WINDOWS if str(each) == look.query("days")), 30)
    found = await figures(look.database, look.actor, since=look.sight.now - timedelta(days=days), until=None)
    longest = max((each.time.median_s or 0 for each in found.stages), default=0)
    slowest = max((each.response.median_s or 0 for each in found.approvers), default=0)
    return look.page(
        "analytics.html",
        place="analytics",
        figures=found,
        days=days,
        windows=_WINDOWS,
        bar=bar,
        longest=longest,
        slowest=slowest,
    )
