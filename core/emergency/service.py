"""Use cases of the emergency bypass."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import TokenScope, directory, member_of, permitted, require_scope
from core.actor import Actor, system_actor
from core.audit import AuditCategory, audited, record
from core.db import Database, Transaction, next_number
from core.deadlines import DeadlineHandler, Due, clear, set_deadline
from core.emergency import rules, store
from core.emergency.errors import (
    AlreadyReviewed,
    BypassOver,
    InvalidBypass,
    NotManagement,
    OwnReview,
    ReviewDebt,
    UnknownBypass,
)
from core.emergency.events import EmergencyEvent
from core.emergency.rules import RunningBypass
from core.emergency.views import BypassView
from core.ids import BypassId, UserId, uuid7
from core.outbox import emit
from core.tenants import tenant_policy

EXPIRY: Final = "emergency.expiry"
ACKNOWLEDGE: Final = "emergency.acknowledge"
REVIEW: Final = "emergency.review"
VERDICTS: Final = ("justified", "not_justified")
NOTES_MAX: Final = 4000


async def grant(
    database: Database, actor: Actor, *, action: str, resource: str, justification: str, duration: timedelta
) -> BypassView:
    """The bypass is active at once, management is being told, and its review is open with a due date (E1, E2, E4).

    Raises BypassNotAllowed, ReviewDebt or InvalidBypass.
    """
    async with audited(
        database,
        actor,
        action="bypass.grant",
        resource=resource,
        details={"action": action, "justification": justification[:500]},
    ) as tx:
        require_scope(actor, TokenScope.REQUEST)
        policy = await tenant_policy(tx)
        everybody = await directory(tx)
        user = member_of(actor)
        rules.check_may_bypass(policy, everybody.roles.get(user, frozenset()))
        rules.check_bypass(policy, action=action, resource=resource, justification=justification, duration=duration)
        if (debt := await store.has_overdue_review(tx, user)) is not None:
            raise ReviewDebt(f"The review of BYP-{debt} is overdue; it must be done before the next bypass.")
        risk = rules.assess(policy, action=action, resource=resource, duration=duration)
        bypass_id = BypassId(uuid7())
        expires_at, review_due_at = tx.now + duration, tx.now + policy.bypass.review_due
        await store.add(
            tx,
            {
                "bypass_id": bypass_id,
                "number": await next_number(tx, "BYP"),
                "requester_id": user,
                "action": action,
                "resource_name": resource.strip(),
                "justification": justification.strip(),
                "state": "active",
                "risk": risk.to_json(),
                "granted_at": tx.now,
                "expires_at": expires_at,
                "review_due_at": review_due_at,
                "review_state": "due",
            },
        )
        await set_deadline(tx, bypass_id, EXPIRY, expires_at)
        await set_deadline(tx, bypass_id, REVIEW, review_due_at)
        await set_deadline(tx, bypass_id, ACKNOWLEDGE, tx.now + policy.bypass.acknowledge_every)
        view = await _view(tx, bypass_id)
        await _record(
            tx,
            actor,
            "bypass.grant",
            view,
            details={
                "action": action,
                "justification": justification.strip(),
                "expires_at": expires_at.isoformat(),
                "risk": risk.to_json(),
            },
        )
        await _emit(tx, view, EmergencyEvent.GRANTED)
        return view


async def longest_bypass(database: Database, actor: Actor) -> timedelta:
    """How long a bypass of the actor may last. Raises BypassNotAllowed, which is recorded like an attempt (R6)."""
    async with audited(database, actor, action="bypass.prepare", resource="bypass") as tx:
        require_scope(actor, TokenScope.REQUEST)
        policy = await tenant_policy(tx)
        rules.check_may_bypass(policy, (await directory(tx)).roles.get(member_of(actor), frozenset()))
        return policy.bypass.max_duration


async def end(database: Database, actor: Actor, bypass_id: UUID, *, reason: str = "") -> BypassView:
    """The bypass is over before its time. By its holder or senior management."""
    async with audited(database, actor, action="bypass.end", resource=str(bypass_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        row = await _locked(tx, bypass_id)
        if row.requester_id != actor.user:
            await _require_management(tx, actor)
        if row.state != "active":
            raise BypassOver(f"BYP-{row.number} is {row.state} already.")
        await store.change(tx, bypass_id, state="ended", ended_at=tx.now)
        await clear(tx, bypass_id, kind=EXPIRY)
        view = await _view(tx, bypass_id)
        await _record(tx, actor, "bypass.end", view, details={"reason": reason})
        await _emit(tx, view, EmergencyEvent.ENDED, actor)
        return view


async def acknowledge(database: Database, actor: Actor, bypass_id: UUID) -> BypassView:
    """Senior management knows; nobody is reminded any more. A second acknowledgement changes nothing (E4)."""
    async with audited(database, actor, action="bypass.acknowledge", resource=str(bypass_id)) as tx:
        require_scope(actor, TokenScope.VOTE)
        row = await _locked(tx, bypass_id)
        await _require_management(tx, actor)
        if row.requester_id == actor.user:
            raise NotManagement("The person who uses a bypass cannot acknowledge it.")
        if row.acknowledged_at is None:
            await store.change(tx, bypass_id, acknowledged_by=actor.user, acknowledged_at=tx.now)
            await clear(tx, bypass_id, kind=ACKNOWLEDGE)
            view = await _view(tx, bypass_id)
            await _record(tx, actor, "bypass.acknowledge", view)
            await _emit(tx, view, EmergencyEvent.ACKNOWLEDGED, actor)
        return await _view(tx, bypass_id)


async def review(database: Database, actor: Actor, bypass_id: UUID, *, verdict: str, notes: str) -> BypassView:
    """The post-deployment review is done (E2). By somebody of senior management other than the bypass's holder."""
    async with audited(database, actor, action="bypass.review", resource=str(bypass_id)) as tx:
        require_scope(actor, TokenScope.VOTE)
        row = await _locked(tx, bypass_id)
        if row.requester_id == actor.user:
            raise OwnReview
        await _require_management(tx, actor)
        if verdict not in VERDICTS:
            raise InvalidBypass(f"'{verdict}' is not a verdict.", where="verdict", accepted=VERDICTS)
        if not notes.strip() or len(notes) > NOTES_MAX:
            raise InvalidBypass(f"Write what was found, in at most {NOTES_MAX} characters.", where="notes")
        if row.review_state == "done":
            raise AlreadyReviewed(f"BYP-{row.number} was reviewed already: {row.review_verdict}.")
        await store.change(
            tx,
            bypass_id,
            review_state="done",
            reviewed_by=actor.user,
            reviewed_at=tx.now,
            review_verdict=verdict,
            review_notes=notes.strip(),
        )
        await clear(tx, bypass_id, kind=REVIEW)
        view = await _view(tx, bypass_id)
        await _record(
            tx,
            actor,
            "bypass.review",
            view,
            category=AuditCategory.COMPLIANCE,
            details={"verdict": verdict, "notes": notes.strip(), "risk_before": row.risk},
        )
        await _emit(tx, view, EmergencyEvent.REVIEWED, actor)
        return view


async def get_bypass(database: Database, actor: Actor, reference: UUID | int) -> BypassView:
    """The bypass by id, or by its number. Raises UnknownBypass."""
    async with permitted(database, actor, TokenScope.READ, action="bypass.show", resource=str(reference)) as tx:
        bypass_id = await store.id_of_number(tx, reference) if isinstance(reference, int) else reference
        if bypass_id is None:
            raise UnknownBypass(f"There is no BYP-{reference} here.", where="bypass")
        return await _view(tx, bypass_id)


async def list_bypasses(
    database: Database,
    actor: Actor,
    *,
    state: str | None = None,
    review_state: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> tuple[BypassView, ...]:
    """Bypasses, newest first, beyond the cursor `after`."""
    async with permitted(database, actor, TokenScope.READ, action="bypass.list", resource="bypasses") as tx:
        rows = await store.page(tx, state=state, review_state=review_state, after=after, limit=limit)
        return await store.views(tx, rows, await directory(tx))


async def load_bypass(tx: Transaction, bypass_id: UUID) -> BypassView:
    """The bypass, for subscribers. Raises UnknownBypass."""
    return await _view(tx, bypass_id)


async def running_bypasses(tx: Transaction, users: Collection[UserId]) -> tuple[RunningBypass, ...]:
    """These people's bypasses that run now, newest first."""
    return tuple(
        RunningBypass(BypassId(row.bypass_id), UserId(row.requester_id), row.action, row.resource_name)
        for row in await store.active_of(tx, users)
    )


async def _on_expiry(tx: Transaction, due: Due) -> None:
    row = await _locked(tx, due.subject)
    if row.state != "active":
        return
    await store.change(tx, due.subject, state="expired", ended_at=tx.now)
    view = await _view(tx, due.subject)
    await _record(tx, system_actor(tx.tenant), "bypass.expire", view, category=AuditCategory.SYSTEM)
    await _emit(tx, view, EmergencyEvent.EXPIRED)


async def _on_unacknowledged(tx: Transaction, due: Due) -> None:
    row = await _locked(tx, due.subject)
    if row.acknowledged_at is not None:
        return
    policy = await tenant_policy(tx)
    await set_deadline(tx, due.subject, ACKNOWLEDGE, tx.now + policy.bypass.acknowledge_every)
    view = await _view(tx, due.subject)
    await _record(tx, system_actor(tx.tenant), "bypass.remind_management", view, category=AuditCategory.SYSTEM)
    await _emit(tx, view, EmergencyEvent.UNACKNOWLEDGED)


async def _on_review_due(tx: Transaction, due: Due) -> None:
    row = await _locked(tx, due.subject)
    if row.review_state != "due":
        return
    await store.change(tx, due.subject, review_state="overdue")
    view = await _view(tx, due.subject)
    await _record(tx, system_actor(tx.tenant), "bypass.review_overdue", view, category=AuditCategory.COMPLIANCE)
    await _emit(tx, view, EmergencyEvent.REVIEW_OVERDUE)


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {
    EXPIRY: _on_expiry,
    ACKNOWLEDGE: _on_unacknowledged,
    REVIEW: _on_review_due,
}


async def _require_management(tx: Transaction, actor: Actor) -> None:
    wanted = (await tenant_policy(tx)).senior_management
    held = (await directory(tx)).roles.get(member_of(actor), frozenset())
    if not held & set(wanted):
        raise NotManagement(where="role", accepted=tuple(wanted))


async def _locked(tx: Transaction, bypass_id: UUID) -> Row[Any]:
    row = await store.lock(tx, bypass_id)
    if row is None:
        raise UnknownBypass(where="bypass")
    return row


async def _view(tx: Transaction, bypass_id: UUID) -> BypassView:
    row = await store.by_id(tx, bypass_id)
    if row is None:
        raise UnknownBypass(where="bypass")
    return (await store.views(tx, [row], await directory(tx)))[0]


async def _record(
    tx: Transaction,
    actor: Actor,
    action: str,
    view: BypassView,
    *,
    category: AuditCategory = AuditCategory.SECURITY,
    details: Mapping[str, Any] | None = None,
) -> None:
    await record(
        tx,
        actor,
        action=action,
        resource=view.resource,
        category=category,
        subject_id=view.id,
        details={"bypass": view.reference, "emergency": True, **(details or {})},
    )


async def _emit(tx: Transaction, view: BypassView, event: EmergencyEvent, by: Actor | None = None) -> None:
    who = {"by": by.name} if by else {}
    await emit(tx, subject=f"bypass:{view.id}", type=event, data={"reference": view.reference, **who})
