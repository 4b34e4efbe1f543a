"""What every use case of a bypass does: hold it, ask who may, record, tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import directory, member_of
from core.actor import Actor
from core.audit import AuditCategory, record
from core.db import Transaction
from core.emergency import rules, store
from core.emergency.errors import NotManagement, UnknownBypass
from core.emergency.events import EmergencyEvent
from core.emergency.views import BypassView
from core.ids import UserId
from core.outbox import emit
from core.tenants import tenant_policy

EXPIRY: Final = "emergency.expiry"
COUNT_DOWN: Final = "emergency.count_down"
ACKNOWLEDGE: Final = "emergency.acknowledge"
REVIEW: Final = "emergency.review"
REVIEW_REMINDER: Final = "emergency.review_reminder"
REMEDIATION: Final = "emergency.remediation"


async def locked(tx: Transaction, bypass_id: UUID) -> Row[Any]:
    """The bypass, held for the rest of the transaction. Raises UnknownBypass."""
    row = await store.lock(tx, bypass_id)
    if row is None:
        raise UnknownBypass(where="bypass")
    return row


async def require_told(tx: Transaction, actor: Actor, row: Row[Any]) -> None:
    """Returns if the actor is one of those who were told of it, as far up. Raises NotManagement naming the roles."""
    policy = await tenant_policy(tx)
    everybody, holder = await directory(tx), UserId(row.requester_id)
    if member_of(actor) == holder:
        raise NotManagement("The person who uses a bypass does not answer for it.")
    if member_of(actor) not in rules.told(policy, everybody, holder=holder, level=row.level):
        above = (name for level in policy.bypass.escalation[: row.level] for name in level.names)
        raise NotManagement(where="role", accepted=(*policy.senior_management, *above))


async def record_on(
    tx: Transaction,
    actor: Actor,
    action: str,
    view: BypassView,
    *,
    category: AuditCategory = AuditCategory.SECURITY,
    details: Mapping[str, Any] | None = None,
) -> None:
    """The trail has it, marked as of an emergency (E5)."""
    await record(
        tx,
        actor,
        action=action,
        resource=view.resource,
        category=category,
        subject_id=view.id,
        details={"bypass": view.reference, "emergency": True, **(details or {})},
    )


async def emit_on(
    tx: Transaction,
    view: BypassView,
    event: EmergencyEvent,
    by: Actor | None = None,
    *,
    data: Mapping[str, Any] | None = None,
) -> None:
    """Whoever follows the bypass hears of it."""
    who = {"by": by.name} if by else {}
    await emit(tx, subject=f"bypass:{view.id}", type=event, data={"reference": view.reference, **who, **(data or {})})
