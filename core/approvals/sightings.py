"""Who has looked at which version of a request, and where: a vote binds to what was seen, and so does a question of it.

What counts is that somebody had the whole request before them: its page, its answer in chat, the form of a vote, a
message that was drawn for them alone. A message in a channel proves nothing about anybody.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.access import PersonView, TokenScope, directory, permitted
from core.actor import Actor, Door
from core.approvals import queries
from core.approvals.loading import view_of
from core.approvals.model import sightings
from core.approvals.views import RequestView
from core.db import Database, Transaction
from core.ids import UserId

AGAIN: Final = timedelta(minutes=1)  # a second look within it is the same one: whoever polls does not write


@dataclass(frozen=True, slots=True)
class Sighting:
    """One person has looked at one version. `door` is where they did so last."""

    person: PersonView
    revision: int
    door: Door
    first_at: datetime
    last_at: datetime


async def see_request(database: Database, actor: Actor, reference: UUID | int) -> RequestView:
    """The request by id, or by its number; it is known from now on that the actor has seen it as it stands.

    Raises UnknownRequest.
    """
    async with permitted(database, actor, TokenScope.READ, action="request.show", resource=str(reference)) as tx:
        request = await view_of(tx, await queries.id_of(tx, reference))
        await note_sighting(tx, actor, request.id, revision=request.revision)
        return request


async def note_sighting(tx: Transaction, actor: Actor, request_id: UUID, *, revision: int) -> None:
    """It is known that the actor has seen this version; nothing for one who is no person of the tenant."""
    if actor.user is None:
        return
    values = {"door": str(actor.door), "last_at": tx.now}
    await tx.connection.execute(
        insert(sightings)
        .values(
            tenant_id=tx.tenant,
            request_id=request_id,
            user_id=actor.user,
            revision=revision,
            first_at=tx.now,
            **values,
        )
        .on_conflict_do_update(
            index_elements=["tenant_id", "request_id", "user_id", "revision"],
            set_=values,
            where=sightings.c.last_at < tx.now - AGAIN,
        )
    )


async def sightings_of(database: Database, actor: Actor, request_id: UUID) -> tuple[Sighting, ...]:
    """Who has seen which version, in the order of their first look. Raises UnknownRequest."""
    s = sightings.c
    async with permitted(database, actor, TokenScope.READ, action="request.sightings", resource=str(request_id)) as tx:
        await view_of(tx, request_id)
        people = (await directory(tx)).people
        rows = await tx.connection.execute(
            select(s.user_id, s.revision, s.door, s.first_at, s.last_at)
            .where(s.tenant_id == tx.tenant, s.request_id == request_id)
            .order_by(s.first_at, s.user_id)
        )
        return tuple(
            Sighting(people[UserId(row.user_id)], row.revision, Door(row.door), row.first_at, row.last_at)
            for row in rows
        )
