"""One living message per subject, place and role (B3).

Posting has no idempotency key on any chat platform. So the intention is stored first (`reserve_message`), then the
message is posted with our key in its metadata, then its id is stored (`settle_message`). A reservation without an id
means that a process died in between: look for the key in the channel before posting again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, select, update
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.links.model import posted_messages


@dataclass(frozen=True, slots=True)
class MessageSlot:
    """Where one message of a subject stands, or is about to stand."""

    subject_id: UUID
    platform: str
    place: str
    role: str
    channel: str | None = None
    message_id: str | None = None
    content_hash: str = ""
    created_at: datetime | None = field(default=None, compare=False)  # None: not read from the database

    def is_newer_than(self, happened_at: datetime) -> bool:
        """Whether the message came to be after that, and so tells of it by itself."""
        return self.created_at is not None and self.created_at >= happened_at

    @property
    def key(self) -> str:
        """What the message carries in its metadata."""
        return f"{self.subject_id}:{self.place}:{self.role}"


async def reserve_message(tx: Transaction, slot: MessageSlot) -> tuple[MessageSlot, bool]:
    """The slot as it is stored, and whether this call made it (then nobody can have posted yet)."""
    result = await tx.connection.execute(
        insert(posted_messages)
        .values(
            tenant_id=tx.tenant,
            subject_id=slot.subject_id,
            platform=slot.platform,
            place=slot.place,
            role=slot.role,
            channel=slot.channel,
            created_at=tx.now,
            updated_at=tx.now,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "subject_id", "platform", "place", "role"])
        .returning(posted_messages.c.subject_id)
    )
    if result.first() is not None:
        return slot, True
    stored = await stored_message(tx, slot)
    return stored or slot, False


async def stored_message(tx: Transaction, slot: MessageSlot) -> MessageSlot | None:
    """The slot as it is stored, if it is."""
    columns = posted_messages.c
    row = (
        await tx.connection.execute(
            _slots(tx).where(
                columns.subject_id == slot.subject_id,
                columns.platform == slot.platform,
                columns.place == slot.place,
                columns.role == slot.role,
            )
        )
    ).first()
    return None if row is None else _slot(row)


async def settle_message(tx: Transaction, slot: MessageSlot) -> None:
    """The slot's message is known: its channel, id and what it shows."""
    columns = posted_messages.c
    await tx.connection.execute(
        update(posted_messages)
        .where(
            columns.tenant_id == tx.tenant,
            columns.subject_id == slot.subject_id,
            columns.platform == slot.platform,
            columns.place == slot.place,
            columns.role == slot.role,
        )
        .values(channel=slot.channel, message_id=slot.message_id, content_hash=slot.content_hash, updated_at=tx.now)
    )


async def drop_message(tx: Transaction, slot: MessageSlot) -> None:
    """The message is gone on the platform; the next look posts anew."""
    columns = posted_messages.c
    await tx.connection.execute(
        posted_messages.delete().where(
            columns.tenant_id == tx.tenant,
            columns.subject_id == slot.subject_id,
            columns.platform == slot.platform,
            columns.place == slot.place,
            columns.role == slot.role,
        )
    )


async def messages_of(tx: Transaction, subject_id: UUID, platform: str) -> tuple[MessageSlot, ...]:
    """Every message of the subject on the platform, oldest first."""
    rows = await tx.connection.execute(
        _slots(tx)
        .where(posted_messages.c.subject_id == subject_id, posted_messages.c.platform == platform)
        .order_by(posted_messages.c.created_at, posted_messages.c.place)
    )
    return tuple(_slot(row) for row in rows)


async def find_message(tx: Transaction, platform: str, channel: str, message_id: str) -> MessageSlot | None:
    """The slot behind a message that somebody clicked or answered."""
    row = (
        await tx.connection.execute(
            _slots(tx).where(
                posted_messages.c.platform == platform,
                posted_messages.c.channel == channel,
                posted_messages.c.message_id == message_id,
            )
        )
    ).first()
    return None if row is None else _slot(row)


def _slot(row: Row[Any]) -> MessageSlot:
    return MessageSlot(
        subject_id=row.subject_id,
        platform=row.platform,
        place=row.place,
        role=row.role,
        channel=row.channel,
        message_id=row.message_id,
        content_hash=row.content_hash,
        created_at=row.created_at,
    )


def _slots(tx: Transaction) -> Select[Any]:
    columns = posted_messages.c
    return select(
        columns.subject_id,
        columns.platform,
        columns.place,
        columns.role,
        columns.channel,
        columns.message_id,
        columns.content_hash,
        columns.created_at,
    ).where(columns.tenant_id == tx.tenant)
