"""What a ticket would look like on its way to another system, for those who set the connection up (N1, N6).

The exact calls are shown, and none that writes is made. Who asked is recorded: what is looked up there, we look up.
"""

from __future__ import annotations

import asyncio
from typing import Final

from core.access import Permission, TokenScope, require
from core.actor import Actor
from core.audit import AuditCategory, audited, record
from core.db import Database
from core.deliveries.values import Asked, Connected, Connection, Tried
from core.errors import NotFound, Unavailable

ANSWERS_WITHIN_S: Final = 20.0
_ACTION: Final = "connector.dry_run"


class SystemSilent(Unavailable):
    """The system did not answer; nothing was changed there."""

    code = "connectors.silent"


async def try_out(
    database: Database,
    actor: Actor,
    connected: Connected,
    *,
    name: str,
    asked: Asked,
    within_s: float = ANSWERS_WITHIN_S,
) -> Tried:
    """What would be sent, secrets struck out; nothing is. Raises NotFound, InvalidInput, SystemSilent."""
    async with audited(database, actor, action=_ACTION, resource=name) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.ADMIN)
        connection = _found(connected, actor, name)
        details = {"operation": str(asked.operation), "subject": asked.request or asked.ticket}
        await record(tx, actor, action=_ACTION, resource=name, category=AuditCategory.SYSTEM, details=details)
    assert connection.tries is not None  # _found
    try:
        async with asyncio.timeout(within_s):
            return await connection.tries(actor, asked)
    except TimeoutError:
        raise SystemSilent(
            f"'{name}' did not answer within {within_s:g} seconds.", next_step="Test the connector, then try again."
        ) from None


def _found(connected: Connected, actor: Actor, name: str) -> Connection:
    connection = connected.find(actor.tenant, name)
    if connection is None or connection.tries is None:
        raise NotFound(
            "There is nothing to try here.",
            where="connector",
            accepted=tuple(each.name for each in connected.of(actor.tenant) if each.tries is not None),
            next_step="Ticket systems can be tried.",
        )
    return connection
