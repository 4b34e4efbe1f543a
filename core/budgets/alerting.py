"""Alerts: each once for a budget and a period, however many charges reach it at once (C4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from core.actor import system_actor
from core.audit import AuditCategory, record
from core.budgets import rules, store
from core.budgets.events import BudgetEvent
from core.budgets.state import Budget, Standing
from core.db import Transaction
from core.outbox import emit


async def raise_alerts(tx: Transaction, budget: Budget, standing: Standing) -> None:
    """What is due by now is told, and is not told again in this period. The period's row is held."""
    if not standing.window.holds(tx.now):  # what comes late for a period that is over calls nobody
        return
    due = rules.alerts_due(budget.terms, standing, now=tx.now)
    if not due:
        return
    alerted = sorted(standing.alerted | set(due))
    await store.change_period(tx, budget.id, standing.window.starts_at, {"alerted": alerted})
    thresholds = [each for each in due if each != rules.FORECAST]
    if thresholds:
        said = {"reached": thresholds[-1], "thresholds": thresholds}
        await _tell(tx, budget, standing, BudgetEvent.THRESHOLD_REACHED, said)
    if rules.FORECAST in due:
        projected = rules.projected(standing, now=tx.now) or Decimal(0)
        said = {"projected": rules.amount(projected), "method": "linear run rate"}
        await _tell(tx, budget, standing, BudgetEvent.FORECAST_EXCEEDED, said)


def described(budget: Budget, standing: Standing) -> dict[str, Any]:
    """How the budget stands, for records and events."""
    return {
        "budget": budget.reference,
        "name": budget.terms.name,
        "period": standing.window.starts_at.isoformat(),
        "ends": standing.window.ends_at.isoformat(),
        "used": rules.amount(standing.used),
        "limit": rules.amount(standing.limit),
        "currency": budget.terms.currency,
        "percent": str(standing.percent),
    }


async def _tell(tx: Transaction, budget: Budget, standing: Standing, event: BudgetEvent, said: dict[str, Any]) -> None:
    data = {**described(budget, standing), **said}
    who = system_actor(tx.tenant)
    await record(
        tx,
        who,
        action=str(event),
        resource=budget.reference,
        subject_id=budget.id,
        category=AuditCategory.SYSTEM,
        details=data,
    )
    await emit(tx, subject=f"budget:{budget.id}", type=event, data=data)
