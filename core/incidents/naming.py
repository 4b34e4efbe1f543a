"""How an incident is named by whoever does something with it: by its id, or by the number in INC-12."""

from __future__ import annotations

from typing import TypeAlias
from uuid import UUID

from core.db import Transaction
from core.incidents import store
from core.incidents.errors import UnknownIncident

Which: TypeAlias = UUID | int


def named(which: Which) -> str:
    """As the trail calls it."""
    return f"INC-{which}" if isinstance(which, int) else str(which)


def unknown(which: Which) -> UnknownIncident:
    """That there is none, in words."""
    message = f"There is no {named(which)} here." if isinstance(which, int) else None
    return UnknownIncident(message, where="incident")


async def id_of(tx: Transaction, which: Which) -> UUID:
    """Its id; an id is not looked up. Raises UnknownIncident."""
    found = await store.id_of_number(tx, which) if isinstance(which, int) else which
    if found is None:
        raise unknown(which)
    return found
