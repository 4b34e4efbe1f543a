"""Use cases of tasks: shown and cancelled by their owner; each comes to its end once, with its request.

A task's status is its request's, kept at the end: an approval that nobody uses lapses a month later, and the request is
expired then, but the task was approved and stays so. Whoever comes first writes the end: the outbox, which hears of it
at once, or somebody who looks.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from sqlalchemy import Row

from core.access import TokenScope, permitted
from core.access.scopes import covers
from core.access_requests import naming, rules, store
from core.access_requests.errors import HiddenTask, InvalidTaskState, UnknownTask
from core.access_requests.events import AccessRequestEvent
from core.access_requests.rules import TaskStatus
from core.access_requests.views import TaskView
from core.actor import Actor
from core.approvals import RequestView, limit_approval, load_request, take_back
from core.approvals.errors import AlreadyDecided
from core.audit import audited, record
from core.db import Database, Transaction
from core.ids import UserId
from core.outbox import Event, emit


async def get_task(database: Database, actor: Actor, task_id: str) -> TaskView:
    """The actor's task as it stands. Raises UnknownTask, or HiddenTask for another's, which reads the same."""
    async with permitted(database, actor, TokenScope.READ, action="access_request.show", resource=task_id) as tx:
        row = await own_task(tx, actor, task_id)
        request = await load_request(tx, row.request_id)
        return task_view(actor, await settled(tx, row, request), request)


async def cancel_task(database: Database, actor: Actor, task_id: str, *, reason: str = "") -> TaskView:
    """The request is withdrawn, and the task is cancelled. Raises InvalidTaskState if it is over, or NotYourRequest."""
    async with audited(database, actor, action="access_request.cancel", resource=task_id) as tx:
        row = await store.hold_task(tx, (await own_task(tx, actor, task_id)).task_id)
        row = await settled(tx, row, await load_request(tx, row.request_id))
        if row.status != TaskStatus.PENDING:
            raise InvalidTaskState(f"The task is {row.status} already.")
        try:
            request = await take_back(tx, actor, row.request_id, reason=reason)
        except AlreadyDecided as exc:  # while we waited for the request: the last vote was faster
            raise InvalidTaskState(f"The task is over: {exc.message}") from exc
        row = await settled(tx, row, request)
        details = {"task": task_id, "request": request.reference, "reason": reason}
        await record(
            tx,
            actor,
            action="access_request.cancel",
            resource=request.resource["name"],
            subject_id=row.request_id,
            details=details,
        )
        return task_view(actor, row, request)


async def settle_tasks(database: Database, event: Event) -> None:
    """The tasks of the request that has ended are over too, and who wants to know of them will be told."""
    async with database.tenant(event.tenant) as tx:
        rows = await store.pending_tasks(tx, event.subject_id)
        if rows:
            request = await load_request(tx, event.subject_id)
            for row in rows:
                await settled(tx, row, request)


async def own_task(tx: Transaction, actor: Actor, task_id: str) -> Row[Any]:
    """The actor's task. Raises UnknownTask or HiddenTask."""
    known = naming.read(naming.TASK, task_id)
    row = await store.task(tx, known) if known else None
    if row is None:
        raise UnknownTask(where="task")
    if row.user_id != actor.user:
        raise HiddenTask(where="task")
    return row


async def settled(tx: Transaction, row: Row[Any], request: RequestView) -> Row[Any]:
    """The task with its end, if its request has one; told of once, by whoever writes it."""
    status = rules.status_of(request.status)
    if row.status != TaskStatus.PENDING or status is TaskStatus.PENDING:
        return row
    at, until = request.decided_at or tx.now, None
    if status is TaskStatus.APPROVED:
        until = rules.approved_until(at, row.requested_until)
    ended = await store.end_task(tx, row.task_id, status, at=at, approved_until=until)
    if ended is None:  # somebody has written it since we looked
        return await store.hold_task(tx, row.task_id)
    if until is not None and until == row.requested_until and request.requester.id == row.user_id and not request.used:
        await limit_approval(tx, request.id, until=until)
    if row.callback_endpoint and (not row.callback_events or status in row.callback_events):
        await emit(
            tx,
            subject=f"access_task:{row.task_id}",
            type=AccessRequestEvent.ENDED,
            data={"status": status, "request": request.reference},
        )
    return ended


def task_view(actor: Actor, row: Row[Any], request: RequestView) -> TaskView:
    """The task as it is shown to its owner."""
    status = TaskStatus(row.status)
    is_approved = status is TaskStatus.APPROVED
    mine = request.requester.id == UserId(row.user_id) and covers(actor, TokenScope.REQUEST)
    return TaskView(
        id=naming.written(naming.TASK, row.task_id),
        status=status,
        request=request,
        may_cancel=mine and status is TaskStatus.PENDING,
        approval_id=naming.written(naming.APPROVAL, row.approval_id) if is_approved else None,
        approved_at=row.ended_at if is_approved else None,
        approved_until=row.approved_until,
    )


def standing_of(row: Row[Any], request: RequestView) -> rules.Standing:
    """The approval of a task, as the rules weigh it."""
    return rules.Standing(
        digest=row.digest,
        request_id=UUID(str(row.request_id)),
        status=TaskStatus(row.status),
        approved_until=row.approved_until,
        is_used=request.used,
        is_over=request.status == "expired",
    )
