"""A period ends and the next begins: what is left is carried over, as the budget says (C2, demand 16).

What is carried is fixed as the next period begins: what comes late for the period before counts there, and moves it no
more. A clock that was away for several periods turns them one after another.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from core.actor import system_actor
from core.audit import AuditCategory
from core.budgets import rules, store
from core.budgets.events import BudgetEvent
from core.budgets.loading import tell
from core.budgets.managing import TURN
from core.budgets.periods import window_of
from core.db import Transaction
from core.deadlines import DeadlineHandler, Due, set_deadline

_MOMENT: Final = timedelta(microseconds=1)


async def turn(tx: Transaction, due: Due) -> None:
    """The period that ended then is closed, and the next is open with what was left."""
    await store.hold_all(tx)
    budget = await store.lock(tx, due.subject)
    if budget is None or budget.ended_at is not None:
        return
    before, following = (window_of(budget.schemes, at) for at in (due.due_at - _MOMENT, due.due_at))
    if before is None or following is None or following.starts_at < due.due_at:
        return  # its periods were changed meanwhile, and have a deadline of their own
    ended = await store.hold_period(tx, budget, before)
    if ended.closed_at is None:
        closed = {"closed_amount": budget.terms.amount, "closed_at": tx.now}
        await store.change_period(tx, budget.id, before.starts_at, closed)
        carried = rules.carried_over(budget.terms, ended)
        await store.open_period(tx, budget.id, following, {"carried": carried})
        said = {"carried": rules.amount(carried), "next_ends": following.ends_at.isoformat()}
        who, category = system_actor(tx.tenant), AuditCategory.SYSTEM
        await tell(tx, who, budget, ended, event=BudgetEvent.PERIOD_ENDED, details=said, category=category)
    await set_deadline(tx, budget.id, TURN, following.ends_at)


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {TURN: turn}
