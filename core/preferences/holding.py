"""What waits for the end of somebody's quiet hours: kept with a deadline, and given back to the subscribers once.

Whoever holds back, gives back or chooses other hours holds the person's lock, so that nothing is put aside just after
it was looked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import and_, delete, or_, select, text
from sqlalchemy.dialects.postgresql import insert

from core.access import directory
from core.db import Transaction
from core.deadlines import DeadlineHandler, Due, clear, set_deadline
from core.ids import UserId
from core.outbox import Event, emit
from core.preferences.events import PreferenceEvent
from core.preferences.model import held_back, preferences
from core.preferences.quiet import CHANCE, QuietHours, quiet_until

QUIET_ENDS: Final = "preferences.quiet_ends"
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


async def quiet_people(tx: Transaction) -> Mapping[UserId, QuietHours]:
    """The quiet hours of everybody who has some."""
    columns = preferences.c
    rows = await tx.connection.execute(
        select(columns.user_id, columns.quiet_from, columns.quiet_until).where(
            columns.tenant_id == tx.tenant, columns.quiet_from.is_not(None)
        )
    )
    return {UserId(row.user_id): QuietHours(row.quiet_from, row.quiet_until) for row in rows}


async def hold_back(tx: Transaction, user: UserId, event: Event, *, is_noticed: bool, due_at: datetime | None) -> bool:
    """Whether what the person is to hear of the event waits: it does in their quiet hours. Again does no harm.

    `is_noticed`: a line tells of the event itself; of several the latest counts. `due_at`: when the stage times out on
    which the person has not been asked yet; what leaves them no hour after the quiet ones does not wait.
    """
    await lock_quiet(tx, user)
    end = await _quiet_until(tx, user)
    if end is None or (due_at is not None and due_at < end + CHANCE):
        return False
    said = {"id": str(event.id), "type": event.type, "data": dict(event.data)} if is_noticed else None
    values = {"said": said, "said_id": event.id if is_noticed else None, "due_at": due_at}
    rows = insert(held_back).values(tenant_id=tx.tenant, user_id=user, subject=event.subject, **values)
    columns, new = held_back.c, rows.excluded
    await tx.connection.execute(
        rows.on_conflict_do_update(
            index_elements=["tenant_id", "user_id", "subject"],
            set_=values,
            where=and_(new.said_id.is_not(None), or_(columns.said_id.is_(None), columns.said_id < new.said_id)),
        )
    )
    await set_deadline(tx, user, QUIET_ENDS, end)
    return True


async def give_back(tx: Transaction, user: UserId) -> None:
    """What waits for the person is handed to the subscribers, unless it is still quiet; then there is a new deadline.

    Also then nothing waits that would leave them no chance. The caller holds the person's lock.
    """
    end = await _quiet_until(tx, user)
    columns = held_back.c
    mine = (columns.tenant_id == tx.tenant) & (columns.user_id == user)
    ready = mine if end is None else mine & (columns.due_at < end + CHANCE)
    rows = await tx.connection.execute(delete(held_back).where(ready).returning(columns.subject, columns.said))
    for row in sorted(rows, key=lambda row: str(row.subject)):
        data: dict[str, Any] = {"person": str(user), "said": row.said}
        await emit(tx, subject=row.subject, type=PreferenceEvent.QUIET_OVER, data=data)
    await clear(tx, user, kind=QUIET_ENDS)
    if end is not None and (await tx.connection.execute(select(columns.subject).where(mine).limit(1))).first():
        await set_deadline(tx, user, QUIET_ENDS, end)


async def lock_quiet(tx: Transaction, user: UserId) -> None:
    """Nobody else holds back, gives back or changes the person's quiet hours until the transaction ends."""
    await tx.connection.execute(_LOCK, {"name": f"quiet {tx.tenant} {user}"})


async def _quiet_until(tx: Transaction, user: UserId) -> datetime | None:
    hours = (await quiet_people(tx)).get(user)
    if hours is None:
        return None
    return quiet_until(hours, (await directory(tx)).zones.get(user, "UTC"), now=tx.now)


async def _on_end(tx: Transaction, due: Due) -> None:
    user = UserId(due.subject)
    await lock_quiet(tx, user)
    await give_back(tx, user)


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {QUIET_ENDS: _on_end}
