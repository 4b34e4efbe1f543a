"""Which connectors there are for a tenant: those that it is connected with, used or not, and whatever was sent to."""

from __future__ import annotations

from typing import Final

from config.suggest import did_you_mean
from core.access import Permission, TokenScope, require
from core.actor import Actor
from core.audit import audited
from core.db import Database
from core.deliveries.values import Connected
from core.errors import NotFound
from core.outbox import DestinationView, Flow, destination_names, list_destinations

_ACTION: Final = "connectors.list"


class UnknownConnector(NotFound):
    """There is no such connector."""

    code = "connectors.unknown"


async def check_connector(database: Database, actor: Actor, connected: Connected, name: str) -> None:
    """Returns if the tenant has it. Raises UnknownConnector, naming those that there are."""
    async with audited(database, actor, action=_ACTION, resource=name) as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        known = {each.name for each in connected.of(actor.tenant)} | set(await destination_names(tx))
        if name not in known:
            message = f"There is no connector '{name}'.{did_you_mean(name, known)}"
            raise UnknownConnector(message, where="connector", accepted=tuple(sorted(known)))


async def connectors(database: Database, actor: Actor, connected: Connected) -> tuple[DestinationView, ...]:
    """How deliveries to each connector go; of one that is connected and was not used yet, that nothing is wrong."""
    async with audited(database, actor, action=_ACTION, resource="all") as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        found = {each.subscriber: each for each in await list_destinations(tx)}
    unused = {each.name: _unused(each.name) for each in connected.of(actor.tenant) if each.name not in found}
    return tuple(view for _name, view in sorted((found | unused).items()))


def _unused(name: str) -> DestinationView:
    return DestinationView(
        subscriber=name,
        flow=Flow.CLOSED,
        failures=0,
        failing_since=None,
        paused_until=None,
        last_failed_at=None,
        last_error=None,
        pending=0,
        oldest_pending_at=None,
        dead=0,
        done_lately=0,
        last_done_at=None,
    )
