"""As many of a list as is shown, and how many there are."""

from __future__ import annotations

from typing import Final

from bot.views.lists import SHOWN, Listed
from bot.views.request_forms import NEW_AGENT
from core.actor import Actor
from core.agents import AgentState, list_agents
from core.approvals import RequestFilter, count_requests, list_requests
from core.db import Database

CHOICES_MAX: Final = 100  # Slack's select, the one with the least room
CHOICES_BYTES_MAX: Final = 4_000  # of their names; a form of Teams has 24,000 in all, and says each of them twice


async def listed(database: Database, actor: Actor, wanted: RequestFilter) -> Listed:
    """The newest that match, as many as a list shows, and how many there are."""
    found = await list_requests(database, actor, wanted, limit=SHOWN + 1)
    total = len(found) if len(found) <= SHOWN else await count_requests(database, actor, wanted)
    return Listed(found[:SHOWN], total)


async def agents_to_choose(database: Database, actor: Actor, action: str) -> tuple[str, ...] | None:
    """The agents that the action can be done with, the newest first; empty if a list has no room for all of them.

    None for a new agent, which has no name yet.
    """
    if action == NEW_AGENT:
        return None
    found = await list_agents(database, actor, limit=CHOICES_MAX + 1)
    if len(found) > CHOICES_MAX:
        return ()
    names = tuple(agent.name for agent in found if agent.state != AgentState.RETIRED)
    return names if sum(len(name.encode()) for name in names) <= CHOICES_BYTES_MAX else ()
