"""How an incident is named: by its id, or by the number in INC-12."""

from __future__ import annotations

from uuid import UUID

from core.db import Transaction, id_behind
from core.incidents.errors import UnknownIncident
from core.incidents.model import incidents


async def id_of(tx: Transaction, which: UUID | int) -> UUID:
    """The id behind INC-<number>; an id is not looked up. Raises UnknownIncident."""
    columns = incidents.c
    return await id_behind(
        tx, which, kind="INC", ids=columns.incident_id, numbers=columns.number, unknown=UnknownIncident
    )
