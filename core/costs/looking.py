"""Use cases: what was spent, on what, line by line if asked (C3, C7); the rate card; and whether the sums are true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import TokenScope, permitted, require
from core.actor import Actor
from core.costs import checks, queries
from core.costs.bearing import Bearers
from core.costs.catalogue import RateCatalogue
from core.costs.comparing import Check, compare_sums
from core.costs.errors import InvalidGrouping
from core.costs.queries import CostFilter, CostRow, Group
from core.costs.rates import RateCard
from core.db import Database, Transaction
from core.roles.permissions import Permission

GROUPS_MAX: Final = 4
PAGE_MAX: Final = 1000


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One line of the ledger, as doors show it."""

    id: UUID
    usage_id: str
    at: datetime
    is_reversal: bool
    project: str
    agent: str
    meter: str
    meter_class: str
    quantity: Decimal
    amount: Decimal
    currency: str
    recorded_at: datetime


async def costs_by(
    database: Database,
    actor: Actor,
    by: Sequence[Group],
    where: CostFilter,
    *,
    after: tuple[str, ...] | None = None,
    limit: int = 100,
    bearers: Bearers | None = None,
) -> tuple[CostRow, ...]:
    """What each group cost; `bearers` say which cost centre bears what.

    Raises InvalidGrouping, or PermissionMissing for whoever may not view the audit trail.
    """
    if len(set(by)) != len(by) or not 1 <= len(by) <= GROUPS_MAX:
        raise InvalidGrouping(
            f"Costs are grouped by 1 to {GROUPS_MAX} different things.", where="group_by", accepted=tuple(Group)
        )
    async with permitted(database, actor, TokenScope.READ, action="costs.show", resource="costs") as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        known = await bearers(tx) if bearers else ()
        return await queries.sums(tx, by, where, after=after, limit=limit, bearers=known)


async def ledger_lines(
    database: Database,
    actor: Actor,
    where: CostFilter,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 100,
    bearers: Bearers | None = None,
) -> tuple[LedgerLine, ...]:
    """Lines of the ledger, the newest use first."""
    async with permitted(database, actor, TokenScope.READ, action="usage.list", resource="usage") as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        known = await bearers(tx) if bearers and where.cost_centres else ()
        return tuple(_line(row) for row in await queries.lines(tx, where, after=after, limit=limit, bearers=known))


async def spent_in(
    tx: Transaction,
    *,
    project: str = "",
    agent: str = "",
    meter_class: str = "",
    currency: str,
    since: datetime,
    until: datetime,
) -> tuple[Decimal, int]:
    """What was spent from an instant to before another, and by how many events; an empty name means all."""
    where = _of(project, agent, meter_class)
    return await queries.spent_between(tx, where, currency=currency, since=since, until=until)


async def spent_by_step(
    tx: Transaction,
    *,
    project: str = "",
    agent: str = "",
    meter_class: str = "",
    currency: str,
    since: datetime,
    until: datetime,
    step: timedelta,
) -> tuple[tuple[datetime, Decimal], ...]:
    """(when a step ends, what was spent in it) of each step after `since` in which something was, in their order."""
    where = _of(project, agent, meter_class)
    return await queries.spent_by_step(tx, where, currency=currency, since=since, until=until, step=step)


def _of(project: str, agent: str, meter_class: str) -> CostFilter:
    return CostFilter(
        projects=(project,) if project else (),
        agents=(agent,) if agent else (),
        meter_classes=(meter_class,) if meter_class else (),
    )


async def show_rates(database: Database, rates: RateCatalogue, actor: Actor) -> RateCard:
    """The rate card of the actor's tenant."""
    async with permitted(database, actor, TokenScope.READ, action="costs.rates", resource="rate card"):
        return rates.for_tenant(actor.tenant)


async def check_sums(database: Database, actor: Actor, *, repair: bool = False) -> Check:
    """Every sum has been compared with the ledger, to the last digit; a difference is recorded and told of.

    With `repair` the sums are made anew from the ledger where they differ. Raises PermissionMissing.
    """
    async with permitted(database, actor, TokenScope.ADMIN, action="costs.checked", resource="ledger") as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.ADMIN)
        return await compare_sums(tx, actor, repair=repair)


async def list_checks(database: Database, actor: Actor, *, limit: int = 30) -> tuple[Check, ...]:
    """The newest checks first."""
    async with permitted(database, actor, TokenScope.READ, action="costs.checks", resource="ledger") as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        return tuple(
            Check(row.checked_at, row.lines, row.differing, row.repaired, tuple(row.differences), tuple(row.months))
            for row in await checks.checks(tx, limit=limit)
        )


def _line(row: Row[Any]) -> LedgerLine:
    return LedgerLine(
        id=row.line_id,
        usage_id=row.usage_id,
        at=row.at,
        is_reversal=row.is_reversal,
        project=row.project,
        agent=row.agent,
        meter=row.meter,
        meter_class=row.meter_class,
        quantity=row.quantity,
        amount=row.amount,
        currency=row.currency,
        recorded_at=row.recorded_at,
    )
