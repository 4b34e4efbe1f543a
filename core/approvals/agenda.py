"""What is on somebody's table: what waits for them, and what has become of their own requests. For subscribers."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.access import directory
from core.approvals import queries, reading
from core.approvals.queries import RequestFilter
from core.approvals.views import RequestView
from core.db import Transaction
from core.ids import UserId


@dataclass(frozen=True, slots=True)
class Agenda:
    """The most urgent of `total` requests that wait, and the newest of the person's own that have moved.

    Of the `total`, `overdue` are.
    """

    waiting: tuple[RequestView, ...]
    total: int
    overdue: int
    moved: tuple[RequestView, ...]


async def load_agenda(tx: Transaction, user: UserId, *, since: datetime, limit: int) -> Agenda:
    """The person's agenda; `since` says from when on a move is news. At most `limit` of each are listed."""
    everybody = await directory(tx)
    waiting = await queries.most_urgent(tx, user, limit=limit)
    total = len(waiting) if len(waiting) < limit else await queries.count(tx, RequestFilter(waiting_for=user))
    moved = await queries.moved_since(tx, user, since, limit=limit)
    return Agenda(
        waiting=tuple(sorted(await reading.views(tx, waiting, everybody), key=_urgency)),
        total=total,
        overdue=await queries.count_overdue(tx, user) if waiting else 0,
        moved=await reading.views(tx, moved, everybody),
    )


async def people_asked(tx: Transaction) -> frozenset[UserId]:
    """Everybody for whom something may wait: those asked on an open stage, whether they have voted or not."""
    return await queries.people_asked(tx)


def _urgency(request: RequestView) -> tuple[float, int, datetime]:
    """What is due first comes first, then what is riskier, then what was asked earlier."""
    due = [stage.due_at.timestamp() for stage in request.stages if stage.status == "open" and stage.due_at]
    risk = request.assessment.risk.score if request.assessment else 0
    return min(due, default=float("inf")), -risk, request.created_at
