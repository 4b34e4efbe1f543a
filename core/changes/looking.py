"""Looking at changes, without changing any (G2)."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from core.access import TokenScope, directory, permitted
from core.actor import Actor
from core.approvals.risk import RiskLevel
from core.changes import reading, store
from core.changes.catalogue import ChangeCatalogue
from core.changes.errors import UnknownChange
from core.changes.loading import policy_of, view_of
from core.changes.model import changes
from core.changes.policy import ChangePolicy
from core.changes.state import ENDS, ChangeState
from core.changes.store import ChangeFilter
from core.changes.tasks import ChangeTask, tasks_of
from core.changes.views import ChangeView, EvidenceView
from core.choices import check_choice
from core.db import Database, Transaction, id_behind
from core.dependencies import read_resource
from core.errors import InvalidInput

AT_WORK_MAX: Final = 200  # changes of a span


async def get_change(database: Database, actor: Actor, reference: UUID | int) -> ChangeView:
    """The change by id, or by its number. Raises UnknownChange."""
    async with permitted(database, actor, TokenScope.READ, action="change.show", resource=str(reference)) as tx:
        return await view_of(tx, await id_of(tx, reference))


async def id_of(tx: Transaction, which: UUID | int) -> UUID:
    """The id behind CHG-<number>; an id is not looked up. Raises UnknownChange."""
    columns = changes.c
    return await id_behind(tx, which, kind="CHG", ids=columns.change_id, numbers=columns.number, unknown=UnknownChange)


async def list_changes(
    database: Database,
    catalogue: ChangeCatalogue,
    actor: Actor,
    wanted: ChangeFilter,
    *,
    after: int | None = None,
    limit: int = 50,
) -> tuple[ChangeView, ...]:
    """Changes, newest first, beyond the number `after`. Raises InvalidInput where nothing can match."""
    check_choice("state", wanted.state, tuple(ChangeState))
    check_choice("risk", wanted.risk, tuple(RiskLevel))
    if wanted.resource:
        wanted = replace(wanted, resource=_resource(wanted.resource))
    async with permitted(database, actor, TokenScope.READ, action="change.list", resource="changes") as tx:
        if wanted.type and not await store.has_type(tx, wanted.type):  # a type that was given up may have changes
            check_choice("type", wanted.type, (await policy_of(tx, catalogue)).types)
        return await reading.views(tx, await store.page(tx, wanted, after=after, limit=limit), await directory(tx))


def _resource(text: str) -> str:
    try:
        return read_resource(text)
    except InvalidInput as exc:
        raise InvalidInput(exc.message, where="resource", accepted=exc.accepted) from exc


async def change_policy(database: Database, catalogue: ChangeCatalogue, actor: Actor) -> ChangePolicy:
    """The policy that holds for the actor's tenant. Raises Unavailable if there is none."""
    async with permitted(database, actor, TokenScope.READ, action="change.policy", resource="changes") as tx:
        return await policy_of(tx, catalogue)


async def changes_at_work(tx: Transaction, *, since: datetime, until: datetime) -> tuple[ChangeView, ...]:
    """Changes that were begun by `until` and were not over before `since`, the newest of them."""
    rows = await store.at_work(tx, since=since, until=until, limit=AT_WORK_MAX)
    return await reading.views(tx, rows, await directory(tx))


async def load_change(tx: Transaction, change_id: UUID) -> ChangeView:
    """The change, for subscribers. Raises UnknownChange."""
    return await view_of(tx, change_id)


async def evidence_for(tx: Transaction, request_id: UUID) -> tuple[EvidenceView, ...]:
    """What was shown for the gates of the change that this request asks about; nothing for any other request."""
    change_id = await store.id_of_request(tx, request_id)
    return () if change_id is None else (await view_of(tx, change_id)).evidence


async def tasks_for(tx: Transaction, request_id: UUID) -> tuple[ChangeTask, ...]:
    """What is to be done of the change whose approval this request is; nothing for any other, also of a rollback."""
    change_id = await store.id_of_request(tx, request_id)
    row = await store.by_id(tx, change_id) if change_id is not None else None
    if row is None or row.request_id != request_id:
        return ()
    (view,) = await reading.views(tx, [row], await directory(tx))
    return tasks_of(view)


async def goes_on(tx: Transaction, request_id: UUID) -> bool:
    """Whether the change that this request asked about is done under a bypass, whatever has become of the request.

    Until its review is over: until then it owes what it let pass.
    """
    change_id = await store.id_of_request(tx, request_id)
    row = await store.by_id(tx, change_id) if change_id is not None else None
    if row is None or row.request_id != request_id or row.bypass_id is None:
        return False
    return row.state not in ENDS or row.review_state in ("due", "overdue")
