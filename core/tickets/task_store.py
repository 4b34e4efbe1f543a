"""SQL of child records of tickets."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, select
from sqlalchemy.dialects.postgresql import insert

from core.changes import TaskState, TaskStep
from core.db import Transaction
from core.tickets.model import ticket_tasks

_T: Final = ticket_tasks.c
_KEY: Final = ("tenant_id", "system", "subject_id", "step")
_KEPT: Final = tuple(column.name for column in _T if column.name not in _KEY)


@dataclass(frozen=True, slots=True)
class KnownTask:
    """What is known of one: the state that it was last brought to, and the one it was last seen in."""

    subject_id: UUID
    step: TaskStep
    ticket_id: str
    task_id: str
    number: str
    url: str
    shown: TaskState
    state: TaskState
    label: str
    version: int


async def on_ticket(tx: Transaction, system: str, subject: UUID, *, held: bool = False) -> Mapping[TaskStep, KnownTask]:
    """What is known of the subject's, by their steps; with `held`, for the rest of the transaction."""
    wanted = select(ticket_tasks).where(_T.tenant_id == tx.tenant, _T.system == system, _T.subject_id == subject)
    rows = await tx.connection.execute(wanted.order_by(_T.step).with_for_update() if held else wanted)
    return {known.step: known for known in map(_known, rows)}


async def on_tickets(tx: Transaction, system: str, subjects: Collection[UUID]) -> Mapping[UUID, tuple[KnownTask, ...]]:
    """What is known of the records of each of these subjects that has any."""
    wanted = select(ticket_tasks).where(_T.tenant_id == tx.tenant, _T.system == system, _T.subject_id.in_(subjects))
    found: dict[UUID, tuple[KnownTask, ...]] = {}
    for known in map(_known, await tx.connection.execute(wanted)):
        found[known.subject_id] = (*found.get(known.subject_id, ()), known)
    return found


async def known_as(tx: Transaction, system: str, ids: Collection[str]) -> Mapping[str, KnownTask]:
    """Those with these ids of the system's own, by them; held for the rest of the transaction."""
    if not ids:
        return {}
    wanted = select(ticket_tasks).where(_T.tenant_id == tx.tenant, _T.system == system, _T.task_id.in_(tuple(ids)))
    rows = await tx.connection.execute(wanted.order_by(_T.subject_id, _T.step).with_for_update())
    return {known.task_id: known for known in map(_known, rows)}


async def keep(tx: Transaction, system: str, known: Collection[KnownTask]) -> None:
    """This is known of them from now on."""
    if not known:
        return
    given = insert(ticket_tasks).values(
        [
            {
                "tenant_id": tx.tenant,
                "system": system,
                "subject_id": each.subject_id,
                "step": each.step.value,
                "ticket_id": each.ticket_id,
                "task_id": each.task_id,
                "number": each.number,
                "url": each.url,
                "shown": each.shown.value,
                "state": each.state.value,
                "label": each.label,
                "version": each.version,
                "updated_at": tx.now,
            }
            for each in known
        ]
    )
    await tx.connection.execute(
        given.on_conflict_do_update(index_elements=_KEY, set_={name: given.excluded[name] for name in _KEPT})
    )


def _known(row: Row[Any]) -> KnownTask:
    return KnownTask(
        subject_id=row.subject_id,
        step=TaskStep(row.step),
        ticket_id=row.ticket_id,
        task_id=row.task_id,
        number=row.number,
        url=row.url,
        shown=TaskState(row.shown),
        state=TaskState(row.state),
        label=row.label,
        version=row.version,
    )
