"""What the ticket of a change's approval is told, so that who follows it there sees the same life (N1, X3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Row

from core.approvals import RequestEvent, is_used
from core.changes.events import ChangeEvent
from core.changes.rules import ROLLBACK
from core.changes.state import UNSUCCESSFUL, ChangeState
from core.changes.timetable import Span, told
from core.db import Transaction
from core.outbox import emit
from core.tenants import tenant_policy

_NOTED: Final[Mapping[ChangeEvent, str]] = {
    ChangeEvent.EVIDENCE_ADDED: "evidence was shown",
    ChangeEvent.TASK_HEARD: "a task of it was touched here",
    ChangeEvent.SCHEDULED: "scheduled",
    ChangeEvent.OVERRUN: "its time is over, and it is not done",
    ChangeEvent.VALIDATED: "validated",
    ChangeEvent.VALIDATION_FAILED: "its validation failed",
    ChangeEvent.ROLLBACK_ASKED: "its rollback is asked for",
    ChangeEvent.ROLLBACK_DECLINED: "it is not rolled back",
    ChangeEvent.ROLLBACK_STARTED: "being rolled back",
    ChangeEvent.ROLLED_BACK: "rolled back",
    ChangeEvent.ROLLOUT_FAILED: "its rollout failed",
    ChangeEvent.UNDONE_LATE: "undone after it was over",
    ChangeEvent.RECOVERED: "everything works again",
    ChangeEvent.RECOVERY_FAILED: "after its rollback it does not work again",
    ChangeEvent.FAILED: "failed, and what it did stays",
}
_LAST: Final = frozenset({ChangeEvent.CLOSED, ChangeEvent.REVIEWED})
_LAST_WITHOUT_REVIEW: Final = frozenset({ChangeEvent.RECOVERED, ChangeEvent.FAILED})


async def tell_ticket(tx: Transaction, row: Row[Any], event: ChangeEvent, said: Mapping[str, Any]) -> None:
    """The ticket, if there is one, hears of it: as a note, as done, or at the end with how it came out."""
    if row.request_id is None:
        return
    subject, reference = f"request:{row.request_id}", f"CHG-{row.number}"
    is_over = event in _LAST or (event in _LAST_WITHOUT_REVIEW and row.review_state is None)
    if event is ChangeEvent.COMPLETED:
        text = f"{reference} is done; whether it works is looked at. {said.get('notes', '')}".strip()
        await emit(tx, subject=subject, type=RequestEvent.DONE, data={"text": text})
    elif is_over:
        status = "failed" if row.state in UNSUCCESSFUL else "succeeded"
        outcome = {"status": status, "action": "change.implement", "details": {"state": row.state}}
        text = " ".join(str(said[key]) for key in ("outcome", "notes", "reason") if said.get(key))
        await emit(tx, subject=subject, type=RequestEvent.OUTCOME, data={**outcome, "text": text.replace("_", " ")})
    elif event in _NOTED:
        why = await _spoken(tx, event, said) or said.get("reason") or said.get("notes") or ""
        text = f"{reference}: {_NOTED[event]}" + (f". {why}" if why else "")
        await emit(tx, subject=subject, type=RequestEvent.PROGRESSED, data={"text": text})


async def tell_rollbacks_ticket(tx: Transaction, before: Row[Any], row: Row[Any]) -> None:
    """The change is over: the ticket of its rollback's own approval is closed with whether it was rolled back.

    Once: what was rolled back and did not work again was told of then, and its next rollback needs no approval.
    """
    request_id = row.rollback_request_id
    if request_id is None or before.recovery is not None or not await is_used(tx, request_id):
        return
    is_done = row.state == ChangeState.ROLLED_BACK
    outcome = {"status": "succeeded" if is_done else "failed", "action": ROLLBACK, "details": {"state": row.state}}
    text = f"CHG-{row.number} was {'rolled back' if is_done else 'not rolled back'}."
    await emit(tx, subject=f"request:{request_id}", type=RequestEvent.OUTCOME, data={**outcome, "text": text})


async def _spoken(tx: Transaction, event: ChangeEvent, said: Mapping[str, Any]) -> str:
    if event is ChangeEvent.SCHEDULED:
        span = Span(*(datetime.fromisoformat(said[key]) for key in ("starts_at", "ends_at")))
        return told(span, (await tenant_policy(tx)).time_zone)
    if event is ChangeEvent.EVIDENCE_ADDED:
        return f"{str(said['gate']).replace('_', ' ')} {said['result']}: {said['summary']}"
    return ""
