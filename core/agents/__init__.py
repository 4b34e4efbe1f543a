"""The agent registry: every agent has a sponsor, an owner and a business service (X7).

rules.py    pure: what an agent must carry; which action is legal in which state, and what it does
model.py    the table
store.py    SQL
service.py  find, list; hold and save for the gate
views.py    an agent as doors and rules see it
"""

from core.agents.errors import AgentExists, UnknownAgent, WrongAgentState
from core.agents.rules import (
    FACT_MAX,
    NAME_MAX,
    PROJECT,
    REQUIRED_FACTS,
    AgentFacts,
    AgentState,
    after_action,
    check_action,
    missing_facts,
    projects_of,
)
from core.agents.service import (
    agents_named,
    deployed_agents,
    get_agent,
    hold_agents,
    list_agents,
    save_agents,
    services_of_agents,
)
from core.agents.views import AgentView

__all__ = [
    "FACT_MAX",
    "NAME_MAX",
    "PROJECT",
    "REQUIRED_FACTS",
    "AgentExists",
    "AgentFacts",
    "AgentState",
    "AgentView",
    "UnknownAgent",
    "WrongAgentState",
    "after_action",
    "agents_named",
    "check_action",
    "deployed_agents",
    "get_agent",
    "hold_agents",
    "list_agents",
    "missing_facts",
    "projects_of",
    "save_agents",
    "services_of_agents",
]
