"""Answers to a batch of questions, stored and audited in the batch's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from core.approvals import ApprovalPolicy, PolicyCatalogue, Wishes, open_request, ticket_awaited
from core.audit import AuditCategory, AuditResult, Entry, record_all
from core.budgets import NOTHING, BudgetCatalogue, Guard, ask_override
from core.db import Transaction
from core.decisions import rules, store
from core.decisions.allowing import Allowed, carry_out
from core.decisions.facts import Standing, load_facts, load_standing
from core.decisions.questions import Purpose, Question
from core.decisions.rules import Grounds
from core.decisions.views import Answer, DecisionView, Reason
from core.errors import CountersignError
from core.ids import RequestId, uuid7
from core.named_tickets import Desks
from core.receipts import Issuer


@dataclass(frozen=True, slots=True)
class _Written:
    """What is stored of an answer."""

    question: Question
    decision: DecisionView | None
    entry: Entry


async def answer_all(
    tx: Transaction, catalogue: PolicyCatalogue, issuer: Issuer, questions: Sequence[Question]
) -> list[DecisionView | Grounds]:
    """To each question its decision; its grounds if it only evaluates, or if a request has to be opened first.

    The latter leaves no trace yet: see `ask_for_approval`.
    Raises Unavailable if no policy is loaded (X9).
    """
    standing = await load_standing(tx, catalogue)
    looked, guard = await _look(tx, standing, questions)
    acting = [
        number
        for number, found in enumerate(looked)
        if isinstance(found, Grounds) and found.answer is Answer.ALLOW and questions[number].purpose is Purpose.DECIDE
    ]
    answers: list[Allowed | DecisionView | Grounds] = list(looked)
    if acting:
        outcomes = await carry_out(tx, standing, issuer, [questions[number] for number in acting], guard=guard)
        for number, outcome in zip(acting, outcomes, strict=True):
            answers[number] = outcome
    return await _written(tx, questions, answers)


async def ask_for_approval(
    tx: Transaction, catalogue: PolicyCatalogue, question: Question, *, desks: Desks, budgets: BudgetCatalogue
) -> DecisionView | None:
    """The pending decision, with its request open; a denial if it cannot be opened.

    None: no approval is needed now, or it has been given at once, so the question is to be asked again.
    """
    asked = await request_approval(tx, catalogue, question, desks=desks, budgets=budgets)
    return asked if isinstance(asked, DecisionView) else None


async def request_approval(
    tx: Transaction, catalogue: PolicyCatalogue, question: Question, *, desks: Desks, budgets: BudgetCatalogue
) -> DecisionView | Grounds:
    """The pending decision, with its request open; a denial if it cannot be opened.

    Grounds, of which nothing is stored: it is allowed or denied without a request, or the request that was opened has
    been approved at once.
    """
    standing = await load_standing(tx, catalogue)
    (found,), _guard = await _look(tx, standing, [question])
    policy = standing.policy_for(question).policy
    if not isinstance(found, Grounds) or found.answer is not Answer.PENDING or (policy is None and not found.bite):
        return found
    decision = _decision(tx, question, found)
    try:
        async with tx.connection.begin_nested():
            request_id, is_approved = await _opened(tx, question, found, policy, desks=desks, budgets=budgets)
            awaited = await ticket_awaited(tx, request_id)
    except CountersignError as exc:
        decision = replace(decision, decision=Answer.DENY, reasons=(Reason(exc.code, exc.sentence()),))
    else:
        if is_approved:
            approved = Reason("approvals.approved", "It was approved at once.")
            return Grounds(Answer.ALLOW, approved, approval=request_id)
        reasons = (Reason(*awaited),) if awaited else decision.reasons
        decision = replace(decision, request_id=request_id, reasons=reasons)
    await _store(tx, [_Written(question, decision, _entry(question, decision))])
    return decision


async def _opened(
    tx: Transaction,
    question: Question,
    found: Grounds,
    policy: ApprovalPolicy | None,
    *,
    desks: Desks,
    budgets: BudgetCatalogue,
) -> tuple[RequestId, bool]:
    """The request that is needed now, open: to pass a budget first, then the policy; and whether it is approved."""
    justification = str(question.context.get("justification", ""))
    if found.bite is not None:
        return await ask_override(
            tx,
            budgets,
            question.actor,
            found.bite,
            action=question.action,
            agent=question.name,
            reason=justification,
        )
    assert policy is not None  # else nothing would be pending
    return await open_request(
        tx,
        question.actor,
        policy,
        action=question.action,
        resource=question.resource,
        justification=justification,
        wishes=Wishes(
            reopens=question.reopens,
            suggested=question.context.get("suggested_approvers"),
            ticket=question.context.get("ticket"),
        ),
        desks=desks,
    )


async def _look(
    tx: Transaction, standing: Standing, questions: Sequence[Question]
) -> tuple[list[DecisionView | Grounds], Guard]:
    """A first look without locks, so that whoever is denied holds up nobody; and the budgets as it found them."""
    first = [rules.outright(standing, question) for question in questions]
    undecided = [question for question, found in zip(questions, first, strict=True) if found is None]
    if not undecided:
        return [found for found in first if found is not None], NOTHING
    facts = await load_facts(tx, standing, undecided)
    looked = [
        found or rules.repeated(facts, question) or rules.weigh(facts, question)
        for question, found in zip(questions, first, strict=True)
    ]
    return looked, facts.guard


async def _written(
    tx: Transaction, questions: Sequence[Question], answers: Sequence[Allowed | DecisionView | Grounds]
) -> list[DecisionView | Grounds]:
    told: list[DecisionView | Grounds] = []
    written: list[_Written] = []
    for question, answer in zip(questions, answers, strict=True):
        match answer:
            case Allowed():
                told.append(answer.decision)
                written.append(_Written(question, answer.decision, _entry(question, answer.decision, answer)))
            case DecisionView():  # it was answered before
                told.append(answer)
            case Grounds() if question.purpose is Purpose.EVALUATE:
                told.append(answer)
                written.append(_Written(question, None, _evaluated(question, answer)))
            case Grounds(answer=Answer.DENY):
                decision = _decision(tx, question, answer)
                told.append(decision)
                written.append(_Written(question, decision, _entry(question, decision)))
            case Grounds():
                told.append(answer)
    await _store(tx, written)
    return told


async def _store(tx: Transaction, written: Sequence[_Written]) -> None:
    decided = [(each.question, each.decision) for each in written if each.decision is not None]
    if decided:
        await store.add(tx, decided)
    if written:
        await record_all(tx, [each.entry for each in written])


def _decision(tx: Transaction, question: Question, grounds: Grounds) -> DecisionView:
    return DecisionView(
        id=uuid7(),
        decision=grounds.answer,
        reasons=(grounds.reason,),
        action=question.action,
        resource=question.resource,
        decided_at=tx.now,
    )


def _entry(question: Question, decision: DecisionView, done: Allowed | None = None) -> Entry:
    """An action under a bypass is recorded with the agent's state before and after it (E5)."""
    states: dict[str, Any] = {}
    if done is not None and decision.bypass_id:
        before = done.before.snapshot() if done.before else None
        states = {"before": before, "after": done.after.snapshot(), "emergency": True}
    denied = decision.decision is Answer.DENY
    return Entry(
        actor=question.actor,
        action=question.action.replace(".", "_"),
        resource=question.name,
        subject_id=decision.id,
        result=AuditResult.DENIED if denied else AuditResult.SUCCESS,
        category=AuditCategory.SECURITY if denied or decision.bypass_id else AuditCategory.USER,
        details={
            "decision": decision.decision,
            "reasons": [reason.message for reason in decision.reasons],
            "resource": dict(question.resource),
            "context": dict(question.context),
            **decision.links(),
            **states,
        },
    )


def _evaluated(question: Question, grounds: Grounds) -> Entry:
    return Entry(
        actor=question.actor,
        action="decision.evaluate",
        resource=question.name,
        result=AuditResult.DENIED if grounds.answer is Answer.DENY else AuditResult.SUCCESS,
        details={
            "governed_action": question.action,
            "decision": grounds.answer,
            "reason": grounds.reason.message,
            **{key: question.context[key] for key in ("evaluation_id",) if key in question.context},
        },
    )
