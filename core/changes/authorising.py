"""Use cases by which a change may be done, or may not: assess, submit, cancel; what its approval comes to (G1, G5)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from core.access import directory, member_of, require_scope
from core.access.scopes import TokenScope
from core.actor import Actor, system_actor
from core.approvals import RequestEvent, lapse_request, open_request
from core.audit import AuditCategory, audited
from core.changes import assessing, matrix, rules, store
from core.changes.assessing import ChangeRisk, Subject
from core.changes.catalogue import ChangeCatalogue
from core.changes.events import ChangeEvent
from core.changes.loading import Held, hold, policy_of, require_own, require_type, settle_on, type_of, view_of
from core.changes.policy import ChangePolicy, Gate
from core.changes.reaching import radius_of
from core.changes.rolling_back import settle_rollback
from core.changes.state import ENDS, Step
from core.changes.timetable import Span
from core.changes.views import ChangeView
from core.db import Database, Transaction
from core.dependencies import TENANT, named
from core.ids import UserId
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
        held, risk = await _assess(tx, policy, actor, held)
        template = policy.templates.get(held.row.template)
        if rules.is_preapproved(template, risk.level):
            values: dict[str, Any] = {"state": held.move(Step.PREAPPROVE), "request_id": None, "note": ""}
            details = {"template": held.row.template, "risk": risk.level}
            await settle_on(tx, actor, held, ChangeEvent.AUTHORISED, values=values, details=details)
            return await view_of(tx, change_id)
        row = held.row
        span = Span(row.starts_at, row.ends_at) if row.starts_at else None
        facts = {
            "risk": str(risk.level),
            "feels_it": ", ".join(row.reach),
            "planned_start": span.starts_at.isoformat() if span else "",
            "planned_end": span.ends_at.isoformat() if span else "",
            "rollback_plan": _last(held, Gate.ROLLBACK_PLAN),
            "test_plan": _last(held, Gate.TESTING),
        }
        request_id, _is_approved = await open_request(
            tx,
            actor,
            matrix.approval_policy(policy, risk),
            action=rules.ACTION,
            resource=matrix.what_is_asked(held.reference, row.title, row.change_type, tuple(row.resources), facts),
            justification=f"{row.title}\n\n{row.description}".strip(),
        )
        values = {"state": held.move(Step.SUBMIT), "request_id": request_id, "note": ""}
        details = {"risk": risk.level, "request_id": str(request_id)}
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


async def _assess(tx: Transaction, policy: ChangePolicy, actor: Actor, held: Held) -> tuple[Held, ChangeRisk]:
    to, row = held.move(Step.ASSESS), held.row
    radius = await radius_of(tx, policy, row.resources)
    # Two changes do not collide because one tenant feels both.
    felt = tuple(sorted(each.resource for each in radius if not each.via or not named(TENANT, (each.resource,))))
    lacking = rules.missing_gates(tuple(Gate), held.evidence)
    subject = Subject(
        type=row.change_type,
        is_standard=bool(row.template),
        resources=tuple(row.resources),
        reach=felt,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        is_tested=Gate.TESTING not in lacking,
        has_rollback_plan=Gate.ROLLBACK_PLAN not in lacking,
        history=await store.history(tx, row.change_type, row.resources, UserId(row.requester_id)),
    )
    risk = assessing.assess(policy.risk, subject, now=tx.now, time_zone=(await tenant_policy(tx)).time_zone)
    values = {"state": to, "reach": list(felt), "risk": risk.to_json(), "risk_level": risk.level}
    details = {"risk": risk.to_json(), "reach": list(felt)}
    return await settle_on(tx, actor, held, ChangeEvent.ASSESSED, values=values, details=details), risk


def _last(held: Held, gate: Gate) -> str:
    """The last evidence for the gate, in words."""
    found = [each for each in held.evidence if each.gate is gate]
    return f"{found[-1].result}: {found[-1].summary}" if found else ""
