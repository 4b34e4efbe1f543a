"""All SQL of calendars and absences."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Row, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from core.absences.model import FEED_ADDRESS, absences, calendar_feeds
from core.absences.rules import Known, Window
from core.db import Transaction
from core.ids import UserId


async def put_feed(tx: Transaction, user: UserId, address: str, *, created_by: str) -> None:
    """The person's calendar stands at this address, and is read at the next look."""
    values = {
        "address": FEED_ADDRESS.seal(tx, address.encode(), user),
        "created_by": created_by,
        "created_at": tx.now,
        "next_poll_at": tx.now,
        "read_at": None,
        "etag": None,
        "last_modified": None,
        "read_until": None,
        "failures": 0,
        "problem": "",
    }
    await tx.connection.execute(
        insert(calendar_feeds)
        .values(tenant_id=tx.tenant, user_id=user, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "user_id"], set_=values)
    )


async def feed_of(tx: Transaction, user: UserId) -> Row[Any] | None:
    """The person's feed, held for the rest of the transaction."""
    columns = calendar_feeds.c
    return (
        await tx.connection.execute(
            select(calendar_feeds).where(columns.tenant_id == tx.tenant, columns.user_id == user).with_for_update()
        )
    ).first()


def address_of(tx: Transaction, feed: Row[Any]) -> str:
    """Where the calendar stands. Raises Unsealable."""
    return FEED_ADDRESS.open(tx, feed.address, feed.user_id).decode()


async def feeds(tx: Transaction) -> Sequence[Row[Any]]:
    """Every feed of the tenant."""
    return (await tx.connection.execute(select(calendar_feeds).where(calendar_feeds.c.tenant_id == tx.tenant))).all()


async def delete_feed(tx: Transaction, user: UserId) -> None:
    """No calendar is connected."""
    columns = calendar_feeds.c
    await tx.connection.execute(delete(calendar_feeds).where(columns.tenant_id == tx.tenant, columns.user_id == user))


async def claim_due(tx: Transaction, *, limit: int, lease: timedelta) -> Sequence[Row[Any]]:
    """Feeds that are due; no other replica takes them before the lease is over."""
    columns = calendar_feeds.c
    due = (
        select(columns.user_id)
        .where(columns.tenant_id == tx.tenant, columns.next_poll_at <= tx.now)
        .order_by(columns.next_poll_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .cte("due")
    )
    claimed: Sequence[Row[Any]] = (
        await tx.connection.execute(
            update(calendar_feeds)
            .where(columns.tenant_id == tx.tenant, columns.user_id == due.c.user_id)
            .values(next_poll_at=tx.now + lease)
            .returning(calendar_feeds)
        )
    ).all()
    return claimed


async def note_poll(tx: Transaction, user: UserId, **values: Any) -> None:
    """What the last look at the feed brought."""
    columns = calendar_feeds.c
    await tx.connection.execute(
        update(calendar_feeds).where(columns.tenant_id == tx.tenant, columns.user_id == user).values(**values)
    )


async def add(tx: Transaction, absence_id: UUID, user: UserId, window: Window) -> None:
    """The absence is stored."""
    await tx.connection.execute(
        absences.insert().values(
            tenant_id=tx.tenant,
            absence_id=absence_id,
            user_id=user,
            starts_at=window.starts_at,
            ends_at=window.ends_at,
            created_at=tx.now,
        )
    )


async def move(tx: Transaction, absence_id: UUID, window: Window) -> None:
    """The absence is at another time."""
    await _change(tx, absence_id, starts_at=window.starts_at, ends_at=window.ends_at)


async def end(tx: Transaction, absence_id: UUID, *, at: datetime) -> None:
    """The absence holds no more."""
    await _change(tx, absence_id, ended_at=at)


async def live(tx: Transaction) -> Sequence[Row[Any]]:
    """Every absence that is not over, the next to begin first."""
    columns = absences.c
    return (
        await tx.connection.execute(
            select(absences)
            .where(columns.tenant_id == tx.tenant, columns.ends_at > tx.now, columns.ended_at.is_(None))
            .order_by(columns.starts_at, columns.absence_id)
        )
    ).all()


async def live_of(tx: Transaction, user: UserId) -> tuple[Known, ...]:
    """The person's. Whoever changes them holds the feed's row."""
    return tuple(
        Known(row.absence_id, Window(row.starts_at, row.ends_at)) for row in await live(tx) if row.user_id == user
    )


async def by_id(tx: Transaction, absence_id: UUID) -> Row[Any] | None:
    """The absence, over or not."""
    columns = absences.c
    return (
        await tx.connection.execute(
            select(absences).where(columns.tenant_id == tx.tenant, columns.absence_id == absence_id)
        )
    ).first()


async def _change(tx: Transaction, absence_id: UUID, **values: datetime) -> None:
    columns = absences.c
    await tx.connection.execute(
        update(absences).where(columns.tenant_id == tx.tenant, columns.absence_id == absence_id).values(**values)
    )
