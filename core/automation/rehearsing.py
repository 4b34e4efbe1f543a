"""Dry run: what a rule would have done about what has happened, with everything filled in. Nothing is sent or kept.

Facts are as they are now; time, what was said and the states of changes and rollouts as they were then. Limits are
counted as if the rule had been in force.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.access import Permission, TokenScope, require
from core.actor import Actor
from core.audit import audited
from core.automation.errors import InvalidRehearsal
from core.automation.facts import load_happening
from core.automation.rules import WINDOW, Counts, Filled, Result, concerns, judge, plan
from core.automation.triggers import TRIGGERS
from core.automation.values import Rule
from core.db import Database
from core.errors import NotFound
from core.outbox import Event, past_event, past_events

SINCE_MAX: Final = timedelta(days=90)
EVENTS_MAX: Final = 1000  # the newest are looked at


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What the rule would have done about one event. A condition that did not hold is not among them."""

    event_id: UUID
    event_type: str
    subject: str
    at: datetime
    result: Result
    reason: str
    actions: tuple[Filled, ...]


async def rehearse(
    database: Database, actor: Actor, rule: Rule, *, since: timedelta | None = None, event_id: UUID | None = None
) -> tuple[Rehearsal, ...]:
    """What the rule would have done about this event, or about all since then, oldest first.

    Raises InvalidRehearsal for a time that is too long, NotFound for an event that is not there.
    """
    if since is not None and not timedelta(0) < since <= SINCE_MAX:
        raise InvalidRehearsal(f"One looks back {SINCE_MAX.days} days at most.", where="since", accepted=("7d", "12h"))
    async with audited(database, actor, action="automation.dry_run", resource=rule.name) as tx:
        await require(tx, actor, Permission.VIEW_AUDIT, TokenScope.READ)
        if event_id is not None:
            found = await past_event(tx, event_id)
            if found is None or found.type not in TRIGGERS:
                raise NotFound("There is no such event that rules listen to.", where="event")
            events: tuple[Event, ...] = (found,)
        else:
            began = tx.now - (since or timedelta(days=7))
            events = await past_events(tx, types=rule.on, since=began, limit=EVENTS_MAX)
        told: list[Rehearsal] = []
        for event in events:
            happening = await load_happening(tx, event)
            finding = concerns(rule, happening)
            if finding is None:
                continue
            verdict = judge(rule, finding, happening.origin, _counted(told, event))
            if verdict is None:
                continue
            does = plan(rule, happening) if verdict.result in _ACTS else ()
            told.append(
                Rehearsal(event.id, event.type, event.subject, event.occurred_at, verdict.result, verdict.reason, does)
            )
    return tuple(told)


_ACTS: Final = frozenset({Result.FIRED, Result.REHEARSED})


def _counted(told: list[Rehearsal], event: Event) -> Counts:
    recent = Counter(each.subject for each in told if each.result in _ACTS and each.at > event.occurred_at - WINDOW)
    return Counts(recent.total(), recent[event.subject])
