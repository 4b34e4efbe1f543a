"""Use cases of a ticket's child records: how they shall stand, how they stand, and what that means for their change.

The present decides: what is shown follows the change as it is, however many events led to it, and a record that is
over there is never opened or moved again. What a person does there is heard once, in the transaction that moves the
inbox's cursor.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Final
from uuid import UUID

from core.access import TokenScope
from core.approvals import RequestView
from core.changes import (
    TASK_ENDS,
    ChangeCatalogue,
    ChangeTask,
    TaskHeard,
    TaskState,
    TaskStep,
    goes_on,
    hear_of_task,
    tasks_for,
)
from core.db import Database, Transaction
from core.ids import TenantId
from core.links import SYSTEM_TITLES
from core.tickets import task_store as store
from core.tickets.hands import actor_behind
from core.tickets.task_drift import Astray, astray, key_of
from core.tickets.task_store import KnownTask
from core.tickets.values import ShownTask, ToldTask

NO_MORE: Final = "Nobody waits for it any more."
ENDED: Final = frozenset({"rejected", "withdrawn", "expired"})  # of a request: only a bypass does its change then


async def tasks_to_show(
    tx: Transaction,
    system: str,
    request: RequestView,
    *,
    ticket_id: str,
    gone: Collection[str] = (),
    moved: Collection[str] = (),
) -> tuple[ShownTask, ...]:
    """The child records of the request's ticket that do not stand as they shall.

    A walk has found that those of the steps `gone` are not there any more, and those of the steps `moved` stand before
    where they were shown.
    """
    known = {
        step: each
        for step, each in (await store.on_ticket(tx, system, request.id)).items()
        if each.ticket_id == ticket_id and step not in gone
    }
    return to_show(request.id, await tasks_for(tx, request.id), known, is_over=await _is_over(tx, request), moved=moved)


async def tasks_astray(
    database: Database, tenant: TenantId, request: RequestView, known: Sequence[KnownTask], told: Sequence[ToldTask]
) -> tuple[Astray, ...]:
    """What is wrong with the child records of the request's ticket, of which this is known and that was told."""
    if not astray(known, told):
        return ()
    async with database.tenant(tenant) as tx:
        tasks, is_over = await tasks_for(tx, request.id), await _is_over(tx, request)
    live = {each.step: each.state for each in tasks if not is_over or each.state in TASK_ENDS}
    return astray(known, told, live)


async def _is_over(tx: Transaction, request: RequestView) -> bool:
    """Whether it came to nothing: nobody waits for what is open of it."""
    return request.status in ENDED and not await goes_on(tx, request.id)


def to_show(
    subject: UUID,
    tasks: Sequence[ChangeTask],
    known: Mapping[TaskStep, KnownTask],
    *,
    is_over: bool,
    moved: Collection[str] = (),
) -> tuple[ShownTask, ...]:
    """What is to be made, moved or ended there. `is_over`: the request came to nothing, or is one of this no more.

    `moved`: steps whose records do not stand any more as they were shown.
    """
    here = {each.step: each for each in tasks}
    found = []
    for step in TaskStep:
        task, there = here.get(step), known.get(step)
        if there is not None and there.state in TASK_ENDS:
            continue
        if is_over or task is None:
            if task is not None or there is not None:
                found.append(_ended(subject, step, task, there))
        elif there is None or there.shown is not task.state or step in moved:
            found.append(_shown(subject, task, there))
    return tuple(found)


async def note_tasks(
    database: Database,
    tenant: TenantId,
    catalogue: ChangeCatalogue,
    system: str,
    request: RequestView,
    *,
    ticket_id: str,
    shown: Sequence[ShownTask],
    stand: Sequence[ToldTask],
) -> None:
    """These were brought to how they shall stand, and stand like this; an end that is not ours is heard."""
    wanted = {each.key: each for each in shown}
    known = [
        KnownTask(
            subject_id=request.id,
            step=wanted[told.key].step,
            ticket_id=ticket_id,
            task_id=told.external_id,
            number=told.number,
            url=told.url,
            shown=wanted[told.key].state,
            state=told.state,
            label=told.label,
            version=told.version,
        )
        for told in stand
        if told.key in wanted
    ]
    async with database.tenant(tenant) as tx:
        before = {each.task_id: each for each in (await store.on_ticket(tx, system, request.id, held=True)).values()}
        await store.keep(tx, system, known)
        told = {each.external_id: each for each in stand}
        for each in sorted(known, key=lambda one: one.step):
            # A look does not tell of it: it may have passed before we knew the record, or find it as it is known now.
            if _is_news(told[each.task_id], before.get(each.task_id)):
                await _hear(tx, catalogue, system, each, told[each.task_id])


async def hear_of_tasks(tx: Transaction, catalogue: ChangeCatalogue, system: str, told: Sequence[ToldTask]) -> None:
    """Of each child record of ours, what a person did since it was last seen is heard by its change."""
    known = await store.known_as(tx, system, {each.external_id for each in told})
    ours = [(known[each.external_id], each) for each in told if each.external_id in known]
    # Changes are held one after the other: everybody does so in one order.
    latest = dict(known)
    heard = []
    for was, each in sorted(ours, key=lambda pair: (pair[0].subject_id, pair[0].step, pair[1].version)):
        before = latest[was.task_id]
        if each.version < before.version:
            continue
        latest[was.task_id] = now = replace(before, state=each.state, label=each.label, version=each.version)
        if _is_news(each, before):
            heard.append((now, each))
    await store.keep(tx, system, [now for id_, now in latest.items() if now is not known[id_]])
    for now, each in heard:
        await _hear(tx, catalogue, system, now, each)


async def _hear(tx: Transaction, catalogue: ChangeCatalogue, system: str, known: KnownTask, told: ToldTask) -> None:
    actor = await actor_behind(
        tx, system, known.number, account=told.account, email=told.email, scope=TokenScope.REQUEST
    )
    heard = TaskHeard(
        step=known.step,
        state=told.state,
        words=told.words,
        by=told.by or told.account,
        system=SYSTEM_TITLES.get(system, system),
        number=known.number,
        url=known.url,
    )
    await hear_of_task(tx, catalogue, actor, known.subject_id, heard)


def _is_news(told: ToldTask, before: KnownTask | None) -> bool:
    """Whether a person has ended it since it was last seen."""
    is_known = before is not None and before.state is told.state
    return not told.is_ours and told.state in TASK_ENDS and not is_known


def _shown(subject: UUID, task: ChangeTask, there: KnownTask | None) -> ShownTask:
    return ShownTask(
        key=key_of(subject, task.step),
        step=task.step,
        title=task.title,
        description=task.description,
        state=task.state,
        said=task.said,
        external_id=there.task_id if there is not None else "",
        is_wanted=task.state is not TaskState.CANCELLED,
    )


def _ended(subject: UUID, step: TaskStep, task: ChangeTask | None, there: KnownTask | None) -> ShownTask:
    over = task if task is not None and task.state in TASK_ENDS else None
    shown = _shown(subject, over or ChangeTask(step, "", "", TaskState.CANCELLED, NO_MORE), there)
    return replace(shown, is_wanted=False)
