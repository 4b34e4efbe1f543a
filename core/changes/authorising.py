"""Use cases by which a change may be done, or may not: assess, submit, cancel; what its approval comes to (G1, G5)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.access import directory, member_of, require_scope
from core.access.scopes import TokenScope
from core.actor import Actor, system_actor
from core.approvals import UNUSED_AFTER, RequestEvent, lapse_request
from core.audit import AuditCategory, audited
from core.changes import rules, store
from core.changes.catalogue import ChangeCatalogue
from core.changes.events import ChangeEvent
from core.changes.loading import UNUSED, Held, hold, policy_of, require_own, require_type, settle_on, type_of, view_of
from core.changes.policy import ChangePolicy
from core.changes.rolling_back import settle_rollback
from core.changes.state import ENDS, Step, target
from core.changes.timetable import Span
from core.changes.views import ChangeView
from core.changes.weighing import Weighed, ask, is_standard, weigh
from core.db import Database, Transaction
from core.deadlines import set_deadline
from core.outbox import Event
from core.tenants import tenant_policy

# What a change hears of its request.
HEARD = frozenset(
    map(
        str,
        (
            RequestEvent.APPROVED,
            RequestEvent.REJECTED,
            RequestEvent.WITHDRAWN,
            RequestEvent.EXPIRED,
            RequestEvent.TICKET_ENDED,
        ),
    )
)


async def assess(database: Database, catalogue: ChangeCatalogue, actor: Actor, change_id: UUID) -> ChangeView:
    """Its reach and its risk are known, as things are now, with the reasons (G4, G5)."""
    async with audited(database, actor, action="change.assessed", resource=str(change_id)) as tx:
        policy = await policy_of(tx, catalogue)
        held = await hold(tx, change_id)
        await require_type(tx, actor, type_of(policy, held.row.change_type))
        await _assess(tx, policy, actor, held)
        return await view_of(tx, change_id)


async def submit(database: Database, catalogue: ChangeCatalogue, actor: Actor, change_id: UUID) -> ChangeView:
    """Those of the matrix's row are asked; a standard change within its template's risk may be scheduled at once.

    It is assessed first, as things are now. Raises NobodyToAsk where a role of the row and all above it are empty.
    """
    async with audited(database, actor, action="change.submitted", resource=str(change_id)) as tx:
        policy = await policy_of(tx, catalogue)
        held = await hold(tx, change_id)
        require_own(actor, held)
        await require_type(tx, actor, type_of(policy, held.row.change_type))
        if target(Step.ASSESS, held.state) is None:
            held.move(Step.SUBMIT)  # refused by the name of what was asked for
        held, weighed = await _assess(tx, policy, actor, held)
        level = weighed.risk.level
        if is_standard(policy, held, weighed):
            values: dict[str, Any] = {"state": held.move(Step.PREAPPROVE), "request_id": None, "note": ""}
            details = {"template": held.row.template, "risk": level}
            await set_deadline(tx, held.id, UNUSED, tx.now + UNUSED_AFTER)
            await settle_on(tx, actor, held, ChangeEvent.AUTHORISED, values=values, details=details)
            return await view_of(tx, change_id)
        request_id = await ask(tx, policy, actor, held, _wished(held), weighed)
        values = {"state": held.move(Step.SUBMIT), "request_id": request_id, "note": ""}
        details = {"risk": level, "request_id": str(request_id)}
        await settle_on(tx, actor, held, ChangeEvent.SUBMITTED, values=values, details=details)
        return await view_of(tx, change_id)


async def cancel(database: Database, actor: Actor, change_id: UUID, *, reason: str) -> ChangeView:
    """The change will not be done. By its requester or senior management; nobody is asked any more."""
    async with audited(database, actor, action="change.cancelled", resource=str(change_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        held = await hold(tx, change_id)
        held_roles = (await directory(tx)).roles.get(member_of(actor), frozenset())
        if not held_roles & set((await tenant_policy(tx)).senior_management):
            require_own(actor, held)
        why = rules.check_text("reason", reason, rules.SUMMARY_MAX)
        values = {"state": held.move(Step.CANCEL), "note": why, "scheduled_at": None, "ended_at": tx.now}
        if held.row.request_id:
            await lapse_request(tx, held.row.request_id, reason=f"{held.reference} was cancelled.")
        await settle_on(tx, actor, held, ChangeEvent.CANCELLED, values=values, details={"reason": why})
        return await view_of(tx, change_id)


async def hear_of_request(database: Database, event: Event) -> None:
    """The change whose approval, or whose rollback's, this is stands where that leads; heard again, nothing happens."""
    async with database.tenant(event.tenant) as tx:
        change_id = await store.id_of_request(tx, event.subject_id)
        if change_id is None:
            return
        held = await hold(tx, change_id)
        if event.type == RequestEvent.TICKET_ENDED:
            await _hear_of_ticket(tx, held, event)
            return
        if held.row.rollback_request_id == event.subject_id:
            await settle_rollback(tx, held, event.type.partition(".")[2])


async def _hear_of_ticket(tx: Transaction, held: Held, event: Event) -> None:
    """A change that is not over is told that its ticket is: its people say what was meant."""
    if held.state in ENDS:
        return
    about = event.data
    why = f"Its ticket {about['ticket']} was ended in {about['system']} by {about['by']} ({about['state']})."
    who, details = system_actor(tx.tenant), {"reason": why, "people": list(about["people"])}
    values, category = {"note": why}, AuditCategory.SYSTEM
    await settle_on(tx, who, held, ChangeEvent.TICKET_ENDED, values=values, details=details, category=category)


async def _assess(tx: Transaction, policy: ChangePolicy, actor: Actor, held: Held) -> tuple[Held, Weighed]:
    to, weighed = held.move(Step.ASSESS), await weigh(tx, policy, held, _wished(held))
    risk, reach = weighed.risk, list(weighed.reach)
    values = {"state": to, "reach": reach, "risk": risk.to_json(), "risk_level": risk.level}
    details = {"risk": risk.to_json(), "reach": reach}
    return await settle_on(tx, actor, held, ChangeEvent.ASSESSED, values=values, details=details), weighed


def _wished(held: Held) -> Span | None:
    return Span(held.row.starts_at, held.row.ends_at) if held.row.starts_at else None
