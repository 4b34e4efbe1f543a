"""Use cases of delegations."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.absences import absent_now
from core.access import (
    Directory,
    Permission,
    PersonView,
    TokenScope,
    directory,
    find_person,
    member_of,
    permission_for,
    permitted,
    require,
    require_scope,
)
from core.actor import Actor
from core.audit import AuditCategory, audited, record
from core.db import Database, Transaction
from core.deadlines import clear, set_deadline
from core.delegations import rules, store
from core.delegations.chains import Coverage, Delegation, StandIns, in_force
from core.delegations.dates import window
from core.delegations.errors import DelegationOver, InvalidDelegation, NotYourDelegation, UnknownDelegation
from core.delegations.events import DelegationEvent
from core.delegations.views import DelegationView
from core.ids import UserId, uuid7
from core.outbox import emit

START: Final = "delegations.start"
END: Final = "delegations.end"
STAGE_NAME_MAX: Final = 100  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Absence:
    """What somebody asks for: who decides in whose place (None: my own), from when to when, about what, and why.

    The dates are days or instants as `dates.window` reads them in the absent person's time zone.
    """

    to_email: str
    ends: str
    starts: str = ""  # now
    person_email: str | None = None
    actions: Collection[str] | None = None  # None: every action
    stages: Collection[str] | None = None  # None: every stage
    reason: str = ""


async def set_away(database: Database, actor: Actor, wanted: Absence) -> DelegationView:
    """The other person decides in place of the one who is away: the actor, or somebody for whom an administrator acts.

    Raises InvalidDelegation, DelegationOverlap, DelegationLoop, SelfAppointed, PermissionMissing or UnknownPerson.
    """
    details = {"to": wanted.to_email[:300], "for": wanted.person_email or actor.email}
    async with audited(database, actor, action="delegation.create", resource="delegations", details=details) as tx:
        absent = await _absent(tx, actor, wanted.person_email)
        stand_in = await find_person(tx, wanted.to_email, where="to")
        text = wanted.reason.strip()
        if len(text) > rules.REASON_MAX:
            raise InvalidDelegation(
                f"The reason has {len(text)} characters; at most {rules.REASON_MAX} are kept.", where="reason"
            )
        starts_at, ends_at = window(wanted.starts.strip(), wanted.ends.strip(), absent.time_zone, now=tx.now)
        new = Delegation(uuid7(), absent.id, stand_in.id, starts_at, ends_at, _coverage(wanted))
        await store.lock_all(tx)
        known = [store.delegation_of(row) for row in await store.live(tx)]
        everybody = await directory(tx)
        is_for_another = absent.email != actor.email
        # Not by id: a visiting administrator has none, and may be a person here all the same.
        myself = everybody.by_email.get(actor.email)
        rules.check_new(
            new,
            known,
            {user: each.name for user, each in everybody.people.items()},
            set_by=myself.id if is_for_another and myself else None,
        )
        await store.add(tx, new, reason=text, created_by=actor.email)
        await set_deadline(tx, new.id, START, starts_at)
        await set_deadline(tx, new.id, END, ends_at)
        view = await _view(tx, new.id)
        await _told(tx, actor, DelegationEvent.CREATED, view, details={"reason": text} | _facts(view))
        return view


async def end(database: Database, actor: Actor, delegation_id: UUID) -> DelegationView:
    """It is over before its time; whoever is away is asked again. By that person, or an administrator."""
    async with audited(database, actor, action="delegation.end", resource=str(delegation_id)) as tx:
        row = await store.by_id(tx, delegation_id)
        if row is None:
            raise UnknownDelegation(where="delegation")
        if actor.user is not None and row.absent_id == actor.user:
            require_scope(actor, TokenScope.VOTE)
        elif (await directory(tx)).people[UserId(row.stand_in_id)].email == actor.email:
            raise NotYourDelegation(next_step="Ask the person who is away, or an administrator.")
        else:
            await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        if row.ended_at is not None or row.ends_at <= tx.now:
            raise DelegationOver
        return await _end(tx, actor, row)


async def back(database: Database, actor: Actor) -> tuple[DelegationView, ...]:
    """The actor is here again: whatever they have given away is over. What was planned for later stays."""
    async with audited(database, actor, action="delegation.end", resource="delegations") as tx:
        require_scope(actor, TokenScope.VOTE)
        me = member_of(actor)
        rows = [row for row in await store.live_of(tx, me) if row.absent_id == me and row.starts_at <= tx.now]
        return tuple([await _end(tx, actor, row) for row in rows])


async def end_all_of(tx: Transaction, actor: Actor, user: UserId) -> None:
    """Nothing that the person gave or was given holds any more: they have left, and `actor` has seen to it."""
    for row in await store.live_of(tx, user):
        await _end(tx, actor, row)


async def list_delegations(database: Database, actor: Actor) -> tuple[DelegationView, ...]:
    """All that are in force or planned, the next to begin first."""
    async with permitted(database, actor, TokenScope.READ, action="delegation.list", resource="delegations") as tx:
        return await _views(tx, await store.live(tx))


async def get_away(database: Database, actor: Actor) -> tuple[tuple[DelegationView, ...], tuple[DelegationView, ...]]:
    """What the actor has given away, and what they were given: in force or planned."""
    found = await list_delegations(database, actor)
    mine = tuple(each for each in found if each.absent.email == actor.email)
    return mine, tuple(each for each in found if each.decides.email == actor.email)


async def load_delegation(tx: Transaction, delegation_id: UUID) -> DelegationView:
    """The delegation, for subscribers. Raises UnknownDelegation."""
    return await _view(tx, delegation_id)


async def stand_ins(tx: Transaction, action: str) -> StandIns:
    """Who stands in for whom at this instant on requests for this action."""
    return (await _standing(tx, await store.live(tx))).about(action)


async def away_altogether(tx: Transaction) -> frozenset[UserId]:
    """Who is away at this instant and has given every decision to somebody who is here."""
    standing = await _standing(tx, await store.live(tx))
    return frozenset(each.absent for each in standing.delegations if each.coverage == Coverage())


async def _end(tx: Transaction, actor: Actor, row: Row[Any]) -> DelegationView:
    await store.end(tx, row.delegation_id, at=tx.now, by=actor.email)
    await clear(tx, row.delegation_id, kind=START)
    await set_deadline(tx, row.delegation_id, END, tx.now)  # the open stages are looked at by the clock, as at its end
    view = await _view(tx, row.delegation_id)
    await _told(tx, actor, DelegationEvent.ENDED, view, details=_facts(view))
    return view


async def _absent(tx: Transaction, actor: Actor, person_email: str | None) -> PersonView:
    """Who will be away. Raises PermissionMissing where that is somebody else and the actor is no administrator."""
    if person_email is None or person_email.strip().lower() == actor.email:
        require_scope(actor, TokenScope.VOTE)
        return (await directory(tx)).people[member_of(actor)]
    await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
    return await find_person(tx, person_email, where="person")


def _coverage(wanted: Absence) -> Coverage:
    actions, stages = wanted.actions, wanted.stages
    for where, names in (("actions", actions), ("stages", stages)):
        if names is not None and not 0 < len(names) <= rules.NAMES_MAX:
            raise InvalidDelegation(f"Name 1 to {rules.NAMES_MAX}, or leave it out for all.", where=where)
    for action in actions or ():
        permission_for(action)  # raises for one that nobody governs
    if any(not 0 < len(stage.strip()) <= STAGE_NAME_MAX for stage in stages or ()):
        raise InvalidDelegation("A stage has a name.", where="stages")
    return Coverage(
        actions=None if actions is None else frozenset(actions),
        stages=None if stages is None else frozenset(stage.strip() for stage in stages),
    )


async def _standing(tx: Transaction, rows: Sequence[Row[Any]]) -> StandIns:
    """What people have set, and behind it what their calendars say: the first that is found counts."""
    by_calendar = await absent_now(tx)
    if not rows and not by_calendar:
        return StandIns()
    active = (await directory(tx)).active
    named = in_force([store.delegation_of(row) for row in rows], tx.now, active=active)
    fallbacks = tuple(
        Delegation(absence, absent, stand_in, tx.now, datetime.max.replace(tzinfo=UTC))
        for absent, (absence, stand_in) in by_calendar.items()
        if stand_in is not None
    )
    return StandIns((*named.delegations, *fallbacks), frozenset(by_calendar))


async def _view(tx: Transaction, delegation_id: UUID) -> DelegationView:
    row = await store.by_id(tx, delegation_id)
    if row is None:
        raise UnknownDelegation(where="delegation")
    return (await _views(tx, [row]))[0]


async def _views(tx: Transaction, rows: Sequence[Row[Any]]) -> tuple[DelegationView, ...]:
    everybody, standing = await directory(tx), await _standing(tx, await store.live(tx))
    return tuple(_shown(tx, row, everybody, standing) for row in rows)


def _shown(tx: Transaction, row: Row[Any], everybody: Directory, standing: StandIns) -> DelegationView:
    found = store.delegation_of(row)
    over = found.ends_at <= tx.now
    return DelegationView(
        id=found.id,
        absent=everybody.people[found.absent],
        stand_in=everybody.people[found.stand_in],
        decides=everybody.people[_last(found, standing) if found.is_in_force(tx.now) else found.stand_in],
        starts_at=found.starts_at,
        ends_at=found.ends_at,
        actions=None if row.actions is None else tuple(row.actions),
        stages=None if row.stages is None else tuple(row.stages),
        reason=row.reason,
        status="over" if over else "in_force" if found.is_in_force(tx.now) else "planned",
        created_by=row.created_by,
        ended_at=row.ended_at,
        ended_by=row.ended_by,
    )


def _last(found: Delegation, standing: StandIns) -> UserId:
    """Who is reached in the end for all that it covers; a link that is about less is left out."""
    wide = StandIns(
        tuple(each for each in standing.delegations if each.coverage.common(found.coverage) == found.coverage)
    )
    stages = found.coverage.stages
    chain = wide.chain(found.stand_in, next(iter(stages)) if stages else "")
    return chain[-1] if chain else found.stand_in


def _facts(view: DelegationView) -> dict[str, Any]:
    return {
        "absent": view.absent.email,
        "stand_in": view.stand_in.email,
        "starts_at": view.starts_at.isoformat(),
        "ends_at": view.ends_at.isoformat(),
        "actions": None if view.actions is None else list(view.actions),
        "stages": None if view.stages is None else list(view.stages),
    }


async def _told(
    tx: Transaction, actor: Actor, event: DelegationEvent, view: DelegationView, *, details: dict[str, Any]
) -> None:
    by_another = {"set_by_administrator": True} if actor.email != view.absent.email else {}
    await record(
        tx,
        actor,
        action="delegation.create" if event is DelegationEvent.CREATED else "delegation.end",
        resource=view.absent.email,
        subject_id=view.id,
        category=AuditCategory.SECURITY,
        details=details | by_another,
    )
    await emit(tx, subject=f"delegation:{view.id}", type=event, data={"by": actor.name})
