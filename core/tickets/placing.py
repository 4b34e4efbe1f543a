"""Which ticket stands for a subject, and where our last move left it.

A walk compares with the latter, so that a workflow that goes no further is no drift.
"""

from __future__ import annotations

from typing import Final

from core.db import Database, Transaction
from core.ids import TenantId
from core.links import TicketLink, take_ticket
from core.tickets import store
from core.tickets.merging import Agreed

STATE: Final = "(state)"  # among the fields of a ticket; no system's field has such a name


async def stands_instead(database: Database, tenant: TenantId, link: TicketLink) -> None:
    """This ticket stands for its subject from now on; what was agreed on with the one before it is agreed no more.

    Its versions say nothing of this one: kept, they would make all that it holds old news.
    """
    async with database.tenant(tenant) as tx:
        await store.forget(tx, link.subject_id, link.system)
        await take_ticket(tx, link.subject, link, state=link.state)


async def placed(database: Database, tenant: TenantId, link: TicketLink, *, target: str, label: str) -> None:
    """Asked for this state of ours, the system left the ticket in `label`, a state of its own."""
    async with database.tenant(tenant) as tx:
        await store.save(tx, link.subject_id, link.system, {STATE: Agreed(target, label, 0, 0)})


async def is_as_placed(tx: Transaction, link: TicketLink, *, target: str, label: str) -> bool:
    """Whether our last move asked for this state, and the ticket is where it was left then."""
    known = (await store.agreed(tx, link.subject_id, link.system)).get(STATE)
    return known is not None and (known.sent, known.seen) == (target, label)
