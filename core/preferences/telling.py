"""Where each person is told of each thing: decided once, so that subscribers of two platforms cannot disagree.

Where they turn out not to be reachable it is decided anew, by whoever looks next; the row is locked before it is looked
where they can be reached, so that all who look see one answer.

Each platform is served by a subscriber of its own, at its own pace. Were each to look where the person was last active,
a click between the two looks would have the person told twice, or nowhere.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects.postgresql import insert

from core.accounts import ChatId, Platform, accounts_of, note_unreachable
from core.db import Transaction
from core.ids import UserId
from core.outbox import Event, emit
from core.preferences.choices import Told
from core.preferences.events import PreferenceEvent
from core.preferences.model import preferences, tellings
from core.preferences.rules import Seen, covers, reachable, told_on

KEPT_FOR: Final = timedelta(days=180)  # longer than a request is open; after that it is decided anew

Workspaces = Collection[tuple[Platform, str]]


@dataclass(frozen=True, slots=True)
class Unheard:
    """What somebody was not told where they were to be. `said`: the event; None if only the subject's own message."""

    subject: str  # request:<id>
    said: Event | None = None


async def settle_telling(
    tx: Transaction, user: UserId, *, subject: UUID, here: Workspaces, moved_by: UUID | None = None
) -> Told:
    """On which platform the person is told of the subject, from now on and for every subscriber.

    `here`: the workspaces that are served. `moved_by`: an event that is to be noticed, for which it is decided anew;
    the subject then follows. Where they have lost the account that was decided for, or cannot be written to there,
    another is.
    """
    key = moved_by or subject
    known = await _decided(tx, key, user)
    seen = reachable(await _seen(tx, user, here))
    if known is not None and any(covers(known, platform) for platform in seen):
        return known
    told = told_on(seen, await _wanted(tx, user))
    if known is not None:
        for each in dict.fromkeys((key, subject)):
            await _move(tx, each, user, told)
        return told
    if not await _is_first(tx, key, user, told):  # another subscriber was faster, and has committed by now
        return await _decided(tx, key, user) or told
    if moved_by is not None:
        await _move(tx, subject, user, told)
    return told


async def is_settled(tx: Transaction, user: UserId, *, subject: UUID) -> bool:
    """Whether it was decided where the person is told of the subject, or of the event with that id."""
    return await _decided(tx, subject, user) is not None


async def note_unreached(
    tx: Transaction, user: UserId, chat: ChatId, *, tried_at: datetime, about: Unheard | None, here: Workspaces
) -> bool:
    """It is known that the person cannot be written to in that account; what they did not hear of is handed on.

    That is, to whoever can write to them on another platform of `here`; where nobody can, it stays untold. False, and
    nothing is done, if they were active in the account after `tried_at`.
    """
    if not await note_unreachable(tx, chat, tried_at=tried_at):
        return False
    if about is not None and any(each.is_reachable for each in (await _seen(tx, user, here)).values()):
        said = about.said
        told = {"id": str(said.id), "type": said.type, "data": dict(said.data)} if said else None
        data = {"person": str(user), "said": told}
        await emit(tx, subject=about.subject, type=PreferenceEvent.UNREACHED, data=data)
    return True


async def purge_tellings(tx: Transaction) -> None:
    """The tenant's decisions on things of long ago are gone."""
    columns = tellings.c
    await tx.connection.execute(
        delete(tellings).where(columns.tenant_id == tx.tenant, columns.decided_at < tx.now - KEPT_FOR)
    )


async def _seen(tx: Transaction, user: UserId, here: Workspaces) -> dict[Platform, Seen]:
    """The platforms on which the person has an account here, when one of theirs was last active, and how it is now.

    The latest linked is the one that is written to.
    """
    found: dict[Platform, Seen] = {}
    for each in await accounts_of(tx, user):
        platform = each.chat.platform
        if (platform, each.chat.workspace) in here:
            before = found.get(platform, Seen(None, each.unreachable_since is None))
            instants = [at for at in (before.at, each.last_seen_at) if at is not None]
            found[platform] = Seen(max(instants, default=None), before.is_reachable)
    return found


async def _wanted(tx: Transaction, user: UserId) -> Told | None:
    columns = preferences.c
    found = await tx.connection.execute(
        select(columns.platform).where(columns.tenant_id == tx.tenant, columns.user_id == user)
    )
    value = found.scalar_one_or_none()
    return None if value is None else Told(value)


async def _decided(tx: Transaction, key: UUID, user: UserId) -> Told | None:
    columns = tellings.c
    found = await tx.connection.execute(
        select(columns.platform)
        .where(columns.tenant_id == tx.tenant, columns.subject_id == key, columns.user_id == user)
        .with_for_update()
    )
    value = found.scalar_one_or_none()
    return None if value is None else Told(value)


async def _is_first(tx: Transaction, key: UUID, user: UserId, told: Told) -> bool:
    """Whether nobody had decided yet; then it is this."""
    values = {"subject_id": key, "user_id": user, "platform": told, "decided_at": tx.now}
    mine = await tx.connection.execute(
        insert(tellings).values(tenant_id=tx.tenant, **values).on_conflict_do_nothing().returning(tellings.c.user_id)
    )
    return mine.first() is not None


async def _move(tx: Transaction, key: UUID, user: UserId, told: Told) -> None:
    values = {"platform": told, "decided_at": tx.now}
    await tx.connection.execute(
        insert(tellings)
        .values(tenant_id=tx.tenant, subject_id=key, user_id=user, **values)
        .on_conflict_do_update(index_elements=["tenant_id", "subject_id", "user_id"], set_=values)
    )
