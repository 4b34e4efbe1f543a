"""A column whose values are sealed: a feature declares it once, and reads and writes it through this."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import LargeBinary, Table

from core.db import Transaction
from core.db.transaction import SystemTransaction
from core.sealing import Keyring, is_sealed

AnyTransaction = Transaction | SystemTransaction


@dataclass(frozen=True, slots=True)
class SealedColumn:
    """`column` of `table`, whose rows are told apart by `row` (beside the tenant, where the table has one)."""

    table: Table
    column: str
    row: tuple[str, ...]

    @property
    def is_of_tenants(self) -> bool:
        """Whether its rows belong to tenants; else to the installation."""
        return "tenant_id" in self.table.c

    def seal(self, tx: AnyTransaction, secret: bytes, *row: object) -> str | bytes:
        """What is to be stored for the secret in this row, as the column's type wants it."""
        return self._stored(keyring_of(tx).seal(secret, self.place(tx, *row)))

    def open(self, tx: AnyTransaction, stored: str | bytes, *row: object) -> bytes:
        """The secret of this row; one from before secrets were sealed is returned as it is. Raises Unsealable."""
        sealed = as_text(stored)
        if sealed is None:
            return stored if isinstance(stored, bytes) else stored.encode()
        return keyring_of(tx).open(sealed, self.place(tx, *row))

    def renewed(self, tx: AnyTransaction, stored: str | bytes, *row: object) -> str | bytes:
        """What is to be stored instead, under the key that seals now. Raises Unsealable."""
        sealed = as_text(stored)
        if sealed is None:
            return self.seal(tx, self.open(tx, stored, *row), *row)
        return self._stored(keyring_of(tx).rewrap(sealed, self.place(tx, *row)))

    def place(self, tx: AnyTransaction, *row: object) -> tuple[str, ...]:
        """To what a secret of this row is bound."""
        tenant = tx.tenant if isinstance(tx, Transaction) else ""
        return (tenant, self.table.name, self.column, *map(str, row))

    def _stored(self, sealed: str) -> str | bytes:
        return sealed.encode() if isinstance(self.table.c[self.column].type, LargeBinary) else sealed


def keyring_of(tx: AnyTransaction) -> Keyring:
    """The keys with which this process was started."""
    if tx.keyring is None:
        raise RuntimeError("this database was opened without a master key")
    return tx.keyring


def as_text(stored: str | bytes) -> str | None:
    """The sealed text; None for a value that is not sealed."""
    text = stored.decode("ascii", "replace") if isinstance(stored, bytes) else stored
    return text if is_sealed(text) else None
