"""Many rows at once: by COPY into a table of the connection's own, then on by one statement.

COPY is the fastest way in, but PostgreSQL refuses it for tables that row security guards. A temporary table has none,
is written to no log, and is empty again when the transaction ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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
        connection = (await tx.connection.get_raw_connection()).driver_connection
        assert connection is not None  # the transaction is open
        columns = ", ".join(f"{name} {kind}" for name, kind in self.columns.items())
        await connection.execute(
            f"CREATE TEMPORARY TABLE IF NOT EXISTS {self.name} ({columns}) ON COMMIT DELETE ROWS; TRUNCATE {self.name}"
        )
        await connection.copy_records_to_table(self.name, records=rows, columns=list(self.columns))
