"""What allowed actions do: one after another on facts that are held, written together at the end."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID

from core.agents import AgentView, after_action, save_agents
from core.approvals import use_approval
from core.budgets import Guard, note_passed
from core.db import Transaction
from core.deadlines import set_deadlines
from core.decisions import quotas, rules
from core.decisions.facts import Facts, Standing, hold_facts
from core.decisions.questions import Question
from core.decisions.rules import Grounds
from core.decisions.views import Answer, DecisionView, Reason
from core.emergency import Use, note_use
from core.ids import uuid7
from core.receipts import Issuer, Receipt

LAPSE: Final = "decisions.lapse"
# An operation whose platform never reports would hold its place in max_concurrent_operations for ever.
OPERATION_LAPSES_AFTER: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Allowed:
    """A decision that has its effect, and the agent on both sides of it (None: there was none)."""

    decision: DecisionView
    before: AgentView | None
    after: AgentView


@dataclass(frozen=True, slots=True)
class _Effects:
    created: dict[UUID, AgentView] = field(default_factory=dict)
    changed: dict[UUID, AgentView] = field(default_factory=dict)
    operations: list[UUID] = field(default_factory=list)


async def carry_out(
    tx: Transaction, standing: Standing, issuer: Issuer, questions: Sequence[Question], *, guard: Guard
) -> list[Allowed | DecisionView | Grounds]:
    """To each question that looked allowed: what it did, which decision it repeats, or why it is refused after all.

    Quotas and agents are locked and weighed again first, since another may have been faster; each question then sees
    what those before it did. So quotas are exact, whoever asks at once (T2).
    """
    facts = await hold_facts(tx, standing, questions, guard)
    in_use_before = dict(facts.in_use)
    effects = _Effects()
    answers = [await _one(tx, facts, effects, issuer, question) for question in questions]
    if effects.operations:
        await save_agents(tx, effects.created.values(), effects.changed.values())
        await quotas.set_used(tx, {quota: used for quota, used in facts.in_use.items() if used != in_use_before[quota]})
        await note_passed(tx, facts.guard)
        await set_deadlines(tx, LAPSE, dict.fromkeys(effects.operations, tx.now + OPERATION_LAPSES_AFTER))
    return answers


async def _one(
    tx: Transaction, facts: Facts, effects: _Effects, issuer: Issuer, question: Question
) -> Allowed | DecisionView | Grounds:
    if known := rules.repeated(facts, question):
        return known
    grounds = rules.weigh(facts, question)
    if grounds.answer is not Answer.ALLOW:
        return grounds
    decision_id = uuid7()
    if grounds.override and await use_approval(tx, question.actor, grounds.override, decision_id) is None:
        return Grounds(Answer.DENY, _just_used(question))
    approved = await use_approval(tx, question.actor, grounds.approval, decision_id) if grounds.approval else None
    if grounds.approval and approved is None:
        return Grounds(Answer.DENY, _just_used(question))
    before = facts.agents.get(question.name)
    after = after_action(question.action, before, question.resource, by=question.actor.email, now=tx.now)
    decision = DecisionView(
        id=decision_id,
        decision=Answer.ALLOW,
        reasons=(grounds.reason, *grounds.notes),
        action=question.action,
        resource=question.resource,
        decided_at=tx.now,
        request_id=grounds.approval,
        bypass_id=grounds.bypass,
        agent_id=after.id,
        operation="running",
        receipt=(await issuer.issue(tx, approved))[0].token if approved else None,
    )
    if grounds.bypass:
        use = Use(
            decision_id,
            grounds.bypass,
            question.action,
            question.name,
            question.context,
            before.snapshot() if before else None,
            after.snapshot(),
        )
        await note_use(tx, question.actor, use)
    _note(facts, effects, question, decision, after)
    return Allowed(decision, before, after)


def _just_used(question: Question) -> Reason:
    if isinstance(question.receipt, Receipt):
        return rules.used_up(question.receipt)
    return Reason("approvals.used", "The approval has just been used by another decision.")


def _note(facts: Facts, effects: _Effects, question: Question, decision: DecisionView, after: AgentView) -> None:
    """Questions that follow see what this one did."""
    facts.passed(question)
    facts.agents[question.name] = after
    facts.in_use[quotas.MAX_CONCURRENT_OPERATIONS] += 1
    effects.operations.append(decision.id)
    if question.action == "agent.create":
        facts.in_use[quotas.MAX_AGENTS] += 1
        facts.running.append((question.actor.email, decision))
        effects.created[after.id] = after
        return
    if question.action == "agent.retire":
        facts.in_use[quotas.MAX_AGENTS] = max(0, facts.in_use[quotas.MAX_AGENTS] - 1)
    (effects.created if after.id in effects.created else effects.changed)[after.id] = after
