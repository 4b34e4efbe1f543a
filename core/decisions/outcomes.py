"""What became of decisions: shown, reported by the platform, or lapsed because nobody reported (X8)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import UUID

from core.access import TokenScope, permitted
from core.actor import Actor, system_actor
from core.agents.service import forget_failed_creation
from core.approvals import RequestEvent
from core.audit import AuditCategory, AuditResult, record
from core.db import Database, Transaction
from core.deadlines import DeadlineHandler, Due, clear
from core.decisions import quotas, store
from core.decisions.allowing import LAPSE
from core.decisions.errors import InvalidQuestion, OutcomeReported, UnknownDecision
from core.decisions.mismatches import alarm_unapproved, alarm_unreported, settle_unreported
from core.decisions.views import Answer, DecisionView
from core.dependencies import learn_dependencies
from core.emergency import note_outcome
from core.outbox import emit

OUTCOMES: Final = ("succeeded", "failed")


async def get_decision(database: Database, actor: Actor, decision_id: UUID) -> DecisionView:
    """The decision. Raises UnknownDecision."""
    async with permitted(database, actor, TokenScope.READ, action="decision.show", resource=str(decision_id)) as tx:
        view = await store.lock(tx, decision_id)
        if view is None:
            raise UnknownDecision(where="decision")
        return view


async def report_outcome(
    database: Database, actor: Actor, decision_id: UUID, *, status: str, details: Mapping[str, Any]
) -> DecisionView:
    """What the platform really did stands beside what was allowed (X8). The same report twice changes nothing.

    What was done although it was not allowed is recorded as that, and people are told of it.
    """
    if status not in OUTCOMES:
        raise InvalidQuestion(f"'{status}' is not an outcome.", where="status", accepted=OUTCOMES)
    async with permitted(
        database, actor, TokenScope.DECIDE, action="decision.outcome", resource=str(decision_id)
    ) as tx:
        view = await store.lock(tx, decision_id)
        if view is None:
            raise UnknownDecision(where="decision")
        if view.operation in OUTCOMES:
            if view.operation != status:
                raise OutcomeReported(f"The outcome was reported already: {view.operation}.")
            return view
        await store.close(tx, decision_id, operation=status, outcome=details)
        reported = replace(view, operation=status, outcome=details, outcome_at=tx.now)
        if view.decision is not Answer.ALLOW:
            await _note_unapproved(tx, actor, reported)
            return reported
        await settle_unreported(tx, view)
        if view.bypass_id:
            await note_outcome(tx, decision_id, status)
        if view.operation == "running":
            await quotas.give_back(tx, quotas.MAX_CONCURRENT_OPERATIONS)
            await clear(tx, decision_id, kind=LAPSE)
        if status == "failed" and view.action == "agent.create" and view.agent_id:
            await quotas.hold(tx, quotas.MAX_AGENTS)
            if await forget_failed_creation(tx, view.agent_id):
                await quotas.give_back(tx, quotas.MAX_AGENTS)
        await record(
            tx,
            actor,
            action="decision.outcome",
            resource=view.resource["name"],
            subject_id=decision_id,
            category=AuditCategory.SYSTEM,
            result=AuditResult.SUCCESS if status == "succeeded" else AuditResult.FAILURE,
            details={"governed_action": view.action, "status": status, "outcome": dict(details), **view.links()},
        )
        if status == "succeeded" and view.action.startswith("agent."):
            used = details.get("used")
            seen = used if isinstance(used, list) else ()
            await learn_dependencies(tx, actor, view.resource["name"], view.resource, seen)
        if view.request_id:
            await emit(
                tx,
                subject=f"request:{view.request_id}",
                type=RequestEvent.OUTCOME,
                data={"status": status, "action": view.action, "details": dict(details)},
            )
        return reported


async def _note_unapproved(tx: Transaction, actor: Actor, view: DecisionView) -> None:
    """It is in the trail as what it is; where it was done, and not only tried, people are told."""
    await record(
        tx,
        actor,
        action="decision.unapproved",
        resource=view.resource["name"],
        subject_id=view.id,
        category=AuditCategory.SECURITY,
        result=AuditResult.FAILURE,
        details={
            "governed_action": view.action,
            "decision": str(view.decision),
            "status": view.operation,
            "outcome": dict(view.outcome or {}),
            **view.links(),
        },
    )
    if view.operation == "succeeded":
        await alarm_unapproved(tx, actor, view)


async def _on_lapse(tx: Transaction, due: Due) -> None:
    view = await store.lock(tx, due.subject)
    if view is None or view.operation != "running":
        return
    await store.close(tx, view.id, operation="lapsed", outcome=None)
    if view.bypass_id:
        await note_outcome(tx, view.id, "lapsed")
    await quotas.give_back(tx, quotas.MAX_CONCURRENT_OPERATIONS)
    await alarm_unreported(tx, view)
    await record(
        tx,
        system_actor(tx.tenant),
        action="decision.lapse",
        resource=view.resource["name"],
        category=AuditCategory.SYSTEM,
        result=AuditResult.FAILURE,
        subject_id=view.id,
        details={"governed_action": view.action, "reason": "No outcome was reported in time."},
    )


DEADLINES: Final[Mapping[str, DeadlineHandler]] = {LAPSE: _on_lapse}
