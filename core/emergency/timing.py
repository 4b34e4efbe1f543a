"""What time does to a bypass: the count-down, its end, reminders that climb, a review that is due (E1, E2, E4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Row

from core.access import directory
from core.actor import system_actor
from core.audit import AuditCategory
from core.db import Transaction
from core.deadlines import DeadlineHandler, Due, set_deadline
from core.emergency import rules, store
from core.emergency.ending import finish
from core.emergency.events import EmergencyEvent
from core.emergency.holding import (
    ACKNOWLEDGE,
    COUNT_DOWN,
    EXPIRY,
    REMEDIATION,
    REVIEW,
    REVIEW_REMINDER,
    emit_on,
    locked,
    record_on,
)
from core.emergency.remediating import on_remediation_due
from core.emergency.showing import view_of
from core.ids import UserId
from core.tenants import tenant_policy


async def _on_expiry(tx: Transaction, due: Due) -> None:
    row = await locked(tx, due.subject)
    if row.state != "active" or row.expires_at > tx.now:
        return
    await finish(tx, due.subject, state="expired")
    await _tell(tx, due, "bypass.expire", EmergencyEvent.EXPIRED)


async def _on_count_down(tx: Transaction, due: Due) -> None:
    row = await locked(tx, due.subject)
    if row.state != "active" or row.expires_at <= tx.now:
        return
    if (following := rules.next_count_down(row.expires_at, now=tx.now)) is not None:
        await set_deadline(tx, due.subject, COUNT_DOWN, following)
    left_s = int((row.expires_at - tx.now).total_seconds())
    await emit_on(tx, await view_of(tx, due.subject), EmergencyEvent.COUNTED_DOWN, data={"left_s": left_s})


async def _on_unacknowledged(tx: Transaction, due: Due) -> None:
    row = await locked(tx, due.subject)
    if row.acknowledged_at is not None:
        return
    policy = await tenant_policy(tx)
    await set_deadline(tx, due.subject, ACKNOWLEDGE, tx.now + policy.bypass.acknowledge_every)
    if await _climbs(tx, row):
        await _tell(tx, due, "bypass.escalate", EmergencyEvent.ESCALATED)
    else:
        await _tell(tx, due, "bypass.remind_management", EmergencyEvent.UNACKNOWLEDGED)


async def _on_review_reminder(tx: Transaction, due: Due) -> None:
    row = await locked(tx, due.subject)
    if row.review_state == "done":
        return
    is_overdue = row.review_due_at <= tx.now
    if is_overdue:
        every = (await tenant_policy(tx)).bypass.review.remind_every
        await set_deadline(tx, due.subject, REVIEW_REMINDER, tx.now + every)
    if is_overdue and await _climbs(tx, row):
        await _tell(tx, due, "bypass.escalate", EmergencyEvent.ESCALATED, category=AuditCategory.COMPLIANCE)
    else:
        await _tell(
            tx, due, "bypass.remind_reviewers", EmergencyEvent.REVIEW_REMINDED, category=AuditCategory.COMPLIANCE
        )


async def _on_review_due(tx: Transaction, due: Due) -> None:
    row = await locked(tx, due.subject)
    if row.review_state != "due":
        return
    every = (await tenant_policy(tx)).bypass.review.remind_every
    await store.change(tx, due.subject, review_state="overdue", reminders=0)
    await set_deadline(tx, due.subject, REVIEW_REMINDER, tx.now + every)
    await _tell(tx, due, "bypass.review_overdue", EmergencyEvent.REVIEW_OVERDUE, category=AuditCategory.COMPLIANCE)


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {
    EXPIRY: _on_expiry,
    COUNT_DOWN: _on_count_down,
    ACKNOWLEDGE: _on_unacknowledged,
    REVIEW: _on_review_due,
    REVIEW_REMINDER: _on_review_reminder,
    REMEDIATION: on_remediation_due,
}


async def _climbs(tx: Transaction, row: Row[Any]) -> bool:
    """Whether so many reminders went unheard that the next level is told now; else one more is counted."""
    policy = await tenant_policy(tx)
    above = rules.next_level(policy, await directory(tx), holder=UserId(row.requester_id), level=row.level)
    climbs = above is not None and row.reminders + 1 >= policy.bypass.escalate_after
    reached = {"level": above, "reminders": 0} if climbs else {"reminders": row.reminders + 1}
    await store.change(tx, row.bypass_id, **reached)
    return climbs


async def _tell(
    tx: Transaction,
    due: Due,
    action: str,
    event: EmergencyEvent,
    *,
    category: AuditCategory = AuditCategory.SYSTEM,
) -> None:
    view = await view_of(tx, due.subject)
    await record_on(tx, system_actor(tx.tenant), action, view, category=category)
    await emit_on(tx, view, event)
