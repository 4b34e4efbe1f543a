"""What the gate says to any facts: never yes without a ground, never more than a quota, always with a reason."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from core.access import Directory, PersonView
from core.access.grants import Grant, compile_grants
from core.actor import Actor, Door
from core.agents import after_action
from core.approvals import UsableApproval
from core.decisions.facts import Facts, Standing
from core.decisions.questions import Purpose, Question
from core.decisions.rules import normalised, outright, repeated, weigh
from core.decisions.views import Answer, DecisionView, Reason
from core.emergency import RunningBypass
from core.ids import BypassId, RequestId, TenantId, UserId, uuid7
from core.roles.hierarchy import Scope
from core.roles.permissions import ROLE_PERMISSIONS, permission_for
from core.tenants import ANYWHERE, TenantPolicy
from core.tenants.policy import ResourceLimits
from tests.factories import agent, policies

NOW = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
ACTIONS = ("agent.create", "agent.deploy", "agent.modify", "agent.retire")
PERSON = PersonView(UserId(uuid7()), "dana@enterprise-corp.example", "Dana")
OTHER = UserId(uuid7())
STAGED = """
Staged:
  applies_to: ["agent.create", "agent.modify"]
  stages:
    - stage: Review
      approvers: ["tenant_admin"]
      timeout: 24 hours
"""
FREE = 'Free:\n  applies_to: ["agent.deploy"]\n  stages: []\n'
CATALOGUE = policies(STAGED + FREE)  # nothing covers agent.retire


def actor(user=PERSON.id):
    return Actor(tenant=TenantId("enterprise-corp"), user=user, email=PERSON.email, name=PERSON.name, door=Door.API)


def question(action, *, purpose=Purpose.DECIDE, **facts):
    return Question(actor(), purpose, action, normalised(agent(**facts)), {})


def standing(roles=(), **limits):
    access = compile_grants([Grant(PERSON.id, role, Scope()) for role in roles], ROLE_PERMISSIONS)
    tenant = TenantPolicy(tenant_id="enterprise-corp", resource_limits=ResourceLimits(**limits))
    everybody = Directory({PERSON.id: PERSON}, {PERSON.email: PERSON}, {}, {}, access)
    return Standing(everybody, tenant, CATALOGUE.for_tenant(tenant), NOW)


def approval(action):
    return UsableApproval(RequestId(uuid7()), action, normalised(agent()))


def bypass(user, action, resource, environment):
    return RunningBypass(BypassId(uuid7()), user, action, resource, environment)


AGENT = after_action("agent.create", None, normalised(agent()), by=PERSON.email, now=NOW)
facts = st.builds(
    lambda known, limits, in_use, approvals, bypasses: Facts(
        standing((), **limits), {AGENT.name: AGENT} if known else {}, in_use, tuple(approvals), tuple(bypasses), []
    ),
    known=st.booleans(),
    limits=st.fixed_dictionaries(
        {
            "max_agents": st.none() | st.integers(0, 3),
            "max_concurrent_operations": st.none() | st.integers(0, 3),
        }
    ),
    in_use=st.fixed_dictionaries({"max_agents": st.integers(0, 4), "max_concurrent_operations": st.integers(0, 4)}),
    approvals=st.lists(st.sampled_from(ACTIONS).map(approval), max_size=2),
    bypasses=st.lists(
        st.builds(
            bypass,
            st.sampled_from((PERSON.id, OTHER)),
            st.sampled_from((*ACTIONS, "*")),
            st.sampled_from((AGENT.name, "another", "*")),
            st.sampled_from((ANYWHERE, "production")),  # the agent names no environment
        ),
        max_size=2,
    ),
)
questions = st.builds(question, st.sampled_from(ACTIONS))


@given(facts, questions)
def test_a_yes_rests_on_a_policy_without_stages_an_approval_or_a_bypass(facts, question):
    found = weigh(facts, question)
    if found.answer is not Answer.ALLOW:
        assert (found.approval, found.bypass) == (None, None)
        return
    grounds = [
        each.id
        for each in facts.bypasses
        if each.covers(PERSON.id, action=question.action, resource=AGENT.name, environments=("",))
    ]
    approvals = [each.id for each in facts.approvals if each.action == question.action]
    if found.bypass:
        assert found.bypass in grounds
    elif found.approval:
        assert found.approval in approvals
        assert question.action in {"agent.create", "agent.modify"}
    else:
        assert question.action == "agent.deploy"


@given(facts, questions)
def test_nothing_is_allowed_beyond_a_quota(facts, question):
    limits, found = facts.standing.tenant.resource_limits, weigh(facts, question)
    room = limits.max_concurrent_operations is None or (
        facts.in_use["max_concurrent_operations"] < limits.max_concurrent_operations
    )
    if question.action == "agent.create":
        room = room and (limits.max_agents is None or facts.in_use["max_agents"] < limits.max_agents)
    assert room or found.answer is Answer.DENY


@given(facts, questions)
def test_an_agent_is_created_once_and_changed_only_if_it_exists(facts, question):
    is_known = AGENT.name in facts.agents
    if is_known == (question.action == "agent.create"):
        assert weigh(facts, question).answer is Answer.DENY


@given(facts, questions)
def test_every_answer_says_why(facts, question):
    reason = weigh(facts, question).reason
    assert "." in reason.code
    assert reason.message.endswith(".")


@given(st.lists(st.sampled_from(tuple(ROLE_PERMISSIONS)), max_size=3), questions)
def test_who_lacks_the_permission_is_denied_before_anything_is_looked_up(roles, question):
    found = outright(standing(roles), question)
    may = any(ROLE_PERMISSIONS[role] & permission_for(question.action) for role in roles)
    assert (found is None) == may


def test_a_lost_answer_is_repeated_to_the_person_who_asked_for_exactly_this():
    asked = question("agent.create")
    known = DecisionView(uuid7(), Answer.ALLOW, (Reason("a.b", "c."),), asked.action, asked.resource, NOW)
    found = Facts(standing(), {}, {}, (), (), [(PERSON.email, known)])
    assert repeated(found, asked) is known
    assert repeated(found, question("agent.create", owner="lee@x.example")) is None
    assert repeated(found, question("agent.create", purpose=Purpose.EVALUATE)) is None
    assert repeated(Facts(standing(), {}, {}, (), (), [("lee@x.example", known)]), asked) is None
