"""One tenant, one instant, one commit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from core.ids import TenantId


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction that sees the rows of `tenant` alone. `now` is the instant at which it began, aware UTC."""

    connection: AsyncConnection
    tenant: TenantId
    now: datetime


@dataclass(frozen=True, slots=True)
class SystemTransaction:
    """An open transaction that sees the queues (outbox, deliveries, deadlines) and the tenant list of every tenant.

    Only the dispatcher, the deadline runner and tenant provisioning open one; all other tables stay empty to it.
    """

    connection: AsyncConnection
    now: datetime
