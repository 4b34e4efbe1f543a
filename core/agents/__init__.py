"""The agent registry: every agent has a sponsor, an owner and a business service (X7).

rules.py    pure: what an agent must carry; which action is legal in which state
model.py    the table
store.py    SQL
service.py  find, list; apply: what an allowed action does to the registry
"""

from core.agents.errors import AgentExists, UnknownAgent, WrongAgentState
from core.agents.rules import FACT_MAX, NAME_MAX, REQUIRED_FACTS, AgentFacts, AgentState, missing_facts
from core.agents.service import AgentView, apply_action, check_action, find_agent, get_agent, list_agents

__all__ = [
    "FACT_MAX",
    "NAME_MAX",
    "REQUIRED_FACTS",
    "AgentExists",
    "AgentFacts",
    "AgentState",
    "AgentView",
    "UnknownAgent",
    "WrongAgentState",
    "apply_action",
    "check_action",
    "find_agent",
    "get_agent",
    "list_agents",
    "missing_facts",
]
