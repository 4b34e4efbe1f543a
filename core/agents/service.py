"""Use cases of the registry. What changes an agent goes through the gate, which saves what its rules say."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from core.access import TokenScope, permitted
from core.actor import Actor
from core.agents import store
from core.agents.errors import UnknownAgent
from core.agents.rules import AgentState
from core.agents.views import AgentView
from core.choices import check_choice
from core.db import Database, Transaction
from core.ids import AgentId


async def get_agent(database: Database, actor: Actor, agent_id: UUID) -> AgentView:
    """The agent. Raises UnknownAgent."""
    async with permitted(database, actor, TokenScope.READ, action="agent.show", resource=str(agent_id)) as tx:
        row = await store.by_id(tx, agent_id)
        if row is None:
            raise UnknownAgent(where="agent")
        return _view(row)


async def list_agents(
    database: Database,
    actor: Actor,
    *,
    state: str | None = None,
    contains: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> tuple[AgentView, ...]:
    """Agents, newest first, beyond the cursor `after`. Raises InvalidInput for no state of one."""
    check_choice("state", state, tuple(AgentState))
    async with permitted(database, actor, TokenScope.READ, action="agent.list", resource="agents") as tx:
        return tuple(
            _view(row) for row in await store.page(tx, state=state, contains=contains, after=after, limit=limit)
        )


async def agents_named(tx: Transaction, names: Collection[str]) -> dict[str, AgentView]:
    """The agents of these names, by name, as they are now."""
    return {row.name: _view(row) for row in await store.by_names(tx, names)}


async def deployed_agents(tx: Transaction) -> tuple[AgentView, ...]:
    """Every agent that is deployed now."""
    return tuple(_view(row) for row in await store.deployed(tx))


async def services_of_agents(tx: Transaction) -> tuple[tuple[str, str], ...]:
    """Each agent that is not retired, with the business service that it serves."""
    return await store.served(tx)


async def hold_agents(tx: Transaction, names: Collection[str]) -> dict[str, AgentView]:
    """As `agents_named`; nobody else changes them until commit."""
    return {row.name: _view(row) for row in await store.hold_by_names(tx, names)}


async def save_agents(tx: Transaction, created: Collection[AgentView], changed: Collection[AgentView]) -> None:
    """The registry holds these agents as they are given."""
    if created:
        await store.add(tx, created)
    if changed:
        await store.change(tx, changed)


async def forget_failed_creation(tx: Transaction, agent_id: UUID) -> bool:
    """The platform could not create the agent: its name is free again. The audit trail keeps what was tried.

    Whether it still counted as an agent: one that was retired meanwhile did not.
    """
    return await store.remove(tx, agent_id) not in (None, AgentState.RETIRED)


def _view(row: Row[Any]) -> AgentView:
    return AgentView(
        id=AgentId(row.agent_id),
        name=row.name,
        agent_type=row.agent_type,
        state=row.state,
        sponsor=row.sponsor,
        owner=row.owner,
        business_service=row.business_service,
        attributes=row.attributes,
        created_by=row.created_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
        version=row.version,
    )
