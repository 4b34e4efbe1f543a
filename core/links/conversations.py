"""Where a bot may write: chats with one person, group chats and channels, each as the platform told of it.

Only what came in a verified request is kept. The newest address of a conversation is the one that is used, as
platforms move them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, Select, delete, func, select
from sqlalchemy.dialects.postgresql import distinct_on, insert

from core.db import Transaction
from core.links.model import chat_conversations


class ConversationKind(StrEnum):
    """With whom it is."""

    PERSONAL = "personal"
    GROUP = "group"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Conversation:
    """Where the bot may write. `chat_user` and `member_id` are of the one person whom a personal chat is with."""

    platform: str
    workspace: str
    id: str
    kind: ConversationKind
    service_url: str
    name: str = ""
    team: str = ""
    chat_user: str | None = None
    member_id: str | None = None


async def keep_conversation(tx: Transaction, conversation: Conversation) -> bool:
    """The conversation is known as it is now; whether it was new. A name or team that is not given stays as it was."""
    columns = chat_conversations.c
    given = insert(chat_conversations).values(
        tenant_id=tx.tenant,
        platform=conversation.platform,
        workspace=conversation.workspace,
        conversation=conversation.id,
        kind=conversation.kind.value,
        service_url=conversation.service_url,
        name=conversation.name,
        team=conversation.team,
        chat_user=conversation.chat_user,
        member_id=conversation.member_id,
        seen_at=tx.now,
    )
    kept = {
        "service_url": given.excluded.service_url,
        "kind": given.excluded.kind,
        "name": func.coalesce(func.nullif(given.excluded.name, ""), columns.name),
        "team": func.coalesce(func.nullif(given.excluded.team, ""), columns.team),
        "chat_user": func.coalesce(given.excluded.chat_user, columns.chat_user),
        "member_id": func.coalesce(given.excluded.member_id, columns.member_id),
        "seen_at": given.excluded.seen_at,
    }
    known = await find_conversation(tx, conversation.platform, conversation.workspace, conversation.id)
    await tx.connection.execute(
        given.on_conflict_do_update(index_elements=["tenant_id", "platform", "workspace", "conversation"], set_=kept)
    )
    return known is None


async def find_conversation(tx: Transaction, platform: str, workspace: str, id_: str) -> Conversation | None:
    """The conversation of that id."""
    found = await tx.connection.execute(
        _conversations(tx, platform, workspace).where(chat_conversations.c.conversation == id_)
    )
    row = found.first()
    return None if row is None else _conversation(row)


async def conversation_with(tx: Transaction, platform: str, workspace: str, chat_user: str) -> Conversation | None:
    """The chat with that person alone; the newest, should there be several."""
    return (await conversations_with(tx, platform, workspace, [chat_user])).get(chat_user)


async def conversations_with(
    tx: Transaction, platform: str, workspace: str, chat_users: Collection[str]
) -> Mapping[str, Conversation]:
    """The chat with each of those people alone, by person; the newest, should there be several."""
    columns = chat_conversations.c
    rows = await tx.connection.execute(
        _conversations(tx, platform, workspace)
        .where(columns.chat_user.in_(chat_users), columns.kind == ConversationKind.PERSONAL.value)
        .order_by(columns.chat_user, columns.seen_at.desc(), columns.conversation)
        .ext(distinct_on(columns.chat_user))
    )
    return {row.chat_user: _conversation(row) for row in rows}


async def channel_called(tx: Transaction, platform: str, workspace: str, name: str) -> Conversation | None:
    """The channel of that id or name, whatever its case; the first in order of ids if several teams have one."""
    columns = chat_conversations.c
    found = await tx.connection.execute(
        _conversations(tx, platform, workspace)
        .where(
            columns.kind == ConversationKind.CHANNEL.value,
            (columns.conversation == name) | (func.lower(columns.name) == name.lower()),
        )
        .order_by(columns.conversation)
        .limit(1)
    )
    row = found.first()
    return None if row is None else _conversation(row)


async def channels_of(tx: Transaction, platform: str, workspace: str) -> tuple[Conversation, ...]:
    """Every channel, in order of ids."""
    columns = chat_conversations.c
    rows = await tx.connection.execute(
        _conversations(tx, platform, workspace)
        .where(columns.kind == ConversationKind.CHANNEL.value)
        .order_by(columns.conversation)
    )
    return tuple(_conversation(row) for row in rows)


async def newest_conversation(tx: Transaction, platform: str, workspace: str) -> Conversation | None:
    """The conversation that the platform spoke of last."""
    found = await tx.connection.execute(
        _conversations(tx, platform, workspace).order_by(chat_conversations.c.seen_at.desc()).limit(1)
    )
    row = found.first()
    return None if row is None else _conversation(row)


async def drop_conversation(tx: Transaction, platform: str, workspace: str, id_: str) -> None:
    """The bot may not write there any more."""
    columns = chat_conversations.c
    await tx.connection.execute(
        delete(chat_conversations).where(
            columns.tenant_id == tx.tenant,
            columns.platform == platform,
            columns.workspace == workspace,
            columns.conversation == id_,
        )
    )


async def drop_team(tx: Transaction, platform: str, workspace: str, team: str) -> None:
    """The bot may not write to any channel of the team any more."""
    columns = chat_conversations.c
    await tx.connection.execute(
        delete(chat_conversations).where(
            columns.tenant_id == tx.tenant,
            columns.platform == platform,
            columns.workspace == workspace,
            columns.team == team,
        )
    )


def _conversations(tx: Transaction, platform: str, workspace: str) -> Select[Any]:
    columns = chat_conversations.c
    return select(
        columns.platform,
        columns.workspace,
        columns.conversation,
        columns.kind,
        columns.service_url,
        columns.name,
        columns.team,
        columns.chat_user,
        columns.member_id,
    ).where(columns.tenant_id == tx.tenant, columns.platform == platform, columns.workspace == workspace)


def _conversation(row: Row[Any]) -> Conversation:
    return Conversation(
        platform=row.platform,
        workspace=row.workspace,
        id=row.conversation,
        kind=ConversationKind(row.kind),
        service_url=row.service_url,
        name=row.name,
        team=row.team,
        chat_user=row.chat_user,
        member_id=row.member_id,
    )
