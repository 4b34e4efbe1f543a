"""All SQL of objectives and alerts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, func, or_, select, text, tuple_, update

from core.db import Transaction
from core.ids import UserId, uuid7
from core.sla.model import alerts, objectives
from core.sla.objective import Objective

_O, _A = objectives.c, alerts.c
_LOCK: Final = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFilter:
    """What to look for; None matches everything."""

    state: str | None = None
    kind: str | None = None
    severity: str | None = None
    service: str | None = None
    objective: str | None = None  # its name
    since: datetime | None = None  # it fired after that
    until: datetime | None = None  # it began before that


async def hold(tx: Transaction, what: str) -> None:
    """Nobody else has this of the tenant in hand until the transaction ends."""
    await tx.connection.execute(_LOCK, {"name": f"sla {what} {tx.tenant}"})


async def all_objectives(tx: Transaction) -> Sequence[Row[Any]]:
    """The tenant's stored objectives, by service and name."""
    wanted = select(objectives).where(_O.tenant_id == tx.tenant).order_by(_O.service, _O.name)
    return (await tx.connection.execute(wanted)).all()


async def count_objectives(tx: Transaction) -> int:
    """How many are stored."""
    counted = select(func.count()).where(_O.tenant_id == tx.tenant)
    return int((await tx.connection.execute(counted)).scalar_one())


async def objective_named(tx: Transaction, service: str, name: str) -> Row[Any] | None:
    """The stored objective of that name."""
    wanted = select(objectives).where(_O.tenant_id == tx.tenant, _O.service == service, _O.name == name)
    return (await tx.connection.execute(wanted)).first()


async def add_objective(tx: Transaction, objective: Objective, author: UserId | None) -> UUID:
    """It is stored; its id."""
    objective_id = uuid7()
    await tx.connection.execute(
        objectives.insert().values(
            tenant_id=tx.tenant,
            objective_id=objective_id,
            service=objective.service,
            name=objective.name,
            objective=objective.to_json(),
            author_id=author,
            created_at=tx.now,
            updated_at=tx.now,
        )
    )
    return objective_id


async def change_objective(tx: Transaction, objective_id: UUID, objective: Objective, author: UserId | None) -> None:
    """It is this now."""
    await tx.connection.execute(
        update(objectives)
        .where(_O.tenant_id == tx.tenant, _O.objective_id == objective_id)
        .values(objective=objective.to_json(), author_id=author, updated_at=tx.now, version=_O.version + 1)
    )


async def drop_objective(tx: Transaction, objective_id: UUID) -> None:
    """It is gone."""
    await tx.connection.execute(delete(objectives).where(_O.tenant_id == tx.tenant, _O.objective_id == objective_id))


async def firing(tx: Transaction, service: str | None = None) -> Sequence[Row[Any]]:
    """The alerts that fire; of one service if it is named."""
    wanted = select(alerts).where(_A.tenant_id == tx.tenant, _A.state == "firing")
    if service is not None:
        wanted = wanted.where(_A.service == service)
    return (await tx.connection.execute(wanted.order_by(_A.started_at, _A.alert_id))).all()


async def alerts_page(
    tx: Transaction, wanted: AlertFilter, *, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Row[Any]]:
    """Alerts, newest first, beyond the position `after`."""
    place = tuple_(_A.started_at, _A.alert_id)
    statement = select(alerts).where(*_wanted(tx, wanted)).order_by(_A.started_at.desc(), _A.alert_id.desc())
    if after is not None:
        statement = statement.where(place < after)
    return (await tx.connection.execute(statement.limit(limit))).all()


async def alert_by_id(tx: Transaction, alert_id: UUID) -> Row[Any] | None:
    """The alert."""
    return (
        await tx.connection.execute(select(alerts).where(_A.tenant_id == tx.tenant, _A.alert_id == alert_id))
    ).first()


async def add_alert(tx: Transaction, values: Mapping[str, Any]) -> UUID:
    """It fires; its id."""
    alert_id = uuid7()
    await tx.connection.execute(
        alerts.insert().values(
            tenant_id=tx.tenant, alert_id=alert_id, state="firing", started_at=tx.now, changed_at=tx.now, **values
        )
    )
    return alert_id


async def change_alert(tx: Transaction, alert_id: UUID, values: Mapping[str, Any]) -> None:
    """It has these values."""
    await tx.connection.execute(
        update(alerts).where(_A.tenant_id == tx.tenant, _A.alert_id == alert_id).values(**values)
    )


async def alerts_between(
    tx: Transaction, *, service: str | None, since: datetime, until: datetime, limit: int
) -> Sequence[Row[Any]]:
    """The alerts that fired at some time in between, newest first."""
    wanted = select(alerts).where(*_fired(tx, service, since, until))
    return (await tx.connection.execute(wanted.order_by(_A.started_at.desc(), _A.alert_id).limit(limit))).all()


async def count_alerts_between(tx: Transaction, *, service: str | None, since: datetime, until: datetime) -> int:
    """How many those are."""
    counted = select(func.count()).select_from(alerts).where(*_fired(tx, service, since, until))
    return (await tx.connection.execute(counted)).scalar_one()


def _fired(tx: Transaction, service: str | None, since: datetime, until: datetime) -> list[ColumnElement[bool]]:
    found = [_A.tenant_id == tx.tenant, _A.started_at < until, func.coalesce(_A.resolved_at, until) >= since]
    return found if service is None else [*found, _A.service == service]


def _wanted(tx: Transaction, wanted: AlertFilter) -> list[ColumnElement[bool]]:
    equal = {
        _A.state: wanted.state,
        _A.kind: wanted.kind,
        _A.severity: wanted.severity,
        _A.service: wanted.service,
        _A.objective: wanted.objective,
    }
    found = [_A.tenant_id == tx.tenant, *(column == value for column, value in equal.items() if value is not None)]
    if wanted.since is not None:
        found.append(or_(_A.resolved_at.is_(None), _A.resolved_at >= wanted.since))
    if wanted.until is not None:
        found.append(_A.started_at < wanted.until)
    return found
