"""All SQL of the registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.dialects.postgresql import insert

from core.agents.model import agents
from core.agents.rules import AgentFacts, AgentState
from core.db import Transaction
from core.ids import AgentId


async def by_name(tx: Transaction, name: str, *, lock: bool) -> Row[Any] | None:
    """The agent's row, locked for the rest of the transaction if asked."""
    statement = select(agents).where(agents.c.tenant_id == tx.tenant, agents.c.name == name)
    return (await tx.connection.execute(statement.with_for_update() if lock else statement)).first()


async def by_id(tx: Transaction, agent_id: UUID) -> Row[Any] | None:
    """The agent's row."""
    return (
        await tx.connection.execute(
            select(agents).where(agents.c.tenant_id == tx.tenant, agents.c.agent_id == agent_id)
        )
    ).first()


async def page(
    tx: Transaction, *, state: str | None, contains: str | None, after: UUID | None, limit: int
) -> list[Row[Any]]:
    """Agents, newest first."""
    columns = agents.c
    statement = select(agents).where(columns.tenant_id == tx.tenant).order_by(columns.agent_id.desc()).limit(limit)
    if state:
        statement = statement.where(columns.state == state)
    if contains:
        statement = statement.where(columns.name.icontains(contains, autoescape=True))
    if after:
        statement = statement.where(columns.agent_id < after)
    return list(await tx.connection.execute(statement))


async def add(tx: Transaction, agent_id: AgentId, facts: AgentFacts, *, created_by: str) -> bool:
    """Whether the name was free; then the agent is registered."""
    result = await tx.connection.execute(
        insert(agents)
        .values(
            tenant_id=tx.tenant,
            agent_id=agent_id,
            name=facts.name,
            agent_type=facts.agent_type,
            state=AgentState.REGISTERED,
            sponsor=facts.sponsor,
            owner=facts.owner,
            business_service=facts.business_service,
            attributes=dict(facts.attributes),
            created_by=created_by,
            created_at=tx.now,
            updated_at=tx.now,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "name"])
        .returning(agents.c.agent_id)
    )
    return result.first() is not None


async def change(tx: Transaction, agent_id: UUID, values: Mapping[str, Any]) -> None:
    """The agent has these values and a higher version."""
    await tx.connection.execute(
        update(agents)
        .where(agents.c.tenant_id == tx.tenant, agents.c.agent_id == agent_id)
        .values(**values, updated_at=tx.now, version=agents.c.version + 1)
    )


async def remove(tx: Transaction, agent_id: UUID) -> str | None:
    """The agent is not in the registry any more; its state until then, None if it was not there."""
    state: str | None = (
        await tx.connection.execute(
            agents.delete()
            .where(agents.c.tenant_id == tx.tenant, agents.c.agent_id == agent_id)
            .returning(agents.c.state)
        )
    ).scalar()
    return state
