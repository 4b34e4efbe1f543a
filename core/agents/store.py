"""All SQL of the registry."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Select, Text, bindparam, func, select, update

from core.agents.model import agents
from core.agents.views import AgentView
from core.db import Transaction


async def served(tx: Transaction) -> tuple[tuple[str, str], ...]:
    """Name and business service of every agent that is not retired."""
    columns = agents.c
    wanted = select(columns.name, columns.business_service).where(
        columns.tenant_id == tx.tenant, columns.state != "retired"
    )
    return tuple((row.name, row.business_service) for row in await tx.connection.execute(wanted))


async def deployed(tx: Transaction) -> list[Row[Any]]:
    """The rows of every agent that is deployed."""
    columns = agents.c
    wanted = select(agents).where(columns.tenant_id == tx.tenant, columns.state == "deployed")
    return list(await tx.connection.execute(wanted))


async def by_names(tx: Transaction, names: Collection[str]) -> list[Row[Any]]:
    """The rows of these agents."""
    return list(await tx.connection.execute(_named(tx, names)))


async def hold_by_names(tx: Transaction, names: Collection[str]) -> list[Row[Any]]:
    """The same, locked for the rest of the transaction; always in the order of names, so that none waits in a ring."""
    return list(await tx.connection.execute(_named(tx, names).order_by(agents.c.name).with_for_update()))


def _named(tx: Transaction, names: Collection[str]) -> Select[Any]:
    wanted = func.any(bindparam("names", list(names), type_=ARRAY(Text)))
    return select(agents).where(agents.c.tenant_id == tx.tenant, agents.c.name == wanted)


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


async def add(tx: Transaction, created: Collection[AgentView]) -> None:
    """These agents are registered. A name that another transaction took meanwhile is an integrity error."""
    await tx.connection.execute(
        agents.insert(), [{"tenant_id": tx.tenant, "created_at": tx.now, **_values(agent)} for agent in created]
    )


async def change(tx: Transaction, changed: Collection[AgentView]) -> None:
    """These agents have these values."""
    columns = agents.c
    await tx.connection.execute(
        update(agents).where(columns.tenant_id == bindparam("of_tenant"), columns.agent_id == bindparam("of_agent")),
        [{"of_tenant": tx.tenant, "of_agent": agent.id, **_values(agent)} for agent in changed],
    )


def _values(agent: AgentView) -> dict[str, Any]:
    return {
        "agent_id": agent.id,
        "name": agent.name,
        "agent_type": agent.agent_type,
        "state": agent.state,
        "sponsor": agent.sponsor,
        "owner": agent.owner,
        "business_service": agent.business_service,
        "attributes": dict(agent.attributes),
        "created_by": agent.created_by,
        "updated_at": agent.updated_at,
        "version": agent.version,
    }


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
