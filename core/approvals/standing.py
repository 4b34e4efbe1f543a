"""How a tenant's requests stand, in a few numbers: for monitoring."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import extract, func, select

from core.approvals.model import request_stages, requests
from core.db import Transaction


@dataclass(frozen=True, slots=True)
class Standing:
    """Requests and stages that wait now, and how long decisions took, in seconds; None where there were none."""

    pending: int
    overdue_stages: int
    decision_p50_s: float | None
    decision_p95_s: float | None


async def standing(tx: Transaction, *, since: datetime) -> Standing:
    """As they stand now; decisions are those since then."""
    columns, stages = requests.c, request_stages.c
    pending = select(func.count()).where(columns.tenant_id == tx.tenant, columns.state == "pending")
    overdue = select(func.count()).where(
        stages.tenant_id == tx.tenant,
        stages.status == "open",
        stages.due_at < tx.now,
        stages.request_id.in_(
            select(columns.request_id).where(columns.tenant_id == tx.tenant, columns.state == "pending")
        ),
    )
    took = extract("epoch", columns.decided_at - columns.created_at)
    spread = select(func.percentile_cont(0.5).within_group(took), func.percentile_cont(0.95).within_group(took)).where(
        columns.tenant_id == tx.tenant, columns.state.in_(("approved", "rejected")), columns.decided_at >= since
    )
    p50, p95 = (await tx.connection.execute(spread)).one()
    return Standing(
        pending=int((await tx.connection.execute(pending)).scalar_one()),
        overdue_stages=int((await tx.connection.execute(overdue)).scalar_one()),
        decision_p50_s=None if p50 is None else float(p50),
        decision_p95_s=None if p95 is None else float(p95),
    )
