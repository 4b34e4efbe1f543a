"""The approval engine in process: policies weighed per second, engine transitions per second.

A policy with a risk of five factors, two conditional stages and two criteria of automatic approval. The yardstick is
the interpreter alone on the same nine conditions, its values converted beforehand.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from bench.errors import WrongAnswer
from bench.report import Case, Round, Section
from config.yamlfile import parse_yaml
from core.approvals import folding, rules
from core.approvals.assessment import Circumstances, assess
from core.approvals.policy import ApprovalPolicy
from core.approvals.policy_file import read_policies
from core.approvals.risk import DEFAULT_MODEL
from core.approvals.state import Choice, RequestState, RequestStatus, StageState, Vote
from core.conditions import Facts
from core.ids import UserId
from core.tenants import TenantPolicy

BARE, WEIGHED, TRANSITIONS = "the conditions alone", "policy weighed", "engine transitions"
NOW: Final = datetime(2026, 3, 2, 9, tzinfo=UTC)
ROLES: Final = ("meta_agent_manager", "security_manager", "compliance_manager", "tenant_administrator")
PEOPLE: Final = {role: frozenset({UserId(UUID(int=number))}) for number, role in enumerate(ROLES, start=2)}
ASKER: Final = UserId(UUID(int=1))
_POLICY: Final = """\
Agent Creation Approval:
  automatic:
    - {criterion: "Low risk", when: 'risk.level == "low"'}
    - {criterion: "Small budget", when: 'budget.requested <= 100.0'}
  stages:
    - {stage: technical_review, approvers: [meta_agent_manager], timeout: 24 hours}
    - {stage: security_review, approvers: [security_manager], timeout: 24 hours}
    - {stage: compliance_review, approvers: [compliance_manager], timeout: 24 hours, when: 'risk.level != "low"'}
    - {stage: business_approval, approvers: [tenant_administrator], timeout: 24 hours, when: 'risk.score >= 60'}
"""


def run(*, rounds: int, seconds: float) -> Section:
    """Raises WrongAnswer."""
    (policy,) = read_policies(parse_yaml(_POLICY, file="bench.yaml"))
    circumstances = Circumstances(
        action="agent.create",
        resource={"name": "invoice-helper", "data_classification": "personal", "environment": "production"},
        justification="Month-end close",
        requester_id=ASKER,
        requester={"email": "dana@example.com", "name": "Dana", "title": "", "roles": ["agent_developer"]},
        tenant=TenantPolicy(tenant_id="bench"),
        now=NOW,
    )
    found = assess(policy, circumstances)
    if (found.risk.score, found.is_automatic) != (60, False):
        raise WrongAnswer(f"the policy made {found} of it")
    facts = Facts({**circumstances.variables(), "risk": {"score": found.risk.score, "level": "high"}})
    conditions = [factor.when for factor in DEFAULT_MODEL.factors]
    conditions += [stage.when for stage in policy.stages if stage.when] + [each.when for each in policy.automatic]

    def bare() -> int:
        for condition in conditions:
            condition.program.execute(facts.context)
        return 1

    def weigh() -> int:
        assess(policy, circumstances)
        return 1

    def decide() -> int:
        return _approved(policy)

    works = {BARE: bare, WEIGHED: weigh, TRANSITIONS: decide}
    measured: dict[str, list[Round]] = {name: [] for name in works}
    for _ in range(rounds):
        for name, work in works.items():
            measured[name].append(Round(_rate(work, seconds)))
    return Section(
        "The approval engine in process",
        tuple(Case(name, tuple(each)) for name, each in measured.items()),
        baselines=(BARE,),
        notes=("A transition is an effect applied: stages opened and decided, votes recorded, the request approved.",),
    )


def _rate(work: Callable[[], int], seconds: float) -> float:
    done, begun = 0, time.thread_time()
    while (spent := time.thread_time() - begun) < seconds:
        done += work()
    return done / spent


def _approved(policy: ApprovalPolicy) -> int:
    """One request through its four stages; how many effects that took."""
    state = RequestState(
        requester=ASKER,
        digest="digest",
        status=RequestStatus.PENDING,
        stages=tuple(StageState(stage.key, roles=stage.approvers) for stage in policy.stages),
    )
    effects = rules.open_request(policy, ASKER, PEOPLE, now=NOW)
    applied, state = len(effects), folding.apply(state, effects)
    for number, stage in enumerate(policy.stages, start=1):
        (voter,) = PEOPLE[stage.approvers[0]]
        at = NOW + timedelta(minutes=number)
        vote = Vote(stage.key, voter, Choice.APPROVE, "Checked.", {}, "digest", at)
        effects = rules.cast_vote(state, policy, vote, PEOPLE, now=at)
        applied, state = applied + len(effects), folding.apply(state, effects)
    if state.status is not RequestStatus.APPROVED:
        raise WrongAnswer(f"four approvals made it {state.status}")
    return applied
