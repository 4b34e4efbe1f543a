"""Which objectives hold: those of the API before those of files, a service's own before those of every service (S1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID, uuid5

from sqlalchemy import Row

from core.access import directory
from core.db import Transaction
from core.ids import UserId
from core.sla import store
from core.sla.catalogue import SlaCatalogue
from core.sla.contract import Contract
from core.sla.objective import ANY, Objective
from core.sla.views import ObjectiveView
from core.tenants import tenant_policy

HEARD_FOR: Final = timedelta(minutes=30)  # from its first sample to its last: no name that was sampled by mistake
_OF_FILES = UUID("5f1d7a52-6f43-5d0c-9c5c-8a8c8de2b5a1")  # the namespace of their ids, which nothing else uses


@dataclass(frozen=True, slots=True)
class Promises:
    """Everything that is promised in a tenant."""

    objectives: tuple[ObjectiveView, ...]
    contracts: Mapping[str, Contract]

    def of(self, service: str) -> tuple[Objective, ...]:
        """The objectives of the service, in the order in which they are written."""
        found: dict[str, Objective] = {}
        for name in (ANY, service):
            for origin in ("file", "api"):
                for each in self.objectives:
                    if each.objective.service == name and each.origin == origin:
                        found[each.objective.name] = replace(each.objective, service=service, is_inherited=name == ANY)
        return tuple(found.values())

    @property
    def holding(self) -> tuple[ObjectiveView, ...]:
        """Each that is written, but those of files that one of the API of that service and name goes before."""
        stored = {(each.objective.service, each.objective.name) for each in self.objectives if each.origin == "api"}
        return tuple(
            each
            for each in self.objectives
            if each.origin == "api" or (each.objective.service, each.objective.name) not in stored
        )

    def contract_of(self, service: str) -> Contract | None:
        """The terms of its credits; None if there are none."""
        return self.contracts.get(service) or self.contracts.get(ANY)

    def binds(self, row: Row[Any]) -> bool:
        """Whether the service is promised anything to customers: it is named, or was heard for a while (0094)."""
        is_named = row.service in self.named or row.service in self.contracts
        return is_named or row.last_at - row.first_at >= HEARD_FOR

    @property
    def named(self) -> frozenset[str]:
        """The services that have objectives of their own."""
        return frozenset(each.objective.service for each in self.objectives) - {ANY}


async def promises_of(tx: Transaction, catalogue: SlaCatalogue) -> Promises:
    """What is promised in the tenant now."""
    defined = catalogue.for_tenant(await tenant_policy(tx))
    of_files = [ObjectiveView(id=file_id(each), origin="file", objective=each) for each in defined.objectives]
    return Promises((*of_files, *await _stored(tx)), defined.contracts)


def file_id(objective: Objective) -> UUID:
    """The id of an objective of a file: it stays while its service and name do."""
    return uuid5(_OF_FILES, f"{objective.service}\n{objective.name}")


async def _stored(tx: Transaction) -> Iterable[ObjectiveView]:
    rows = await store.all_objectives(tx)
    if not rows:
        return ()
    people = (await directory(tx)).people
    return [
        ObjectiveView(
            id=row.objective_id,
            origin="api",
            objective=Objective.from_json(row.objective),
            version=row.version,
            author=people.get(UserId(row.author_id)) if row.author_id else None,
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in rows
    ]
