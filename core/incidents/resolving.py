"""An incident is resolved, opened again, closed: by people, by its alerts, by time (B6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from core.actor import Actor, system_actor
from core.audit import audited
from core.db import Database, Transaction
from core.deadlines import DeadlineHandler, Due, clear, set_deadline
from core.incidents import rules, store
from core.incidents.alerts import reaches
from core.incidents.events import IncidentEvent
from core.incidents.holding import CLOSE, REVIEW, UPDATE, Held, hold, require_responder, settle_on
from core.incidents.paging import begin_updates, page_now, stop_paging
from core.incidents.reading import view_of
from core.incidents.state import IncidentState, Step
from core.incidents.views import IncidentView


async def resolve(
    database: Database, actor: Actor, incident_id: UUID, *, resolution: str, cause: str = ""
) -> IncidentView:
    """It is resolved, and a review is due where its severity owes one. Raises WrongState or InvalidIncident."""
    async with audited(database, actor, action="incident.resolved", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        await require_responder(tx, actor, held)
        said = rules.check_text("resolution", resolution)
        why = rules.check_text("cause", cause, least=0)
        held = await resolve_held(tx, actor, held, resolution=said, cause=why)
        return await view_of(tx, held.id)


async def reopen(database: Database, actor: Actor, incident_id: UUID, *, reason: str) -> IncidentView:
    """It is open again, and pages as at first. Raises WrongState."""
    async with audited(database, actor, action="incident.reopened", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        await require_responder(tx, actor, held)
        held = await reopen_held(tx, actor, held, reason=rules.check_text("reason", reason))
        return await view_of(tx, held.id)


async def close(database: Database, actor: Actor, incident_id: UUID) -> IncidentView:
    """It is over for good: no alert opens it again. Raises WrongState while a review is due."""
    async with audited(database, actor, action="incident.closed", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        await require_responder(tx, actor, held)
        rules.check_may_close(held.reference, held.row.review_state)
        await close_held(tx, actor, held)
        return await view_of(tx, held.id)


async def resolve_held(
    tx: Transaction,
    actor: Actor,
    held: Held,
    *,
    resolution: str,
    cause: str = "",
    details: Mapping[str, Any] | None = None,
) -> Held:
    """The held incident is resolved by the actor; by its alerts, if that is the system."""
    to = held.move(Step.RESOLVE)
    owes = reaches(held.severity, held.policy.review_from)
    due = tx.now + held.policy.review_due
    values = {
        "state": to,
        "resolved_at": tx.now,
        "resolved_by": actor.user,
        "resolution": resolution,
        "cause": cause or held.row.cause,
        **({"review_state": "due", "review_due_at": due} if owes else {}),
    }
    await stop_paging(tx, held)
    await clear(tx, held.id, kind=UPDATE)
    await set_deadline(tx, held.id, CLOSE, tx.now + held.policy.close_after)
    if owes:
        await set_deadline(tx, held.id, REVIEW, due)
    text = f"Resolved: {resolution}" + (f" Cause: {cause}" if cause else "")
    said = {"resolution": resolution, "cause": cause, "review": values.get("review_state", ""), **(details or {})}
    return await settle_on(tx, actor, held, IncidentEvent.RESOLVED, text=text, values=values, details=said)


async def reopen_held(
    tx: Transaction, actor: Actor, held: Held, *, reason: str, details: Mapping[str, Any] | None = None
) -> Held:
    """The held incident is open again, and nobody looks after it yet."""
    to = held.move(Step.REOPEN)
    values = {
        "state": to,
        "acknowledged_by": None,
        "acknowledged_at": None,
        "resolved_at": None,
        "resolved_by": None,
        "closed_at": None,
        "reopened": held.row.reopened + 1,
        "page": {},
        "told_at": tx.now,
        "review_state": None,  # what was written says nothing of what has come back
        "review_due_at": None,
    }
    for kind in (CLOSE, REVIEW):
        await clear(tx, held.id, kind=kind)
    row = await store.change(tx, held.id, values)
    paged = await page_now(tx, Held(row, held.policy))
    await begin_updates(tx, paged)
    said = {"reason": reason, "people": paged.row.page.get("people", []), **(details or {})}
    return await settle_on(tx, actor, held, IncidentEvent.REOPENED, text=f"Opened again: {reason}", details=said)


async def close_held(tx: Transaction, actor: Actor, held: Held) -> Held:
    """The held incident is closed."""
    values = {"state": held.move(Step.CLOSE), "closed_at": tx.now}
    await clear(tx, held.id, kind=CLOSE)
    return await settle_on(tx, actor, held, IncidentEvent.CLOSED, text="Closed", values=values)


async def _on_close(tx: Transaction, due: Due) -> None:
    """One that owes its review waits for it: the review closes it."""
    held = await hold(tx, due.subject)
    if held.state is IncidentState.RESOLVED and held.row.review_state in (None, "done"):
        await close_held(tx, system_actor(tx.tenant), held)


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {CLOSE: _on_close}
