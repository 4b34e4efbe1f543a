"""A transaction begins and has its scope in one round trip, and without a statement that the driver has to prepare.

PostgreSQL takes several statements at once only as text, without parameters. asyncpg sends its BEGIN like that, so the
scope follows it in the same message.
"""

from __future__ import annotations

import re
from typing import Any, Final

import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

# Into a text that has no parameters goes nothing that could mean more than a name.
_PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,200}")


class BeginningConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg has no types
    """A connection whose next transaction begins with `begins_with`."""

    __slots__ = ("begins_with",)

    async def execute(self, query: str, *args: Any, timeout: float | None = None) -> str:  # noqa: ASYNC109  asyncpg's own
        """As asyncpg's."""
        scope = getattr(self, "begins_with", "")
        if scope and query.startswith("BEGIN"):
            query = f"{query} {scope}"
        return str(await super().execute(query, *args, timeout=timeout))


def tenant_scope(tenant: str) -> str | None:
    """What a transaction of the tenant begins with; None for a name that is no plain one."""
    return f"SELECT set_config('app.tenant_id', '{tenant}', true)" if _PLAIN_NAME.fullmatch(tenant) else None


async def begin_with(connection: AsyncConnection, scope: str) -> bool:
    """Whether the transaction has begun and has its scope. If not, the next statement says why: it may be dead."""
    raw = await connection.get_raw_connection()
    await connection.begin()
    driver: Any = raw.driver_connection
    adapted: Any = raw.dbapi_connection
    driver.begins_with = scope
    try:
        await adapted._start_transaction()  # noqa: SLF001  what SQLAlchemy does before a first statement
    except Exception:  # noqa: BLE001  whatever it is, it is told of by the statement that comes next
        return False
    except BaseException:  # cancelled: nobody knows what the server has begun
        await connection.invalidate()
        raise
    finally:
        driver.begins_with = ""
    return True
