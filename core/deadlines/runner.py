"""Wakes when the next deadline is due and hands it to its use case.

APScheduler is the clock of this process and nothing more: one date job for the earliest due row, moved when a row
changes (NOTIFY) and re-checked every few seconds, because a job store shared by processes fires twice. The row is
deleted in the transaction that does the work: a crash leaves it due. Replicas exclude each other by an advisory lock,
not by the row's: a vote holds its request and then clears the row, so holding the row first would deadlock with it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from prometheus_client import Counter, Histogram
from sqlalchemy import delete, func, select, text, update

from core.db import Database, Transaction
from core.deadlines.model import deadlines
from core.errors import Unavailable
from core.ids import TenantId

log = structlog.get_logger()

RECHECK_S: Final = 5.0
WAKE_SPACING_S: Final = 0.05  # every allowed operation sets a deadline; a look at each would cost more than the work
BATCH: Final = 100
RETRY_BASE_S: Final = 5.0
RETRY_CAP_S: Final = 900.0
ERROR_MAX: Final = 500

FIRED = Counter("countersign_deadlines_fired_total", "Deadlines handled", ["kind", "result"])
LATENESS = Histogram(
    "countersign_deadlines_lateness_seconds",
    "How late a deadline was handled",
    buckets=(0.1, 0.5, 1, 2, 5, 15, 60, 300, 3600),
)


@dataclass(frozen=True, slots=True)
class Due:
    """A deadline that has come."""

    tenant: TenantId
    subject: UUID
    kind: str
    part: str
    due_at: datetime
    data: Mapping[str, Any]


_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")

# Runs inside the transaction that removes the row; a subject that no longer needs it returns without doing anything.
DeadlineHandler = Callable[[Transaction, Due], Awaitable[None]]


class DeadlineRunner:
    """Handles what is due until stopped."""

    def __init__(self, database: Database, handlers: Mapping[str, DeadlineHandler]) -> None:
        self._database = database
        self._handlers = handlers
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._lock = asyncio.Lock()
        self._woken = False

    def start(self) -> None:
        """The scheduler runs; what fell due while no process lived is handled at once."""
        self._scheduler.add_job(
            self.run_due,
            "interval",
            seconds=RECHECK_S,
            id="recheck",
            coalesce=True,
            max_instances=1,
            next_run_time=datetime.now(UTC),  # noqa: TID251  the scheduler lives in machine time
        )
        self._scheduler.start()

    async def stop(self) -> None:
        """No deadline is handled any more by this process."""
        self._scheduler.shutdown(wait=False)
        await asyncio.sleep(0)  # it shuts down in the loop's next turn
        async with self._lock:
            return

    @property
    def is_running(self) -> bool:
        """Whether the scheduler is alive (readiness)."""
        return bool(self._scheduler.running)

    async def wake(self, _payload: str = "") -> None:
        """Look again in a moment: a deadline or the clock has moved. Many moves at once are one look."""
        if self._woken:
            return
        self._woken = True
        await asyncio.sleep(WAKE_SPACING_S)
        self._woken = False
        await self.run_due()

    async def run_due(self) -> int:
        """Everything due is handled; the scheduler is set to the next one. Returns how many were handled."""
        async with self._lock:
            handled = 0
            last: tuple[Due, ...] = ()
            try:
                # The same batch again means that another replica is at it: looking on would only load the database.
                while (batch := await self._due()) and batch != last:
                    last = batch
                    for due in batch:
                        handled += await self._handle(due)
                await self._schedule_next()
            except Unavailable:
                log.warning("deadlines_postponed", reason="database unavailable")
            return handled

    async def _due(self) -> tuple[Due, ...]:
        columns = deadlines.c
        async with self._database.system() as tx:
            rows = await tx.connection.execute(
                select(columns.tenant_id, columns.subject_id, columns.kind, columns.part, columns.due_at, columns.data)
                .where(columns.due_at <= tx.now, columns.kind.in_(list(self._handlers)))
                .order_by(columns.due_at)
                .limit(BATCH)
            )
            return tuple(
                Due(TenantId(row.tenant_id), row.subject_id, row.kind, row.part, row.due_at, row.data) for row in rows
            )

    async def _handle(self, due: Due) -> int:
        columns = deadlines.c
        same = (
            (columns.tenant_id == due.tenant)
            & (columns.subject_id == due.subject)
            & (columns.kind == due.kind)
            & (columns.part == due.part)
            & (columns.due_at == due.due_at)
        )
        try:
            async with self._database.tenant(due.tenant) as tx:
                name = f"{due.tenant}/{due.subject}/{due.kind}/{due.part}"
                if not (await tx.connection.execute(_TRY_LOCK, {"name": name})).scalar():
                    return 0  # another replica has it
                if (await tx.connection.execute(select(columns.kind).where(same))).first() is None:
                    return 0  # done, cleared or moved meanwhile
                await self._handlers[due.kind](tx, due)
                await tx.connection.execute(delete(deadlines).where(same))  # unless the handler set it anew
                lateness_s = (tx.now - due.due_at).total_seconds()
        except Unavailable:
            raise
        except Exception as exc:
            log.exception("deadline_failed", kind=due.kind, subject_id=str(due.subject))
            FIRED.labels(due.kind, "failed").inc()
            await self._put_off(due, f"{type(exc).__name__}: {exc}"[:ERROR_MAX])
            return 0
        FIRED.labels(due.kind, "done").inc()
        LATENESS.observe(max(0.0, lateness_s))
        return 1

    async def _put_off(self, due: Due, reason: str) -> None:
        """A failing deadline backs off instead of holding up the others; it is never dropped."""
        columns = deadlines.c
        async with self._database.tenant(due.tenant) as tx:
            await tx.connection.execute(
                update(deadlines)
                .where(
                    columns.tenant_id == due.tenant,
                    columns.subject_id == due.subject,
                    columns.kind == due.kind,
                    columns.part == due.part,
                    columns.due_at == due.due_at,
                )
                .values(
                    attempts=columns.attempts + 1,
                    last_error=reason,
                    due_at=tx.now
                    + func.least(
                        timedelta(seconds=RETRY_CAP_S),
                        timedelta(seconds=RETRY_BASE_S) * func.power(2, columns.attempts),
                    ),
                )
            )

    async def _schedule_next(self) -> None:
        async with self._database.system() as tx:
            due_at = (
                await tx.connection.execute(
                    select(func.min(deadlines.c.due_at)).where(deadlines.c.kind.in_(list(self._handlers)))
                )
            ).scalar()
        if due_at is None or not self._scheduler.running:
            return
        wait = due_at - self._database.clock.now()
        if wait < timedelta(seconds=RECHECK_S):
            self._scheduler.add_job(
                self.run_due,
                "date",
                id="next",
                replace_existing=True,
                misfire_grace_time=None,
                run_date=datetime.now(UTC) + max(wait, timedelta()),  # noqa: TID251  the scheduler lives in machine time
            )
