"""All SQL of incidents and their alerts; part_store.py has that of what belongs to them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, func, or_, select, text, update

from core.db import Transaction
from core.ids import UserId
from core.incidents.alerts import Severity
from core.incidents.model import alerts, incidents
from core.incidents.state import UNDER_WAY

CAUSES_MAX: Final = 5_000  # alerts whose incidents are asked for at once
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
_C: Final = incidents.c
_A: Final = alerts.c


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """What to look for; None matches everything."""

    state: str | None = None
    severity: str | None = None
    service: str | None = None  # as it was named, or of the business
    source: str | None = None
    assignee: UserId | None = None
    contains: str | None = None  # in its title, description, services, resolution or cause
    since: datetime | None = None  # it was under way after that
    until: datetime | None = None  # it began before that
    began_since: datetime | None = None
    is_open: bool = False
    waits_for_review: bool = False


async def hold_alerts(tx: Transaction) -> None:
    """No other alert of this tenant opens or moves an incident until the transaction ends.

    One lock and not one per key, as several alerts of one transaction could wait for each other in a ring.
    """
    await tx.connection.execute(_LOCK, {"name": f"incidents.alerts {tx.tenant}"})


async def add(tx: Transaction, values: Mapping[str, Any]) -> Row[Any]:
    """The incident is stored; how it is."""
    added: Row[Any] = (
        await tx.connection.execute(incidents.insert().values(tenant_id=tx.tenant, **values).returning(incidents))
    ).one()
    return added


async def lock(tx: Transaction, incident_id: UUID) -> Row[Any] | None:
    """The incident, held for the rest of the transaction."""
    wanted = select(incidents).where(_C.tenant_id == tx.tenant, _C.incident_id == incident_id).with_for_update()
    return (await tx.connection.execute(wanted)).first()


async def change(tx: Transaction, incident_id: UUID, values: Mapping[str, Any]) -> Row[Any]:
    """The incident has these values; how it is then."""
    statement = update(incidents).where(_C.tenant_id == tx.tenant, _C.incident_id == incident_id)
    changed: Row[Any] = (
        await tx.connection.execute(statement.values(updated_at=tx.now, **values).returning(incidents))
    ).one()
    return changed


async def open_by_severity(tx: Transaction) -> dict[str, int]:
    """How many of the tenant's incidents of each severity are under way; zero included."""
    rows = await tx.connection.execute(
        select(_C.severity, func.count().label("how_many"))
        .where(_C.tenant_id == tx.tenant, _C.state.in_(UNDER_WAY))
        .group_by(_C.severity)
    )
    return dict.fromkeys(map(str, Severity), 0) | {row.severity: row.how_many for row in rows}


async def by_ids(tx: Transaction, ids: Collection[UUID]) -> Sequence[Row[Any]]:
    """These incidents."""
    wanted = select(incidents).where(_C.tenant_id == tx.tenant, _C.incident_id.in_(tuple(ids)))
    return (await tx.connection.execute(wanted)).all()


async def page(tx: Transaction, wanted: IncidentFilter, *, after: int | None, limit: int) -> Sequence[Row[Any]]:
    """Incidents, newest first, beyond the number `after`."""
    statement = select(incidents).where(*_wanted(tx, wanted)).order_by(_C.number.desc()).limit(limit)
    if after is not None:
        statement = statement.where(_C.number < after)
    return (await tx.connection.execute(statement)).all()


async def last_of_alert(tx: Transaction, source: str, key: str) -> Row[Any] | None:
    """The alert as it was told last, and its incident held: a person who resolves it now is waited for."""
    wanted = _alerts(tx).where(_A.source == source, _A.alert_key == key).with_for_update(of=incidents)
    return (await tx.connection.execute(wanted)).first()


async def last_of_group(tx: Transaction, source: str, group: str) -> Row[Any] | None:
    """The newest incident of the group that alerts opened, held."""
    wanted = select(incidents).where(_C.tenant_id == tx.tenant, _C.source == source, _C.group_key == group)
    return (await tx.connection.execute(wanted.order_by(_C.number.desc()).limit(1).with_for_update())).first()


async def put_alert(tx: Transaction, incident_id: UUID, values: Mapping[str, Any], *, known: bool) -> None:
    """The alert stands with the incident, told once more if it was `known` there."""
    if not known:
        about = {"tenant_id": tx.tenant, "incident_id": incident_id, "first_at": tx.now, "last_at": tx.now}
        await tx.connection.execute(alerts.insert().values(**about, **values))
        return
    statement = update(alerts).where(
        _A.tenant_id == tx.tenant,
        _A.incident_id == incident_id,
        _A.source == values["source"],
        _A.alert_key == values["alert_key"],
    )
    await tx.connection.execute(statement.values(last_at=tx.now, times=_A.times + 1, **values))


async def alerts_of(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, list[Row[Any]]]:
    """The alerts of each of these incidents, the first one first."""
    found: dict[UUID, list[Row[Any]]] = defaultdict(list)
    wanted = select(alerts).where(_A.tenant_id == tx.tenant, _A.incident_id.in_(tuple(ids)))
    for row in await tx.connection.execute(wanted.order_by(_A.first_at, _A.alert_key)):
        found[row.incident_id].append(row)
    return found


async def incidents_of_alerts(tx: Transaction, source: str, *, since: datetime, until: datetime) -> Sequence[Row[Any]]:
    """The source's alerts at some time in between, each with what is known of why its incident was; newest first."""
    wanted: Select[*tuple[Any, ...]] = (
        select(
            _A.alert_key,
            _A.state,
            _A.started_at,
            _A.first_at,
            _A.last_at,
            _C.number,
            _C.cause,
            _C.review,
            _C.suspected,
        )
        .join(incidents, (_C.tenant_id == _A.tenant_id) & (_C.incident_id == _A.incident_id))
        .where(
            _A.tenant_id == tx.tenant,
            _A.source == source,
            _A.first_at < until,
            or_(_A.state == "firing", _A.last_at >= since),
        )
        .order_by(_C.number.desc(), _A.alert_key)
        .limit(CAUSES_MAX)
    )
    return (await tx.connection.execute(wanted)).all()


async def keep_suspected(tx: Transaction, incident_id: UUID, said: Mapping[str, Any]) -> None:
    """What is suspected stands with the incident, which is not changed by that."""
    statement = update(incidents).where(_C.tenant_id == tx.tenant, _C.incident_id == incident_id)
    await tx.connection.execute(statement.values(suspected=said))


def _alerts(tx: Transaction) -> Select[*tuple[Any, ...]]:
    """Alerts with the state of their incident, and whether others of it fire; the one told last first."""
    other = alerts.alias("other")
    others_fire = (
        select(other.c.alert_key)
        .where(
            other.c.tenant_id == _A.tenant_id,
            other.c.incident_id == _A.incident_id,
            other.c.state == "firing",
            or_(other.c.source != _A.source, other.c.alert_key != _A.alert_key),
        )
        .exists()
    )
    return (
        select(
            alerts,
            _C.state.label("incident_state"),
            _C.resolved_at.label("incident_resolved_at"),
            others_fire.label("others_fire"),
        )
        .join(incidents, (_C.tenant_id == _A.tenant_id) & (_C.incident_id == _A.incident_id))
        .where(_A.tenant_id == tx.tenant)
        .order_by(_C.number.desc())
        .limit(1)
    )


def _wanted(tx: Transaction, wanted: IncidentFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [_C.tenant_id == tx.tenant]
    equal = {
        _C.state: wanted.state,
        _C.severity: wanted.severity,
        _C.source: wanted.source,
        _C.assignee_id: wanted.assignee,
    }
    conditions += [column == value for column, value in equal.items() if value]
    if wanted.service:
        named = wanted.service.lower()
        conditions.append(or_(func.lower(_C.service) == named, func.lower(_C.business_service) == named))
    if wanted.contains:
        conditions.append(_contains(wanted.contains.strip()))
    if wanted.since:
        conditions.append(or_(_C.resolved_at.is_(None), _C.resolved_at >= wanted.since))
    if wanted.until:
        conditions.append(_C.started_at < wanted.until)
    if wanted.began_since:
        conditions.append(_C.started_at >= wanted.began_since)
    if wanted.is_open:
        conditions.append(_C.state.in_(tuple(UNDER_WAY)))
    if wanted.waits_for_review:
        conditions.append(_C.review_state.in_(("due", "overdue")))
    return conditions


def _contains(words: str) -> ColumnElement[bool]:
    number = words.upper().removeprefix("INC-")
    columns = (_C.title, _C.description, _C.service, _C.business_service, _C.resolution, _C.cause)
    places: list[ColumnElement[bool]] = [column.icontains(words, autoescape=True) for column in columns]
    if number.isascii() and number.isdecimal() and len(number) < 10:
        places.append(_C.number == int(number))
    return or_(*places)
