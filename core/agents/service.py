"""Use cases of the registry. What changes an agent goes through the gate, which calls `apply_action`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from core.access import TokenScope, permitted
from core.actor import Actor
from core.agents import store
from core.agents.errors import AgentExists, UnknownAgent, WrongAgentState
from core.agents.rules import TRANSITIONS, AgentState, facts_of, is_legal, state_after
from core.db import Database, Transaction
from core.ids import AgentId, uuid7


@dataclass(frozen=True, slots=True)
class AgentView:
    """An agent as doors show it."""

    id: AgentId
    name: str
    agent_type: str
    state: str
    sponsor: str
    owner: str
    business_service: str
    attributes: Mapping[str, str]
    created_by: str
    created_at: datetime
    updated_at: datetime
    version: int


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
    """Agents, newest first, beyond the cursor `after`."""
    async with permitted(database, actor, TokenScope.READ, action="agent.list", resource="agents") as tx:
        return tuple(
            _view(row) for row in await store.page(tx, state=state, contains=contains, after=after, limit=limit)
        )


async def find_agent(tx: Transaction, name: str) -> AgentView | None:
    """The agent of that name, if there is one."""
    row = await store.by_name(tx, name, lock=False)
    return None if row is None else _view(row)


async def check_action(tx: Transaction, action: str, name: str) -> AgentView | None:
    """Returns the agent (None for agent.create) if the action is legal now.

    Raises AgentExists, UnknownAgent or WrongAgentState.
    """
    agent = await find_agent(tx, name)
    if action == "agent.create":
        if agent is not None:
            raise AgentExists(f"An agent named '{name}' exists already; it is {agent.state}.", where="resource.name")
        return None
    if agent is None:
        raise UnknownAgent(
            f"There is no agent named '{name}'.", where="resource.name", next_step="Ask for agent.create first."
        )
    if not is_legal(action, AgentState(agent.state)):
        raise WrongAgentState(
            f"Agent '{name}' is {agent.state}; {action} is not possible.",
            where="resource.name",
            accepted=tuple(sorted(TRANSITIONS[action][0])),
        )
    return agent


async def apply_action(
    tx: Transaction, actor: Actor, action: str, resource: Mapping[str, str]
) -> tuple[AgentView | None, AgentView]:
    """What an allowed action does to the registry; the agent before and after it.

    Raises as `check_action`: the row is locked and looked at again here, since another may have been faster.
    """
    name = resource["name"].strip()
    if action == "agent.create":
        agent_id = AgentId(uuid7())
        if not await store.add(tx, agent_id, facts_of(resource), created_by=actor.email):
            raise AgentExists(f"An agent named '{name}' exists already.", where="resource.name")
        return None, await _read(tx, agent_id)
    row = await store.by_name(tx, name, lock=True)
    if row is None:
        raise UnknownAgent(f"There is no agent named '{name}'.", where="resource.name")
    before = _view(row)
    if not is_legal(action, AgentState(before.state)):
        raise WrongAgentState(f"Agent '{name}' is {before.state}; {action} is not possible.", where="resource.name")
    await store.change(tx, before.id, _changes(action, before, resource))
    return before, await _read(tx, before.id)


async def forget_failed_creation(tx: Transaction, agent_id: UUID) -> bool:
    """The platform could not create the agent: its name is free again. The audit trail keeps what was tried.

    Whether it still counted as an agent: one that was retired meanwhile did not.
    """
    return await store.remove(tx, agent_id) not in (None, AgentState.RETIRED)


def _changes(action: str, before: AgentView, resource: Mapping[str, str]) -> dict[str, Any]:
    changes: dict[str, Any] = {"state": state_after(action, AgentState(before.state))}
    if action == "agent.modify":
        facts = {
            key: resource[key].strip()
            for key in ("sponsor", "owner", "business_service")
            if resource.get(key, "").strip()
        }
        known = {"name", "type", "sponsor", "owner", "business_service"}
        attributes = {key: value for key, value in resource.items() if key not in known}
        changes |= {**facts, "attributes": {**before.attributes, **attributes}}
    return changes


async def _read(tx: Transaction, agent_id: AgentId) -> AgentView:
    row = await store.by_id(tx, agent_id)
    if row is None:
        raise UnknownAgent(where="agent")
    return _view(row)


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
