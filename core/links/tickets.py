"""One ticket per subject and system."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.links.model import tickets

SYSTEM_TITLES: Final[Mapping[str, str]] = {
    "servicenow": "ServiceNow",
    "jira": "Jira",
    "remedy": "Remedy",
}  # as they write it


EMERGENCY: Final = "emergency_change"  # the kind that stands for a bypass
INCIDENT: Final = "incident"  # the subject type of a ticket that stands for an incident
OWN: Final = "ticket"  # the subject type of a ticket that stands for nothing else: nobody but rules waits for it


class TicketPhase(StrEnum):
    """Where a ticket is, as far as that is the same for tickets of every kind."""

    OPEN = "open"
    WORKING = "working"
    RESOLVED = "resolved"  # done, as far as those who worked on it say
    ENDED = "ended"


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
    subject_type: str | None = None  # None: told by its kind

    @property
    def subject(self) -> str:
        """What it stands for, as in the outbox: `request:<uuid>`, `incident:<uuid>`, …, `ticket:<uuid>` for itself."""
        return f"{self.subject_type or ('bypass' if self.kind == EMERGENCY else 'request')}:{self.subject_id}"

    @property
    def system_title(self) -> str:
        """The system as people read it."""
        return SYSTEM_TITLES.get(self.system, self.system)


LINK_COLUMNS: Final = tuple(
    tickets.c[name]
    for name in ("subject_id", "system", "kind", "external_id", "number", "url", "state", "subject_type")
)


# Not those that rules of workflow automation make, which stand for themselves.
_STANDS_FOR_OURS: Final = tickets.c.subject_type.is_distinct_from(OWN)


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
        "subject_type": link.subject_type,
        "updated_at": tx.now,
    }
    await tx.connection.execute(
        insert(tickets)
        .values(tenant_id=tx.tenant, subject_id=link.subject_id, system=link.system, created_at=tx.now, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "subject_id", "system"], set_=values)
    )
    return True


async def tickets_known_as(tx: Transaction, system: str, external_ids: Collection[str]) -> Mapping[str, TicketLink]:
    """Our tickets with these ids of the system's own, by them."""
    columns = tickets.c
    rows = await tx.connection.execute(
        select(*LINK_COLUMNS).where(
            columns.tenant_id == tx.tenant, columns.system == system, columns.external_id.in_(external_ids)
        )
    )
    return {row.external_id: TicketLink(*row) for row in rows}


async def count_tickets(tx: Transaction, system: str) -> int:
    """How many tickets that stand for a subject of ours there are in that system."""
    columns = tickets.c
    wanted = select(func.count()).where(columns.tenant_id == tx.tenant, columns.system == system, _STANDS_FOR_OURS)
    return (await tx.connection.execute(wanted)).scalar_one()


async def tickets_after(tx: Transaction, system: str, subject: UUID, *, limit: int) -> tuple[TicketLink, ...]:
    """The next tickets in that system that stand for a subject of ours, in the order of their subjects."""
    columns = tickets.c
    rows = await tx.connection.execute(
        select(*LINK_COLUMNS)
        .where(columns.tenant_id == tx.tenant, columns.system == system, columns.subject_id > subject, _STANDS_FOR_OURS)
        .order_by(columns.subject_id)
        .limit(limit)
    )
    return tuple(TicketLink(*row) for row in rows)


async def tickets_of(tx: Transaction, subjects: Sequence[UUID]) -> Mapping[UUID, tuple[TicketLink, ...]]:
    """The tickets of each subject that has any."""
    columns = tickets.c
    rows = await tx.connection.execute(
        select(*LINK_COLUMNS)
        .where(columns.tenant_id == tx.tenant, columns.subject_id.in_(subjects))
        .order_by(columns.created_at)
    )
    found: dict[UUID, tuple[TicketLink, ...]] = {}
    for row in rows:
        found[row.subject_id] = (*found.get(row.subject_id, ()), TicketLink(*row))
    return found
