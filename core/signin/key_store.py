"""All SQL of passkeys and security keys."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.ids import UserId
from core.signin.model import key_challenges, security_keys
from core.signin.webauthn import Key


class Purpose(StrEnum):
    """What a challenge is for; one of each waits for a person at most."""

    REGISTER = "register"
    CONFIRM = "confirm"


@dataclass(frozen=True, slots=True)
class KeyView:
    """A key as its person sees it."""

    id: str  # hexadecimal
    name: str
    created_at: datetime
    last_used_at: datetime | None
    key: Key


async def keys_of(tx: Transaction, user: UserId) -> tuple[KeyView, ...]:
    """The person's keys, the oldest first."""
    columns = security_keys.c
    rows = await tx.connection.execute(
        select(security_keys)
        .where(columns.tenant_id == tx.tenant, columns.user_id == user)
        .order_by(columns.created_at, columns.credential_id)
    )
    return tuple(_view(row) for row in rows)


async def add_key(tx: Transaction, user: UserId, key: Key, name: str) -> bool:
    """Whether nobody had this key; it is the person's then."""
    added = await tx.connection.execute(
        insert(security_keys)
        .values(
            tenant_id=tx.tenant,
            credential_id=key.credential_id,
            user_id=user,
            name=name,
            public_key=key.public_key,
            sign_count=key.sign_count,
            created_at=tx.now,
        )
        .on_conflict_do_nothing()
        .returning(security_keys.c.user_id)
    )
    return added.first() is not None


async def note_use(tx: Transaction, key: Key, *, sign_count: int) -> None:
    """The key was used, and says this count."""
    columns = security_keys.c
    await tx.connection.execute(
        update(security_keys)
        .where(columns.tenant_id == tx.tenant, columns.credential_id == key.credential_id)
        .values(sign_count=sign_count, last_used_at=tx.now)
    )


async def remove_key(tx: Transaction, user: UserId, credential_id: bytes) -> str | None:
    """The name of the key, which is gone; None if the person has no such key."""
    columns = security_keys.c
    found: str | None = (
        await tx.connection.execute(
            delete(security_keys)
            .where(columns.tenant_id == tx.tenant, columns.user_id == user, columns.credential_id == credential_id)
            .returning(columns.name)
        )
    ).scalar()
    return found


async def set_challenge(tx: Transaction, user: UserId, purpose: Purpose, challenge: bytes, lasts: timedelta) -> None:
    """The person's challenge for this purpose, in the place of any other."""
    values = {"challenge": challenge, "expires_at": tx.now + lasts}
    await tx.connection.execute(
        insert(key_challenges)
        .values(tenant_id=tx.tenant, user_id=user, purpose=purpose, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "user_id", "purpose"], set_=values)
    )


async def challenge_of(tx: Transaction, user: UserId, purpose: Purpose) -> bytes | None:
    """The challenge that waits."""
    columns = key_challenges.c
    found: bytes | None = (
        await tx.connection.execute(
            select(columns.challenge).where(
                columns.tenant_id == tx.tenant,
                columns.user_id == user,
                columns.purpose == purpose,
                columns.expires_at > tx.now,
            )
        )
    ).scalar()
    return found


async def take_challenge(tx: Transaction, user: UserId, purpose: Purpose) -> bytes | None:
    """The challenge that waited; it does no more."""
    columns = key_challenges.c
    row = (
        await tx.connection.execute(
            delete(key_challenges)
            .where(columns.tenant_id == tx.tenant, columns.user_id == user, columns.purpose == purpose)
            .returning(columns.challenge, columns.expires_at)
        )
    ).first()
    return row.challenge if row is not None and row.expires_at > tx.now else None


def _view(row: Row[Any]) -> KeyView:
    key = Key(bytes(row.credential_id), bytes(row.public_key), row.sign_count)
    return KeyView(key.credential_id.hex(), row.name, row.created_at, row.last_used_at, key)
