"""Use cases of what a review wants done: an owner, a due date, reminders until it is done or dropped (E2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from core.access import TokenScope, directory, find_person, member_of, permitted, require_scope
from core.actor import Actor, system_actor
from core.audit import AuditCategory, audited
from core.db import Database, Transaction
from core.deadlines import Due, clear, set_deadline, set_deadlines
from core.emergency import part_store, store
from core.emergency.errors import (
    InvalidBypass,
    NotManagement,
    NotYourRemediation,
    RemediationClosed,
    UnknownRemediation,
)
from core.emergency.events import EmergencyEvent
from core.emergency.holding import REMEDIATION, emit_on, locked, record_on, require_told
from core.emergency.showing import remediation_view, view_of
from core.emergency.views import RemediationView
from core.ids import uuid7
from core.tenants import tenant_policy

TITLE_MAX: Final = 200  # characters
NOTE_MAX: Final = 1000
FOLLOW_UPS_MAX: Final = 20  # of one review
OPEN: Final = ("open", "overdue")
CLOSED: Final = ("done", "dropped")


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What is to be done, by whom and until when."""

    title: str
    owner: str  # an e-mail address
    due_at: datetime


async def open_remediations(tx: Transaction, bypass_id: UUID, follow_ups: Sequence[FollowUp]) -> None:
    """Each is open under the bypass, and its owner is reminded when it is due. Raises InvalidBypass, UnknownPerson."""
    if len(follow_ups) > FOLLOW_UPS_MAX:
        raise InvalidBypass(f"A review has at most {FOLLOW_UPS_MAX} follow-ups.", where="follow_ups")
    rows: list[dict[str, Any]] = []
    ids = sorted(uuid7() for _each in follow_ups)  # of one moment they come in no order, and these are listed by it
    for remediation_id, each in zip(ids, follow_ups, strict=True):
        title = each.title.strip()
        if not title or len(title) > TITLE_MAX:
            raise InvalidBypass(f"Say in 1 to {TITLE_MAX} characters what is to be done.", where="follow_ups")
        if each.due_at <= tx.now:
            raise InvalidBypass("A follow-up is due in the future.", where="follow_ups")
        owner = await find_person(tx, each.owner, where="follow_ups")  # of the directory, which is in memory
        rows.append(
            {
                "remediation_id": remediation_id,
                "bypass_id": bypass_id,
                "title": title,
                "owner_id": owner.id,
                "state": "open",
                "opened_at": tx.now,
                "due_at": each.due_at,
                "note": "",
            }
        )
    if rows:
        await part_store.add_remediations(tx, rows)
        await set_deadlines(tx, REMEDIATION, {row["remediation_id"]: row["due_at"] for row in rows})


async def close_remediation(
    database: Database, actor: Actor, remediation_id: UUID, *, state: str, note: str
) -> RemediationView:
    """It is done, or dropped, with the reason. By its owner or senior management; only the latter drops it.

    Raises UnknownRemediation, NotYourRemediation, RemediationClosed, InvalidBypass.
    """
    async with audited(database, actor, action="bypass.close_remediation", resource=str(remediation_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        row = await part_store.lock_remediation(tx, remediation_id)
        if row is None:
            raise UnknownRemediation(where="remediation")
        if state not in CLOSED:
            raise InvalidBypass(f"'{state}' does not close a remediation.", where="state", accepted=CLOSED)
        if not note.strip() or len(note) > NOTE_MAX:
            raise InvalidBypass(f"Say in 1 to {NOTE_MAX} characters what was done, or why not.", where="note")
        if row.owner_id != member_of(actor) or state == "dropped":
            try:
                await require_told(tx, actor, await locked(tx, row.bypass_id))
            except NotManagement as exc:
                raise NotYourRemediation from exc
        if row.state in CLOSED:
            raise RemediationClosed(f"It is {row.state} already.")
        await part_store.change_remediation(
            tx, remediation_id, state=state, note=note.strip(), closed_by=member_of(actor), closed_at=tx.now
        )
        await clear(tx, remediation_id, kind=REMEDIATION)
        view = await view_of(tx, row.bypass_id)
        closed = next(each for each in view.remediations if each.id == remediation_id)
        said = {"remediation": closed.title, "state": state, "note": note.strip()}
        await record_on(tx, actor, "bypass.close_remediation", view, category=AuditCategory.COMPLIANCE, details=said)
        await emit_on(tx, view, EmergencyEvent.REMEDIATION_CLOSED, actor, data=said)
        return closed


async def list_remediations(
    database: Database,
    actor: Actor,
    *,
    states: Sequence[str] = (),
    is_mine: bool = False,
    after: UUID | None = None,
    limit: int = 50,
) -> tuple[RemediationView, ...]:
    """Remediations, newest first, beyond the cursor `after`; `is_mine`: those that the actor owns."""
    known = (*OPEN, *CLOSED)
    if unknown := [each for each in states if each not in known]:
        raise InvalidBypass(f"'{unknown[0]}' is no state of a remediation.", where="state", accepted=known)
    async with permitted(database, actor, TokenScope.READ, action="bypass.list", resource="remediations") as tx:
        owner = member_of(actor) if is_mine else None
        rows = await part_store.remediations_page(tx, states=states, owner=owner, after=after, limit=limit)
        everybody = await directory(tx)
        numbers = await store.numbers(tx, {row.bypass_id for row in rows})
        return tuple(remediation_view(row, everybody, f"BYP-{numbers[row.bypass_id]}") for row in rows)


async def on_remediation_due(tx: Transaction, due: Due) -> None:
    """The owner hears that it is due, and again as often as of a review, until it is closed."""
    row = await part_store.lock_remediation(tx, due.subject)
    if row is None or row.state in CLOSED:
        return
    every = (await tenant_policy(tx)).bypass.review.remind_every
    await part_store.change_remediation(tx, due.subject, state="overdue")
    await set_deadline(tx, due.subject, REMEDIATION, tx.now + every)
    view = await view_of(tx, row.bypass_id)
    said = {"remediation": row.title, "owner": str(row.owner_id)}
    await record_on(
        tx, system_actor(tx.tenant), "bypass.remediation_due", view, category=AuditCategory.COMPLIANCE, details=said
    )
    await emit_on(tx, view, EmergencyEvent.REMEDIATION_DUE, data=said)
