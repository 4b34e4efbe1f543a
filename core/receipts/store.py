"""All SQL of receipts and of the keys that sign them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, delete, func, select, update

from core.db import Transaction
from core.db.transaction import SystemTransaction
from core.receipts.claims import Receipt
from core.receipts.keys import PublicKey, SigningKey, StoredKey
from core.receipts.model import PRIVATE_KEY, receipt_keys, receipts

_KEYS_LOCK: Final = 0x52656365697074  # any constant; one replica at a time makes a key


async def latest_token(tx: Transaction, request_id: UUID) -> str | None:
    """The receipt that was last issued for the request."""
    columns = receipts.c
    found: str | None = (
        await tx.connection.execute(
            select(columns.token)
            .where(columns.tenant_id == tx.tenant, columns.request_id == request_id)
            .order_by(columns.issued_at.desc(), columns.receipt_id.desc())
            .limit(1)
        )
    ).scalar()
    return found


async def add(tx: Transaction, receipt: Receipt, *, key_id: str) -> None:
    """The receipt is kept."""
    claims = receipt.claims
    await tx.connection.execute(
        receipts.insert().values(
            tenant_id=tx.tenant,
            receipt_id=claims.id,
            request_id=claims.request_id,
            key_id=key_id,
            issued_at=claims.issued_at,
            expires_at=claims.expires_at,
            token=receipt.token,
        )
    )


async def keys(tx: SystemTransaction) -> tuple[StoredKey, ...]:
    """All that are kept."""
    return tuple(_key(tx, row) for row in await tx.connection.execute(select(receipt_keys)))


async def lock_keys(tx: SystemTransaction) -> None:
    """Nobody else makes or retires keys until this transaction ends."""
    await tx.connection.execute(select(func.pg_advisory_xact_lock(_KEYS_LOCK)))


async def replace_key(tx: SystemTransaction, key: SigningKey, *, forget_retired_before: datetime) -> None:
    """The key signs from now on. The one before it has lost its private half; those retired long ago are gone."""
    columns = receipt_keys.c
    await tx.connection.execute(delete(receipt_keys).where(columns.retired_at < forget_retired_before))
    await tx.connection.execute(
        update(receipt_keys).where(columns.retired_at.is_(None)).values(retired_at=tx.now, private_key=None)
    )
    await tx.connection.execute(
        receipt_keys.insert().values(
            key_id=key.id,
            public_key=key.public.raw,
            private_key=PRIVATE_KEY.seal(tx, key.raw, key.id),
            created_at=tx.now,
            retired_at=None,
        )
    )


def _key(tx: SystemTransaction, row: Row[Any]) -> StoredKey:
    sealed = row.private_key
    return StoredKey(
        public=PublicKey(row.public_key),
        signing=None if sealed is None else SigningKey(PRIVATE_KEY.open(tx, sealed, row.key_id)),
        created_at=row.created_at,
        retired_at=row.retired_at,
    )
