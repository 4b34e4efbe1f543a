"""Many rows at once: by COPY into a table of the connection's own, then on by one statement.

COPY is the fastest way in, but PostgreSQL refuses it for tables that row security guards. A temporary table has none,
is written to no log, and is empty again when the transaction ends.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from core.db.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Staging:
    """A temporary table of this name with these columns, each with its type."""

    name: str
    columns: dict[str, str]

    async def fill(self, tx: Transaction, rows: Iterable[Sequence[Any]]) -> None:
        """The table holds exactly these rows, until the transaction ends or fills it again."""
        connection = await self._connection(tx)
        await connection.execute(f"{self._created}; TRUNCATE {self.name}")
        await connection.copy_records_to_table(self.name, records=rows, columns=list(self.columns))

    async def fill_from_text(self, tx: Transaction, parts: Iterable[Sequence[str]]) -> None:
        """The same, of rows as the text format of COPY has them; for whoever fills it once in a transaction.

        Text that was put together costs this process a tenth of what rows cost whose every value is encoded.
        """
        connection = await self._connection(tx)
        await connection.execute(self._created)
        await self._copy(connection, parts)

    async def refill_from_text(self, tx: Transaction, parts: Iterable[Sequence[str]]) -> None:
        """The same once more in a transaction."""
        connection = await self._connection(tx)
        await connection.execute(f"TRUNCATE {self.name}")
        await self._copy(connection, parts)

    async def _copy(self, connection: Any, parts: Iterable[Sequence[str]]) -> None:
        async def written() -> AsyncIterator[bytes]:
            for rows in parts:
                yield "".join(rows).encode()

        await connection.copy_to_table(self.name, source=written(), columns=list(self.columns))

    @property
    def _created(self) -> str:
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        return f"CREATE TEMPORARY TABLE IF NOT EXISTS {self.name} ({columns}) ON COMMIT DELETE ROWS"

    async def _connection(self, tx: Transaction) -> Any:
        connection = (await tx.connection.get_raw_connection()).driver_connection
        assert connection is not None  # the transaction is open
        return connection
