"""What feels a change: by the policy's file, by what was declared and learnt, and by whom agents serve (G4)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from core.access import TokenScope, permitted
from core.actor import Actor
from core.agents import services_of_agents
from core.changes import store
from core.changes.catalogue import ChangeCatalogue
from core.changes.errors import UnknownChange
from core.changes.loading import policy_of
from core.changes.policy import ChangePolicy
from core.db import Database, Transaction
from core.dependencies import TENANT, Felt, blast_radius, held_dependencies, merged, named, paths_in


@dataclass(frozen=True, slots=True)
class Impact:
    """What feels a change, the nearest first, and how it gets to each: from what is touched on."""

    reference: str
    radius: tuple[Felt, ...]
    paths: tuple[tuple[str, ...], ...]

    @property
    def tenants(self) -> tuple[str, ...]:
        """The ids of the tenants that feel it, the nearest first."""
        return named(TENANT, (each.resource for each in self.radius))


async def radius_of(tx: Transaction, policy: ChangePolicy, resources: Collection[str]) -> tuple[Felt, ...]:
    """Everything that feels a change of these, as far as anybody knows now."""
    served: dict[str, set[str]] = {}
    for agent, service in await services_of_agents(tx):
        served.setdefault(f"service:{service}", set()).add(f"agent:{agent}")
        served.setdefault(f"{TENANT}:{tx.tenant}", set()).add(f"agent:{agent}")  # whose agents they are
    return blast_radius(resources, merged(policy.depends_on, await held_dependencies(tx), served))


async def change_impact(database: Database, catalogue: ChangeCatalogue, actor: Actor, change_id: UUID) -> Impact:
    """The impact of the change as things are now. Raises UnknownChange."""
    async with permitted(database, actor, TokenScope.READ, action="change.impact", resource=str(change_id)) as tx:
        row = await store.by_id(tx, change_id)
        if row is None:
            raise UnknownChange(where="change")
        radius = await radius_of(tx, await policy_of(tx, catalogue), row.resources)
        return Impact(f"CHG-{row.number}", radius, paths_in(radius))
