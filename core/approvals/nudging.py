"""A requester reminds the people who are asked and have not voted; at most once an hour for each request.

The reminder of a policy (consequences.py) comes by itself; this one is somebody's wish, and is told as theirs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.access import PersonView, TokenScope, directory, member_of, require_scope
from core.actor import Actor
from core.approvals import ballots, rules, store
from core.approvals.effects import Remind
from core.approvals.errors import AnswerAwaited, NobodyToNudge, NotYourRequest, NudgedAlready
from core.approvals.events import RequestEvent
from core.approvals.loading import hold_seated, view_of
from core.approvals.state import RequestState
from core.approvals.views import RequestView
from core.audit import audited, record
from core.db import Database
from core.ids import UserId
from core.outbox import emit

EVERY: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Nudged:
    """Who was reminded of which request."""

    request: RequestView
    people: tuple[PersonView, ...]


async def nudge(database: Database, actor: Actor, request_id: UUID) -> Nudged:
    """Everybody who is asked and silent is reminded, and the requester knows who they are.

    Raises NotYourRequest, AlreadyDecided, NobodyToNudge, AnswerAwaited while a question to the requester stops the
    clocks, or NudgedAlready within an hour of the last time.
    """
    async with audited(database, actor, action="request.nudge", resource=str(request_id)) as tx:
        require_scope(actor, TokenScope.REQUEST)
        held = await hold_seated(tx, request_id)
        try:
            reminders = whom_to_nudge(held.state, member_of(actor), nudged_at=held.row.nudged_at, now=tx.now)
        except NobodyToNudge as exc:
            raise _nobody(await view_of(tx, request_id)) from exc
        silent = frozenset[UserId]().union(*(each.people for each in reminders))
        everybody = await directory(tx)
        people = tuple(sorted((everybody.people[user] for user in silent), key=_by_name))
        await store.note_nudge(tx, request_id)
        stages = [each.stage for each in reminders]
        await record(
            tx,
            actor,
            action=RequestEvent.NUDGED,
            resource=held.row.resource_name,
            subject_id=request_id,
            details={
                "request": f"REQ-{held.row.number}",
                "stages": stages,
                "people": sorted(person.email for person in people),
            },
        )
        await emit(
            tx,
            subject=f"request:{request_id}",
            type=RequestEvent.NUDGED,
            data={"by": actor.email, "stages": stages, "people": sorted(map(str, silent))},
        )
        return Nudged(await view_of(tx, request_id), people)


def whom_to_nudge(state: RequestState, by: UserId, *, nudged_at: datetime | None, now: datetime) -> tuple[Remind, ...]:
    """The silent people of each open stage. Raises as `nudge` does."""
    if by != state.requester:
        raise NotYourRequest("Only the person who asked can nudge.")
    ballots.check_pending(state)
    if nudged_at is not None and now < nudged_at + EVERY:
        raise _too_soon(nudged_at + EVERY, now)
    effects = [effect for stage in state.open_stages for effect in rules.on_reminder(state, stage.key)]
    reminders = tuple(effect for effect in effects if isinstance(effect, Remind))
    if not reminders:
        raise NobodyToNudge
    return reminders


def _nobody(request: RequestView) -> NobodyToNudge:
    """Why nobody can be: what the request waits for instead."""
    if request.waits_for_ticket:
        return NobodyToNudge(f"{request.reference} waits for its ticket: nobody is asked yet.")
    if not request.is_paused:
        return NobodyToNudge()
    question = request.open_question
    asked = f"a question of {question.author.name}" if question else "a question"
    return AnswerAwaited(
        f"{request.reference} waits for your answer to {asked}.",
        next_step="Until then nobody's time runs, and nobody can be reminded.",
    )


def _too_soon(again_at: datetime, now: datetime) -> NudgedAlready:
    left_s = (again_at - now).total_seconds()
    minutes = max(1, round(left_s / 60))
    return NudgedAlready(
        next_step=f"You can nudge again in {minutes} min, at {again_at:%H:%M} UTC.", retry_after_s=left_s
    )


def _by_name(person: PersonView) -> tuple[str, str]:
    return person.name, person.email
