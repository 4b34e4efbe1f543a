"""What effects mean outside the request's own rows: audit, outbox, deadlines. One transaction with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final, assert_never
from uuid import UUID

from core.access import directory
from core.actor import Actor, system_actor
from core.approvals import rules, store
from core.approvals.effects import (
    Amend,
    DecideRequest,
    DecideStage,
    Delegate,
    Effect,
    Escalate,
    OpenStage,
    RecordVote,
    Remind,
    ResetStage,
)
from core.approvals.events import RequestEvent
from core.approvals.state import RequestStatus
from core.audit import AuditCategory, record
from core.db import Transaction
from core.deadlines import DeadlineHandler, Due, clear, set_deadline
from core.ids import RequestId
from core.outbox import emit

TIMEOUT: Final = "approvals.timeout"
REMINDER: Final = "approvals.reminder"
UNUSED: Final = "approvals.unused"
UNUSED_AFTER: Final = timedelta(days=30)  # an old yes says little about today
_Told = OpenStage | RecordVote | DecideStage | DecideRequest | Escalate | Remind | Delegate | Amend

_FINAL_EVENTS: Final[Mapping[RequestStatus, RequestEvent]] = {
    RequestStatus.APPROVED: RequestEvent.APPROVED,
    RequestStatus.REJECTED: RequestEvent.REJECTED,
    RequestStatus.WITHDRAWN: RequestEvent.WITHDRAWN,
    RequestStatus.EXPIRED: RequestEvent.EXPIRED,
}


async def follow(
    tx: Transaction,
    actor: Actor,
    request_id: RequestId,
    number: int,
    name: str,
    effects: Iterable[Effect],
    *,
    note: str = "",
) -> None:
    """The effects are stored, recorded, told and timed. `note` is the actor's own word on it."""
    applied = tuple(effects)
    await store.apply(tx, request_id, applied, door=actor.door)
    for effect in applied:
        await _time(tx, request_id, effect)
        if isinstance(effect, ResetStage):
            continue  # told by the amendment that it belongs to
        event, details = _told(effect)
        facts = {**details, **({"note": note} if note else {})}
        category = AuditCategory.USER if isinstance(effect, (RecordVote, Delegate, Amend)) else AuditCategory.SYSTEM
        who = actor if category is AuditCategory.USER or isinstance(effect, DecideRequest) else system_actor(tx.tenant)
        await record(
            tx,
            who,
            action=event,
            resource=name,
            category=category,
            subject_id=request_id,
            details={"request": f"REQ-{number}", **facts},
        )
        await emit(tx, subject=f"request:{request_id}", type=event, data=facts)


def _told(effect: _Told) -> tuple[RequestEvent, dict[str, Any]]:
    match effect:
        case RecordVote(vote):
            return RequestEvent.VOTED, {
                "stage": vote.stage,
                "decision": vote.choice.value,
                "reason": vote.reason,
                "voter": str(vote.voter),
                "criteria": dict(vote.criteria),
                "digest": vote.digest,
            }
        case OpenStage():
            return RequestEvent.STAGE_OPENED, {
                "stage": effect.stage,
                "roles": list(effect.roles),
                "people": _texts(effect.approvers),
                "due_at": effect.due_at.isoformat(),
                "escalation_level": effect.escalation_level,
            }
        case DecideStage():
            return RequestEvent.STAGE_DECIDED, {"stage": effect.stage, "status": effect.status.value}
        case DecideRequest():
            return _FINAL_EVENTS[effect.status], {"status": effect.status.value}
        case Escalate():
            return RequestEvent.ESCALATED, {
                "stage": effect.stage,
                "from_roles": list(effect.from_roles),
                "to_role": effect.to_role,
                "level": effect.level,
                "people": _texts(effect.approvers),
                "due_at": effect.due_at.isoformat(),
            }
        case Amend():
            return RequestEvent.AMENDED, {
                "changed": {field: list(values) for field, values in effect.changed.items()},
                "voided": effect.voided,
                "digest": effect.digest,
            }
        case Remind():
            return RequestEvent.REMINDED, {"stage": effect.stage, "people": _texts(effect.people)}
        case Delegate():
            return RequestEvent.DELEGATED, {
                "stage": effect.stage,
                "from": str(effect.from_person),
                "to": str(effect.to_person),
            }
        case _:
            assert_never(effect)


async def _time(tx: Transaction, request_id: RequestId, effect: Effect) -> None:
    match effect:
        case OpenStage() | Escalate():
            await set_deadline(tx, request_id, TIMEOUT, effect.due_at, part=effect.stage)
            await set_deadline(tx, request_id, REMINDER, effect.remind_at, part=effect.stage)
        case DecideStage() | ResetStage():
            await clear(tx, request_id, part=effect.stage)
        case DecideRequest(RequestStatus.APPROVED):
            await clear(tx, request_id)
            await set_deadline(tx, request_id, UNUSED, tx.now + UNUSED_AFTER)
        case DecideRequest():
            await clear(tx, request_id)
        case RecordVote() | Remind() | Delegate() | Amend():
            pass
        case _:
            assert_never(effect)


def _texts(people: Iterable[UUID]) -> list[str]:
    return sorted(str(person) for person in people)


async def _on_timeout(tx: Transaction, due: Due) -> None:
    held = await store.hold(tx, due.subject)
    if held is None:
        return
    effects = rules.on_timeout(held.state, held.policy, due.part, (await directory(tx)).by_role, now=tx.now)
    await follow(tx, system_actor(tx.tenant), RequestId(due.subject), held.row.number, held.row.resource_name, effects)


async def _on_reminder(tx: Transaction, due: Due) -> None:
    held = await store.hold(tx, due.subject)
    if held is None:
        return
    effects = rules.on_reminder(held.state, due.part)
    await follow(tx, system_actor(tx.tenant), RequestId(due.subject), held.row.number, held.row.resource_name, effects)


async def _on_unused(tx: Transaction, due: Due) -> None:
    held = await store.hold(tx, due.subject)
    if held is None:
        return
    effects = rules.on_unused(held.state, is_used=held.row.used_by is not None, now=tx.now)
    note = f"Nobody used the approval within {UNUSED_AFTER.days} days."
    who = system_actor(tx.tenant)
    await follow(tx, who, RequestId(due.subject), held.row.number, held.row.resource_name, effects, note=note)


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {
    TIMEOUT: _on_timeout,
    REMINDER: _on_reminder,
    UNUSED: _on_unused,
}
