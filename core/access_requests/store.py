"""All SQL of access requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Row, delete, func, select, update
from sqlalchemy.dialects.postgresql import insert

from core.access_requests.model import CALLBACK_SECRET, access_callbacks, access_evaluations, access_tasks
from core.access_requests.rules import TaskStatus
from core.db import Transaction
from core.ids import UserId

# An expired evaluation is known for a while, so that it can be called expired rather than unknown.
KEPT_FOR: Final = timedelta(days=1)
SWEEP: Final = 100  # expired evaluations that a new one takes with it


async def add_evaluation(
    tx: Transaction, *, evaluation_id: UUID, user: UserId, digest: str, expires_at: datetime
) -> None:
    """The denial can be asked about; old ones of the tenant are gone, some at a time."""
    columns = access_evaluations.c
    old = (
        select(columns.evaluation_id)
        .where(columns.tenant_id == tx.tenant, columns.expires_at < tx.now - KEPT_FOR)
        .order_by(columns.expires_at)
        .limit(SWEEP)
        .with_for_update(skip_locked=True)
    )
    await tx.connection.execute(
        delete(access_evaluations).where(columns.tenant_id == tx.tenant, columns.evaluation_id.in_(old))
    )
    await tx.connection.execute(
        access_evaluations.insert().values(
            tenant_id=tx.tenant,
            evaluation_id=evaluation_id,
            user_id=user,
            digest=digest,
            evaluated_at=tx.now,
            expires_at=expires_at,
        )
    )


async def hold_evaluation(tx: Transaction, user: UserId, evaluation_id: UUID) -> Row[Any] | None:
    """The person's own evaluation, held for the rest of the transaction."""
    columns = access_evaluations.c
    statement = select(access_evaluations).where(
        columns.tenant_id == tx.tenant, columns.evaluation_id == evaluation_id, columns.user_id == user
    )
    row: Row[Any] | None = (await tx.connection.execute(statement.with_for_update())).first()
    return row


async def add_task(tx: Transaction, values: Mapping[str, Any]) -> Row[Any] | None:
    """The new task; None if another submission with this key was faster."""
    statement = insert(access_tasks).values(tenant_id=tx.tenant, **values).on_conflict_do_nothing()
    row: Row[Any] | None = (await tx.connection.execute(statement.returning(access_tasks))).first()
    return row


async def task_by_key(tx: Transaction, user: UserId, key: str) -> Row[Any] | None:
    """What the person submitted under this key."""
    return await _task(tx, access_tasks.c.user_id == user, access_tasks.c.idempotency_key == key)


async def task_of_evaluation(tx: Transaction, evaluation_id: UUID) -> Row[Any] | None:
    """What came of the evaluation."""
    return await _task(tx, access_tasks.c.evaluation_id == evaluation_id)


async def task(tx: Transaction, task_id: UUID) -> Row[Any] | None:
    """The task, whoever's it is."""
    return await _task(tx, access_tasks.c.task_id == task_id)


async def hold_task(tx: Transaction, task_id: UUID) -> Row[Any]:
    """The task, held for the rest of the transaction."""
    columns = access_tasks.c
    statement = select(access_tasks).where(columns.tenant_id == tx.tenant, columns.task_id == task_id)
    row: Row[Any] = (await tx.connection.execute(statement.with_for_update())).one()
    return row


async def task_of_approval(tx: Transaction, user: UserId, approval_id: UUID) -> Row[Any] | None:
    """The person's own task that led to the approval."""
    return await _task(tx, access_tasks.c.approval_id == approval_id, access_tasks.c.user_id == user)


async def pending_tasks(tx: Transaction, request_id: UUID) -> Sequence[Row[Any]]:
    """The request's tasks that are not over, in the order of their ids: everybody locks them so."""
    columns = access_tasks.c
    statement = (
        select(access_tasks)
        .where(
            columns.tenant_id == tx.tenant, columns.request_id == request_id, columns.status == TaskStatus.PENDING.value
        )
        .order_by(columns.task_id)
    )
    return (await tx.connection.execute(statement)).all()


async def end_task(
    tx: Transaction, task_id: UUID, status: TaskStatus, *, at: datetime, approved_until: datetime | None
) -> Row[Any] | None:
    """The task as it has just come to its end; None if it was over before."""
    columns = access_tasks.c
    statement = (
        update(access_tasks)
        .where(columns.tenant_id == tx.tenant, columns.task_id == task_id, columns.status == TaskStatus.PENDING.value)
        .values(status=status.value, ended_at=at, approved_until=approved_until)
        .returning(access_tasks)
    )
    row: Row[Any] | None = (await tx.connection.execute(statement)).first()
    return row


async def add_callback(tx: Transaction, *, callback_id: UUID, endpoint: str, secret: str, by: str) -> Row[Any]:
    """The address may be told."""
    statement = access_callbacks.insert().values(
        tenant_id=tx.tenant,
        callback_id=callback_id,
        endpoint=endpoint,
        secret=CALLBACK_SECRET.seal(tx, secret.encode(), callback_id),
        created_by=by,
        created_at=tx.now,
    )
    row: Row[Any] = (await tx.connection.execute(statement.returning(access_callbacks))).one()
    return row


def secret_of(tx: Transaction, callback: Row[Any]) -> str:
    """What notices to it are signed with. Raises Unsealable."""
    return CALLBACK_SECRET.open(tx, callback.secret, callback.callback_id).decode()


async def callbacks(tx: Transaction, *, endpoint: str | None = None) -> Sequence[Row[Any]]:
    """The tenant's registrations, newest first; those of one address where it is given."""
    columns = access_callbacks.c
    statement = select(access_callbacks).where(columns.tenant_id == tx.tenant).order_by(columns.callback_id.desc())
    if endpoint is not None:
        statement = statement.where(columns.endpoint == endpoint)
    return (await tx.connection.execute(statement)).all()


async def count_callbacks(tx: Transaction) -> int:
    """How many there are."""
    statement = select(func.count()).select_from(access_callbacks).where(access_callbacks.c.tenant_id == tx.tenant)
    return int((await tx.connection.execute(statement)).scalar_one())


async def remove_callback(tx: Transaction, callback_id: UUID) -> Row[Any] | None:
    """What was removed."""
    columns = access_callbacks.c
    statement = delete(access_callbacks).where(columns.tenant_id == tx.tenant, columns.callback_id == callback_id)
    return (await tx.connection.execute(statement.returning(access_callbacks))).first()


async def _task(tx: Transaction, *which: ColumnElement[bool]) -> Row[Any] | None:
    statement = select(access_tasks).where(access_tasks.c.tenant_id == tx.tenant, *which)
    row: Row[Any] | None = (await tx.connection.execute(statement)).first()
    return row
