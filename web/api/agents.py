"""/api/v1/agents: the registry and the governed actions. Every change goes through the gate."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from core.agents import AgentView, get_agent, list_agents
from core.db import Database
from core.decisions import DecisionView, Gate
from core.decisions.views import Answer
from core.errors import ErrorKind, Forbidden
from web.api.decisions import DecisionOut, decision_out
from web.endpoint import Call, Method, Reply, endpoint
from web.paging import Cursors, Page, PageQuery
from web.schema import Id, Input, Output, Path

_CURSORS = Cursors("agents", UUID)


class AgentIn(Input):
    """An agent to be created. Every agent has a sponsor, an owner and a business service."""

    name: Annotated[str, Field(max_length=300)]
    sponsor: Annotated[str, Field(max_length=300)]
    owner: Annotated[str, Field(max_length=300)]
    business_service: Annotated[str, Field(max_length=300)]
    agent_type: Annotated[str | None, Field(max_length=300)] = None
    attributes: dict[str, str] = Field(default_factory=dict)
    justification: Annotated[str, Field(max_length=20_000)] = ""


class ActionIn(Input):
    """A governed action on an agent."""

    justification: Annotated[str, Field(max_length=20_000)] = ""
    changes: dict[str, str] = Field(default_factory=dict, description="what agent.modify changes")


class AgentOut(Output):
    """An agent."""

    id: UUID
    name: str
    agent_type: str
    state: str
    sponsor: str
    owner: str
    business_service: str
    attributes: dict[str, str]
    created_by: str
    created_at: datetime
    updated_at: datetime
    version: int


class GovernedOut(Output):
    """The gate's answer, and the agent where there is one."""

    decision: DecisionOut
    agent: AgentOut | None


class AgentsQuery(PageQuery):
    """Which agents."""

    state: Annotated[str | None, Field(max_length=20)] = None
    q: Annotated[str | None, Field(max_length=200)] = None


class ByAgent(Path):
    """One agent."""

    agent_id: Id


_RESPONSES = {200: GovernedOut, 202: GovernedOut}
_CREATED = {201: GovernedOut, 202: GovernedOut}
_ERRORS = (ErrorKind.NOT_FOUND, ErrorKind.FORBIDDEN)


class Denied(Forbidden):
    """The gate denies it."""

    code = "decisions.denied"


class Agents:
    """The registry."""

    def __init__(self, database: Database, gate: Gate) -> None:
        self._database = database
        self._gate = gate

    @endpoint(Method.GET, "/api/v1/agents", summary="List agents", tags=("agents",))
    async def list(self, call: Call[None, AgentsQuery, None]) -> Page[AgentOut]:
        """Newest first."""
        query = call.query
        found = await list_agents(
            self._database,
            call.actor,
            state=query.state,
            contains=query.q,
            after=_CURSORS.decode(query.cursor),
            limit=query.limit + 1,
        )
        return _CURSORS.page(found, limit=query.limit, shown=agent_out, position=lambda agent: agent.id)

    @endpoint(
        Method.GET,
        "/api/v1/agents/{agent_id}",
        summary="Show an agent",
        tags=("agents",),
        errors=(ErrorKind.NOT_FOUND,),
    )
    async def show(self, call: Call[None, None, ByAgent]) -> AgentOut:
        """Who answers for it, what it serves, where it is in its life."""
        return agent_out(await get_agent(self._database, call.actor, call.path.agent_id))

    @endpoint(
        Method.POST,
        "/api/v1/agents",
        summary="Create an agent",
        tags=("agents",),
        responses=_CREATED,
        errors=_ERRORS,
        permission="create agents",
    )
    async def create(self, call: Call[AgentIn, None, None]) -> Reply:
        """201 when it is allowed and registered; 202 with the request that has to be approved first."""
        body = call.body
        resource: dict[str, Any] = {
            **body.attributes,
            "name": body.name,
            "sponsor": body.sponsor,
            "owner": body.owner,
            "business_service": body.business_service,
            "agent_type": body.agent_type,
        }
        return await self._govern(call, "agent.create", resource, body.justification, done=201)

    @endpoint(
        Method.POST,
        "/api/v1/agents/{agent_id}/deploy",
        summary="Deploy an agent",
        tags=("agents",),
        responses=_RESPONSES,
        errors=_ERRORS,
        permission="deploy agents",
    )
    async def deploy(self, call: Call[ActionIn, None, ByAgent]) -> Reply:
        """200 when it is allowed; 202 with the request that has to be approved first."""
        return await self._act(call, "agent.deploy")

    @endpoint(
        Method.POST,
        "/api/v1/agents/{agent_id}/modify",
        summary="Change an agent",
        tags=("agents",),
        responses=_RESPONSES,
        errors=_ERRORS,
        permission="modify configuration",
    )
    async def modify(self, call: Call[ActionIn, None, ByAgent]) -> Reply:
        """200 when it is allowed; 202 with the request that has to be approved first."""
        return await self._act(call, "agent.modify")

    @endpoint(
        Method.POST,
        "/api/v1/agents/{agent_id}/retire",
        summary="Retire an agent",
        tags=("agents",),
        responses=_RESPONSES,
        errors=_ERRORS,
        permission="deploy agents",
    )
    async def retire(self, call: Call[ActionIn, None, ByAgent]) -> Reply:
        """200 when it is allowed; 202 with the request that has to be approved first."""
        return await self._act(call, "agent.retire")

    async def _act(self, call: Call[ActionIn, None, ByAgent], action: str) -> Reply:
        agent = await get_agent(self._database, call.actor, call.path.agent_id)
        resource: dict[str, Any] = {**call.body.changes, "name": agent.name}
        return await self._govern(call, action, resource, call.body.justification, done=200)

    async def _govern(
        self, call: Call[Any, Any, Any], action: str, resource: dict[str, Any], justification: str, *, done: int
    ) -> Reply:
        view = await self._gate.decide(
            call.actor,
            action=action,
            resource=resource,
            context={"justification": justification},
        )
        if view.decision is Answer.DENY:
            raise Denied(view.reasons[0].message)
        agent = await self._agent_of(call, view)
        return Reply(
            done if view.decision is Answer.ALLOW else 202, GovernedOut(decision=decision_out(view), agent=agent)
        )

    async def _agent_of(self, call: Call[Any, Any, Any], view: DecisionView) -> AgentOut | None:
        if view.agent_id is None:
            return None
        return agent_out(await get_agent(self._database, call.actor, view.agent_id))


def agent_out(agent: AgentView) -> AgentOut:
    """An agent as it travels."""
    return AgentOut(
        id=agent.id,
        name=agent.name,
        agent_type=agent.agent_type,
        state=agent.state,
        sponsor=agent.sponsor,
        owner=agent.owner,
        business_service=agent.business_service,
        attributes=dict(agent.attributes),
        created_by=agent.created_by,
        created_at=agent.created_at,
        updated_at=agent.updated_at,
        version=agent.version,
    )
