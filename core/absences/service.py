"""Use cases: whose calendar is read, who is the fallback, and who is away by their calendar."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Row

from core.absences import rules, store
from core.absences.errors import InvalidFallback, InvalidFeed, NoFeed, SelfAppointedFallback
from core.absences.rules import Known, Reconciled, Window
from core.absences.views import AbsenceView, FeedView
from core.access import (
    Directory,
    Permission,
    PersonView,
    TokenScope,
    directory,
    find_person,
    keep_fallback,
    member_of,
    permitted,
    require,
    require_scope,
)
from core.actor import Actor
from core.audit import AuditCategory, audited, record
from core.db import Database, Transaction
from core.deadlines import clear, set_deadline
from core.ids import UserId, uuid7

TURN: Final = "absences.turn"
BEGIN: Final = "begin"
END: Final = "end"
CHANGE: Final = "change"
ADDRESS_MAX: Final = 2000  # characters
_WEBCAL: Final = "webcal://"  # what calendars offer to be clicked; it means https


async def connect_calendar(
    database: Database, actor: Actor, address: str, *, person_email: str | None = None
) -> FeedView:
    """The person's calendar stands at this address from now on: the actor's own, or of whom an administrator names.

    The address is a secret; it is kept, and never shown or recorded. Raises InvalidFeed, PermissionMissing or
    UnknownPerson.
    """
    async with audited(database, actor, action="calendar.connect", resource=person_email or actor.email) as tx:
        person = await _concerned(tx, actor, person_email)
        url = _checked_address(address)
        await store.feed_of(tx, person.id)  # a poll under way is over, or finds another address
        await store.put_feed(tx, person.id, url, created_by=actor.email)
        await _record(tx, actor, "calendar.connect", person, {"calendar": shown_address(url)})
        return await _feed_view(tx, person)


async def disconnect_calendar(database: Database, actor: Actor, *, person_email: str | None = None) -> None:
    """No calendar is read for the person, and what theirs said holds no more. Raises NoFeed."""
    async with audited(database, actor, action="calendar.disconnect", resource=person_email or actor.email) as tx:
        person = await _concerned(tx, actor, person_email)
        if await store.feed_of(tx, person.id) is None:
            raise NoFeed(where="calendar")
        await store.delete_feed(tx, person.id)
        await change(tx, person.id, Reconciled(ended=await store.live_of(tx, person.id)))
        await _record(tx, actor, "calendar.disconnect", person, {})


async def get_calendar(database: Database, actor: Actor, *, person_email: str | None = None) -> FeedView | None:
    """The person's calendar and how reading it went; None if none is connected."""
    async with audited(database, actor, action="calendar.show", resource=person_email or actor.email) as tx:
        person = await _concerned(tx, actor, person_email, scope=TokenScope.READ)
        return None if await store.feed_of(tx, person.id) is None else await _feed_view(tx, person)


async def set_fallback(
    database: Database, actor: Actor, fallback_email: str, *, person_email: str | None = None
) -> PersonView:
    """That one decides while the person is away and has named nobody; an empty address means nobody in particular.

    Raises InvalidFallback, SelfAppointedFallback, PermissionMissing or UnknownPerson.
    """
    details = {"fallback": fallback_email[:300]}
    async with audited(
        database, actor, action="user.fallback", resource=person_email or actor.email, details=details
    ) as tx:
        person = await _concerned(tx, actor, person_email)
        fallback = await find_person(tx, fallback_email, where="fallback") if fallback_email.strip() else None
        if fallback is not None and fallback.id == person.id:
            raise InvalidFallback("Nobody is their own fallback.", where="fallback")
        if fallback is not None and fallback.email == actor.email != person.email:
            raise SelfAppointedFallback(where="fallback", next_step="Let the person choose you, or name another.")
        await keep_fallback(tx, person.id, fallback.id if fallback else None)
        await _record(tx, actor, "user.fallback", person, {"fallback": fallback.email if fallback else ""})
        for known in await store.live_of(tx, person.id):
            if known.window.starts_at <= tx.now:  # whoever stands in for them now may be another one
                await set_deadline(tx, known.id, TURN, tx.now, part=CHANGE)
    await database.cache.forget()
    return replace(person, fallback=fallback.id if fallback else None)


async def list_absences(database: Database, actor: Actor) -> tuple[AbsenceView, ...]:
    """Who is away by their calendar, or will be in the next sixty days, the next to begin first."""
    async with permitted(database, actor, TokenScope.READ, action="absence.list", resource="absences") as tx:
        everybody, rows = await directory(tx), await store.live(tx)
        return tuple(_view(row, everybody, _away(rows, tx.now), tx.now) for row in rows if _is_here(row, everybody))


async def absent_now(tx: Transaction) -> dict[UserId, tuple[UUID, UserId | None]]:
    """Who is away by their calendar at this instant: by which absence, and who is their fallback or manager."""
    rows = await store.live(tx)
    if not rows:
        return {}
    everybody = await directory(tx)
    away = _away(rows, tx.now)
    return {
        UserId(row.user_id): (row.absence_id, rules.fallback_of(UserId(row.user_id), everybody.people, away=away))
        for row in rows
        if row.user_id in away and _is_here(row, everybody)
    }


async def change(tx: Transaction, user: UserId, what: Reconciled) -> None:
    """The person's absences are as reconciled, and the clock will see to whoever is asked for it."""
    for window in what.begun:
        known = Known(uuid7(), window)
        await store.add(tx, known.id, user, window)
        await _time(tx, known)
    for known in what.moved:
        await store.move(tx, known.id, known.window)
        await _time(tx, known)
        await set_deadline(tx, known.id, TURN, tx.now, part=CHANGE)  # it may have moved away from this instant
    for known in what.ended:
        await store.end(tx, known.id, at=tx.now)
        await clear(tx, known.id, kind=TURN)
        await set_deadline(tx, known.id, TURN, tx.now, part=END)


def shown_address(url: str) -> str:
    """What may be seen of a feed's address: everything behind the host is the key to the calendar."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname}/…"


async def _time(tx: Transaction, known: Known) -> None:
    """The clock sees to its beginning and its end."""
    await set_deadline(tx, known.id, TURN, known.window.starts_at, part=BEGIN)
    await set_deadline(tx, known.id, TURN, known.window.ends_at, part=END)


async def _concerned(
    tx: Transaction, actor: Actor, person_email: str | None, *, scope: TokenScope = TokenScope.VOTE
) -> PersonView:
    """Whom it is about. Raises PermissionMissing where that is somebody else and the actor is no administrator."""
    if person_email is None or person_email.strip().lower() == actor.email:
        require_scope(actor, scope)
        return (await directory(tx)).people[member_of(actor)]
    await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
    return await find_person(tx, person_email, where="person")


def _checked_address(address: str) -> str:
    """The address as https. Its refusal never repeats it: it may be the right one with a slip."""
    text = address.strip()
    if text.lower().startswith(_WEBCAL):
        text = "https://" + text[len(_WEBCAL) :]
    accepted = ("https://calendar.example/private/basic.ics",)
    if len(text) > ADDRESS_MAX or any(character.isspace() or not character.isprintable() for character in text):
        raise InvalidFeed(where="address", accepted=accepted)
    try:
        parts = urlsplit(text)
        is_address = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    else:
        if is_address and (parts.username or parts.password):
            raise InvalidFeed("The address must not hold a user or a password.", where="address", accepted=accepted)
    if not is_address:
        raise InvalidFeed(where="address", accepted=accepted)
    return text


async def _feed_view(tx: Transaction, person: PersonView) -> FeedView:
    row = await store.feed_of(tx, person.id)
    if row is None:
        raise NoFeed(where="calendar")
    return FeedView(
        person=person,
        shown=shown_address(store.address_of(tx, row)),
        created_by=row.created_by,
        created_at=row.created_at,
        read_at=row.read_at,
        problem=row.problem,
        next_poll_at=row.next_poll_at,
    )


def _view(row: Row[Any], everybody: Directory, away: frozenset[UserId], now: datetime) -> AbsenceView:
    person = everybody.people[UserId(row.user_id)]
    stand_in = rules.fallback_of(person.id, everybody.people, away=away)
    return AbsenceView(
        id=row.absence_id,
        absent=person,
        stand_in=everybody.people[stand_in] if stand_in else None,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        status="in_force" if row.starts_at <= now else "planned",
    )


def _away(rows: Any, now: datetime) -> frozenset[UserId]:
    return frozenset(UserId(row.user_id) for row in rows if Window(row.starts_at, row.ends_at).starts_at <= now)


def _is_here(row: Row[Any], everybody: Directory) -> bool:
    person = everybody.people.get(UserId(row.user_id))
    return person is not None and person.active


async def _record(tx: Transaction, actor: Actor, action: str, person: PersonView, details: dict[str, Any]) -> None:
    by_another = {"set_by_administrator": True} if actor.email != person.email else {}
    await record(
        tx,
        actor,
        action=action,
        resource=person.email,
        subject_id=person.id,
        category=AuditCategory.SECURITY,
        details=details | by_another,
    )
