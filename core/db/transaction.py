"""One tenant, one instant, one commit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy.ext.asyncio import AsyncConnection

from core.db.cache import TenantCache
from core.ids import TenantId
from core.origin import NOWHERE, Origin
from core.sealing import Keyring

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Transaction:
    """An open transaction that sees the rows of `tenant` alone.

    `now` is the instant at which it began, aware UTC; `outside` the same by the clocks of other machines.
    """

    connection: AsyncConnection
    tenant: TenantId
    now: datetime
    outside: datetime
    cache: TenantCache
    keyring: Keyring | None = None  # what seals and opens secrets; None only where there are none
    origin: Origin = NOWHERE  # what everything that is emitted here comes from

    async def fetch(self, statement: str, *values: object) -> Sequence[Mapping[str, Any]]:
        """Its rows, straight from the driver, with `$1` for the first value.

        For the few statements that are asked so often that what SQLAlchemy adds to each counts.
        """
        connection = (await self.connection.get_raw_connection()).driver_connection
        assert connection is not None
        found: Sequence[Mapping[str, Any]] = await connection.fetch(statement, *values)
        return found

    async def remembered(self, name: str, load: Callable[[Transaction], Awaitable[T]]) -> T:
        """The tenant's value `name` as this replica remembers it, else as `load` reads it now."""
        known = self.cache.get(self.tenant, name)
        if known is not None:
            return cast("T", known)
        generation = self.cache.generation
        value = await load(self)
        self.cache.put(self.tenant, name, value, generation=generation)
        return value


@dataclass(frozen=True, slots=True)
class SystemTransaction:
    """An open transaction that sees the queues (outbox, deliveries, deadlines) and the tenant list of every tenant.

    Only the dispatcher, the deadline runner and tenant provisioning open one; all other tables stay empty to it.
    """

    connection: AsyncConnection
    now: datetime
    keyring: Keyring | None = None
