"""The post-incident review, and the follow-ups that are tracked until they have helped (S3, S6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import TokenScope, directory, find_person, member_of, permitted, require_scope
from core.actor import Actor, system_actor
from core.audit import audited
from core.choices import check_choice
from core.db import Database, Transaction
from core.deadlines import DeadlineHandler, Due, clear, set_deadline
from core.ids import UserId
from core.incidents import part_store, rules
from core.incidents.alerts import check_title
from core.incidents.errors import InvalidIncident, NotAResponder, NotTheOwner, UnknownFollowUp, WrongState
from core.incidents.events import IncidentEvent
from core.incidents.holding import FOLLOW_UP, REVIEW, Held, hold, require_responder, settle_on
from core.incidents.reading import follow_up_view, view_of
from core.incidents.resolving import close_held
from core.incidents.state import IncidentState
from core.incidents.views import FollowUpView, IncidentView

FOLLOW_UP_TITLE_MAX: Final = 300  # characters
FOLLOW_UPS_MAX: Final = 50  # of an incident
REMIND_EVERY: Final = timedelta(days=1)  # of what is overdue
LONGEST: Final = timedelta(days=730)
STATES: Final = ("open", "done", "dropped")


async def review(
    database: Database,
    actor: Actor,
    incident_id: UUID,
    *,
    summary: str,
    causes: str,
    went_well: str = "",
    went_wrong: str = "",
) -> IncidentView:
    """The review is written, and what was resolved is closed. Said again, it says something else. Raises WrongState."""
    async with audited(database, actor, action="incident.reviewed", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        user = await require_responder(tx, actor, held)
        rules.check_reviewable(held.reference, held.state)
        written = {
            "summary": rules.check_text("summary", summary),
            "causes": rules.check_text("causes", causes),
            "went_well": rules.check_text("went_well", went_well, least=0),
            "went_wrong": rules.check_text("went_wrong", went_wrong, least=0),
        }
        review = {**written, "by": str(user), "at": tx.now.isoformat()}
        await clear(tx, held.id, kind=REVIEW)
        is_said = held.row.cause and held.row.cause != (held.row.review or {}).get("causes")  # and not by a review
        cause = held.row.cause if is_said else written["causes"]
        values = {"review": review, "review_state": "done", "cause": cause}
        text = f"Reviewed: {written['summary']}"
        held = await settle_on(tx, actor, held, IncidentEvent.REVIEWED, text=text, values=values, details=written)
        if held.state is IncidentState.RESOLVED:
            await close_held(tx, actor, held)
        return await view_of(tx, held.id)


async def add_follow_up(
    database: Database,
    actor: Actor,
    incident_id: UUID,
    *,
    title: str,
    owner: str,
    due_at: datetime,
    before: str = "",
) -> FollowUpView:
    """Its owner is told, and reminded when it is due. `before`: what is measured now, to compare with afterwards.

    Raises InvalidIncident naming the field, or UnknownPerson.
    """
    async with audited(database, actor, action="incident.follow_up_added", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        await require_responder(tx, actor, held)
        if len((await part_store.follow_ups_of(tx, [held.id])).get(held.id, ())) >= FOLLOW_UPS_MAX:
            raise InvalidIncident(f"An incident has at most {FOLLOW_UPS_MAX} follow-ups.", where="title")
        person = await find_person(tx, owner, where="owner")
        values = {
            "title": check_title(title, FOLLOW_UP_TITLE_MAX),
            "owner_id": person.id,
            "due_at": _check_due(due_at, now=tx.now),
            "before": rules.check_text("before", before, least=0),
        }
        follow_up_id = await part_store.add_follow_up(tx, held.id, values)
        await set_deadline(tx, held.id, FOLLOW_UP, due_at, part=str(follow_up_id))
        details = {"follow_up": str(follow_up_id), "owner": person.email, "people": [str(person.id)]}
        text = f"Follow-up for {person.name} by {due_at.date()}: {values['title']}"
        await settle_on(tx, actor, held, IncidentEvent.FOLLOW_UP_ADDED, text=text, details=details)
        return await _shown(tx, follow_up_id)


async def finish_follow_up(
    database: Database, actor: Actor, follow_up_id: UUID, *, evidence: str, after: str = ""
) -> FollowUpView:
    """It is done, as the evidence shows. By its owner or a responder. Raises WrongState, NotTheOwner."""
    async with audited(database, actor, action="incident.follow_up_done", resource=str(follow_up_id)) as tx:
        row, held = await _held(tx, actor, follow_up_id)
        said = {
            "evidence": rules.check_text("evidence", evidence),
            "after": rules.check_text("after", after, least=0),
        }
        values = {"state": "done", "done_by": member_of(actor), "done_at": tx.now, **said}
        effect = f" (before: {row.before}; after: {said['after']})" if row.before and said["after"] else ""
        await _settle(
            tx,
            actor,
            held,
            row,
            IncidentEvent.FOLLOW_UP_DONE,
            values=values,
            text=f"Done: {row.title}{effect}",
            details=said,
        )
        await clear(tx, held.id, kind=FOLLOW_UP, part=str(follow_up_id))
        return await _shown(tx, follow_up_id)


async def change_follow_up(
    database: Database,
    actor: Actor,
    follow_up_id: UUID,
    *,
    owner: str | None = None,
    due_at: datetime | None = None,
    drop: str = "",
) -> FollowUpView:
    """It has another owner or another time, or is dropped for the reason given. Raises InvalidIncident, WrongState."""
    async with audited(database, actor, action="incident.follow_up_changed", resource=str(follow_up_id)) as tx:
        row, held = await _held(tx, actor, follow_up_id)
        values: dict[str, Any] = {}
        words: list[str] = []
        if owner:
            person = await find_person(tx, owner, where="owner")
            values["owner_id"] = person.id
            words.append(f"for {person.name}")
        if due_at:
            values |= {"due_at": _check_due(due_at, now=tx.now), "reminders": 0}
            words.append(f"by {due_at.date()}")
            await set_deadline(tx, held.id, FOLLOW_UP, due_at, part=str(follow_up_id))
        if drop.strip():
            values |= {"state": "dropped", "evidence": rules.check_text("drop", drop), "done_at": tx.now}
            words.append(f"dropped: {drop.strip()}")
            await clear(tx, held.id, kind=FOLLOW_UP, part=str(follow_up_id))
        if not values:
            raise InvalidIncident("Nothing is changed.", where="owner", accepted=("owner", "due_at", "drop"))
        text = f"Follow-up {', '.join(words)}: {row.title}"
        people = [str(values.get("owner_id", row.owner_id))]
        event = IncidentEvent.FOLLOW_UP_CHANGED
        await _settle(tx, actor, held, row, event, values=values, text=text, details={"people": people})
        return await _shown(tx, follow_up_id)


async def list_follow_ups(
    database: Database,
    actor: Actor,
    *,
    state: str | None = None,
    mine: bool = False,
    after: UUID | None = None,
    limit: int = 50,
) -> tuple[FollowUpView, ...]:
    """Follow-ups of all incidents, newest first. Raises InvalidInput for no state of one."""
    check_choice("state", state, STATES)
    async with permitted(database, actor, TokenScope.READ, action="incident.follow_ups", resource="incidents") as tx:
        owner = member_of(actor) if mine else None
        rows = await part_store.follow_up_page(tx, state=state, owner=owner, after=after, limit=limit)
        everybody = await directory(tx)
        return tuple(follow_up_view(row, everybody) for row in rows)


async def _held(tx: Transaction, actor: Actor, follow_up_id: UUID) -> tuple[Row[Any], Held]:
    """The follow-up, open, and its incident under lock, for its owner or a responder."""
    require_scope(actor, TokenScope.REQUEST)
    found = await part_store.follow_up(tx, follow_up_id)
    if found is None:
        raise UnknownFollowUp(where="follow_up")
    held = await hold(tx, found.incident_id)
    row = await part_store.follow_up(tx, follow_up_id)  # as it is under the lock
    assert row is not None  # none is ever removed
    if row.owner_id != member_of(actor):
        try:
            await require_responder(tx, actor, held)
        except NotAResponder as exc:
            raise NotTheOwner(where="owner", accepted=exc.accepted) from exc
    if row.state != "open":
        raise WrongState(f"That follow-up is {row.state}.", where="state")
    return row, held


async def _settle(
    tx: Transaction,
    actor: Actor,
    held: Held,
    row: Row[Any],
    event: IncidentEvent,
    *,
    values: Mapping[str, Any],
    text: str,
    details: Mapping[str, Any],
) -> None:
    await part_store.change_follow_up(tx, row.follow_up_id, values)
    said = {"follow_up": str(row.follow_up_id), **details}
    await settle_on(tx, actor, held, event, text=text, details=said)


async def _shown(tx: Transaction, follow_up_id: UUID) -> FollowUpView:
    row = await part_store.follow_up(tx, follow_up_id)
    assert row is not None  # none is ever removed
    return follow_up_view(row, await directory(tx))


def _check_due(due_at: datetime, *, now: datetime) -> datetime:
    if not now < due_at <= now + LONGEST:
        accepted = (f"after now, until {now + LONGEST:%Y-%m-%d}",)
        raise InvalidIncident(f"It is due within {LONGEST.days} days from now.", where="due_at", accepted=accepted)
    return due_at


async def _on_review_due(tx: Transaction, due: Due) -> None:
    held = await hold(tx, due.subject)
    if held.row.review_state not in ("due", "overdue"):
        return
    await set_deadline(tx, held.id, REVIEW, tx.now + REMIND_EVERY)
    row = held.row
    owes = {row.roles.get("commander"), row.assignee_id, row.acknowledged_by, row.resolved_by} - {None}
    people = sorted(map(str, owes)) or list(row.page.get("people", ()))
    await settle_on(
        tx,
        system_actor(tx.tenant),
        held,
        IncidentEvent.REVIEW_OVERDUE,
        text="Its review is overdue",
        values={"review_state": "overdue"},
        details={"people": people},
    )


async def _on_follow_up_due(tx: Transaction, due: Due) -> None:
    row = await part_store.follow_up(tx, UUID(due.part))
    if row is None or row.state != "open":
        return
    held = await hold(tx, due.subject)
    await set_deadline(tx, held.id, FOLLOW_UP, tx.now + REMIND_EVERY, part=due.part)
    people = {UserId(row.owner_id)}
    if row.reminders and (commander := held.row.roles.get("commander")):
        people.add(UserId(UUID(commander)))
    details = {"people": sorted(map(str, people)), "reminders": row.reminders + 1}
    await _settle(
        tx,
        system_actor(tx.tenant),
        held,
        row,
        IncidentEvent.FOLLOW_UP_DUE,
        values={"reminders": row.reminders + 1},
        text=f"Follow-up is due: {row.title}",
        details=details,
    )


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {REVIEW: _on_review_due, FOLLOW_UP: _on_follow_up_due}
