"""All SQL of walks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from core.db import Transaction
from core.tickets.drift import FINDINGS_MAX, Drift, Remedy, drift_from_json
from core.tickets.model import reconciliations

_R: Final = reconciliations.c


@dataclass(frozen=True, slots=True)
class WalkView:
    """One walk as doors show it. `findings` are the first of them; `found` counts all, by what they are."""

    id: UUID
    system: str
    state: str  # running | done | failed
    is_dry_run: bool
    asked_by: str
    started_at: datetime
    finished_at: datetime | None
    total: int
    walked: int
    found: Mapping[str, int]
    repaired: int
    asked: int
    findings: tuple[Drift, ...]
    problem: str


async def running(tx: Transaction, system: str, *, is_dry_run: bool) -> UUID | None:
    """The walk through this system that is not over yet."""
    found: UUID | None = (
        await tx.connection.execute(
            select(_R.reconciliation_id)
            .where(_R.tenant_id == tx.tenant, _R.system == system, _R.state == "running", _R.is_dry_run == is_dry_run)
            .order_by(_R.reconciliation_id)
            .limit(1)
        )
    ).scalar_one_or_none()
    return found


async def add(tx: Transaction, walk: UUID, system: str, *, total: int, asked_by: str, is_dry_run: bool) -> None:
    """A walk that anybody may claim."""
    await tx.connection.execute(
        reconciliations.insert().values(
            tenant_id=tx.tenant,
            reconciliation_id=walk,
            system=system,
            state="running",
            is_dry_run=is_dry_run,
            asked_by=asked_by,
            started_at=tx.now,
            leased_until=tx.now,
            total=total,
        )
    )


async def claim(tx: Transaction, system: str, *, until: datetime, walk: UUID | None) -> Row[Any] | None:
    """The oldest walk that nobody is at, or this one; it is ours until then."""
    free = select(_R.reconciliation_id).where(
        _R.tenant_id == tx.tenant, _R.system == system, _R.state == "running", _R.leased_until <= tx.now
    )
    if walk is not None:
        free = free.where(_R.reconciliation_id == walk)
    first = free.order_by(_R.reconciliation_id).limit(1).with_for_update(skip_locked=True)
    return (
        await tx.connection.execute(
            update(reconciliations)
            .where(_R.tenant_id == tx.tenant, _R.reconciliation_id == first.scalar_subquery())
            .values(leased_until=until)
            .returning(_R.reconciliation_id, _R.position, _R.total, _R.walked, _R.is_dry_run)
        )
    ).first()


async def hold(tx: Transaction, walk: UUID, *, position: UUID | None) -> WalkView | None:
    """The walk, held for the rest of the transaction; None if it is over or has gone on from elsewhere."""
    here = _R.position.is_(None) if position is None else _R.position == position
    row = (
        await tx.connection.execute(
            select(reconciliations)
            .where(_R.tenant_id == tx.tenant, _R.reconciliation_id == walk, _R.state == "running", here)
            .with_for_update()
        )
    ).first()
    return None if row is None else _view(row)


async def advance(
    tx: Transaction, at: WalkView, drifts: Sequence[Drift], *, position: UUID, walked: int, until: datetime
) -> None:
    """The walk has come so far and found this too."""
    found = Counter(at.found) + Counter(str(each.what) for each in drifts)
    kept = [each.to_json() for each in (*at.findings, *drifts)[:FINDINGS_MAX]]
    repaired = sum(each.remedy is Remedy.REPAIR for each in drifts)
    await tx.connection.execute(
        update(reconciliations)
        .where(_R.tenant_id == tx.tenant, _R.reconciliation_id == at.id)
        .values(
            position=position,
            walked=walked,
            total=func.greatest(_R.total, walked),
            found=dict(found),
            findings=kept,
            repaired=at.repaired + repaired,
            asked=at.asked + len(drifts) - repaired,
            leased_until=until,
        )
    )


async def finish(tx: Transaction, walk: UUID, *, problem: str) -> WalkView:
    """The walk is over."""
    state = "failed" if problem else "done"
    row = (
        await tx.connection.execute(
            update(reconciliations)
            .where(_R.tenant_id == tx.tenant, _R.reconciliation_id == walk)
            .values(state=state, finished_at=tx.now, problem=problem)
            .returning(*_R)
        )
    ).one()
    return _view(row)


async def marks_before(tx: Transaction, walk: UUID, system: str) -> frozenset[tuple[str, str, str, str]]:
    """What the walk before this one found, of those that were not for show."""
    row = (
        await tx.connection.execute(
            select(_R.findings)
            .where(
                _R.tenant_id == tx.tenant,
                _R.system == system,
                _R.state == "done",
                _R.is_dry_run.is_(False),
                _R.reconciliation_id < walk,
            )
            .order_by(_R.reconciliation_id.desc())
            .limit(1)
        )
    ).first()
    return frozenset(drift_from_json(each).mark for each in row.findings) if row is not None else frozenset()


async def view(tx: Transaction, walk: UUID) -> WalkView | None:
    """The walk; None if there is none of this id."""
    wanted = select(reconciliations).where(_R.tenant_id == tx.tenant, _R.reconciliation_id == walk)
    row = (await tx.connection.execute(wanted)).first()
    return None if row is None else _view(row)


async def latest(tx: Transaction, system: str, *, limit: int, before: UUID | None = None) -> tuple[WalkView, ...]:
    """The latest walks through this system, newest first, older than `before`."""
    wanted = select(reconciliations).where(_R.tenant_id == tx.tenant, _R.system == system)
    if before is not None:
        wanted = wanted.where(_R.reconciliation_id < before)
    rows = await tx.connection.execute(wanted.order_by(_R.reconciliation_id.desc()).limit(limit))
    return tuple(map(_view, rows))


async def last_of_each(tx: Transaction) -> Mapping[str, WalkView]:
    """The latest walk through each system, by system."""
    newest = (
        select(_R.reconciliation_id)
        .where(_R.tenant_id == tx.tenant)
        .order_by(_R.system, _R.reconciliation_id.desc())
        .ext(distinct_on(_R.system))
    )
    rows = await tx.connection.execute(
        select(reconciliations).where(_R.tenant_id == tx.tenant, _R.reconciliation_id.in_(newest))
    )
    return {row.system: _view(row) for row in rows}


def _view(row: Row[Any]) -> WalkView:
    return WalkView(
        id=row.reconciliation_id,
        system=row.system,
        state=row.state,
        is_dry_run=row.is_dry_run,
        asked_by=row.asked_by,
        started_at=row.started_at,
        finished_at=row.finished_at,
        total=row.total,
        walked=row.walked,
        found=row.found,
        repaired=row.repaired,
        asked=row.asked,
        findings=tuple(map(drift_from_json, row.findings)),
        problem=row.problem,
    )
