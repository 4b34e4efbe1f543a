"""Addresses that may be told of a task's end, each with a secret; and what they are told.

An address is registered by whoever may change the configuration, and used by anybody of the tenant: it is the list of
allowed ones that the profile asks for. Its secret is shown once. A second registration of the same address has a secret
of its own, and notices are signed with both, so that a secret is changed without a gap: register, switch over, remove
the old one.
"""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import Permission, TokenScope, require
from core.access_requests import naming, store
from core.access_requests.addresses import Network, reach
from core.access_requests.errors import UnknownCallback
from core.actor import Actor
from core.audit import AuditCategory, audited, record
from core.db import Database
from core.errors import Conflict
from core.ids import uuid7
from core.outbox import Event

SECRET_PREFIX: Final = "whsec_"  # noqa: S105  how Standard Webhooks marks a secret
SECRET_BYTES: Final = 32
CALLBACKS_MAX: Final = 50  # for each tenant


@dataclass(frozen=True, slots=True)
class CallbackView:
    """A registered address. `secret` is there only in the answer to its registration."""

    id: UUID
    endpoint: str
    created_by: str
    created_at: datetime
    secret: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """What an address is told: once, whatever the attempts, for `id` stays the same."""

    id: str
    endpoint: str
    secrets: tuple[str, ...] = field(repr=False)
    sent_at: datetime
    task_id: str
    status: str
    state: str | None


async def register_callback(
    database: Database, actor: Actor, endpoint: str, *, allowed: Sequence[Network]
) -> CallbackView:
    """The address may be told; its secret is known to the caller from now on, and never shown again.

    Raises AddressRefused, or Conflict when there are too many.
    """
    async with audited(database, actor, action="callback.register", resource=endpoint) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.ADMIN)
    await reach(endpoint, allowed=allowed)  # a look-up may take seconds: not while a transaction is open
    secret = SECRET_PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()
    async with audited(database, actor, action="callback.register", resource=endpoint) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.ADMIN)
        if await store.count_callbacks(tx) >= CALLBACKS_MAX:
            raise Conflict(f"There are {CALLBACKS_MAX} callbacks.", next_step="Remove one first.")
        row = await store.add_callback(tx, callback_id=uuid7(), endpoint=endpoint, secret=secret, by=actor.email)
        await record(
            tx,
            actor,
            action="callback.register",
            resource=endpoint,
            category=AuditCategory.SECURITY,
            subject_id=row.callback_id,
            details={},
        )
        return CallbackView(row.callback_id, row.endpoint, row.created_by, row.created_at, secret)


async def list_callbacks(database: Database, actor: Actor) -> tuple[CallbackView, ...]:
    """The tenant's addresses, newest first, without their secrets."""
    async with audited(database, actor, action="callback.list", resource="callbacks") as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.READ)
        return tuple(_view(row) for row in await store.callbacks(tx))


async def remove_callback(database: Database, actor: Actor, callback_id: UUID) -> None:
    """The registration is gone; without another one of its address, what still waits to be told there is not."""
    async with audited(database, actor, action="callback.remove", resource=str(callback_id)) as tx:
        await require(tx, actor, Permission.MODIFY_CONFIG, TokenScope.ADMIN)
        row = await store.remove_callback(tx, callback_id)
        if row is None:
            raise UnknownCallback(where="callback")
        await record(
            tx,
            actor,
            action="callback.remove",
            resource=row.endpoint,
            category=AuditCategory.SECURITY,
            subject_id=callback_id,
            details={},
        )


async def notice_of(database: Database, event: Event) -> Notice | None:
    """What is to be told because of this event; None if the address is not registered any more."""
    async with database.tenant(event.tenant) as tx:
        row = await store.task(tx, event.subject_id)
        if row is None or row.callback_endpoint is None:
            return None
        known = await store.callbacks(tx, endpoint=row.callback_endpoint)
        if not known:
            return None
        return Notice(
            id=naming.written("msg", event.id),
            endpoint=row.callback_endpoint,
            secrets=tuple(store.secret_of(tx, each) for each in known),
            sent_at=tx.now,
            task_id=naming.written(naming.TASK, row.task_id),
            status=row.status,
            state=row.callback_state,
        )


def _view(row: Row[Any]) -> CallbackView:
    return CallbackView(row.callback_id, row.endpoint, row.created_by, row.created_at)
