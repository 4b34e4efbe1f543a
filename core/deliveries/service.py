"""Use cases over deliveries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from core.access import Permission, TokenScope, require
from core.actor import Actor
from core.audit import AuditCategory, audited, record
from core.choices import check_choice
from core.db import Database, Transaction
from core.deliveries.comparing import Changed, changes_between
from core.deliveries.values import Connected
from core.errors import InvalidInput, NotFound
from core.outbox import (
    DELIVERY_STATES,
    DeliveryView,
    DestinationView,
    Sent,
    bounded,
    delivered_event,
    deliveries_by_hour,
    dismiss,
    dismiss_all,
    list_deliveries,
    list_destinations,
    replay,
    replay_all,
    resume,
    sent_last,
)
from core.redaction import without_secrets
from core.tickets import InboxView, list_inboxes

REASON_MAX: Final = 500  # characters, of why a delivery is dismissed


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a delivery would change in the other system."""

    subject: str
    event_type: str
    last: Sent | None
    now: Mapping[str, Any] | None
    changes: tuple[Changed, ...]


async def list_all(
    database: Database, actor: Actor, *, subscriber: str | None, state: str | None, after: UUID | None, limit: int
) -> tuple[DeliveryView, ...]:
    """Deliveries with their events, newest first, beyond the cursor `after`; secrets in events are struck out.

    Raises InvalidInput for no state of one.
    """
    check_choice("state", state, DELIVERY_STATES)
    async with audited(database, actor, action="deliveries.list", resource=subscriber or "all") as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        found = await list_deliveries(tx, subscriber=subscriber, state=state, after=after, limit=limit)
        return tuple(replace(each, data=without_secrets("", each.data)) for each in found)


async def replay_one(database: Database, actor: Actor, event_id: UUID, *, subscriber: str) -> None:
    """The dead or dismissed delivery is tried again from the start. Raises NotFound if there is none."""
    async with audited(database, actor, action="delivery.replay", resource=str(event_id)) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.ADMIN)
        await replay(tx, event_id, subscriber)
        await record(
            tx,
            actor,
            action="delivery.replay",
            resource=str(event_id),
            category=AuditCategory.SYSTEM,
            details={"subscriber": subscriber},
        )


async def destinations(database: Database, actor: Actor) -> tuple[DestinationView, ...]:
    """How deliveries to each connector go."""
    async with audited(database, actor, action="connectors.list", resource="all") as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        return await list_destinations(tx)


async def inboxes(database: Database, actor: Actor) -> tuple[InboxView, ...]:
    """How looking at what comes back from each ticket system goes."""
    async with audited(database, actor, action="connectors.list", resource="all") as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        return await list_inboxes(tx)


async def replay_dead(database: Database, actor: Actor, *, subscriber: str) -> int:
    """The connector's oldest dead deliveries, a thousand at most, are tried again; how many. Raises NotFound."""
    async with audited(database, actor, action="delivery.replay", resource=subscriber) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.ADMIN)
        count = await replay_all(tx, subscriber)
        await _record(tx, actor, "delivery.replay", {"subscriber": subscriber, "count": count})
        return count


async def dismiss_one(database: Database, actor: Actor, event_id: UUID, *, subscriber: str, reason: str) -> None:
    """Nobody wants the dead delivery sent any more: it is kept as dismissed. Raises NotFound, or InvalidInput."""
    async with audited(database, actor, action="delivery.dismiss", resource=str(event_id)) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.ADMIN)
        why = _reason(reason)
        await dismiss(tx, event_id, subscriber, by=actor.email, reason=why)
        await record(
            tx,
            actor,
            action="delivery.dismiss",
            resource=str(event_id),
            category=AuditCategory.SYSTEM,
            details={"subscriber": subscriber, "reason": why},
        )


async def dismiss_dead(database: Database, actor: Actor, *, subscriber: str, reason: str) -> int:
    """The connector's oldest dead deliveries, a thousand at most, are dismissed; how many.

    Raises NotFound, or InvalidInput without a reason.
    """
    async with audited(database, actor, action="delivery.dismiss", resource=subscriber) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.ADMIN)
        why = _reason(reason)
        count = await dismiss_all(tx, subscriber, by=actor.email, reason=why)
        await _record(tx, actor, "delivery.dismiss", {"subscriber": subscriber, "count": count, "reason": why})
        return count


async def resume_now(database: Database, actor: Actor, *, subscriber: str) -> None:
    """What waits for the connector is tried at once, although it was left alone. Raises NotFound."""
    async with audited(database, actor, action="connector.resume", resource=subscriber) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.ADMIN)
        await resume(tx, subscriber)
        await _record(tx, actor, "connector.resume", {"subscriber": subscriber})


async def throughput(database: Database, actor: Actor, *, subscriber: str) -> tuple[tuple[datetime, int], ...]:
    """How many were delivered to the connector in each hour of the last day."""
    async with audited(database, actor, action="connectors.list", resource=subscriber) as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        return await deliveries_by_hour(tx, subscriber)


async def compare(
    database: Database, actor: Actor, connected: Connected, event_id: UUID, *, subscriber: str
) -> Comparison:
    """What was last accepted there for the delivery's subject, and what would be sent now. Raises NotFound.

    Secrets are struck out in both. Where the connector cannot say beforehand what it sends, `now` is None.
    """
    async with audited(database, actor, action="deliveries.list", resource=subscriber) as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        event = await delivered_event(tx, event_id, subscriber)
        if event is None:
            raise NotFound("There is no such delivery.", where="delivery", next_step="List the connector's deliveries.")
        last = await sent_last(tx, subscriber, event.subject)
    connection = connected.find(actor.tenant, subscriber)
    preview = connection.preview if connection else None
    now = bounded(await preview(event)) if preview else None
    changes = () if now is None else changes_between(last.payload if last else {}, now)
    return Comparison(event.subject, event.type, last, now, changes)


def _reason(reason: str) -> str:
    why = reason.strip()
    if not 1 <= len(why) <= REASON_MAX:
        raise InvalidInput(f"Say why it is dismissed, in 1 to {REASON_MAX} characters.", where="reason")
    return why


async def _record(tx: Transaction, actor: Actor, action: str, details: Mapping[str, Any]) -> None:
    await record(
        tx, actor, action=action, resource=details["subscriber"], category=AuditCategory.SYSTEM, details=details
    )
