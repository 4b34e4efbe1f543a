"""One ticket per subject and system."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.links.model import tickets

SYSTEM_TITLES: Final[Mapping[str, str]] = {
    "servicenow": "ServiceNow",
    "jira": "Jira",
    "remedy": "Remedy",
}  # as they write it


@dataclass(frozen=True, slots=True)
class TicketLink:
    """A record in another system that stands for one of our subjects."""

    subject_id: UUID
    system: str
    kind: str
    external_id: str
    number: str
    url: str
    state: str

    @property
    def system_title(self) -> str:
        """The system as people read it."""
        return SYSTEM_TITLES.get(self.system, self.system)


async def save_ticket(tx: Transaction, link: TicketLink) -> bool:
    """The subject's ticket in that system is this one; whether anything a reader would see has changed."""
    known = {entry.system: entry for entry in (await tickets_of(tx, [link.subject_id])).get(link.subject_id, ())}
    if known.get(link.system) == link:
        return False
    values = {
        "kind": link.kind,
        "external_id": link.external_id,
        "number": link.number,
        "url": link.url,
        "state": link.state,
        "updated_at": tx.now,
    }
    await tx.connection.execute(
        insert(tickets)
        .values(tenant_id=tx.tenant, subject_id=link.subject_id, system=link.system, created_at=tx.now, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "subject_id", "system"], set_=values)
    )
    return True


async def tickets_of(tx: Transaction, subjects: Sequence[UUID]) -> Mapping[UUID, tuple[TicketLink, ...]]:
    """The tickets of each subject that has any."""
    columns = tickets.c
    rows = await tx.connection.execute(
        select(
            columns.subject_id,
            columns.system,
            columns.kind,
            columns.external_id,
            columns.number,
            columns.url,
            columns.state,
        )
        .where(columns.tenant_id == tx.tenant, columns.subject_id.in_(subjects))
        .order_by(columns.created_at)
    )
    found: dict[UUID, tuple[TicketLink, ...]] = {}
    for row in rows:
        found[row.subject_id] = (*found.get(row.subject_id, ()), TicketLink(*row))
    return found
