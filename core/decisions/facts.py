"""What the gate must know to answer: read once for a whole batch of questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.access import Directory, directory
from core.agents import PROJECT, AgentView, agents_named, hold_agents, projects_of
from core.approvals import (
    PolicyCatalogue,
    PolicyChoice,
    PolicySet,
    UsableApproval,
    choose_policy,
    circumstances_of,
    usable_approvals,
)
from core.budgets import NOTHING, Bite, Guard, load_guard, override_of
from core.db import Transaction
from core.decisions import quotas, store
from core.decisions.questions import Question
from core.decisions.views import DecisionView
from core.emergency import RunningBypass, running_bypasses
from core.tenants import TenantPolicy, tenant_policy


@dataclass(frozen=True, slots=True)
class Standing:
    """What holds whatever is asked: people, policies, limits. Remembered, so reading it costs nothing."""

    everybody: Directory
    tenant: TenantPolicy
    policies: PolicySet
    now: datetime

    def policy_for(self, question: Question) -> PolicyChoice:
        """The policy that covers the question, and by which condition."""
        candidates = self.policies.candidates(question.action)
        if candidates and candidates[0].when is None:  # nearly always: no condition to look at
            return PolicyChoice(candidates[0])
        circumstances = circumstances_of(
            question.actor,
            self.everybody,
            self.tenant,
            action=question.action,
            resource=question.resource,
            justification=str(question.context.get("justification", "")),
            now=self.now,
        )
        return choose_policy(candidates, circumstances)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the questions are about. While facts are held, the gate keeps them true as it allows one after another."""

    standing: Standing
    agents: dict[str, AgentView]
    in_use: dict[str, int]  # quota -> how much of it
    approvals: tuple[UsableApproval, ...]
    bypasses: tuple[RunningBypass, ...]
    running: list[tuple[str, DecisionView]]  # creations whose outcome is not reported yet, by the asker's e-mail
    guard: Guard = NOTHING  # the budgets as they stand

    def bites(self, question: Question) -> tuple[Bite, ...]:
        """The controls of budgets that hold for the question, the strongest first."""
        projects = _projects(question, self.agents)
        return self.guard.bites(action=question.action, projects=projects, agent=question.name, now=self.standing.now)

    def passed(self, question: Question) -> None:
        """Budgets that slow such actions down have let this one through."""
        projects = _projects(question, self.agents)
        self.guard.passed(action=question.action, projects=projects, agent=question.name, now=self.standing.now)


def _projects(question: Question, agents: Mapping[str, AgentView]) -> frozenset[str]:
    return projects_of(question.resource.get(PROJECT, ""), agents.get(question.name))


async def load_standing(tx: Transaction, catalogue: PolicyCatalogue) -> Standing:
    """Raises Unavailable if no policy is loaded (X9)."""
    policy = await tenant_policy(tx)
    return Standing(await directory(tx), policy, catalogue.for_tenant(policy), tx.now)


async def load_facts(tx: Transaction, standing: Standing, questions: Sequence[Question]) -> Facts:
    """As things are now; another transaction may change them the next moment."""
    agents = await agents_named(tx, {question.name for question in questions})
    in_use = await quotas.in_use(tx)
    return await _facts(tx, standing, questions, agents=agents, in_use=in_use, guard=await load_guard(tx))


async def hold_facts(tx: Transaction, standing: Standing, questions: Sequence[Question], guard: Guard) -> Facts:
    """As things are until commit: quotas and agents are locked, in the order that `quotas` names.

    Budgets are as this batch found them, `guard`, unless one slows down: then who was let through last matters.
    """
    in_use = await quotas.hold_all(tx)
    agents = await hold_agents(tx, {question.name for question in questions})
    if guard.is_slowing:
        guard = await load_guard(tx)
    return await _facts(tx, standing, questions, agents=agents, in_use=in_use, guard=guard)


async def _facts(
    tx: Transaction,
    standing: Standing,
    questions: Sequence[Question],
    *,
    agents: dict[str, AgentView],
    in_use: dict[str, int],
    guard: Guard,
) -> Facts:
    creations = {question.name for question in questions if question.action == "agent.create"}
    approved = {
        question.name
        for question in questions
        if question.receipt is not None or _needs_approval(standing, question.action)
    }
    for each in questions:  # only what a budget holds up needs an override
        projects = _projects(each, agents)
        if guard.bites(action=each.action, projects=projects, agent=each.name, now=standing.now):
            approved.add(override_of(each.action, each.name)["name"])
    askers = {question.actor.user for question in questions if question.actor.user is not None}
    return Facts(
        standing,
        agents,
        in_use,
        approvals=await usable_approvals(tx, approved) if approved else (),
        bypasses=await running_bypasses(tx, askers) if askers else (),
        running=await store.running_creations(tx, creations) if creations else [],
        guard=guard,
    )


def _needs_approval(standing: Standing, action: str) -> bool:
    return any(policy.stages for policy in standing.policies.candidates(action))
