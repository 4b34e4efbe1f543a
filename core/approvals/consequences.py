"""What effects mean outside the request's own rows: audit, outbox, deadlines. One transaction with them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Final, assert_never
from uuid import UUID

from core import absences
from core.access import directory
from core.actor import Actor, system_actor
from core.approvals import folding, pausing, reaching, rules, store
from core.approvals.asking import PeopleFor
from core.approvals.awaiting import CHECK
from core.approvals.effects import (
    Amend,
    AskAbsent,
    AskAlso,
    DecideRequest,
    DecideStage,
    Delegate,
    Effect,
    Escalate,
    FillPlace,
    GiveBack,
    OpenStage,
    Pause,
    RecordVote,
    Remind,
    ReopenStage,
    ResetStage,
    Resume,
    UndoVote,
)
from core.approvals.seating import NOBODY_NEW, Place, seat
from core.approvals.state import RequestStatus
from core.approvals.telling import named, told
from core.audit import AuditCategory, record
from core.db import Transaction
from core.deadlines import DeadlineHandler, Due, clear, set_deadline
from core.delegations import END, START, stand_ins, turned
from core.ids import RequestId, UserId
from core.named_tickets import NamedTicket, ticket_needed
from core.outbox import emit

TIMEOUT: Final = "approvals.timeout"
REMINDER: Final = "approvals.reminder"
UNUSED: Final = "approvals.unused"
UNUSED_AFTER: Final = timedelta(days=30)  # an old yes says little about today
WINDOW: Final = "window"  # the part of UNUSED that is the end of a ticket's window
SEATING: Final = "approvals.seating"  # somebody has gone away or come back
PAUSE_OVER: Final = "approvals.pause_over"
_BY_THE_ACTOR: Final = (RecordVote, UndoVote, Delegate, Amend)


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
    if any(isinstance(effect, (OpenStage, Escalate, RecordVote, UndoVote, Delegate)) for effect in applied):
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
    return await _seat(tx, RequestId(request_id))


async def _seat(
    tx: Transaction, request_id: RequestId, *, newly_asked: frozenset[Place] = NOBODY_NEW
) -> store.Held | None:
    held = await store.hold(tx, request_id)
    if held is None:
        return None
    away, people, who = await stand_ins(tx, held.row.action), await _people(tx, held), system_actor(tx.tenant)
    while True:
        changes = seat(held.state, held.policy, away, newly_asked=newly_asked)
        await _follow(tx, who, request_id, held.row.number, held.row.resource_name, changes)
        held = replace(held, state=folding.apply(held.state, changes))
        new = reaching.ask_new(held.state, held.policy, people, away)
        if not new:
            return held
        # Those may be away as well: they sit down in the next turn. Each turn asks somebody new, so this ends.
        newly_asked = frozenset((effect.stage, person) for effect in new for person in effect.approvers)
        await _follow(tx, who, request_id, held.row.number, held.row.resource_name, new)
        held = replace(held, state=folding.apply(held.state, new))


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
        event, details = told(effect)
        facts = {**details, **_deciding(effect, applied), **({"note": note} if note else {})}
        people = await named(tx, effect)
        category = AuditCategory.USER if isinstance(effect, _BY_THE_ACTOR) else AuditCategory.SYSTEM
        who = actor if category is AuditCategory.USER or isinstance(effect, DecideRequest) else system_actor(tx.tenant)
        await record(
            tx,
            who,
            action=event,
            resource=name,
            category=category,
            subject_id=request_id,
            details={"request": f"REQ-{number}", **facts, **people},
        )
        by = {"by": who.name} if who.user else {}
        await emit(tx, subject=f"request:{request_id}", type=event, data=facts | by)


def _deciding(effect: Effect, applied: tuple[Effect, ...]) -> dict[str, str]:
    """Of a request that is decided: whose vote did it, and why; nothing where time did."""
    votes = [each.vote for each in applied if isinstance(each, RecordVote)]
    if not isinstance(effect, DecideRequest) or not votes:
        return {}
    return {"voter": str(votes[-1].voter), "reason": votes[-1].reason}


async def _time(tx: Transaction, request_id: RequestId, effect: Effect) -> None:
    match effect:
        case OpenStage() | Escalate():
            await set_deadline(tx, request_id, TIMEOUT, effect.due_at, part=effect.stage)
            await set_deadline(tx, request_id, REMINDER, effect.remind_at, part=effect.stage)
        case Resume():
            await clear(tx, request_id, kind=PAUSE_OVER, part=effect.stage)
            await set_deadline(tx, request_id, TIMEOUT, effect.due_at, part=effect.stage)
            await set_deadline(tx, request_id, REMINDER, effect.remind_at, part=effect.stage)
        case Pause():
            await clear(tx, request_id, part=effect.stage)
            await set_deadline(tx, request_id, PAUSE_OVER, effect.until, part=effect.stage)
        case ReopenStage():
            await set_deadline(tx, request_id, TIMEOUT, effect.due_at, part=effect.stage)
        case DecideStage() | ResetStage():
            await clear(tx, request_id, part=effect.stage)
        case DecideRequest(RequestStatus.APPROVED):
            await clear(tx, request_id)
            await set_deadline(tx, request_id, UNUSED, tx.now + UNUSED_AFTER)
            ticket = await ticket_needed(tx, request_id)
            if ticket is not None:
                await bound_by_window(tx, request_id, ticket)
                await set_deadline(tx, request_id, CHECK, tx.now)  # a receipt may be wanted at once
        case DecideRequest():
            await clear(tx, request_id)
        case (
            RecordVote()
            | UndoVote()
            | AskAlso()
            | Remind()
            | Delegate()
            | Amend()
            | FillPlace()
            | GiveBack()
            | AskAbsent()
        ):
            pass
        case _:
            assert_never(effect)


async def bound_by_window(tx: Transaction, request_id: UUID, ticket: NamedTicket) -> None:
    """The approval is over when the window of its ticket is, if that bounds it."""
    await clear(tx, request_id, kind=UNUSED, part=WINDOW)
    if ticket.holds_until is not None:
        until = {"until": ticket.holds_until.isoformat()}
        await set_deadline(tx, request_id, UNUSED, ticket.holds_until, part=WINDOW, data=until)


async def _people(tx: Transaction, held: store.Held) -> PeopleFor:
    return PeopleFor(await directory(tx), held.row.resource, held.state.requester)


async def _on_timeout(tx: Transaction, due: Due) -> None:
    held = await store.hold(tx, due.subject)
    if held is None:
        return
    people = await _people(tx, held)
    away = await stand_ins(tx, held.row.action)
    new = tuple(each for each in reaching.ask_new(held.state, held.policy, people, away) if each.stage == due.part)
    effects: tuple[Effect, ...] = rules.on_timeout(held.state, held.policy, due.part, people, now=tx.now)
    if new and effects:  # somebody can decide it now who could not before: they get its whole time
        (asked,) = (each.approvers for each in new)
        effects = (*new, Resume(due.part, *held.policy.stage(due.part).due_after(tx.now, asked)))
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


async def _on_pause_over(tx: Transaction, due: Due) -> None:
    held = await store.hold(tx, due.subject)
    if held is None:
        return
    effects = pausing.on_pause_over(held.state, held.policy, due.part, now=tx.now)
    note = f"Nobody has answered for {pausing.PAUSE_MAX.days} days."
    who = system_actor(tx.tenant)
    await follow(tx, who, RequestId(due.subject), held.row.number, held.row.resource_name, effects, note=note)


async def _on_unused(tx: Transaction, due: Due) -> None:
    held = await store.hold(tx, due.subject)
    if held is None:
        return
    effects = rules.on_unused(held.state, is_used=held.row.used_by is not None, now=tx.now)
    wanted = due.data.get("until")
    note = f"Nobody used the approval {f'by {wanted}' if wanted else f'within {UNUSED_AFTER.days} days'}."
    who = system_actor(tx.tenant)
    await follow(tx, who, RequestId(due.subject), held.row.number, held.row.resource_name, effects, note=note)


async def _on_delegation(tx: Transaction, due: Due) -> None:
    """Each request that it may concern is looked at by itself: a long absence must not hold hundreds of locks."""
    turning = await turned(tx, due)
    if turning is None:
        return
    await _look_at_requests_of(tx, turning.absent)


async def _on_absence(tx: Transaction, due: Due) -> None:
    absent = await absences.turned(tx, due)
    if absent is not None:
        await _look_at_requests_of(tx, absent)


async def _look_at_requests_of(tx: Transaction, absent: UserId) -> None:
    for request_id in await store.requests_touched_by(tx, absent):
        await set_deadline(tx, request_id, SEATING, tx.now)


async def _on_seating(tx: Transaction, due: Due) -> None:
    await _seat(tx, RequestId(due.subject))


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {
    TIMEOUT: _on_timeout,
    REMINDER: _on_reminder,
    PAUSE_OVER: _on_pause_over,
    UNUSED: _on_unused,
    SEATING: _on_seating,
    START: _on_delegation,
    END: _on_delegation,
    absences.TURN: _on_absence,
}
