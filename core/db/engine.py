"""The one place that opens and commits transactions.

Row-level security reads `app.tenant_id`, which is set for the transaction alone (`is_local`), so a pooled connection
carries nothing over to its next user. The role that connects neither owns the tables nor may bypass row security;
`verify_role` refuses to serve otherwise (T1).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Final, TypeVar, cast

import asyncpg
from sqlalchemy import TextClause, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from core.clock import Clock
from core.db.beginning import BeginningConnection, begin_with, tenant_scope
from core.db.cache import TenantCache
from core.db.transaction import SystemTransaction, Transaction
from core.errors import ConfigError, Unavailable
from core.ids import TenantId
from core.origin import NOWHERE, Origin
from core.sealing import Keyring

T = TypeVar("T")

CONNECT_TIMEOUT_S: Final = 5.0
POOL_TIMEOUT_S: Final = 5.0
STATEMENT_TIMEOUT_MS: Final = 15_000
# The driver keeps a hundred statements of a connection prepared unless told otherwise. We have several hundred, and one
# that is prepared anew costs a round trip and a plan.
PREPARED: Final = {"prepared_statement_cache_size": "1000"}
# SQLSTATEs of work that waited too long or stood in another's way: cancelled by its time-out, deadlock, lock not had.
GAVE_UP: Final = frozenset({"57014", "40P01", "55P03"})

_SET_TENANT = text("SELECT set_config('app.tenant_id', :tenant, true)")
_SYSTEM = "SELECT set_config('app.scope', 'system', true)"
# Row security hides how many rows a condition keeps, so the planner believes that hardly anything waits in a queue, and
# would collect and sort all of it. Every step of a claim has an index that brings its rows in order.
_QUEUE = (
    "SELECT set_config('app.scope', 'system', true), set_config('enable_sort', 'off', true),"
    " set_config('enable_bitmapscan', 'off', true), set_config('enable_seqscan', 'off', true)"
)
_SET_SYSTEM, _SET_QUEUE = text(_SYSTEM), text(_QUEUE)
_ROLE = text(
    "SELECT r.rolsuper OR r.rolbypassrls OR EXISTS ("
    "  SELECT 1 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    "  WHERE n.nspname = 'public' AND c.relkind = 'r' AND pg_has_role(r.oid, c.relowner, 'USAGE'))"
    " FROM pg_roles r WHERE r.rolname = current_user"
)


class Database:
    """A pool of connections under the application's role."""

    def __init__(
        self, url: str, *, clock: Clock, pool_size: int = 20, address: str = "", keyring: Keyring | None = None
    ) -> None:
        self.clock = clock
        self.address = address  # of this installation, without a closing slash: what links to it begin with
        self.keyring = keyring  # set before anything is sealed or opened
        self.url = url
        self.cache = TenantCache()
        self.engine: AsyncEngine = create_async_engine(
            make_url(url).set(drivername="postgresql+asyncpg").update_query_dict(PREPARED),
            pool_size=pool_size,
            max_overflow=0,  # one beyond the pool would be closed after its use, and opened anew at the next burst
            pool_use_lifo=True,  # the one used last has most of its statements prepared
            pool_timeout=POOL_TIMEOUT_S,
            connect_args={
                "timeout": CONNECT_TIMEOUT_S,
                "connection_class": BeginningConnection,
                "server_settings": {
                    "application_name": "countersign",
                    "statement_timeout": str(STATEMENT_TIMEOUT_MS),
                    "timezone": "UTC",
                },
            },
        )

    @asynccontextmanager
    async def tenant(self, tenant: TenantId, *, origin: Origin = NOWHERE) -> AsyncIterator[Transaction]:
        """A transaction that sees and writes the rows of `tenant` alone; commits at the end, rolls back on any error.

        What is emitted in it comes from `origin`.

        Raises Unavailable if the database cannot be reached (X9: callers deny).
        """
        async with (
            _translating_outages(),
            self._begun(tenant_scope(tenant), _SET_TENANT, {"tenant": tenant}) as connection,
        ):
            yield Transaction(
                connection,
                tenant,
                now=self.clock.now(),
                outside=self.clock.outside(),
                cache=self.cache,
                keyring=self.keyring,
                origin=origin,
            )

    @asynccontextmanager
    async def system(self) -> AsyncIterator[SystemTransaction]:
        """A transaction over the queues of all tenants."""
        async with _translating_outages(), self._begun(_SYSTEM, _SET_SYSTEM, {}) as connection:
            yield SystemTransaction(connection=connection, now=self.clock.now(), keyring=self.keyring)

    @asynccontextmanager
    async def queue(self) -> AsyncIterator[SystemTransaction]:
        """As `system`, for statements that walk a queue by its indexes, however much waits in it."""
        async with _translating_outages(), self._begun(_QUEUE, _SET_QUEUE, {}) as connection:
            yield SystemTransaction(connection=connection, now=self.clock.now(), keyring=self.keyring)

    async def remembered(self, tenant: TenantId, name: str, load: Callable[[Transaction], Awaitable[T]]) -> T:
        """As `Transaction.remembered`; a transaction is opened only for what is not remembered."""
        known = self.cache.get(tenant, name)
        if known is not None:
            return cast("T", known)
        async with self.tenant(tenant) as tx:
            return await tx.remembered(name, load)

    @asynccontextmanager
    async def _begun(
        self, scope: str | None, statement: TextClause, parameters: Mapping[str, str]
    ) -> AsyncIterator[AsyncConnection]:
        """A transaction of this scope. A pooled connection that has died meanwhile is noticed here and replaced.

        Asking each connection whether it lives would cost every transaction a round trip. The scope is set as the
        transaction begins; by the statement, if there is no such text or it has failed, so that SQLAlchemy hears of it.
        """
        for may_be_dead in (True, False):
            async with self.engine.connect() as connection:
                try:
                    if scope is None or not await begin_with(connection, scope):
                        await connection.execute(statement, parameters)
                except DBAPIError as exc:
                    if may_be_dead and exc.connection_invalidated:
                        continue  # and with it the pool has given up every connection of its age
                    raise
                yield connection
                await connection.commit()  # else closing rolls back
                return

    async def verify_role(self) -> None:
        """Returns if the connected role is bound by row-level security; raises ConfigError otherwise."""
        async with _translating_outages(), self.engine.connect() as connection:
            if (await connection.execute(_ROLE)).scalar_one():
                raise ConfigError(
                    "The database role may bypass row-level security, so tenants would not be kept apart.",
                    key="database_app_url",
                    next_step="Connect as a role that is neither superuser, nor BYPASSRLS, nor owner of the tables.",
                )

    async def notify(self, channel: str) -> None:
        """Every replica that listens to the channel looks again."""
        async with _translating_outages(), self.engine.begin() as connection:
            await connection.execute(text("SELECT pg_notify(:channel, '')"), {"channel": channel})

    async def ping(self) -> None:
        """Returns if the database answers; raises Unavailable otherwise."""
        async with _translating_outages(), self.engine.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def close(self) -> None:
        """Close every connection."""
        await self.engine.dispose()


@asynccontextmanager
async def _translating_outages() -> AsyncIterator[None]:
    try:
        yield
    except PoolTimeoutError as exc:
        raise Unavailable("The database is busy; nothing was changed.", retry_after_s=1) from exc
    except DBAPIError as exc:
        if exc.connection_invalidated or _says_outage(_sqlstate(exc)):
            raise Unavailable("The database does not answer; nothing was changed.", retry_after_s=5) from exc
        if _sqlstate(exc) in GAVE_UP:
            raise Unavailable("The database is busy; nothing was changed.", retry_after_s=1) from exc
        raise
    except (asyncpg.PostgresError, asyncpg.InterfaceError) as exc:  # of what is asked of the driver: COPY, `fetch`
        sqlstate = getattr(exc, "sqlstate", None) or ""
        if isinstance(exc, asyncpg.InterfaceError) or _says_outage(sqlstate):
            raise Unavailable("The database does not answer; nothing was changed.", retry_after_s=5) from exc
        if sqlstate in GAVE_UP:
            raise Unavailable("The database is busy; nothing was changed.", retry_after_s=1) from exc
        raise
    except OSError as exc:  # refused or reset before a connection existed
        raise Unavailable("The database does not answer; nothing was changed.", retry_after_s=5) from exc


def _says_outage(sqlstate: str) -> bool:
    """SQLSTATE classes 08 (connection), 53 (resources), 57P (shutdown, crash) mean that the server is not there."""
    return sqlstate[:2] in {"08", "53"} or sqlstate[:3] == "57P"


def _sqlstate(exc: DBAPIError) -> str:
    return getattr(exc.orig, "sqlstate", None) or ""
