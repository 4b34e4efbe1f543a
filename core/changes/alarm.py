"""An alarm of a change: those who decide about it are told again and again until somebody acknowledges it (G10)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from core.access import directory, member_of, require_scope
from core.access.scopes import TokenScope
from core.actor import Actor, system_actor
from core.approvals.risk import RiskLevel
from core.audit import AuditCategory, audited
from core.changes.errors import NotPaged, WrongState
from core.changes.events import ChangeEvent
from core.changes.loading import Held, hold, settle_on, view_of
from core.changes.policy import ChangePolicy
from core.changes.views import ChangeView
from core.db import Database, Transaction
from core.deadlines import DeadlineHandler, Due, clear, set_deadline
from core.tenants import tenant_policy

ALARM: Final = "changes.alarm"


async def raised(
    tx: Transaction, policy: ChangePolicy, held: Held, what: str, *, is_silence: bool = False
) -> dict[str, Any]:
    """The values of a change that people must look at now: those of its row, who raised it and who implements it.

    `is_silence`: it is over once the platform is heard again.
    """
    row = held.row
    keys = {each.key for each in policy.matrix[RiskLevel(row.risk_level or RiskLevel.HIGH)]}
    people = {str(row.requester_id), *([str(row.implementer_id)] if row.implementer_id else [])}
    people |= await _with_roles(tx, keys)
    every = (await tenant_policy(tx)).bypass.acknowledge_every
    await set_deadline(tx, held.id, ALARM, tx.now + every)
    alarm = {"what": what, "at": tx.now.isoformat(), "people": sorted(people), "reminders": 0}
    return {"alarm": alarm | ({"is_silence": True} if is_silence else {})}


async def silence_over(tx: Transaction, held: Held) -> Held:
    """The platform is heard again: an alarm that says it is not is over, and those who were told hear so."""
    alarm = held.row.alarm
    if alarm is None or not alarm.get("is_silence"):
        return held
    await clear(tx, held.id, kind=ALARM)
    who, category = system_actor(tx.tenant), AuditCategory.SYSTEM
    said, values = {"what": alarm["what"], "people": alarm["people"]}, {"alarm": None}
    return await settle_on(tx, who, held, ChangeEvent.HEARD_AGAIN, values=values, details=said, category=category)


def told_of(values: dict[str, Any]) -> dict[str, Any]:
    """Who is told, for the event that the alarm goes out with."""
    return {"people": values["alarm"]["people"]}


async def acknowledge(database: Database, actor: Actor, change_id: UUID) -> ChangeView:
    """Somebody of those who are told looks after it, and nobody is told again. Raises NotPaged or WrongState."""
    async with audited(database, actor, action="change.acknowledged", resource=str(change_id)) as tx:
        require_scope(actor, TokenScope.VOTE)
        held = await hold(tx, change_id)
        alarm = held.row.alarm
        if alarm is None or "acknowledged_by" in alarm:
            raise WrongState(f"Nothing of {held.reference} waits to be acknowledged.", where="state")
        user = str(member_of(actor))
        if user not in alarm["people"]:
            raise NotPaged
        values = {"alarm": {**alarm, "acknowledged_by": user, "acknowledged_at": tx.now.isoformat()}}
        await clear(tx, held.id, kind=ALARM)
        await settle_on(tx, actor, held, ChangeEvent.ACKNOWLEDGED, values=values, details={"what": alarm["what"]})
        return await view_of(tx, change_id)


async def _on_unacknowledged(tx: Transaction, due: Due) -> None:
    held = await hold(tx, due.subject)
    alarm = held.row.alarm
    if alarm is None or "acknowledged_by" in alarm:
        return
    policy = await tenant_policy(tx)
    reminders, people = alarm["reminders"] + 1, set(alarm["people"])
    if reminders >= policy.bypass.escalate_after:
        people |= await _with_roles(tx, set(policy.senior_management))
    await set_deadline(tx, held.id, ALARM, tx.now + policy.bypass.acknowledge_every)
    values = {"alarm": {**alarm, "reminders": reminders, "people": sorted(people)}}
    said = {"what": alarm["what"], "people": sorted(people)}
    who, category = system_actor(tx.tenant), AuditCategory.SYSTEM
    await settle_on(tx, who, held, ChangeEvent.ALARM_REPEATED, values=values, details=said, category=category)


async def _with_roles(tx: Transaction, keys: set[str]) -> set[str]:
    everybody = await directory(tx)
    return {str(user) for user, roles in everybody.roles.items() if user in everybody.active and roles & keys}


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {ALARM: _on_unacknowledged}
