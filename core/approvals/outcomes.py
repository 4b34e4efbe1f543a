"""What was decided in a window of time, whenever it was asked for (P8). Read-only.

`analytics.figures` selects by when a request was opened; this selects by when it was decided, as weekly summaries need.
A request counts under the state that it has now: one that was approved and has expired since counts as expired.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, func, literal, select
from sqlalchemy.dialects.postgresql import JSONB

from core.access import TokenScope, permitted
from core.actor import Actor
from core.approvals.analytics import window
from core.approvals.model import requests
from core.db import Database, Transaction
from core.tenants import tenant_policy


@dataclass(frozen=True, slots=True)
class DayOutcomes:
    """One day of the tenant's calendar on which something was decided."""

    day: date
    approved: int
    rejected: int
    withdrawn: int
    expired: int


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Everything that was decided in the window. Days without a decision are left out."""

    since: datetime
    until: datetime
    days: tuple[DayOutcomes, ...]
    automatic: int  # approved by policy alone
    by_people: int  # approved or rejected by somebody

    @property
    def automatic_share(self) -> float | None:
        """Of all that was approved or rejected, the share that needed nobody; None if there was nothing."""
        decided = self.automatic + self.by_people
        return self.automatic / decided if decided else None


async def outcomes(
    database: Database, actor: Actor, *, since: datetime | None = None, until: datetime | None = None
) -> Outcomes:
    """What was decided in the window, by default the last thirty days. Raises InvalidRequest for one that is none."""
    async with permitted(database, actor, TokenScope.READ, action="analytics.show", resource="approvals") as tx:
        start, end = window(since, until, now=tx.now)
        zone = (await tenant_policy(tx)).time_zone
        automatic, by_people = await _by_whom(tx, start, end)
        return Outcomes(start, end, await _days(tx, start, end, zone=zone), automatic, by_people)


def _decided(tx: Transaction, since: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    columns = requests.c
    return (
        columns.tenant_id == tx.tenant,
        columns.decided_at >= since,
        columns.decided_at < until,
        columns.state != "pending",
    )


async def _days(tx: Transaction, since: datetime, until: datetime, *, zone: str) -> tuple[DayOutcomes, ...]:
    columns = requests.c
    # Grouping by the expression would send the zone twice, and PostgreSQL would see two different parameters.
    dated = (
        select(func.timezone(zone, columns.decided_at).label("local"), columns.state)
        .where(*_decided(tx, since, until))
        .subquery()
    )
    day = func.date_trunc("day", dated.c.local).label("day")
    states = ("approved", "rejected", "withdrawn", "expired")
    counts = (func.count().filter(dated.c.state == state).label(state) for state in states)
    rows = await tx.connection.execute(select(day, *counts).group_by("day").order_by("day"))
    return tuple(DayOutcomes(row.day.date(), row.approved, row.rejected, row.withdrawn, row.expired) for row in rows)


async def _by_whom(tx: Transaction, since: datetime, until: datetime) -> tuple[int, int]:
    """(by policy alone, by people), of what was approved or rejected."""
    columns = requests.c
    criteria: ColumnElement[Any] = columns.assessment["automatic"]
    broken = columns.assessment.contains(literal({"automatic": [{"holds": False}]}, JSONB))
    is_automatic = func.coalesce(
        and_(columns.state == "approved", func.jsonb_array_length(criteria) > 0, ~broken), False
    )
    is_decided = columns.state.in_(("approved", "rejected"))
    row = (
        await tx.connection.execute(
            select(
                func.count().filter(is_decided & is_automatic).label("automatic"),
                func.count().filter(is_decided & ~is_automatic).label("by_people"),
            ).where(*_decided(tx, since, until))
        )
    ).one()
    return row.automatic, row.by_people
