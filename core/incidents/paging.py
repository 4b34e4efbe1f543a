"""Whoever must know of an incident is told again and again, and then those above, until somebody acknowledges it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

from core.access import directory, people_of
from core.actor import system_actor
from core.db import Transaction
from core.deadlines import DeadlineHandler, Due, clear, set_deadline
from core.incidents import rules, store
from core.incidents.events import IncidentEvent
from core.incidents.holding import PAGE, UPDATE, Held, hold, settle_on
from core.incidents.state import UNDER_WAY, IncidentState


async def page_now(tx: Transaction, held: Held) -> Held:
    """If it is bad enough and nobody looks after it, those of the first level are told, and the clock sees to the rest.

    One that pages already goes on as it did.
    """
    if held.row.page or held.state is not IncidentState.OPEN or not rules.pages(held.policy, held.severity):
        return held
    told = rules.page(held.policy, await directory(tx), since=tx.now, now=tx.now)
    await set_deadline(tx, held.id, PAGE, told.again_at)
    people = sorted(map(str, told.people))
    page = {"since": tx.now.isoformat(), "level": told.level, "people": people, "reminders": 0}
    return Held(await store.change(tx, held.id, {"page": page}), held.policy)


async def stop_paging(tx: Transaction, held: Held) -> None:
    """Nobody is told again."""
    await clear(tx, held.id, kind=PAGE)


async def begin_updates(tx: Transaction, held: Held) -> None:
    """The clock says when stakeholders have heard nothing for too long; never, where the policy does not ask."""
    every = held.policy.update_every.get(held.severity)
    if every is None or held.state not in UNDER_WAY:
        await clear(tx, held.id, kind=UPDATE)
    else:
        await set_deadline(tx, held.id, UPDATE, held.row.told_at + every)


async def _on_unacknowledged(tx: Transaction, due: Due) -> None:
    held = await hold(tx, due.subject)
    page = held.row.page
    if held.state is not IncidentState.OPEN or not page:
        return
    told = rules.page(held.policy, await directory(tx), since=datetime.fromisoformat(page["since"]), now=tx.now)
    await set_deadline(tx, held.id, PAGE, told.again_at)
    before, people = set(page["people"]), sorted({*page["people"], *map(str, told.people)})
    climbs = told.level > page["level"] and bool(set(people) - before)
    values = {"page": {**page, "level": told.level, "people": people, "reminders": page["reminders"] + 1}}
    if climbs:
        event, text = IncidentEvent.PAGED, f"Nobody has acknowledged it: level {told.level} is told"
    else:
        event, text = IncidentEvent.PAGE_REPEATED, "Nobody has acknowledged it: everybody is told again"
    said = {"people": people, "level": told.level}
    who = system_actor(tx.tenant)
    await settle_on(tx, who, held, event, text=text, values=values, details=said)


async def _is_followed(tx: Transaction, held: Held) -> bool:
    """Whether there are stakeholders who wait to hear of it: they follow what pages."""
    if not rules.pages(held.policy, held.severity):
        return False
    return bool(people_of(held.policy.stakeholders, await directory(tx)))


async def _on_update_due(tx: Transaction, due: Due) -> None:
    held = await hold(tx, due.subject)
    every = held.policy.update_every.get(held.severity)
    if every is None or held.state not in UNDER_WAY:
        return
    if held.row.told_at + every > tx.now:  # somebody was quicker
        await begin_updates(tx, held)
        return
    await set_deadline(tx, held.id, UPDATE, tx.now + every)
    if not await _is_followed(tx, held):  # they may be named, or it may become worse, while it goes on
        return
    row = held.row
    owes = row.roles.get("communications") or row.roles.get("commander") or row.assignee_id or row.acknowledged_by
    people = [str(owes)] if owes else list(row.page.get("people", ()))
    await settle_on(
        tx,
        system_actor(tx.tenant),
        held,
        IncidentEvent.UPDATE_DUE,
        text="Stakeholders wait for a status update",
        details={"people": people},
    )


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {PAGE: _on_unacknowledged, UPDATE: _on_update_due}
