"""What a request's circumstances mean under a policy: risk, the stages needed, automatic approval (P4, P5).

Pure. What was found is stored with the request, so that "why?" is answered with the values of that day.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from core.access import Directory, PersonView
from core.actor import Actor
from core.approvals.facts import agent_facts, person_facts, time_facts
from core.approvals.policy import ApprovalPolicy
from core.approvals.risk import DEFAULT_MODEL, Counted, Risk, RiskLevel, assess_risk
from core.conditions import Condition, Facts, Variables
from core.ids import UserId
from core.tenants import TenantPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Who asks for what, where and when."""

    action: str
    resource: Mapping[str, str]
    justification: str
    requester_id: UserId
    requester: Mapping[str, Any]  # facts.person_facts
    tenant: TenantPolicy
    now: datetime

    def variables(self) -> Variables:
        """What conditions may speak of (core/conditions/variables.py), but the risk, which follows from the rest."""
        return {
            "request": {
                "action": self.action,
                "resource": self.resource.get("name", ""),
                "justification": self.justification,
            },
            "agent": agent_facts(self.resource),
            "requester": dict(self.requester),
            "tenant": {"id": self.tenant.tenant_id, "compliance": list(self.tenant.compliance_requirements)},
            "budget": {"requested": _number(self.resource.get("budget", ""))},
            "time": time_facts(self.now, self.tenant.time_zone),
        }


def circumstances_of(
    actor: Actor,
    everybody: Directory,
    tenant: TenantPolicy,
    *,
    action: str,
    resource: Mapping[str, str],
    justification: str,
    now: datetime,
) -> Circumstances:
    """What the actor asks for, as conditions see it."""
    known = everybody.people.get(actor.user) if actor.user is not None else None
    requester = known or PersonView(id=UserId(UUID(int=0)), email=actor.email, name=actor.name)
    return Circumstances(
        action=action,
        resource=resource,
        justification=justification,
        requester_id=requester.id,
        requester=person_facts(requester, everybody),
        tenant=tenant,
        now=now,
    )


@dataclass(frozen=True, slots=True)
class Judged:
    """One condition of the policy, what it said, and the values that decided."""

    name: str  # a stage's key, or a criterion's name
    condition: str
    holds: bool
    values: Mapping[str, Any]
    error: str = ""


@dataclass(frozen=True, slots=True)
class Assessment:
    """What was found. `stages` holds those with a condition; one that does not hold is skipped."""

    risk: Risk
    stages: tuple[Judged, ...] = ()
    automatic: tuple[Judged, ...] = ()
    ticket: Judged | None = None  # None: the policy asks for no ticket

    def skipped(self, policy: ApprovalPolicy) -> frozenset[str]:
        """The stages that the request does not need: all of them if it approves itself."""
        if self.is_automatic:
            return frozenset(stage.key for stage in policy.stages)
        return frozenset(each.name for each in self.stages if not each.holds)

    @property
    def is_automatic(self) -> bool:
        """Whether every criterion of an automatic approval holds; a policy without criteria has none."""
        return bool(self.automatic) and all(each.holds for each in self.automatic)

    @property
    def needs_ticket(self) -> bool:
        """Whether a ticket must be named before anybody is asked."""
        return self.ticket is not None and self.ticket.holds

    def to_json(self) -> dict[str, Any]:
        """As stored with the request; `from_json` reads it back. What is not used is not in it."""
        return {key: value for key, value in asdict(self).items() if key != "ticket" or value is not None}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Assessment:
        """What was stored."""
        risk = document["risk"]
        return cls(
            risk=Risk(risk["score"], RiskLevel(risk["level"]), tuple(Counted(**each) for each in risk["counted"])),
            stages=tuple(Judged(**each) for each in document["stages"]),
            automatic=tuple(Judged(**each) for each in document["automatic"]),
            ticket=Judged(**document["ticket"]) if "ticket" in document else None,
        )


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The condition by which a policy says whether it applies cannot be evaluated."""

    policy: ApprovalPolicy
    error: str


@dataclass(frozen=True, slots=True)
class PolicyChoice:
    """The policy that applies, if any, and those that were passed over with what their conditions said."""

    policy: ApprovalPolicy | None
    passed_over: tuple[Judged, ...] = ()
    held: Judged | None = None  # the condition by which it applies; None: it has none
    unreadable: Unreadable | None = field(default=None)


def choose_policy(candidates: tuple[ApprovalPolicy, ...], circumstances: Circumstances) -> PolicyChoice:
    """The first of the candidates whose condition holds; they come in order, the one without a condition last.

    One that cannot be evaluated ends the search: neither it nor a laxer one after it may be assumed (X9).
    """
    passed: list[Judged] = []
    variables: Variables | None = None
    for policy in candidates:
        if policy.when is None:
            return PolicyChoice(policy, tuple(passed))
        variables = variables or circumstances.variables()
        _risk, facts = _weighed(policy, variables)
        judged = _judge(policy.title, policy.when, facts, in_doubt=False)
        if judged.error:
            return PolicyChoice(None, tuple(passed), unreadable=Unreadable(policy, judged.error))
        if judged.holds:
            return PolicyChoice(policy, tuple(passed), judged)
        passed.append(judged)
    return PolicyChoice(None, tuple(passed))


def assess(policy: ApprovalPolicy, circumstances: Circumstances) -> Assessment:
    """What the policy makes of the circumstances. In doubt a stage is needed, and nothing approves itself."""
    risk, facts = _weighed(policy, circumstances.variables())
    return Assessment(
        risk=risk,
        stages=tuple(
            _judge(stage.key, stage.when, facts, in_doubt=True) for stage in policy.stages if stage.when is not None
        ),
        automatic=tuple(_judge(each.name, each.when, facts, in_doubt=False) for each in policy.automatic),
        ticket=_judge_ticket(policy, facts),
    )


def _judge_ticket(policy: ApprovalPolicy, facts: Facts) -> Judged | None:
    """In doubt a ticket is needed."""
    if policy.ticket is None:
        return None
    if policy.ticket.when is None:
        return Judged("ticket", "", holds=True, values={})
    return _judge("ticket", policy.ticket.when, facts, in_doubt=True)


def _weighed(policy: ApprovalPolicy, variables: Variables) -> tuple[Risk, Facts]:
    """The risk under the policy, and the facts with it."""
    risk = assess_risk(policy.risk or DEFAULT_MODEL, Facts(variables))
    return risk, Facts({**variables, "risk": {"score": risk.score, "level": risk.level.value}})


def _judge(name: str, condition: Condition, facts: Facts, *, in_doubt: bool) -> Judged:
    finding = condition.find(facts, in_doubt=in_doubt)
    return Judged(name, condition.text, finding.holds, finding.values, finding.error)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0
