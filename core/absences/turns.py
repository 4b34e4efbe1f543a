"""What the clock does with an absence: it begins, and it ends. Whoever routes work hears of it through `turned`."""

from __future__ import annotations

from core.absences import store
from core.absences.service import BEGIN, CHANGE, TURN
from core.access import directory
from core.actor import system_actor
from core.audit import AuditCategory, record
from core.db import Transaction
from core.deadlines import Due
from core.ids import UserId

__all__ = ["TURN", "turned"]


async def turned(tx: Transaction, due: Due) -> UserId | None:
    """Whose absence began, moved or is over, recorded; None if there is none of that id."""
    row = await store.by_id(tx, due.subject)
    if row is None:
        return None
    user = UserId(row.user_id)
    is_away = row.ended_at is None and row.starts_at <= tx.now < row.ends_at
    if due.part == BEGIN and not is_away:  # moved while this was due
        return user
    await record(
        tx,
        system_actor(tx.tenant),
        action="absence.change" if due.part == CHANGE else "absence.begin" if is_away else "absence.end",
        resource=(await directory(tx)).people[user].email,
        subject_id=row.absence_id,
        category=AuditCategory.SYSTEM,
        details={"starts_at": row.starts_at.isoformat(), "ends_at": row.ends_at.isoformat(), "source": "calendar"},
    )
    return user
