"""The charts of a tenant's approvals."""

from __future__ import annotations

from datetime import datetime

from core.actor import Actor
from core.approvals import Figures, figures, outcomes
from core.charts import definitions
from core.charts.chart import Chart
from core.charts.definitions import NAMES, OF_OUTCOMES
from core.db import Database
from core.errors import NotFound


class UnknownChart(NotFound):
    """There is no such chart."""

    code = "charts.unknown"


async def approval_charts(database: Database, actor: Actor, found: Figures) -> tuple[Chart, ...]:
    """Every chart of the figures' window."""
    decided = await outcomes(database, actor, since=found.since, until=found.until)
    return definitions.approval_charts(found, decided)


async def approval_chart(
    database: Database, actor: Actor, name: str, *, since: datetime | None = None, until: datetime | None = None
) -> Chart:
    """One chart of the window, by default the last thirty days; nothing is counted that it does not show.

    Raises UnknownChart, or InvalidRequest for a window that is none.
    """
    if name not in NAMES:
        raise UnknownChart(f"There is no chart '{name}'.", where="name", accepted=NAMES)
    if name in OF_OUTCOMES:
        charts = definitions.charts_of_outcomes(await outcomes(database, actor, since=since, until=until))
    else:
        charts = definitions.charts_of_figures(await figures(database, actor, since=since, until=until))
    return next(each for each in charts if each.name == name)
