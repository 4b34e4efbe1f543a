"""Pure rules of the gate: what a well-formed question is, and what the facts say to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from core.access import Directory, Verdict, permission_for
from core.actor import Actor, Door
from core.agents import FACT_MAX, NAME_MAX, REQUIRED_FACTS, AgentView, check_action, missing_facts
from core.budgets import OVERRIDE, Bite, Effect, override_of
from core.decisions import quotas
from core.decisions.errors import InvalidQuestion
from core.decisions.facts import Facts, Standing
from core.decisions.questions import Purpose, Question
from core.decisions.views import Answer, DecisionView, Reason
from core.errors import CountersignError
from core.ids import BypassId, RequestId
from core.receipts import OtherAction, Receipt, UsedApproval

ATTRIBUTES_MAX: Final = 30
ENVIRONMENT: Final = "environment"  # the attribute by which bypasses are told apart
_EVERYTHING: Final = Verdict(allowed=True, reason="The system and enterprise administrators may ask for everything.")


@dataclass(frozen=True, slots=True)
class Grounds:
    """An answer, and what it rests on. `notes` are said besides."""

    answer: Answer
    reason: Reason
    approval: RequestId | None = None
    bypass: BypassId | None = None
    bite: Bite | None = None  # the budget that it is denied or queued by
    override: RequestId | None = None  # the approval that lets it pass its budgets
    notes: tuple[Reason, ...] = ()


def normalised(resource: Mapping[str, object]) -> dict[str, str]:
    """The resource as it is compared and stored: texts, trimmed, blanks dropped, `type: agent` implied.

    Raises InvalidQuestion naming the field.
    """
    if len(resource) > ATTRIBUTES_MAX:
        raise InvalidQuestion(f"A resource has at most {ATTRIBUTES_MAX} attributes.", where="resource")
    texts: dict[str, str] = {}
    for key, value in resource.items():
        if value is None:
            continue
        if not isinstance(value, (str, int, float)):
            raise InvalidQuestion(f"'{key}' must be a text or a number.", where=f"resource.{key}")
        text = str(value).strip()
        if len(text) > FACT_MAX:
            raise InvalidQuestion(
                f"'{key}' has {len(text)} characters; at most {FACT_MAX} are accepted.", where=f"resource.{key}"
            )
        if text:
            texts[key] = text
    if texts.pop("type", "agent") != "agent":
        raise InvalidQuestion("The gate governs agents only.", where="resource.type", accepted=("agent",))
    if not texts.get("name"):
        raise InvalidQuestion("Name the agent.", where="resource.name")
    if len(texts["name"]) > NAME_MAX:
        raise InvalidQuestion(f"An agent's name has at most {NAME_MAX} characters.", where="resource.name")
    return texts


def verdict_on(everybody: Directory, actor: Actor, action: str) -> Verdict:
    """Whether the actor's roles let them ask for the action at all, and the rule that decides."""
    if actor.is_enterprise_admin or actor.door is Door.SYSTEM:
        return _EVERYTHING
    return everybody.access.may(actor.user, permission_for(action))


def outright(standing: Standing, question: Question) -> Grounds | None:
    """The denial that needs no look at the registry; None if one is needed."""
    verdict = verdict_on(standing.everybody, question.actor, question.action)
    if not verdict.allowed:
        return _denied("access.permission_missing", verdict.reason)
    if question.action == "agent.create" and (lacking := missing_facts(question.resource)):
        needed = ", ".join(REQUIRED_FACTS)
        return _denied("agents.fact_missing", f"Every agent needs {needed}; '{lacking[0]}' is missing.")
    return None


def weigh(facts: Facts, question: Question) -> Grounds:
    """What the registry, quotas, budgets, policies and approvals say to a question that is not denied outright.

    Every agent has a sponsor, an owner and a business service (X7); no policy means no (X9).
    """
    action, name, receipt = question.action, question.name, question.receipt
    if receipt is not None and (refused := _refused(facts, question, receipt)):
        return Grounds(Answer.DENY, refused)
    try:
        check_action(action, name, facts.agents.get(name))
    except CountersignError as exc:
        return _denied(exc.code, exc.sentence())
    if refusal := _full(facts, action):
        return Grounds(Answer.DENY, refusal)
    places = environments_of(facts.agents.get(name), question)
    for bypass in facts.bypasses if receipt is None else ():
        if bypass.covers(question.actor.user, action=action, resource=name, environments=places):
            reason = Reason("emergency.bypass", "An emergency bypass is active.")
            return Grounds(Answer.ALLOW, reason, bypass=bypass.id)
    override = _override(facts, question)
    bites = facts.bites(question)
    if bites and bites[0].effect is not Effect.WARN and override is None:
        answer = Answer.PENDING if bites[0].effect is Effect.QUEUE else Answer.DENY
        return Grounds(answer, Reason(*bites[0].reason(now=facts.standing.now)), bite=bites[0])
    grounds = _by_policy(facts, question)
    if not bites or grounds.answer is not Answer.ALLOW:
        return grounds
    notes = tuple(Reason(*bite.reason(now=facts.standing.now)) for bite in bites if bite.effect is Effect.WARN)
    return replace(grounds, notes=notes, override=None if bites[0].effect is Effect.WARN else override)


def _by_policy(facts: Facts, question: Question) -> Grounds:
    """What the policies and the approvals say."""
    action, receipt = question.action, question.receipt
    choice = facts.standing.policy_for(question)
    policy = choice.policy
    if choice.unreadable is not None:
        unreadable = choice.unreadable
        return _denied(
            "policies.unreadable",
            f"Whether '{unreadable.policy.title}' applies cannot be told ({unreadable.error}), so it is denied.",
        )
    if policy is None:
        return _denied("policies.none", f"No approval policy covers {action}, so it is denied.")
    if isinstance(receipt, Receipt):
        reason = Reason("receipts.valid", f"The receipt of {receipt.claims.reference} holds.")
        return Grounds(Answer.ALLOW, reason, approval=receipt.claims.request_id)
    if not policy.stages:
        return Grounds(Answer.ALLOW, Reason("policies.permission", f"'{policy.title}' asks for no approval."))
    covering = [each for each in facts.approvals if each.covers(action, question.resource)]
    for approval in covering:
        if approval.barrier(now=facts.standing.now) is None:
            return Grounds(Answer.ALLOW, Reason("approvals.approved", "It was approved."), approval=approval.id)
    for approval in covering:  # there is one, and it rests on a ticket that keeps it from being used
        if barred := approval.barrier(now=facts.standing.now):
            return _denied(barred.code, barred.message)
    return Grounds(Answer.PENDING, Reason("approvals.pending", f"'{policy.title}' has to be passed first."))


def _override(facts: Facts, question: Question) -> RequestId | None:
    """The approval that lets exactly this action pass its budgets once."""
    name = override_of(question.action, question.name)["name"]
    for each in facts.approvals:
        if each.action == OVERRIDE and each.resource.get("name") == name:
            return each.id
    return None


def environments_of(agent: AgentView | None, question: Question) -> tuple[str, ...]:
    """Where the agent is before the action, and where it would be after it; an empty text where nobody says."""
    before = agent.attributes.get(ENVIRONMENT, "") if agent is not None else None
    after = question.resource.get(ENVIRONMENT, before or "")
    return (after,) if before is None else (before, after)


def used_up(receipt: Receipt) -> Reason:
    """Why a genuine receipt allows nothing: another decision has consumed its approval, or that has expired."""
    return Reason(UsedApproval.code, f"The approval of {receipt.claims.reference} is used up, or no longer stands.")


def repeated(facts: Facts, question: Question) -> DecisionView | None:
    """The creation that this person was granted for exactly this and has not reported on yet: the answer was lost."""
    for asker, decision in facts.running:
        same = (asker, decision.action, decision.resource) == (question.actor.email, question.action, question.resource)
        if same and question.purpose is Purpose.DECIDE and _rests_on(decision, question.receipt):
            return decision
    return None


def _rests_on(decision: DecisionView, receipt: Receipt | CountersignError | None) -> bool:
    """Whether the decision is an answer to who presents this: with a receipt, only the one that consumed it is."""
    if receipt is None:
        return True
    return isinstance(receipt, Receipt) and decision.request_id == receipt.claims.request_id


def _refused(facts: Facts, question: Question, receipt: Receipt | CountersignError) -> Reason | None:
    """Why what was presented is denied, whatever else might allow the question; None if it holds.

    Whoever presents a receipt means that approval and no other ground (P11).
    """
    if isinstance(receipt, CountersignError):
        return Reason(receipt.code, receipt.sentence())
    claims = receipt.claims
    if (claims.action, claims.resource) != (question.action, question.resource):
        message = f"The receipt is for {claims.action} of '{claims.resource.get('name')}' as it was approved."
        return Reason(OtherAction.code, message)
    for each in facts.approvals:
        if each.id == claims.request_id and each.covers(claims.action, claims.resource):
            barred = each.barrier(now=facts.standing.now)
            return Reason(barred.code, barred.message) if barred else None
    return used_up(receipt)


def _full(facts: Facts, action: str) -> Reason | None:
    limits = facts.standing.tenant.resource_limits
    checks = [(quotas.MAX_CONCURRENT_OPERATIONS, limits.max_concurrent_operations)]
    if action == "agent.create":
        checks.insert(0, (quotas.MAX_AGENTS, limits.max_agents))
    for quota, limit in checks:
        if limit is not None and facts.in_use[quota] >= limit:
            return quotas.exhausted(quota, limit, facts.in_use[quota])
    return None


def _denied(code: str, message: str) -> Grounds:
    return Grounds(Answer.DENY, Reason(code, message))
