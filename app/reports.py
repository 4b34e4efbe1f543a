"""Figures and pictures for the command line: approvals of some days, bypasses of a month."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path

from app.administration import existing, operator, run
from app.container import Service
from config.settings import Settings
from core.approvals import Figures, figures
from core.charts import Chart, PictureFormat, Renderer, Theme, approval_charts, bypass_chart
from core.emergency import BypassReport, bypass_report


def approval_figures(settings: Settings, tenant: str, *, days: int) -> Figures:
    """Approvals of the last days, in figures."""

    async def read(service: Service) -> Figures:
        actor = operator(await existing(service, tenant))
        since = service.clock.now() - timedelta(days=days)
        return await figures(service.database, actor, since=since)

    return run(settings, read)


def approval_pictures(settings: Settings, tenant: str, *, days: int, folder: Path) -> list[Path]:
    """Each chart of the last days as SVG and PNG in the folder, which is made if it is missing."""

    async def draw(service: Service) -> list[Path]:
        actor = operator(await existing(service, tenant))
        found = await figures(service.database, actor, since=service.clock.now() - timedelta(days=days))
        return await _draw(await approval_charts(service.database, actor, found), folder)

    return run(settings, draw)


def bypass_figures(settings: Settings, tenant: str, *, month: str) -> BypassReport:
    """The bypasses of the month, or of the last whole one, in figures."""

    async def read(service: Service) -> BypassReport:
        return await bypass_report(service.database, operator(await existing(service, tenant)), month=month)

    return run(settings, read)


def bypass_pictures(settings: Settings, tenant: str, *, month: str, folder: Path) -> list[Path]:
    """The month's chart as SVG and PNG in the folder, which is made if it is missing."""

    async def draw(service: Service) -> list[Path]:
        found = await bypass_report(service.database, operator(await existing(service, tenant)), month=month)
        return await _draw([bypass_chart(found)], folder)

    return run(settings, draw)


async def _draw(charts: Iterable[Chart], folder: Path) -> list[Path]:
    """Each chart in each form, in a folder that is there then."""
    renderer = Renderer()
    try:
        drawn = {
            folder / f"{chart.name}.{picture}": await renderer.draw(chart, picture, Theme.LIGHT)
            for chart in charts
            for picture in PictureFormat
        }
    finally:
        await renderer.close()
    await asyncio.to_thread(_write, drawn)
    return list(drawn)


def _write(files: Mapping[Path, bytes]) -> None:
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
