"""All SQL of workflow automation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, case, cast, delete, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, insert

from core.automation.model import automation_effects, automation_rules, automation_runs
from core.automation.rules import WINDOW, Counts, Filled, Result
from core.automation.values import BEFORE, ActionKind
from core.db import Transaction

KEPT: Final = timedelta(days=90)  # how long a rule's history is kept
ACTED: Final = (Result.FIRED, Result.REHEARSED)


@dataclass(frozen=True, slots=True)
class RuleState:
    """What is kept of a rule beside its history."""

    paused_at: datetime | None = None
    paused_by: str = ""
    limit_told_at: datetime | None = None
    stop_told_version: str = ""


@dataclass(frozen=True, slots=True)
class NewRun:
    """What became of a rule that an event concerned, to be kept."""

    id: UUID
    rule: str
    version: str
    event_id: UUID
    event_type: str
    subject: str
    result: Result
    reason: str
    chain: Sequence[str]


@dataclass(frozen=True, slots=True)
class EffectRow:
    """One thing that a rule does. `done_at` is when it was done."""

    id: UUID
    run_id: UUID
    rule: str
    event_id: UUID
    event_type: str
    subject: str  # of what happened
    filled: Filled
    done_at: datetime | None


async def hold_rule(tx: Transaction, rule: str) -> RuleState:
    """The rule's state, held until commit, so that whoever counts what it did counts all of it."""
    columns = automation_rules.c
    await tx.connection.execute(
        insert(automation_rules).values(tenant_id=tx.tenant, rule=rule).on_conflict_do_nothing()
    )
    row = (
        await tx.connection.execute(
            select(columns.paused_at, columns.paused_by, columns.limit_told_at, columns.stop_told_version)
            .where(columns.tenant_id == tx.tenant, columns.rule == rule)
            .with_for_update()
        )
    ).one()
    return RuleState(*row)


async def set_rule(tx: Transaction, rule: str, **values: object) -> None:
    """These values of the held rule's state."""
    columns = automation_rules.c
    await tx.connection.execute(
        update(automation_rules).where(columns.tenant_id == tx.tenant, columns.rule == rule).values(**values)
    )


async def counts(tx: Transaction, rule: str, subject: str) -> Counts:
    """How often the rule has acted within the last hour."""
    columns = automation_runs.c
    row = (
        await tx.connection.execute(
            select(func.count(), func.count(case((columns.subject == subject, 1)))).where(
                columns.tenant_id == tx.tenant,
                columns.rule == rule,
                columns.ran_at > tx.now - WINDOW,
                columns.result.in_(ACTED),
            )
        )
    ).one()
    return Counts(*row)


async def has_run(tx: Transaction, rule: str, event_id: UUID) -> bool:
    """Whether it is kept already what became of the rule when this happened."""
    columns = automation_runs.c
    found = await tx.connection.execute(
        select(columns.run_id).where(columns.tenant_id == tx.tenant, columns.rule == rule, columns.event_id == event_id)
    )
    return found.first() is not None


async def add_run(tx: Transaction, run: NewRun) -> None:
    """It is kept what became of the rule."""
    await tx.connection.execute(
        insert(automation_runs).values(
            tenant_id=tx.tenant,
            run_id=run.id,
            rule=run.rule,
            version=run.version,
            event_id=run.event_id,
            event_type=run.event_type,
            subject=run.subject,
            result=run.result,
            reason=run.reason,
            chain=list(run.chain),
            ran_at=tx.now,
        )
    )


async def add_effect(
    tx: Transaction, effect_id: UUID, run_id: UUID, filled: Filled, *, position: int, delivery_id: UUID | None
) -> None:
    """It is kept what is to be done, or in a rehearsal would have been."""
    await tx.connection.execute(
        insert(automation_effects).values(
            tenant_id=tx.tenant,
            effect_id=effect_id,
            run_id=run_id,
            position=position,
            kind=filled.kind,
            system=filled.system,
            filled=dict(filled.values),
            delivery_id=delivery_id,
        )
    )


async def effect(tx: Transaction, effect_id: UUID, *, is_held: bool = False) -> EffectRow | None:
    """The effect; held until commit if that is asked for."""
    e, r = automation_effects.c, automation_runs.c
    asked = (
        select(
            e.effect_id, e.run_id, r.rule, r.event_id, r.event_type, r.subject, e.kind, e.system, e.filled, e.done_at
        )
        .join(automation_runs, (r.tenant_id == e.tenant_id) & (r.run_id == e.run_id))
        .where(e.tenant_id == tx.tenant, e.effect_id == effect_id)
    )
    if is_held:
        asked = asked.with_for_update(of=automation_effects)
    row = (await tx.connection.execute(asked)).first()
    if row is None:
        return None
    filled = Filled(ActionKind(row.kind), row.system, row.filled)
    return EffectRow(
        row.effect_id, row.run_id, row.rule, row.event_id, row.event_type, row.subject, filled, row.done_at
    )


async def run(tx: Transaction, run_id: UUID) -> Row[Any] | None:
    """The run."""
    columns = automation_runs.c
    found = await tx.connection.execute(
        select(automation_runs).where(columns.tenant_id == tx.tenant, columns.run_id == run_id)
    )
    return found.first()


async def finish_effect(tx: Transaction, effect_id: UUID, outcome: str) -> None:
    """It is done, with what came of it in a few words."""
    columns = automation_effects.c
    await tx.connection.execute(
        update(automation_effects)
        .where(columns.tenant_id == tx.tenant, columns.effect_id == effect_id)
        .values(done_at=func.coalesce(columns.done_at, tx.now), outcome=outcome)
    )


async def keep_before(tx: Transaction, effect_id: UUID, before: Mapping[str, str]) -> None:
    """What stood in these fields before is kept beside what is done; of a field that is kept already, the earlier."""
    columns = automation_effects.c
    found = {f"{BEFORE}.{name}": value for name, value in before.items()}
    await tx.connection.execute(
        update(automation_effects)
        .where(columns.tenant_id == tx.tenant, columns.effect_id == effect_id)
        .values(filled=cast(found, JSONB).op("||")(columns.filled))  # of two, that on the right stays
    )


async def note_effect(tx: Transaction, effect_id: UUID, words: str) -> None:
    """This is said of it where nothing was said yet."""
    columns = automation_effects.c
    await tx.connection.execute(
        update(automation_effects)
        .where(columns.tenant_id == tx.tenant, columns.effect_id == effect_id, columns.outcome == "")
        .values(outcome=words)
    )


async def states(tx: Transaction) -> dict[str, RuleState]:
    """The state of each rule that was ever concerned."""
    c = automation_rules.c
    rows = await tx.connection.execute(
        select(c.rule, c.paused_at, c.paused_by, c.limit_told_at, c.stop_told_version).where(c.tenant_id == tx.tenant)
    )
    return {row.rule: RuleState(*row[1:]) for row in rows}


async def tallies(tx: Transaction) -> dict[tuple[str, str], tuple[int, datetime]]:
    """How often each (rule, result) came, and when last."""
    c = automation_runs.c
    rows = await tx.connection.execute(
        select(c.rule, c.result, func.count(), func.max(c.ran_at))
        .where(c.tenant_id == tx.tenant)
        .group_by(c.rule, c.result)
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in rows}


async def runs(tx: Transaction, *, rule: str | None, after: UUID | None, limit: int) -> Sequence[Row[Any]]:
    """Runs, newest first, beyond the cursor `after`."""
    c = automation_runs.c
    asked = select(automation_runs).where(c.tenant_id == tx.tenant).order_by(c.run_id.desc()).limit(limit)
    if rule is not None:
        asked = asked.where(c.rule == rule)
    if after is not None:
        asked = asked.where(c.run_id < after)
    return (await tx.connection.execute(asked)).all()


async def effects_of(tx: Transaction, run_ids: Iterable[UUID]) -> Sequence[Row[Any]]:
    """What these runs do, in order."""
    c = automation_effects.c
    return (
        await tx.connection.execute(
            select(automation_effects)
            .where(c.tenant_id == tx.tenant, c.run_id.in_(list(run_ids)))
            .order_by(c.run_id, c.position)
        )
    ).all()


async def purge_runs(tx: Transaction) -> None:
    """What rules did longer ago than it is kept is gone."""
    e, r = automation_effects.c, automation_runs.c
    old = select(r.run_id).where(r.tenant_id == tx.tenant, r.ran_at < tx.now - KEPT)
    await tx.connection.execute(delete(automation_effects).where(e.tenant_id == tx.tenant, e.run_id.in_(old)))
    await tx.connection.execute(delete(automation_runs).where(r.tenant_id == tx.tenant, r.ran_at < tx.now - KEPT))
