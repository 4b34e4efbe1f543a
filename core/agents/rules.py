"""Pure rules of the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

REQUIRED_FACTS: Final = ("name", "sponsor", "owner", "business_service")
NAME_MAX: Final = 120  # characters
FACT_MAX: Final = 300


class AgentState(StrEnum):
    """Where an agent is in its life."""

    REGISTERED = "registered"
    DEPLOYED = "deployed"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class AgentFacts:
    """Who answers for an agent and what it serves."""

    name: str
    sponsor: str
    owner: str
    business_service: str
    agent_type: str
    attributes: Mapping[str, str]


# action -> (states in which it is legal, state afterwards)
TRANSITIONS: Final[Mapping[str, tuple[frozenset[AgentState], AgentState | None]]] = {
    "agent.deploy": (frozenset({AgentState.REGISTERED, AgentState.DEPLOYED}), AgentState.DEPLOYED),
    "agent.modify": (frozenset({AgentState.REGISTERED, AgentState.DEPLOYED}), None),
    "agent.retire": (frozenset({AgentState.REGISTERED, AgentState.DEPLOYED}), AgentState.RETIRED),
}


def missing_facts(resource: Mapping[str, str]) -> tuple[str, ...]:
    """The required facts that the resource lacks or leaves blank, in the order of REQUIRED_FACTS (X7)."""
    return tuple(fact for fact in REQUIRED_FACTS if not resource.get(fact, "").strip())


def facts_of(resource: Mapping[str, str]) -> AgentFacts:
    """The facts of a complete resource; what is not a known fact becomes an attribute."""
    known = {*REQUIRED_FACTS, "type", "agent_type"}
    return AgentFacts(
        name=resource["name"].strip(),
        sponsor=resource["sponsor"].strip(),
        owner=resource["owner"].strip(),
        business_service=resource["business_service"].strip(),
        agent_type=resource.get("agent_type", "general"),
        attributes={key: value for key, value in resource.items() if key not in known},
    )


def is_legal(action: str, state: AgentState) -> bool:
    """Whether the action may happen to an agent in this state."""
    return state in TRANSITIONS[action][0]


def state_after(action: str, state: AgentState) -> AgentState:
    """The agent's state once the action is allowed."""
    return TRANSITIONS[action][1] or state
