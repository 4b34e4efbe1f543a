"""The charts of a tenant's approvals."""

from __future__ import annotations

from datetime import datetime

from core.actor import Actor
from core.approvals import figures, outcomes
from core.charts import definitions
from core.charts.chart import Chart
from core.charts.definitions import NAMES
from core.db import Database
from core.errors import NotFound


class UnknownChart(NotFound):
    """There is no such chart."""

    code = "charts.unknown"


async def approval_charts(
    database: Database, actor: Actor, *, since: datetime | None = None, until: datetime | None = None
) -> tuple[Chart, ...]:
    """Every chart of the window, by default the last thirty days. Raises InvalidRequest for one that is none."""
    end = until or database.clock.now()
    return definitions.approval_charts(
        await figures(database, actor, since=since, until=end), await outcomes(database, actor, since=since, until=end)
    )


async def approval_chart(
    database: Database, actor: Actor, name: str, *, since: datetime | None = None, until: datetime | None = None
) -> Chart:
    """One of them. Raises UnknownChart, and as `approval_charts`."""
    if name not in NAMES:
        raise UnknownChart(f"There is no chart '{name}'.", where="name", accepted=NAMES)
    found = await approval_charts(database, actor, since=since, until=until)
    return next(each for each in found if each.name == name)
