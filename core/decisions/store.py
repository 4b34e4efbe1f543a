"""All SQL of decisions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Row, Text, bindparam, func, select, update

from core.db import Transaction
from core.decisions.model import decisions
from core.decisions.questions import Question
from core.decisions.views import Answer, DecisionView, Reason


async def add(tx: Transaction, decided: Sequence[tuple[Question, DecisionView]]) -> None:
    """The decisions are stored."""
    await tx.connection.execute(
        decisions.insert(),
        [
            {
                "tenant_id": tx.tenant,
                "decision_id": view.id,
                "user_id": question.actor.user,
                "user_email": question.actor.email,
                "action": view.action,
                "resource_name": view.resource["name"],
                "resource": dict(view.resource),
                "context": dict(question.context),
                "decision": view.decision,
                "reasons": [[reason.code, reason.message] for reason in view.reasons],
                "request_id": view.request_id,
                "bypass_id": view.bypass_id,
                "agent_id": view.agent_id,
                "decided_at": view.decided_at,
                "operation": view.operation,
                "receipt": view.receipt,
            }
            for question, view in decided
        ],
    )


@dataclass(frozen=True, slots=True)
class Decided:
    """One decision of the past, in short."""

    id: UUID
    at: datetime
    by: str
    action: str
    agent: str
    project: str
    answer: Answer
    code: str
    reason: str


async def decided_between(
    tx: Transaction, since: datetime, until: datetime, *, actions: Sequence[str] | None, limit: int
) -> list[Decided]:
    """The decisions from `since` on and before `until` about these actions (None: all), the oldest first."""
    columns = decisions.c
    wanted = select(decisions).where(
        columns.tenant_id == tx.tenant, columns.decided_at >= since, columns.decided_at < until
    )
    if actions is not None:
        wanted = wanted.where(columns.action.in_(actions))
    rows = await tx.connection.execute(wanted.order_by(columns.decision_id).limit(limit))
    return [
        Decided(
            id=row.decision_id,
            at=row.decided_at,
            by=row.user_email,
            action=row.action,
            agent=row.resource_name,
            project=row.resource.get("project", ""),
            answer=Answer(row.decision),
            code=row.reasons[0][0],
            reason=row.reasons[0][1],
        )
        for row in rows
    ]


async def count_decisions(tx: Transaction, *, after: UUID, until: UUID) -> dict[str, int]:
    """How many of the tenant's decisions of each kind have ids beyond `after`, `until` included; zero included."""
    columns = decisions.c
    rows = await tx.connection.execute(
        select(columns.decision, func.count().label("how_many"))
        .where(columns.tenant_id == tx.tenant, columns.decision_id > after, columns.decision_id <= until)
        .group_by(columns.decision)
    )
    return dict.fromkeys(map(str, Answer), 0) | {row.decision: row.how_many for row in rows}


async def running_creations(tx: Transaction, names: Collection[str]) -> list[tuple[str, DecisionView]]:
    """The allowed creations of agents of these names that were not reported on yet, newest first; who asked."""
    columns = decisions.c
    rows = await tx.connection.execute(
        select(decisions)
        .where(
            columns.tenant_id == tx.tenant,
            columns.resource_name == func.any(bindparam("names", list(names), type_=ARRAY(Text))),
            columns.action == "agent.create",
            columns.operation == "running",
        )
        .order_by(columns.decision_id.desc())
    )
    return [(row.user_email, _view(row)) for row in rows]


async def lock(tx: Transaction, decision_id: UUID) -> DecisionView | None:
    """The decision, held for the rest of the transaction."""
    columns = decisions.c
    row = (
        await tx.connection.execute(
            select(decisions)
            .where(columns.tenant_id == tx.tenant, columns.decision_id == decision_id)
            .with_for_update()
        )
    ).first()
    return None if row is None else _view(row)


async def close(tx: Transaction, decision_id: UUID, *, operation: str, outcome: Mapping[str, Any] | None) -> None:
    """What became of the operation."""
    columns = decisions.c
    await tx.connection.execute(
        update(decisions)
        .where(columns.tenant_id == tx.tenant, columns.decision_id == decision_id)
        .values(operation=operation, outcome=None if outcome is None else dict(outcome), outcome_at=tx.now)
    )


def _view(row: Row[Any]) -> DecisionView:
    return DecisionView(
        id=row.decision_id,
        decision=Answer(row.decision),
        reasons=tuple(Reason(code, message) for code, message in row.reasons),
        action=row.action,
        resource=row.resource,
        decided_at=row.decided_at,
        request_id=row.request_id,
        bypass_id=row.bypass_id,
        agent_id=row.agent_id,
        operation=row.operation,
        outcome=row.outcome,
        outcome_at=row.outcome_at,
        receipt=row.receipt,
    )
