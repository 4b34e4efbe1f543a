"""A stretch of days by what was decided in it, whenever it was asked for (P8). Read-only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from sqlalchemy import or_

from core.access import TokenScope, permitted
from core.actor import Actor
from core.approvals.analytics import StageFigures, stage_figures
from core.approvals.model import request_stages, requests
from core.approvals.outcomes import DayOutcomes, Outcomes, outcomes
from core.db import Database
from core.tenants import tenant_policy
from core.zones import zone_of


@dataclass(frozen=True, slots=True)
class Week:
    """What was decided, day by day, and each stage by the decisions of these days; whatever is open counts as open."""

    outcomes: Outcomes
    stages: tuple[StageFigures, ...]

    @property
    def open_now(self) -> int:
        """How many stages wait."""
        return sum(stage.open_now for stage in self.stages)

    @property
    def overdue_now(self) -> int:
        """How many of them are overdue."""
        return sum(stage.overdue_now for stage in self.stages)


async def week(database: Database, actor: Actor, *, since: datetime, until: datetime) -> Week:
    """The figures of the days from `since` until just before `until`. Raises InvalidRequest for no such window."""
    decided = await outcomes(database, actor, since=since, until=until)
    r, s = requests.c, request_stages.c
    async with permitted(database, actor, TokenScope.READ, action="analytics.show", resource="approvals") as tx:
        zone = zone_of((await tenant_policy(tx)).time_zone)
        first, after = since.astimezone(zone).date(), until.astimezone(zone).date()
        in_window = (s.decided_at >= since) & (s.decided_at < until)
        is_open = (s.status == "open") & (r.state == "pending")
        return Week(
            replace(decided, days=_whole(decided.days, first, after)) if decided.days else decided,
            await stage_figures(tx, r.tenant_id == tx.tenant, or_(in_window, is_open)),
        )


def _whole(days: Sequence[DayOutcomes], first: date, after: date) -> tuple[DayOutcomes, ...]:
    """Every day of the window, also those on which nothing was decided: a picture of a week has seven."""
    known = {each.day: each for each in days}
    every = (first + timedelta(days=number) for number in range((after - first).days))
    return tuple(known.pop(day, DayOutcomes(day, 0, 0, 0, 0)) for day in every) + tuple(known.values())
