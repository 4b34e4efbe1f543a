"""SQL of links that wait: one per chat account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Row, case, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from core.accounts.accounts import ChatId, Platform, Profile
from core.accounts.model import chat_links
from core.accounts.store import KEY, key_of, of_account
from core.db import Transaction
from core.ids import UserId

LINKS_KEPT_FOR: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A link that waits for its person, and then for its code."""

    profile: Profile
    secret_hash: bytes
    expires_at: datetime
    user: UserId | None
    code_hash: bytes | None
    wrong_codes: int


async def begin(tx: Transaction, profile: Profile, secret_hash: bytes, *, until: datetime, per: timedelta) -> int:
    """The link waits in the place of any other of the account; how many the account has asked for within `per`."""
    columns, values = chat_links.c, _values(profile, secret_hash, until)
    await tx.connection.execute(
        delete(chat_links).where(columns.tenant_id == tx.tenant, columns.expires_at < tx.now - LINKS_KEPT_FOR)
    )
    is_over = columns.counted_since < tx.now - per
    counts = {
        "counted_since": case((is_over, tx.now), else_=columns.counted_since),
        "asked": case((is_over, 1), else_=columns.asked + 1),
    }
    asked = await tx.connection.execute(
        insert(chat_links)
        .values(**key_of(tx, profile.chat), **values, counted_since=tx.now, asked=1)
        .on_conflict_do_update(index_elements=KEY, set_={**values, **counts})
        .returning(columns.asked)
    )
    return int(asked.scalar_one())


async def find(tx: Transaction, secret_hash: bytes) -> Waiting | None:
    """The link, while it holds."""
    columns = chat_links.c
    found = await tx.connection.execute(
        select(chat_links).where(
            columns.tenant_id == tx.tenant, columns.secret_hash == secret_hash, columns.expires_at > tx.now
        )
    )
    row = found.first()
    return None if row is None else _waiting(row)


async def claim(tx: Transaction, secret_hash: bytes, user: UserId, *, code_hash: bytes) -> bool:
    """Whether the link held and nobody had confirmed it; this person has now."""
    columns = chat_links.c
    claimed = await tx.connection.execute(
        update(chat_links)
        .where(
            columns.tenant_id == tx.tenant,
            columns.secret_hash == secret_hash,
            columns.expires_at > tx.now,
            columns.user_id.is_(None),
        )
        .values(user_id=user, code_hash=code_hash)
        .returning(columns.chat_user)
    )
    return claimed.first() is not None


async def hold(tx: Transaction, chat: ChatId) -> Waiting | None:
    """The account's confirmed link, while it holds; nobody else finishes it until this transaction ends."""
    columns = chat_links.c
    found = await tx.connection.execute(
        select(chat_links)
        .where(*of_account(tx, chat_links, chat), columns.expires_at > tx.now, columns.user_id.is_not(None))
        .with_for_update()
    )
    row = found.first()
    return None if row is None else _waiting(row)


async def note_wrong_code(tx: Transaction, chat: ChatId) -> None:
    """One more code was wrong."""
    await tx.connection.execute(
        update(chat_links).where(*of_account(tx, chat_links, chat)).values(wrong_codes=chat_links.c.wrong_codes + 1)
    )


async def end(tx: Transaction, chat: ChatId) -> None:
    """The account's link does not hold any more; how many were asked for is still known."""
    await tx.connection.execute(update(chat_links).where(*of_account(tx, chat_links, chat)).values(expires_at=tx.now))


def _values(profile: Profile, secret_hash: bytes, until: datetime) -> Mapping[str, Any]:
    return {
        "secret_hash": secret_hash,
        "name": profile.name,
        "email": profile.email,
        "workspace_name": profile.workspace_name,
        "expires_at": until,
        "user_id": None,
        "code_hash": None,
        "wrong_codes": 0,
    }


def _waiting(row: Row[Any]) -> Waiting:
    chat = ChatId(Platform(row.platform), row.workspace, row.chat_user)
    return Waiting(
        profile=Profile(chat, row.name, row.email, row.workspace_name),
        secret_hash=bytes(row.secret_hash),
        expires_at=row.expires_at,
        user=None if row.user_id is None else UserId(row.user_id),
        code_hash=None if row.code_hash is None else bytes(row.code_hash),
        wrong_codes=row.wrong_codes,
    )
