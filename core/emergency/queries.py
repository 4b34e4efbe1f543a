"""Read-only questions about bypasses, for doors and subscribers."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Final
from uuid import UUID

from core.access import TokenScope, permitted
from core.actor import Actor
from core.choices import check_choice
from core.db import Database, Transaction, id_behind
from core.emergency import store
from core.emergency.errors import UnknownBypass
from core.emergency.model import bypasses
from core.emergency.rules import RunningBypass
from core.emergency.showing import view_of, views_of
from core.emergency.views import BypassView
from core.ids import BypassId, UserId

REVIEWS_LISTED = 50  # of those that wait
STATES: Final = ("active", "ended", "expired")
REVIEW_STATES: Final = ("due", "overdue", "done")


async def get_bypass(database: Database, actor: Actor, reference: UUID | int) -> BypassView:
    """The bypass by id, or by its number. Raises UnknownBypass."""
    async with permitted(database, actor, TokenScope.READ, action="bypass.show", resource=str(reference)) as tx:
        return await view_of(tx, await id_of(tx, reference))


async def id_of(tx: Transaction, which: UUID | int) -> UUID:
    """The id behind BYP-<number>; an id is not looked up. Raises UnknownBypass."""
    columns = bypasses.c
    return await id_behind(tx, which, kind="BYP", ids=columns.bypass_id, numbers=columns.number, unknown=UnknownBypass)


async def list_bypasses(
    database: Database,
    actor: Actor,
    *,
    state: str | None = None,
    review_state: str | None = None,
    after: UUID | None = None,
    limit: int = 50,
) -> tuple[BypassView, ...]:
    """Bypasses, newest first, beyond the cursor `after`. Raises InvalidInput where nothing can match."""
    check_choice("state", state, STATES)
    check_choice("review_state", review_state, REVIEW_STATES)
    async with permitted(database, actor, TokenScope.READ, action="bypass.list", resource="bypasses") as tx:
        return await views_of(
            tx, await store.page(tx, state=state, review_state=review_state, after=after, limit=limit)
        )


async def load_bypass(tx: Transaction, bypass_id: UUID) -> BypassView:
    """The bypass, for subscribers. Raises UnknownBypass."""
    return await view_of(tx, bypass_id)


async def bypasses_of(tx: Transaction, ids: Sequence[UUID]) -> tuple[BypassView, ...]:
    """These bypasses, in no particular order."""
    return await views_of(tx, await store.by_ids(tx, ids)) if ids else ()


async def reviews_waiting(tx: Transaction) -> tuple[BypassView, ...]:
    """The bypasses that wait for their review, the one due first coming first; each says who could do it."""
    return await views_of(tx, await store.unreviewed(tx, limit=REVIEWS_LISTED))


async def running_bypasses(tx: Transaction, users: Collection[UserId]) -> tuple[RunningBypass, ...]:
    """These people's bypasses that run now, newest first; whatever ends one waits for this transaction."""
    return tuple(
        RunningBypass(BypassId(row.bypass_id), UserId(row.requester_id), row.action, row.resource_name, row.environment)
        for row in await store.active_of(tx, users)
    )
