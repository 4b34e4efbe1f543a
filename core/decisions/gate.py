"""The gate: questions of one tenant that come at once share a transaction, so a decision costs a share of a commit."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from prometheus_client import Histogram

from core.access import TokenScope, permission_for, permitted
from core.access.scopes import covers
from core.actor import Actor
from core.approvals import PolicyCatalogue
from core.budgets import BudgetCatalogue
from core.db import Batches, Database, Transaction
from core.decisions import rules
from core.decisions.deciding import answer_all, ask_for_approval, request_approval
from core.decisions.questions import Purpose, Question
from core.decisions.rules import Grounds
from core.decisions.views import Answer, DecisionView, Reason, Weighed
from core.errors import CountersignError, Unavailable
from core.ids import TenantId
from core.named_tickets import Desks
from core.receipts import ExpiredReceipt, InvalidReceipt, Issuer, Receipt

DECISION_SECONDS: Final = Histogram(
    "countersign_gate_decision_seconds",
    "Time from a question to its stored answer",
    ["decision"],
    buckets=(0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0),
)


class Observer(Protocol):
    """Whoever hears of operations."""

    def __call__(self, tenant: TenantId, seconds: float, *, action: str, success: bool) -> None:
        """One has ended now; it was asked whether this action may be done."""
        ...


class Gate:
    """May this be done now? No policy, no database, no answer: deny (X9)."""

    def __init__(
        self,
        database: Database,
        catalogue: PolicyCatalogue,
        issuer: Issuer,
        desks: Desks,
        budgets: BudgetCatalogue | None = None,
    ) -> None:
        self._database = database
        self._catalogue = catalogue
        self._issuer = issuer
        self._desks = desks
        self._budgets = budgets or BudgetCatalogue({})
        self.observed: Observer | None = None  # hears of each decision how long it took, and whether there was one
        self._batches: Batches[Question, DecisionView | Grounds] = Batches(database, self._answer)

    async def decide(
        self,
        actor: Actor,
        *,
        action: str,
        resource: Mapping[str, object],
        context: Mapping[str, Any],
        reopens: int | None = None,
    ) -> DecisionView:
        """The answer, stored and audited; a pending one has its request open, an allowed one has its effect.

        `reopens` is the number of an earlier request that is asked again.
        Raises InvalidQuestion or UnknownAction for a question that cannot be read; a refusal is an answer.
        """
        question = replace(await self._read(actor, Purpose.DECIDE, action, resource, context), reopens=reopens)
        begun, is_decided = time.perf_counter(), False
        try:
            found = await self._decided(question)
            is_decided = True
            DECISION_SECONDS.labels(str(found.decision)).observe(time.perf_counter() - begun)
        except CountersignError as exc:
            is_decided = not isinstance(exc, Unavailable)  # to say that a question is at fault is an answer
            raise
        finally:
            if self.observed is not None:
                self.observed(actor.tenant, time.perf_counter() - begun, action=action, success=is_decided)
        return found

    async def _decided(self, question: Question) -> DecisionView:
        while True:
            answer = await self._batches.ask(question.actor.tenant, question)
            if isinstance(answer, DecisionView):
                return answer
            async with self._database.tenant(question.actor.tenant) as tx:
                pending = await ask_for_approval(
                    tx, self._catalogue, question, desks=self._desks, budgets=self._budgets
                )
            if pending is not None:  # else it was approved or denied between the two looks
                return pending

    @property
    def catalogue(self) -> PolicyCatalogue:
        """The policies by which it decides."""
        return self._catalogue

    @property
    def desks(self) -> Desks:
        """The ticket systems in which tickets may be named."""
        return self._desks

    async def evaluate(self, actor: Actor, *, action: str, resource: Mapping[str, object]) -> tuple[Answer, Reason]:
        """What `decide` would answer now, with no effect but an audit record (AuthZEN evaluation, X1)."""
        weighed = await self.weigh(actor, action=action, resource=resource)
        return weighed.answer, weighed.reason

    async def weigh(
        self, actor: Actor, *, action: str, resource: Mapping[str, object], evaluation_id: str | None = None
    ) -> Weighed:
        """The same with what it rests on; `evaluation_id` names it in the audit record."""
        context = {} if evaluation_id is None else {"evaluation_id": evaluation_id}
        question = await self._read(actor, Purpose.EVALUATE, action, resource, context)
        answer = await self._batches.ask(actor.tenant, question)
        if isinstance(answer, Grounds):
            return Weighed(answer.answer, answer.reason, question.resource, answer.approval)
        raise TypeError("an evaluation has led to a decision")

    async def request(
        self,
        tx: Transaction,
        actor: Actor,
        *,
        action: str,
        resource: Mapping[str, object],
        context: Mapping[str, Any],
    ) -> Weighed:
        """As `decide` where approval is needed: the request is open when `tx` commits. Nothing that is allowed is done.

        ALLOW: an approval covers it, or was given at once. DENY: no request can lift it, or none can be opened.
        """
        question = await self._read(actor, Purpose.ASK, action, resource, context)
        asked = await request_approval(tx, self._catalogue, question, desks=self._desks, budgets=self._budgets)
        if isinstance(asked, DecisionView):
            return Weighed(asked.decision, asked.reasons[0], question.resource, asked.request_id)
        return Weighed(asked.answer, asked.reason, question.resource, asked.approval)

    async def close(self) -> None:
        """Whatever was asked is answered."""
        await self._batches.close()

    async def _read(
        self,
        actor: Actor,
        purpose: Purpose,
        action: str,
        resource: Mapping[str, object],
        context: Mapping[str, Any],
    ) -> Question:
        permission_for(action)
        receipt, told = await self._presented(actor, context)
        question = Question(actor, purpose, action, rules.normalised(resource), told, receipt=receipt)
        if not covers(actor, TokenScope.DECIDE):
            doing = f"decision.{purpose.value}"
            async with permitted(self._database, actor, TokenScope.DECIDE, action=doing, resource=question.name):
                pass  # it refuses, and records that
        return question

    async def _presented(
        self, actor: Actor, context: Mapping[str, Any]
    ) -> tuple[Receipt | CountersignError | None, Mapping[str, Any]]:
        """The receipt in the context, and the context as it is kept: with its id instead, since it is worth a decision.

        Raises Unavailable if the keys cannot be read.
        """
        await self._issuer.ready()
        if "receipt" not in context:
            return None, context
        try:
            receipt = await self._issuer.verify(str(context["receipt"]), tenant=actor.tenant)
        except (InvalidReceipt, ExpiredReceipt) as exc:
            return exc, {**context, "receipt": exc.code}
        return receipt, {**context, "receipt": str(receipt.claims.id)}

    async def _answer(self, tx: Transaction, questions: Sequence[Question]) -> Sequence[DecisionView | Grounds]:
        return await answer_all(tx, self._catalogue, self._issuer, questions)
