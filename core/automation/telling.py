"""Administrators are told once when a rule is suppressed or goes round in a circle, not each time."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from core.access import Permission, PersonView, Scope, ScopeKind, directory
from core.automation import store
from core.automation.events import SUBJECT, AutomationEvent
from core.automation.rules import WINDOW, Result
from core.automation.store import NewRun, RuleState
from core.db import Transaction
from core.outbox import emit


@dataclass(frozen=True, slots=True)
class Trouble:
    """What administrators are told of, and who they are."""

    rule: str
    result: Result
    reason: str
    administrators: tuple[PersonView, ...]


async def tell_once(tx: Transaction, run: NewRun, state: RuleState) -> None:
    """Administrators hear of it: of a circle once for each version of the rule, of a storm once in an hour."""
    match run.result:
        case Result.STOPPED if state.stop_told_version != run.version:
            await store.set_rule(tx, run.rule, stop_told_version=run.version)
        case Result.SUPPRESSED if state.limit_told_at is None or state.limit_told_at <= tx.now - WINDOW:
            await store.set_rule(tx, run.rule, limit_told_at=tx.now)
        case _:
            return
    data = {"rule": run.rule, "result": run.result, "reason": run.reason}
    await emit(tx, subject=f"{SUBJECT}:{run.id}", type=AutomationEvent.TROUBLE, data=data)


async def load_trouble(tx: Transaction, run_id: UUID) -> Trouble | None:
    """What the run's trouble was; None if its history is not kept any more. Whoever may change rules is told."""
    run = await store.run(tx, run_id)
    if run is None:
        return None
    everybody, whole = await directory(tx), Scope(ScopeKind.TENANT, "")
    administrators = tuple(
        everybody.people[user]
        for user in sorted(everybody.by_role.get("tenant_administrator", ()))
        if everybody.access.may(user, Permission.MODIFY_CONFIG, whole).allowed
    )
    return Trouble(run.rule, Result(run.result), run.reason, administrators)
