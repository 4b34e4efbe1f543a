"""Pure rules of the registry."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from core.agents.errors import AgentExists, UnknownAgent, WrongAgentState
from core.agents.views import AgentView
from core.ids import AgentId, uuid7

REQUIRED_FACTS: Final = ("name", "sponsor", "owner", "business_service")
_FACTS: Final = {*REQUIRED_FACTS, "type", "agent_type"}  # what else a resource says becomes an attribute
PROJECT: Final = "project"  # the attribute by which costs are told apart
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
    return AgentFacts(
        name=resource["name"].strip(),
        sponsor=resource["sponsor"].strip(),
        owner=resource["owner"].strip(),
        business_service=resource["business_service"].strip(),
        agent_type=resource.get("agent_type", "general"),
        attributes={key: value for key, value in resource.items() if key not in _FACTS},
    )


def check_action(action: str, name: str, agent: AgentView | None) -> None:
    """Returns if the action is legal for the agent of that name as it is now; None: there is none.

    Raises AgentExists, UnknownAgent or WrongAgentState.
    """
    if action == "agent.create":
        if agent is not None:
            raise AgentExists(f"An agent named '{name}' exists already; it is {agent.state}.", where="resource.name")
        return
    if agent is None:
        raise UnknownAgent(
            f"There is no agent named '{name}'.", where="resource.name", next_step="Ask for agent.create first."
        )
    if agent.state not in TRANSITIONS[action][0]:
        raise WrongAgentState(
            f"Agent '{name}' is {agent.state}; {action} is not possible.",
            where="resource.name",
            accepted=tuple(sorted(TRANSITIONS[action][0])),
        )


def after_action(
    action: str, before: AgentView | None, resource: Mapping[str, str], *, by: str, now: datetime
) -> AgentView:
    """The agent once a legal action is done by the person with the e-mail `by`."""
    if before is None:
        facts = facts_of(resource)
        return AgentView(
            id=AgentId(uuid7()),
            name=facts.name,
            agent_type=facts.agent_type,
            state=AgentState.REGISTERED,
            sponsor=facts.sponsor,
            owner=facts.owner,
            business_service=facts.business_service,
            attributes=facts.attributes,
            created_by=by,
            created_at=now,
            updated_at=now,
            version=1,
        )
    moved = replace(before, state=TRANSITIONS[action][1] or before.state, updated_at=now, version=before.version + 1)
    return _modified(moved, resource) if action == "agent.modify" else moved


def _modified(agent: AgentView, resource: Mapping[str, str]) -> AgentView:
    """What the resource does not name stays as it was."""
    attributes = {key: value for key, value in resource.items() if key not in _FACTS}
    return replace(
        agent,
        agent_type=resource.get("agent_type", agent.agent_type),
        sponsor=resource.get("sponsor", "").strip() or agent.sponsor,
        owner=resource.get("owner", "").strip() or agent.owner,
        business_service=resource.get("business_service", "").strip() or agent.business_service,
        attributes={**agent.attributes, **attributes},
    )


def projects_of(named: str, agent: AgentView | None) -> frozenset[str]:
    """The projects that an action is for: the one that it names, and always the one of its agent."""
    own = "" if agent is None else agent.attributes.get(PROJECT, "")
    return frozenset(each for each in (named, own) if each)
