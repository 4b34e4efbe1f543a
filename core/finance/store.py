"""All SQL of cost centres and benefits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert

from core.costs import Bearer
from core.db import Transaction
from core.finance.assigning import Assignments, SubjectKind, Turn, bearers_of
from core.finance.model import benefits, cost_centre_turns, cost_centres
from core.ids import UserId

_CENTRE = cost_centres.c
_TURN = cost_centre_turns.c
_BENEFIT = benefits.c
_LOCK = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def hold(tx: Transaction, what: str) -> None:
    """Nobody else adds such a thing in this tenant until the transaction ends."""
    await tx.connection.execute(_LOCK, {"name": f"finance {what} {tx.tenant}"})


async def centres(tx: Transaction) -> Sequence[Row[Any]]:
    """Every cost centre, by its code."""
    wanted = select(cost_centres).where(_CENTRE.tenant_id == tx.tenant).order_by(_CENTRE.code)
    return (await tx.connection.execute(wanted)).all()


async def put_centre(tx: Transaction, code: str, title: str, author: UserId | None) -> None:
    """The centre is known by this title."""
    values = {"tenant_id": tx.tenant, "code": code, "title": title, "author_id": author, "created_at": tx.now}
    statement = upsert(cost_centres).values(values)
    await tx.connection.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id", "code"], set_={"title": title})
    )


async def turns(tx: Transaction) -> Sequence[Row[Any]]:
    """Who belongs to which centre from which day on; by subject and day."""
    wanted = select(cost_centre_turns).where(_TURN.tenant_id == tx.tenant)
    return (await tx.connection.execute(wanted.order_by(_TURN.kind, _TURN.subject, _TURN.starts_on))).all()


async def assignments(tx: Transaction) -> Assignments:
    """The same, to be asked."""
    return Assignments(await _said(tx))


async def bearers(tx: Transaction) -> tuple[Bearer, ...]:
    """The same, as costs are grouped by it."""
    return bearers_of(await _said(tx))


async def _said(tx: Transaction) -> list[Turn]:
    return [Turn(SubjectKind(row.kind), row.subject, row.starts_on, row.code) for row in await turns(tx)]


async def put_turn(tx: Transaction, turn: Turn, author: UserId | None) -> None:
    """From that day on the subject belongs to the centre."""
    key = {"kind": turn.kind.value, "subject": turn.subject, "starts_on": turn.starts_on}
    said = {"code": turn.code, "author_id": author, "created_at": tx.now}
    statement = upsert(cost_centre_turns).values({"tenant_id": tx.tenant, **key, **said})
    await tx.connection.execute(
        statement.on_conflict_do_update(index_elements=["tenant_id", "kind", "subject", "starts_on"], set_=said)
    )


async def drop_turn(tx: Transaction, kind: SubjectKind, subject: str, starts_on: date) -> bool:
    """The turn was never said; whether there was one."""
    found = await tx.connection.execute(
        delete(cost_centre_turns).where(
            _TURN.tenant_id == tx.tenant, _TURN.kind == kind, _TURN.subject == subject, _TURN.starts_on == starts_on
        )
    )
    return found.rowcount > 0


async def count_benefits(tx: Transaction) -> int:
    """How many were ever declared."""
    counted = select(func.count()).where(_BENEFIT.tenant_id == tx.tenant)
    return int((await tx.connection.execute(counted)).scalar_one())


async def add_benefit(tx: Transaction, values: Mapping[str, Any]) -> None:
    """The benefit is declared."""
    await tx.connection.execute(insert(benefits).values(tenant_id=tx.tenant, created_at=tx.now, **values))


async def benefits_of(tx: Transaction, agent: str | None = None) -> Sequence[Row[Any]]:
    """Those that stand, in the order in which they were declared; of one agent, if it is named."""
    wanted = select(benefits).where(_BENEFIT.tenant_id == tx.tenant, _BENEFIT.withdrawn_at.is_(None))
    if agent is not None:
        wanted = wanted.where(_BENEFIT.agent == agent)
    return (await tx.connection.execute(wanted.order_by(_BENEFIT.benefit_id))).all()


async def withdraw_benefit(tx: Transaction, benefit_id: UUID) -> Row[Any] | None:
    """It stands no more; None if it did not."""
    statement = update(benefits).where(
        _BENEFIT.tenant_id == tx.tenant, _BENEFIT.benefit_id == benefit_id, _BENEFIT.withdrawn_at.is_(None)
    )
    found: Row[Any] | None = (
        await tx.connection.execute(statement.values(withdrawn_at=tx.now).returning(benefits))
    ).first()
    return found
