"""All SQL of changes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Row, Text, and_, cast, func, literal, or_, select, text, update

from core.approvals.risk import RiskLevel
from core.changes.assessing import ENOUGH, History
from core.changes.model import changes, evidence
from core.changes.state import AT_WORK, BEFORE_WORK, UNDER_WAY, UNSUCCESSFUL, ChangeState
from core.changes.timetable import Planned, Span
from core.db import Transaction
from core.ids import UserId, uuid7

LOOK_BACK: Final = timedelta(days=365)  # what is older says little about how we work now
STILL_AT_WORK: Final = timedelta(hours=1)  # what is at work beyond its time is not over in a moment
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_C: Final = changes.c


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """What to look for; None matches everything."""

    state: str | None = None
    type: str | None = None
    risk: str | None = None
    requester: UserId | None = None
    resource: str | None = None  # that it touches, or that feels it
    contains: str | None = None  # in its title, description, or the resources that it names
    since: datetime | None = None  # its time ends after that
    until: datetime | None = None  # its time begins before that
    is_open: bool = False
    waits_for_review: bool = False


async def add(tx: Transaction, values: Mapping[str, Any]) -> None:
    """The change is stored."""
    await tx.connection.execute(changes.insert().values(tenant_id=tx.tenant, **values))


async def lock(tx: Transaction, change_id: UUID) -> Row[Any] | None:
    """The change, held for the rest of the transaction."""
    wanted = select(changes).where(_C.tenant_id == tx.tenant, _C.change_id == change_id).with_for_update()
    return (await tx.connection.execute(wanted)).first()


async def change(tx: Transaction, change_id: UUID, values: Mapping[str, Any]) -> Row[Any]:
    """The change has these values; how it is then."""
    statement = update(changes).where(_C.tenant_id == tx.tenant, _C.change_id == change_id)
    changed: Row[Any] = (
        await tx.connection.execute(statement.values(updated_at=tx.now, **values).returning(changes))
    ).one()
    return changed


async def by_id(tx: Transaction, change_id: UUID) -> Row[Any] | None:
    """The change."""
    wanted = select(changes).where(_C.tenant_id == tx.tenant, _C.change_id == change_id)
    return (await tx.connection.execute(wanted)).first()


async def id_of_request(tx: Transaction, request_id: UUID) -> UUID | None:
    """The change whose approval, or the approval of whose rollback, this request is."""
    asked = or_(_C.request_id == request_id, _C.rollback_request_id == request_id)
    wanted = select(_C.change_id).where(_C.tenant_id == tx.tenant, asked)
    found: UUID | None = (await tx.connection.execute(wanted)).scalar()
    return found


async def add_evidence(tx: Transaction, change_id: UUID, rows: Sequence[Mapping[str, Any]]) -> None:
    """The evidence stands with the change."""
    about = {"tenant_id": tx.tenant, "change_id": change_id, "created_at": tx.now}
    await tx.connection.execute(evidence.insert(), [{**about, "evidence_id": uuid7(), **row} for row in rows])


async def evidence_of(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, list[Row[Any]]]:
    """The evidence of each of these changes, the oldest first."""
    columns = evidence.c
    found: dict[UUID, list[Row[Any]]] = defaultdict(list)
    wanted = select(evidence).where(columns.tenant_id == tx.tenant, columns.change_id.in_(tuple(ids)))
    for row in await tx.connection.execute(wanted.order_by(columns.created_at, columns.evidence_id)):
        found[row.change_id].append(row)
    return found


async def page(tx: Transaction, wanted: ChangeFilter, *, after: int | None, limit: int) -> Sequence[Row[Any]]:
    """Changes, newest first, beyond the number `after`."""
    statement = select(changes).where(*_wanted(tx, wanted)).order_by(_C.number.desc()).limit(limit)
    if after is not None:
        statement = statement.where(_C.number < after)
    return (await tx.connection.execute(statement)).all()


async def has_type(tx: Transaction, change_type: str) -> bool:
    """Whether there is a change of this type."""
    wanted = select(_C.change_id).where(_C.tenant_id == tx.tenant, _C.change_type == change_type).limit(1)
    return (await tx.connection.execute(wanted)).first() is not None


async def in_order(tx: Transaction, wanted: ChangeFilter, *, limit: int) -> Sequence[Row[Any]]:
    """Changes with a time, the first one first."""
    statement = select(changes).where(*_wanted(tx, wanted), _C.starts_at.is_not(None))
    return (await tx.connection.execute(statement.order_by(_C.starts_at, _C.number).limit(limit))).all()


async def at_work(tx: Transaction, *, since: datetime, until: datetime, limit: int) -> Sequence[Row[Any]]:
    """Changes that were begun by `until`, and of which the work was not over before `since`, newest first."""
    over = func.coalesce(_C.completed_at, _C.ended_at)
    wanted = select(changes).where(
        _C.tenant_id == tx.tenant, _C.started_at <= until, or_(over.is_(None), over >= since)
    )
    return (await tx.connection.execute(wanted.order_by(_C.started_at.desc()).limit(limit))).all()


async def hold_timetable(tx: Transaction) -> None:
    """Nobody else sets a time in this tenant until the transaction ends: two could not see each other's."""
    await tx.connection.execute(_LOCK, {"name": f"changes.timetable {tx.tenant}"})


async def hold_drills(tx: Transaction) -> None:
    """Nobody else starts a drill in this tenant until the transaction ends: two would not see each other's."""
    await tx.connection.execute(_LOCK, {"name": f"changes.drills {tx.tenant}"})


async def planned(tx: Transaction, *, since: datetime, but: UUID | None = None) -> list[Planned]:
    """Every other change whose accepted time is not over by then, or that is at work now, whatever its time said."""
    is_planned = and_(_C.state == ChangeState.SCHEDULE, _C.scheduled_at.is_not(None), _C.ends_at > since)
    wanted = select(changes).where(_C.tenant_id == tx.tenant, or_(is_planned, _C.state.in_(AT_WORK)))
    if but is not None:
        wanted = wanted.where(_C.change_id != but)
    return [_occupying(row, now=tx.now) for row in await tx.connection.execute(wanted)]


def _occupying(row: Row[Any], *, now: datetime) -> Planned:
    """The change in its time; one at work from when it began, and on for STILL_AT_WORK where it has no time left."""
    if row.state not in AT_WORK:
        return as_planned(row, Span(row.starts_at, row.ends_at))
    begins = min(row.started_at, row.starts_at or row.started_at)
    if row.ends_at is not None and row.ends_at > now:
        return as_planned(row, Span(begins, row.ends_at))
    return replace(as_planned(row, Span(begins, now + STILL_AT_WORK)), is_open_ended=True)


def as_planned(row: Row[Any], span: Span) -> Planned:
    """The change as the timetable sees it, at this time."""
    level = RiskLevel(row.risk_level or RiskLevel.HIGH)
    return Planned(
        row.change_id, f"CHG-{row.number}", row.change_type, level, tuple(row.resources), tuple(row.reach), span
    )


async def history(tx: Transaction, change_type: str, resources: Collection[str], requester: UserId) -> History:
    """How changes of this type have ended within LOOK_BACK; those on the same resources, if they are enough.

    One that was rolled back and is open again has failed already, and has failed whatever it comes to.
    """
    since = tx.now - LOOK_BACK
    has_failed_once = _C.recovery["state"].astext == "failed"
    is_open_again = and_(_C.state.in_(UNDER_WAY), has_failed_once, _C.started_at >= since)
    failed = or_(_C.state.in_(UNSUCCESSFUL), has_failed_once)
    same = _C.resources.overlap(cast(list(resources), ARRAY(Text)))
    counted = select(
        func.count().label("all"),
        func.count().filter(failed).label("failed"),
        func.count().filter(same).label("same"),
        func.count().filter(same & failed).label("same_failed"),
        func.count().filter(_C.requester_id == requester).label("own"),
    ).where(
        _C.tenant_id == tx.tenant,
        _C.change_type == change_type,
        or_(_C.ended_at >= since, is_open_again),
        _C.state != ChangeState.CANCELLED,
    )
    row = (await tx.connection.execute(counted)).one()
    if row.same >= ENOUGH:
        return History(row.same, row.same_failed, row.own, "type and resources")
    return History(row.all, row.failed, row.own, "type")


def _wanted(tx: Transaction, wanted: ChangeFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [_C.tenant_id == tx.tenant]
    equal = {
        _C.state: wanted.state,
        _C.change_type: wanted.type,
        _C.risk_level: wanted.risk,
        _C.requester_id: wanted.requester,
    }
    conditions += [column == value for column, value in equal.items() if value]
    if wanted.resource:
        conditions.append(or_(*(literal(wanted.resource) == func.any(each) for each in (_C.resources, _C.reach))))
    if wanted.contains:
        conditions.append(_contains(wanted.contains.strip()))
    if wanted.since:
        conditions.append(_C.ends_at > wanted.since)
    if wanted.until:
        conditions.append(_C.starts_at < wanted.until)
    if wanted.is_open:
        conditions.append(_C.state.in_((*BEFORE_WORK, *UNDER_WAY)))
    if wanted.waits_for_review:
        conditions.append(_C.review_state.in_(("due", "overdue")))
    return conditions


def _contains(words: str) -> ColumnElement[bool]:
    number = words.upper().removeprefix("CHG-")
    places: list[ColumnElement[bool]] = [
        column.icontains(words, autoescape=True)
        for column in (_C.title, _C.description, func.array_to_string(_C.resources, " "))
    ]
    if number.isascii() and number.isdecimal() and len(number) < 10:
        places.append(_C.number == int(number))
    return or_(*places)
