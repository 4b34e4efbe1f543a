"""What of the business something affects: the business services of agents, and those that need a thing (demand 28)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

from core.agents import services_of_agents
from core.db import Transaction
from core.dependencies import blast_radius, held_dependencies, merged, named

SHOWN: Final = 3  # business services that are named; more say no more
_SERVICE: Final = "service:"


async def needs_of(tx: Transaction) -> dict[str, set[str]]:
    """What each resource needs, as far as anybody knows; a business service needs the agents that serve it."""
    served: dict[str, set[str]] = {}
    for agent, service in await services_of_agents(tx):
        served.setdefault(f"{_SERVICE}{service}", set()).add(f"agent:{agent}")
    return merged(await held_dependencies(tx), served)


async def business_service_of(tx: Transaction, service: str) -> str:
    """What of the business it affects; what was named itself, where nothing says more."""
    if not service:
        return ""
    return business_service(service, dict(await services_of_agents(tx)), await needs_of(tx))


def business_service(service: str, served: Mapping[str, str], needs: Mapping[str, Iterable[str]]) -> str:
    """The same, of what is known: `served` maps an agent to its business service. Pure."""
    resource = resource_of(service, served)
    kind, _colon, name = resource.partition(":")
    if kind == "agent" and name in served:
        return served[name]
    if kind == "service":
        return name
    felt = named("service", (each.resource for each in blast_radius([resource], needs)))
    return ", ".join(felt[:SHOWN]) or name


def resource_of(service: str, served: Mapping[str, str]) -> str:
    """The resource that is meant: `kind:name` as it is, an agent by its name, else a service."""
    if service.partition(":")[0] in ("agent", "service", "tool", "data", "infrastructure") and ":" in service:
        return service
    if service in served:
        return f"agent:{service}"
    known = {each.lower(): each for each in served.values()}
    return f"{_SERVICE}{known.get(service.lower(), service)}"
