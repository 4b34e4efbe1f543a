"""SQL of chat accounts: whose they are, whose they were, and who was refused."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, Row, Table, delete, func, or_, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from core.accounts.accounts import Account, ChatId, LinkedBy, Platform, Unlinked
from core.accounts.model import chat_accounts, chat_strangers, chat_unlinked
from core.db import Transaction
from core.ids import UserId

KEY: Final = ("tenant_id", "platform", "workspace", "chat_user")
STRANGERS_KEPT_FOR: Final = timedelta(days=1)


def of_account(tx: Transaction, table: Table, chat: ChatId) -> tuple[ColumnElement[bool], ...]:
    """The rows of this account."""
    columns = table.c
    return (
        columns.tenant_id == tx.tenant,
        columns.platform == chat.platform,
        columns.workspace == chat.workspace,
        columns.chat_user == chat.chat_user,
    )


def key_of(tx: Transaction, chat: ChatId) -> dict[str, str]:
    """The columns that identify the account."""
    return {
        "tenant_id": tx.tenant,
        "platform": chat.platform,
        "workspace": chat.workspace,
        "chat_user": chat.chat_user,
    }


async def lock(tx: Transaction, chat: ChatId) -> None:
    """Nobody else changes whose account it is until this transaction ends."""
    await tx.connection.execute(
        text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": f"chat {tx.tenant} {chat}"}
    )


async def find(tx: Transaction, chat: ChatId) -> Account | None:
    """The account, if it is anybody's."""
    found = await tx.connection.execute(select(chat_accounts).where(*of_account(tx, chat_accounts, chat)))
    row = found.first()
    return None if row is None else _account(row)


async def find_all(tx: Transaction, chats: Collection[ChatId]) -> tuple[Account, ...]:
    """Those of the accounts that are anybody's."""
    columns = chat_accounts.c
    key = tuple_(columns.platform, columns.workspace, columns.chat_user)
    sought = [(chat.platform.value, chat.workspace, chat.chat_user) for chat in chats]
    rows = await tx.connection.execute(
        select(chat_accounts).where(columns.tenant_id == tx.tenant, key.in_(sought)).order_by(key)
    )
    return tuple(map(_account, rows))


async def put(tx: Transaction, account: Account) -> None:
    """The account is that person's."""
    values = {
        "user_id": account.user,
        "linked_by": account.linked_by,
        "linked_at": account.linked_at,
        "name": account.name,
        "workspace_name": account.workspace_name,
        "last_seen_at": account.last_seen_at,
        "unreachable_since": account.unreachable_since,
    }
    await tx.connection.execute(
        insert(chat_accounts)
        .values(**key_of(tx, account.chat), **values)
        .on_conflict_do_update(index_elements=KEY, set_=values)
    )


async def seen(tx: Transaction, chat: ChatId, *, every: timedelta) -> None:
    """The account was active at this instant, so it can be reached; written only if it was not within `every` before.

    Of one that could not be reached it is written in any case.
    """
    at, gone = chat_accounts.c.last_seen_at, chat_accounts.c.unreachable_since
    is_news = or_(at.is_(None), at <= tx.now - every, gone.is_not(None))
    await tx.connection.execute(
        update(chat_accounts)
        .where(*of_account(tx, chat_accounts, chat), is_news)
        .values(last_seen_at=tx.now, unreachable_since=None)
    )


async def added(tx: Transaction, chat: ChatId) -> None:
    """The account can be written to. Whoever installs an app for everybody says nothing of where each of them is."""
    await tx.connection.execute(
        update(chat_accounts)
        .where(*of_account(tx, chat_accounts, chat))
        .values(added_at=tx.now, unreachable_since=None)
    )


async def unreachable(tx: Transaction, chat: ChatId, *, tried_at: datetime) -> bool:
    """The account cannot be written to, since now or longer; False, and nothing, if it could after `tried_at`."""
    at, gone, let = chat_accounts.c.last_seen_at, chat_accounts.c.unreachable_since, chat_accounts.c.added_at
    marked = await tx.connection.execute(
        update(chat_accounts)
        .where(
            *of_account(tx, chat_accounts, chat), or_(at.is_(None), at <= tried_at), or_(let.is_(None), let <= tried_at)
        )
        .values(unreachable_since=func.coalesce(gone, tx.now))
        .returning(chat_accounts.c.chat_user)
    )
    return marked.first() is not None


async def remove(tx: Transaction, chat: ChatId) -> None:
    """The account is nobody's."""
    await tx.connection.execute(delete(chat_accounts).where(*of_account(tx, chat_accounts, chat)))


async def of_person(tx: Transaction, user: UserId) -> tuple[Account, ...]:
    """The person's accounts, the latest first."""
    columns = chat_accounts.c
    rows = await tx.connection.execute(
        select(chat_accounts)
        .where(columns.tenant_id == tx.tenant, columns.user_id == user)
        .order_by(columns.linked_at.desc(), columns.platform, columns.workspace, columns.chat_user)
    )
    return tuple(map(_account, rows))


async def note_unlinked(tx: Transaction, account: Account, *, by: str) -> None:
    """It is known that the account was that person's, until they link it again."""
    values = {
        "name": account.name,
        "workspace_name": account.workspace_name,
        "unlinked_at": tx.now,
        "unlinked_by": by,
    }
    await tx.connection.execute(
        insert(chat_unlinked)
        .values(**key_of(tx, account.chat), user_id=account.user, **values)
        .on_conflict_do_update(index_elements=[*KEY, "user_id"], set_=values)
    )


async def forget_unlinked(tx: Transaction, chat: ChatId, user: UserId) -> None:
    """It is the person's again."""
    await tx.connection.execute(
        delete(chat_unlinked).where(*of_account(tx, chat_unlinked, chat), chat_unlinked.c.user_id == user)
    )


async def was_unlinked(tx: Transaction, chat: ChatId) -> bool:
    """Whether somebody has unlinked the account."""
    rows = await tx.connection.execute(
        select(chat_unlinked.c.user_id).where(*of_account(tx, chat_unlinked, chat)).limit(1)
    )
    return rows.first() is not None


async def unlinked_of(tx: Transaction, user: UserId, *, since: datetime) -> Sequence[Unlinked]:
    """Which accounts the person has lost since then, the latest first."""
    columns = chat_unlinked.c
    rows = await tx.connection.execute(
        select(chat_unlinked)
        .where(columns.tenant_id == tx.tenant, columns.user_id == user, columns.unlinked_at >= since)
        .order_by(columns.unlinked_at.desc())
    )
    return [Unlinked(_chat(row), row.name, row.workspace_name, row.unlinked_at, row.unlinked_by) for row in rows]


async def count_refusal(tx: Transaction, chat: ChatId, *, every: timedelta, most: int) -> int | None:
    """How many refusals of the account went unrecorded before this one, if this one is to be recorded; else None.

    Recorded is one of each account in `every`, and `most` of a tenant in that time.
    """
    columns = chat_strangers.c
    await lock(tx, chat)
    await tx.connection.execute(
        delete(chat_strangers).where(columns.tenant_id == tx.tenant, columns.recorded_at < tx.now - STRANGERS_KEPT_FOR)
    )
    row = (await tx.connection.execute(select(chat_strangers).where(*of_account(tx, chat_strangers, chat)))).first()
    recently = await tx.connection.execute(
        select(func.count())
        .select_from(chat_strangers)
        .where(columns.tenant_id == tx.tenant, columns.recorded_at > tx.now - every)
    )
    is_known = row is not None and row.recorded_at > tx.now - every
    is_recorded = not is_known and recently.scalar_one() < most
    if row is None and not is_recorded:
        return None  # too many strangers at once: not even a row for each
    before = 0 if row is None else int(row.unrecorded)
    recorded_at = tx.now if row is None or is_recorded else row.recorded_at
    values = {"recorded_at": recorded_at, "unrecorded": 0 if is_recorded else before + 1}
    await tx.connection.execute(
        insert(chat_strangers)
        .values(**key_of(tx, chat), **values)
        .on_conflict_do_update(index_elements=KEY, set_=values)
    )
    return before if is_recorded else None


def _chat(row: Row[Any]) -> ChatId:
    return ChatId(Platform(row.platform), row.workspace, row.chat_user)


def _account(row: Row[Any]) -> Account:
    return Account(
        chat=_chat(row),
        user=UserId(row.user_id),
        linked_by=LinkedBy(row.linked_by),
        linked_at=row.linked_at,
        name=row.name,
        workspace_name=row.workspace_name,
        last_seen_at=row.last_seen_at,
        unreachable_since=row.unreachable_since,
    )
