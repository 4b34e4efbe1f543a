"""What the use cases of incidents begin and end with: an incident under lock, and what becomes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import Permission, TokenScope, directory, member_of, require, require_scope
from core.actor import Actor
from core.audit import AuditCategory, record
from core.db import Transaction
from core.errors import Forbidden
from core.ids import UserId
from core.incidents import part_store, rules, store
from core.incidents.alerts import Severity
from core.incidents.errors import UnknownIncident
from core.incidents.events import IncidentEvent
from core.incidents.state import IncidentState, Step
from core.outbox import emit
from core.tenants import IncidentPolicy, tenant_policy

PAGE: Final = "incidents.page"
UPDATE: Final = "incidents.update"
REVIEW: Final = "incidents.review"
CLOSE: Final = "incidents.close"
FOLLOW_UP: Final = "incidents.follow_up"  # its part is the follow-up's id
_CATEGORIES: Final[Mapping[IncidentEvent, AuditCategory]] = dict.fromkeys(
    (
        IncidentEvent.REVIEWED,
        IncidentEvent.REVIEW_OVERDUE,
        IncidentEvent.FOLLOW_UP_ADDED,
        IncidentEvent.FOLLOW_UP_CHANGED,
        IncidentEvent.FOLLOW_UP_DUE,
        IncidentEvent.FOLLOW_UP_DONE,
    ),
    AuditCategory.COMPLIANCE,
)


@dataclass(frozen=True, slots=True)
class Held:
    """An incident under lock."""

    row: Row[Any]
    policy: IncidentPolicy

    @property
    def id(self) -> UUID:
        """Its id."""
        found: UUID = self.row.incident_id
        return found

    @property
    def reference(self) -> str:
        """INC-1001."""
        return f"INC-{self.row.number}"

    @property
    def state(self) -> IncidentState:
        """Where it is."""
        return IncidentState(self.row.state)

    @property
    def severity(self) -> Severity:
        """How bad it is."""
        return Severity(self.row.severity)

    def move(self, step: Step) -> IncidentState:
        """Where the step leads. Raises WrongState."""
        return rules.move(self.reference, self.state, step)


async def hold(tx: Transaction, incident_id: UUID) -> Held:
    """The incident, locked. Raises UnknownIncident."""
    row = await store.lock(tx, incident_id)
    if row is None:
        raise UnknownIncident(where="incident")
    return Held(row, (await tenant_policy(tx)).incidents)


async def require_responder(tx: Transaction, actor: Actor, held: Held) -> UserId:
    """The actor, who may work on it. Raises NotAResponder or ScopeMissing."""
    require_scope(actor, TokenScope.REQUEST)
    user, row = member_of(actor), held.row
    named = (*row.roles.values(), *row.page.get("people", ()))
    involved = {row.reporter_id, row.assignee_id, *(UserId(UUID(each)) for each in named)}
    rules.check_may_respond(held.policy, await directory(tx), user, involved=involved)
    return user


async def require_teller(tx: Transaction, actor: Actor) -> None:
    """Returns for a program that may deploy agents and decide, as platforms and connectors may; else for a responder.

    Raises NotAResponder or ScopeMissing.
    """
    try:
        await require(tx, actor, Permission.DEPLOY_AGENTS, TokenScope.DECIDE)
    except Forbidden:
        require_scope(actor, TokenScope.REQUEST)
        policy = (await tenant_policy(tx)).incidents
        rules.check_may_respond(policy, await directory(tx), member_of(actor), involved=())


async def settle_on(
    tx: Transaction,
    actor: Actor,
    held: Held,
    event: IncidentEvent,
    *,
    text: str,
    values: Mapping[str, Any] | None = None,
    details: Mapping[str, Any] | None = None,
    at: datetime | None = None,
) -> Held:
    """The incident has these values; trail, outbox and timeline tell of it, in these words. How it is then.

    `at`: when it happened, where that was before now.
    """
    row = await store.change(tx, held.id, values or {})
    said = {
        "incident": held.reference,
        "from": held.state.value,
        "to": row.state,
        **({"by": actor.name} if actor.user else {}),
        **(details or {}),
    }
    await tell(tx, actor, Held(row, held.policy), event, text=text, said=said, at=at)
    return Held(row, held.policy)


async def tell(
    tx: Transaction,
    actor: Actor,
    held: Held,
    event: IncidentEvent,
    *,
    text: str,
    said: Mapping[str, Any],
    at: datetime | None = None,
) -> None:
    """Trail, outbox and timeline have what happened."""
    details = {**said, "text": text}
    category = _CATEGORIES.get(event, AuditCategory.USER if actor.user else AuditCategory.SYSTEM)
    await record(
        tx, actor, action=str(event), resource=held.reference, subject_id=held.id, category=category, details=details
    )
    entry = {
        "kind": str(event).partition(".")[2],
        "at": at or tx.now,
        "author_id": actor.user,
        "text": text,
        "details": dict(said),
        "is_public": event is IncidentEvent.UPDATED,
    }
    await part_store.add_entry(tx, held.id, entry)
    await emit(tx, subject=f"incident:{held.id}", type=event, data={"reference": held.reference, **details})
