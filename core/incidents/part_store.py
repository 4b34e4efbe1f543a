"""The SQL of what belongs to incidents: timelines, links, follow-ups."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, delete, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert

from core.db import Transaction
from core.ids import UserId, uuid7
from core.incidents.model import entries, follow_ups, links

_E: Final = entries.c
_L: Final = links.c
_F: Final = follow_ups.c


async def add_entry(tx: Transaction, incident_id: UUID, values: Mapping[str, Any]) -> None:
    """The timeline has one entry more."""
    about = {"tenant_id": tx.tenant, "entry_id": uuid7(), "incident_id": incident_id, "written_at": tx.now}
    await tx.connection.execute(entries.insert().values(**about, **values))


async def newest_entries(tx: Transaction, ids: Collection[UUID], *, each: int) -> dict[UUID, list[Row[Any]]]:
    """The last entries of each of these timelines, as they happened."""
    order = func.row_number().over(partition_by=_E.incident_id, order_by=(_E.at.desc(), _E.entry_id.desc()))
    ranked = (
        select(entries, order.label("rank")).where(_E.tenant_id == tx.tenant, _E.incident_id.in_(tuple(ids))).subquery()
    )
    found: dict[UUID, list[Row[Any]]] = defaultdict(list)
    wanted = select(ranked).where(ranked.c.rank <= each).order_by(ranked.c.at, ranked.c.entry_id)
    for row in await tx.connection.execute(wanted):
        found[row.incident_id].append(row)
    return found


async def timeline(
    tx: Transaction, incident_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Row[Any]]:
    """The incident's entries as they happened, beyond the entry `after`."""
    wanted = select(entries).where(_E.tenant_id == tx.tenant, _E.incident_id == incident_id)
    if after is not None:
        wanted = wanted.where(tuple_(_E.at, _E.entry_id) > after)
    return (await tx.connection.execute(wanted.order_by(_E.at, _E.entry_id).limit(limit))).all()


async def add_link(tx: Transaction, incident_id: UUID, kind: str, target: str, author: UserId | None) -> bool:
    """The link stands with the incident; whether it is new."""
    added = await tx.connection.execute(
        insert(links)
        .values(
            tenant_id=tx.tenant,
            incident_id=incident_id,
            kind=kind,
            target=target,
            author_id=author,
            created_at=tx.now,
        )
        .on_conflict_do_nothing()
        .returning(_L.target)
    )
    return added.first() is not None


async def drop_link(tx: Transaction, incident_id: UUID, target: str) -> bool:
    """The link is gone; whether it was there."""
    gone = await tx.connection.execute(
        delete(links)
        .where(_L.tenant_id == tx.tenant, _L.incident_id == incident_id, _L.target == target)
        .returning(_L.target)
    )
    return gone.first() is not None


async def links_of(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, list[Row[Any]]]:
    """The links of each of these incidents, the first one first."""
    found: dict[UUID, list[Row[Any]]] = defaultdict(list)
    wanted = select(links).where(_L.tenant_id == tx.tenant, _L.incident_id.in_(tuple(ids)))
    for row in await tx.connection.execute(wanted.order_by(_L.created_at, _L.target)):
        found[row.incident_id].append(row)
    return found


async def add_follow_up(tx: Transaction, incident_id: UUID, values: Mapping[str, Any]) -> UUID:
    """The follow-up stands with the incident; its id."""
    follow_up_id = uuid7()
    about = {"tenant_id": tx.tenant, "follow_up_id": follow_up_id, "incident_id": incident_id, "created_at": tx.now}
    await tx.connection.execute(follow_ups.insert().values(**about, state="open", **values))
    return follow_up_id


async def follow_up(tx: Transaction, follow_up_id: UUID) -> Row[Any] | None:
    """The follow-up."""
    wanted = select(follow_ups).where(_F.tenant_id == tx.tenant, _F.follow_up_id == follow_up_id)
    return (await tx.connection.execute(wanted)).first()


async def change_follow_up(tx: Transaction, follow_up_id: UUID, values: Mapping[str, Any]) -> Row[Any]:
    """The follow-up has these values; how it is then."""
    statement = update(follow_ups).where(_F.tenant_id == tx.tenant, _F.follow_up_id == follow_up_id)
    changed: Row[Any] = (await tx.connection.execute(statement.values(**values).returning(follow_ups))).one()
    return changed


async def follow_ups_of(tx: Transaction, ids: Collection[UUID]) -> dict[UUID, list[Row[Any]]]:
    """The follow-ups of each of these incidents, as they were agreed."""
    found: dict[UUID, list[Row[Any]]] = defaultdict(list)
    wanted = select(follow_ups).where(_F.tenant_id == tx.tenant, _F.incident_id.in_(tuple(ids)))
    for row in await tx.connection.execute(wanted.order_by(_F.follow_up_id)):
        found[row.incident_id].append(row)
    return found


async def follow_up_page(
    tx: Transaction, *, state: str | None, owner: UserId | None, after: UUID | None, limit: int
) -> Sequence[Row[Any]]:
    """Follow-ups of all incidents, newest first, beyond the id `after`."""
    wanted = select(follow_ups).where(_F.tenant_id == tx.tenant).order_by(_F.follow_up_id.desc()).limit(limit)
    if state:
        wanted = wanted.where(_F.state == state)
    if owner:
        wanted = wanted.where(_F.owner_id == owner)
    if after:
        wanted = wanted.where(_F.follow_up_id < after)
    return (await tx.connection.execute(wanted)).all()
