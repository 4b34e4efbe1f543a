"""Agents: the registry, and one of them."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from aiohttp import web

from core.agents import AgentState, get_agent, list_agents
from core.approvals import RequestFilter, list_requests
from core.errors import NotFound
from web.console.front import Look
from web.paging import Cursors

PAGE_SIZE: Final = 50
_CURSORS: Final = Cursors("console-agents", UUID)


async def agents(look: Look) -> web.Response:
    """`GET /console/agents`: newest first, by state and words."""
    state, sought = look.query("state"), look.query("q")
    found = await list_agents(
        look.database,
        look.actor,
        state=state if state in set(AgentState) else None,
        contains=sought or None,
        after=_CURSORS.decode(look.query("cursor") or None),
        limit=PAGE_SIZE + 1,
    )
    return look.page(
        "agents.html",
        place="agents",
        agents=found[:PAGE_SIZE],
        states=[each.value for each in AgentState],
        state=state,
        sought=sought,
        cursor=_CURSORS.encode(found[PAGE_SIZE - 1].id) if len(found) > PAGE_SIZE else None,
    )


async def agent(look: Look) -> web.Response:
    """`GET /console/agents/{agent_id}`: who answers for it, and the requests that name it."""
    try:
        agent_id = UUID(look.request.match_info["agent_id"])
    except ValueError:
        raise NotFound("There is no such agent.") from None
    found = await get_agent(look.database, look.actor, agent_id)
    near = await list_requests(look.database, look.actor, RequestFilter(contains=found.name), limit=50)
    about = [each for each in near if each.resource.get("name") == found.name]
    return look.page("agent.html", place="agents", agent=found, requests=about)
