"""All SQL of rollouts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from core.db import Transaction
from core.rollouts.model import checks, rollouts
from core.rollouts.rules import Result, Round, rounds_of

_C = rollouts.c


async def add(tx: Transaction, values: Mapping[str, Any]) -> None:
    """The rollout is stored."""
    await tx.connection.execute(rollouts.insert().values(tenant_id=tx.tenant, **values))


async def lock(tx: Transaction, rollout_id: UUID) -> Row[Any] | None:
    """The rollout, held for the rest of the transaction."""
    wanted = select(rollouts).where(_C.tenant_id == tx.tenant, _C.rollout_id == rollout_id).with_for_update()
    return (await tx.connection.execute(wanted)).first()


async def by_id(tx: Transaction, rollout_id: UUID) -> Row[Any] | None:
    """The rollout."""
    wanted = select(rollouts).where(_C.tenant_id == tx.tenant, _C.rollout_id == rollout_id)
    return (await tx.connection.execute(wanted)).first()


async def change(tx: Transaction, rollout_id: UUID, values: Mapping[str, Any]) -> Row[Any]:
    """The rollout has these values; how it is then."""
    statement = update(rollouts).where(_C.tenant_id == tx.tenant, _C.rollout_id == rollout_id)
    changed: Row[Any] = (await tx.connection.execute(statement.values(**values).returning(rollouts))).one()
    return changed


async def latest_of(tx: Transaction, subjects: Collection[UUID]) -> dict[UUID, Row[Any]]:
    """The last rollout of each of these subjects that has one."""
    wanted = (
        select(rollouts)
        .ext(distinct_on(_C.subject_id))
        .where(_C.tenant_id == tx.tenant, _C.subject_id.in_(tuple(subjects)))
        .order_by(_C.subject_id, _C.created_at.desc(), _C.rollout_id.desc())
    )
    return {row.subject_id: row for row in await tx.connection.execute(wanted)}


async def page(tx: Transaction, kind: str, *, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
    """Rollouts of this kind, newest first, older than `after`."""
    wanted = select(rollouts).where(_C.tenant_id == tx.tenant, _C.kind == kind)
    if after is not None:
        wanted = wanted.where(_C.rollout_id < after)
    return (await tx.connection.execute(wanted.order_by(_C.rollout_id.desc()).limit(limit))).all()


async def add_round(tx: Transaction, rollout_id: UUID, state: str, at: datetime, results: Sequence[Result]) -> None:
    """What the checks came to at that instant stands with the rollout."""
    about = {"tenant_id": tx.tenant, "rollout_id": rollout_id, "state": state, "at": at}
    await tx.connection.execute(
        checks.insert(),
        [{**about, "name": each.check, "passed": each.passed, "value": each.value} for each in results],
    )


async def rounds(tx: Transaction, rollout_id: UUID, *, since: datetime) -> tuple[Round, ...]:
    """The rounds of checks since then, in order."""
    columns = checks.c
    wanted = select(checks).where(columns.tenant_id == tx.tenant, columns.rollout_id == rollout_id, columns.at >= since)
    rows = await tx.connection.execute(wanted.order_by(columns.at, columns.name))
    return rounds_of((row.at, Result(row.name, row.passed, row.value)) for row in rows)


async def last_checks(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, dict[str, Row[Any]]]:
    """What each check of these rollouts last came to, by its name."""
    columns = checks.c
    wanted = (
        select(checks)
        .ext(distinct_on(columns.rollout_id, columns.name))
        .where(columns.tenant_id == tx.tenant, columns.rollout_id.in_(tuple(ids)))
        .order_by(columns.rollout_id, columns.name, columns.at.desc())
    )
    found: dict[UUID, dict[str, Row[Any]]] = defaultdict(dict)
    for row in await tx.connection.execute(wanted):
        found[row.rollout_id][row.name] = row
    return found
