"""What effects mean outside the request's own rows: audit, outbox, deadlines. One transaction with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final, assert_never
from uuid import UUID

from core.access import directory
from core.actor import Actor, system_actor
from core.approvals import rules, store
from core.approvals.asking import PeopleFor
from core.approvals.effects import (
    Amend,
    AskAbsent,
    DecideRequest,
    DecideStage,
    Delegate,
    Effect,
    Escalate,
    FillPlace,
    GiveBack,
    OpenStage,
    RecordVote,
    Remind,
    ResetStage,
    Seating,
)
from core.approvals.events import RequestEvent
from core.approvals.seating import NOBODY_NEW, Place, seat
from core.approvals.state import RequestStatus
from core.audit import AuditCategory, record
from core.db import Transaction
from core.deadlines import DeadlineHandler, Due, clear, set_deadline
from core.delegations import END, START, stand_ins, turned
from core.ids import RequestId
from core.outbox import emit

TIMEOUT: Final = "approvals.timeout"
REMINDER: Final = "approvals.reminder"
UNUSED: Final = "approvals.unused"
UNUSED_AFTER: Final = timedelta(days=30)  # an old yes says little about today
SEATING: Final = "approvals.seating"  # somebody has gone away or come back
_Told = OpenStage | RecordVote | DecideStage | DecideRequest | Escalate | Remind | Delegate | Amend | Seating

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
    """The effects are stored, recorded, told and timed, and who is asked by them and away is stood in for.

    `note` is the actor's own word on it.
    """
    applied = tuple(effects)
    await _follow(tx, actor, request_id, number, name, applied, note=note)
    if any(isinstance(effect, (OpenStage, Escalate, RecordVote, Delegate)) for effect in applied):
        asked = {
            (effect.stage, person)
            for effect in applied
            if isinstance(effect, (OpenStage, Escalate))
            for person in effect.approvers
        }
        await _seat(tx, request_id, newly_asked=frozenset(asked))


async def held_as_seated(tx: Transaction, request_id: UUID) -> store.Held | None:
    """The request under lock, with everybody where they should sit at this instant.

    The clock sees to that too, a moment later; a vote must not find the stand-in of somebody who is back.
    """
    await _seat(tx, RequestId(request_id))
    return await store.hold(tx, request_id)


async def _seat(tx: Transaction, request_id: RequestId, *, newly_asked: frozenset[Place] = NOBODY_NEW) -> None:
    held = await store.hold(tx, request_id)
    if held is None:
        return
    away = await stand_ins(tx, held.row.action)
    changes = seat(held.state, held.policy, away, newly_asked=newly_asked)
    await _follow(tx, system_actor(tx.tenant), request_id, held.row.number, held.row.resource_name, changes)


async def _follow(
    tx: Transaction,
    actor: Actor,
    request_id: RequestId,
    number: int,
    name: str,
    applied: tuple[Effect, ...],
    *,
    note: str = "",
) -> None:
    await store.apply(tx, request_id, applied, door=actor.door)
    for effect in applied:
        await _time(tx, request_id, effect)
        if isinstance(effect, ResetStage):
            continue  # told by the amendment that it belongs to
        event, details = _told(effect)
        facts = {**details, **({"note": note} if note else {})}
        named = await _named(tx, effect)
        category = AuditCategory.USER if isinstance(effect, (RecordVote, Delegate, Amend)) else AuditCategory.SYSTEM
        who = actor if category is AuditCategory.USER or isinstance(effect, DecideRequest) else system_actor(tx.tenant)
        await record(
            tx,
            who,
            action=event,
            resource=name,
            category=category,
            subject_id=request_id,
            details={"request": f"REQ-{number}", **facts, **named},
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
                "assurance": vote.assurance.value,
                **({"on_behalf_of": str(vote.on_behalf_of)} if vote.on_behalf_of else {}),
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
        case FillPlace():
            return RequestEvent.STAND_IN_ASKED, {
                "stage": effect.stage,
                "from": str(effect.absent),
                "to": str(effect.seat.stand_in),
            }
        case GiveBack():
            return RequestEvent.STAND_IN_ENDED, {
                "stage": effect.stage,
                "from": str(effect.stand_in),
                "to": str(effect.absent),
            }
        case AskAbsent():
            return RequestEvent.ABSENT_ASKED, {"stage": effect.stage, "to": str(effect.absent)}
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
        case RecordVote() | Remind() | Delegate() | Amend() | FillPlace() | GiveBack() | AskAbsent():
            pass
        case _:
            assert_never(effect)


async def _named(tx: Transaction, effect: Effect) -> dict[str, str]:
    """Both people of a delegated act by their addresses: the trail is read by people, years later (A2)."""
    match effect:
        case RecordVote(vote) if vote.on_behalf_of is not None:
            pair = {"voter_email": vote.voter, "on_behalf_of_email": vote.on_behalf_of}
        case FillPlace():
            pair = {"from_email": effect.absent, "to_email": effect.seat.stand_in}
        case GiveBack():
            pair = {"from_email": effect.stand_in, "to_email": effect.absent}
        case AskAbsent():
            pair = {"to_email": effect.absent}
        case _:
            return {}
    people = (await directory(tx)).people
    return {key: people[user].email for key, user in pair.items()}


def _texts(people: Iterable[UUID]) -> list[str]:
    return sorted(str(person) for person in people)


async def _on_timeout(tx: Transaction, due: Due) -> None:
    held = await store.hold(tx, due.subject)
    if held is None:
        return
    people = PeopleFor(await directory(tx), held.row.resource)
    effects = rules.on_timeout(held.state, held.policy, due.part, people, now=tx.now)
    is_over = any(isinstance(effect, DecideRequest) for effect in effects)
    note = f"Nobody decided stage '{due.part}' in time." if is_over else ""
    who = system_actor(tx.tenant)
    await follow(tx, who, RequestId(due.subject), held.row.number, held.row.resource_name, effects, note=note)


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


async def _on_delegation(tx: Transaction, due: Due) -> None:
    """Each request that it may concern is looked at by itself: a long absence must not hold hundreds of locks."""
    turning = await turned(tx, due)
    if turning is None:
        return
    for request_id in await store.requests_touched_by(tx, turning.absent):
        await set_deadline(tx, request_id, SEATING, tx.now)


async def _on_seating(tx: Transaction, due: Due) -> None:
    await _seat(tx, RequestId(due.subject))


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {
    TIMEOUT: _on_timeout,
    REMINDER: _on_reminder,
    UNUSED: _on_unused,
    SEATING: _on_seating,
    START: _on_delegation,
    END: _on_delegation,
}
