"""Use cases of the gate. No policy, no database, no answer: deny (X9)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from core.access import TokenScope, permission_for, permitted
from core.access.service import directory
from core.actor import Actor, Door, system_actor
from core.agents import AgentView, apply_action, check_action
from core.agents.service import forget_failed_creation
from core.approvals import PolicyCatalogue, RequestEvent, find_approval, open_request, use_approval
from core.audit import AuditCategory, AuditResult, record
from core.db import Database, Transaction
from core.deadlines import DeadlineHandler, Due, clear, set_deadline
from core.decisions import quotas, rules, store
from core.decisions.errors import InvalidQuestion, OutcomeReported, UnknownDecision
from core.decisions.views import Answer, DecisionView, Reason
from core.emergency import EmergencyEvent, active_bypass
from core.errors import CountersignError
from core.ids import BypassId, RequestId, uuid7
from core.outbox import emit
from core.tenants import TenantPolicy, tenant_policy

LAPSE: Final = "decisions.lapse"
# An operation whose platform never reports would hold its place in max_concurrent_operations for ever.
OPERATION_LAPSES_AFTER: Final = timedelta(hours=1)
OUTCOMES: Final = ("succeeded", "failed")


@dataclass(frozen=True, slots=True)
class _Grounds:
    """What the registry, the policies and the approvals say about a question."""

    answer: Answer
    reason: Reason
    approval: RequestId | None = None
    bypass: BypassId | None = None


async def decide(
    database: Database,
    catalogue: PolicyCatalogue,
    actor: Actor,
    *,
    action: str,
    resource: Mapping[str, object],
    context: Mapping[str, Any],
) -> DecisionView:
    """The gate's answer, stored and audited; a pending one has its request open, an allowed one has its effect.

    Raises InvalidQuestion or UnknownAction for a question that cannot be read; a refusal is an answer.
    """
    permission_for(action)
    asked = rules.normalised(resource)
    async with permitted(database, actor, TokenScope.DECIDE, action="decision.decide", resource=asked["name"]) as tx:
        if action == "agent.create" and (known := await store.running(tx, actor, action, asked)):
            return known  # the platform asks again because it did not get our answer
        policy = await tenant_policy(tx)
        grounds = await _grounds(tx, catalogue, policy, actor, action, asked)
        view = DecisionView(
            id=uuid7(),
            decision=grounds.answer,
            reasons=(grounds.reason,),
            action=action,
            resource=asked,
            decided_at=tx.now,
        )
        change: tuple[AgentView | None, AgentView] | None = None
        if grounds.answer is Answer.ALLOW:
            view, change = await _allow(tx, policy, actor, view, grounds)
        elif grounds.answer is Answer.PENDING:
            view = await _ask(tx, catalogue, policy, actor, view, context)
        await store.add(tx, actor, view, context)
        await _record(tx, actor, view, context, change)
        return view


async def evaluate(
    database: Database, catalogue: PolicyCatalogue, actor: Actor, *, action: str, resource: Mapping[str, object]
) -> tuple[Answer, Reason]:
    """What `decide` would answer now, with no effect but an audit record (AuthZEN evaluation, X1)."""
    permission_for(action)
    asked = rules.normalised(resource)
    async with permitted(database, actor, TokenScope.DECIDE, action="decision.evaluate", resource=asked["name"]) as tx:
        policy = await tenant_policy(tx)
        grounds = await _grounds(tx, catalogue, policy, actor, action, asked)
        await record(
            tx,
            actor,
            action="decision.evaluate",
            resource=asked["name"],
            result=AuditResult.DENIED if grounds.answer is Answer.DENY else AuditResult.SUCCESS,
            details={"governed_action": action, "decision": grounds.answer, "reason": grounds.reason.message},
        )
        return grounds.answer, grounds.reason


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
    """What the platform really did stands beside what was allowed (X8). The same report twice changes nothing."""
    if status not in OUTCOMES:
        raise InvalidQuestion(f"'{status}' is not an outcome.", where="status", accepted=OUTCOMES)
    async with permitted(
        database, actor, TokenScope.DECIDE, action="decision.outcome", resource=str(decision_id)
    ) as tx:
        view = await store.lock(tx, decision_id)
        if view is None:
            raise UnknownDecision(where="decision")
        if view.decision is not Answer.ALLOW:
            raise OutcomeReported(f"This decision was '{view.decision}', so there is nothing to report.")
        if view.operation in OUTCOMES:
            if view.operation != status:
                raise OutcomeReported(f"The outcome was reported already: {view.operation}.")
            return view
        await store.close(tx, decision_id, operation=status, outcome=details)
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
            details={"governed_action": view.action, "status": status, "outcome": dict(details), **_links(view)},
        )
        if view.request_id:
            await emit(
                tx,
                subject=f"request:{view.request_id}",
                type=RequestEvent.OUTCOME,
                data={"status": status, "action": view.action, "details": dict(details)},
            )
        return replace(view, operation=status, outcome=details, outcome_at=tx.now)


async def _grounds(
    tx: Transaction,
    catalogue: PolicyCatalogue,
    tenant: TenantPolicy,
    actor: Actor,
    action: str,
    resource: Mapping[str, str],
) -> _Grounds:
    """Nothing here changes anything: `evaluate` and `decide` share it."""
    everybody = await directory(tx)
    if not (actor.is_enterprise_admin or actor.door is Door.SYSTEM):
        verdict = everybody.access.may(actor.user, permission_for(action))
        if not verdict.allowed:
            return _Grounds(Answer.DENY, Reason("access.permission_missing", verdict.reason))
    if lacking := rules.missing(action, resource):
        return _Grounds(Answer.DENY, lacking[0])
    try:
        await check_action(tx, action, resource["name"])
    except CountersignError as exc:
        return _Grounds(Answer.DENY, Reason(exc.code, exc.sentence()))
    if refusal := await _full(tx, tenant, action):
        return _Grounds(Answer.DENY, refusal)
    if actor.user and (bypass := await active_bypass(tx, actor.user, action=action, resource=resource["name"])):
        return _Grounds(Answer.ALLOW, Reason("emergency.bypass", "An emergency bypass is active."), bypass=bypass)
    policy = catalogue.for_tenant(tenant).for_action(action)
    if policy is None:
        return _Grounds(Answer.DENY, Reason("policies.none", f"No approval policy covers {action}, so it is denied."))
    if not policy.stages:
        return _Grounds(Answer.ALLOW, Reason("policies.permission", f"'{policy.title}' asks for no approval."))
    if approval := await find_approval(tx, action, resource):
        return _Grounds(Answer.ALLOW, Reason("approvals.approved", "It was approved."), approval=approval)
    return _Grounds(Answer.PENDING, Reason("approvals.pending", f"'{policy.title}' has to be passed first."))


async def _full(tx: Transaction, tenant: TenantPolicy, action: str) -> Reason | None:
    """A first look without a lock, so that nobody approves what cannot be done; `_allow` counts exactly."""
    limits = tenant.resource_limits
    checks = [(quotas.MAX_CONCURRENT_OPERATIONS, limits.max_concurrent_operations)]
    if action == "agent.create":
        checks.insert(0, (quotas.MAX_AGENTS, limits.max_agents))
    for quota, limit in checks:
        if limit is not None and (in_use := await quotas.used(tx, quota)) >= limit:
            return quotas.exhausted(quota, limit, in_use)
    return None


async def _allow(
    tx: Transaction, tenant: TenantPolicy, actor: Actor, view: DecisionView, grounds: _Grounds
) -> tuple[DecisionView, tuple[AgentView | None, AgentView] | None]:
    """All that an allowed action does, or nothing and a denial: another may have been faster meanwhile."""
    try:
        async with tx.connection.begin_nested():
            await _take_quotas(tx, tenant, view.action)
            await _use(tx, actor, grounds.approval, view.id)
            before, after = await apply_action(tx, actor, view.action, view.resource)
    except _RefusedError as exc:
        return replace(view, decision=Answer.DENY, reasons=(exc.reason,)), None
    except CountersignError as exc:
        return replace(view, decision=Answer.DENY, reasons=(Reason(exc.code, exc.sentence()),)), None
    if view.action == "agent.retire":
        await quotas.give_back(tx, quotas.MAX_AGENTS)
    await set_deadline(tx, view.id, LAPSE, tx.now + OPERATION_LAPSES_AFTER)
    if grounds.bypass:
        await emit(
            tx,
            subject=f"bypass:{grounds.bypass}",
            type=EmergencyEvent.USED,
            data={"action": view.action, "resource": view.resource["name"], "by": actor.email},
        )
    view = replace(view, operation="running", request_id=grounds.approval, bypass_id=grounds.bypass, agent_id=after.id)
    return view, (before, after)


async def _use(tx: Transaction, actor: Actor, approval: RequestId | None, decision_id: UUID) -> None:
    if approval and not await use_approval(tx, actor, approval, decision_id):
        raise _RefusedError(Reason("approvals.used", "The approval has just been used by another decision."))


async def _take_quotas(tx: Transaction, tenant: TenantPolicy, action: str) -> None:
    limits = tenant.resource_limits
    wanted = [(quotas.MAX_CONCURRENT_OPERATIONS, limits.max_concurrent_operations)]
    if action == "agent.create":
        wanted.append((quotas.MAX_AGENTS, limits.max_agents))
    for quota, limit in wanted:
        refusal = await quotas.take(tx, quota, limit)
        if refusal:
            raise _RefusedError(refusal)
    if action == "agent.retire":
        await quotas.hold(tx, quotas.MAX_AGENTS)


async def _ask(
    tx: Transaction,
    catalogue: PolicyCatalogue,
    tenant: TenantPolicy,
    actor: Actor,
    view: DecisionView,
    context: Mapping[str, Any],
) -> DecisionView:
    policy = catalogue.for_tenant(tenant).for_action(view.action)
    if policy is None:  # _grounds has answered for it
        return view
    try:
        async with tx.connection.begin_nested():
            request_id, _is_new = await open_request(
                tx,
                actor,
                policy,
                action=view.action,
                resource=view.resource,
                justification=str(context.get("justification", "")),
            )
    except CountersignError as exc:
        return replace(view, decision=Answer.DENY, reasons=(Reason(exc.code, exc.sentence()),))
    return replace(view, request_id=request_id)


async def _record(
    tx: Transaction,
    actor: Actor,
    view: DecisionView,
    context: Mapping[str, Any],
    change: tuple[AgentView | None, AgentView] | None,
) -> None:
    """An action under a bypass is recorded with the agent's state before and after it (E5)."""
    states = {}
    if change and view.bypass_id:
        before, after = change
        states = {"before": _snapshot(before), "after": _snapshot(after), "emergency": True}
    await record(
        tx,
        actor,
        action=view.action.replace(".", "_"),
        resource=view.resource["name"],
        subject_id=view.id,
        result=AuditResult.DENIED if view.decision is Answer.DENY else AuditResult.SUCCESS,
        category=AuditCategory.SECURITY if view.decision is Answer.DENY or view.bypass_id else AuditCategory.USER,
        details={
            "decision": view.decision,
            "reasons": [reason.message for reason in view.reasons],
            "resource": dict(view.resource),
            "context": dict(context),
            **_links(view),
            **states,
        },
    )


def _snapshot(agent: AgentView | None) -> dict[str, Any] | None:
    if agent is None:
        return None
    return {
        "state": agent.state,
        "version": agent.version,
        "sponsor": agent.sponsor,
        "owner": agent.owner,
        "business_service": agent.business_service,
        "attributes": dict(agent.attributes),
    }


def _links(view: DecisionView) -> dict[str, str]:
    links = {"request_id": view.request_id, "bypass_id": view.bypass_id, "agent_id": view.agent_id}
    return {key: str(value) for key, value in links.items() if value}


async def _on_lapse(tx: Transaction, due: Due) -> None:
    view = await store.lock(tx, due.subject)
    if view is None or view.operation != "running":
        return
    await store.close(tx, view.id, operation="lapsed", outcome=None)
    await quotas.give_back(tx, quotas.MAX_CONCURRENT_OPERATIONS)
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


class _RefusedError(Exception):
    """Rolls back the savepoint of an allowed action that turned out to be impossible."""

    def __init__(self, reason: Reason) -> None:
        self.reason = reason
        super().__init__(reason.message)
