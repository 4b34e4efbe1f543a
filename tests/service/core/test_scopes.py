"""A token that does not cover a call: refused, and on record, whatever the call (R5, R6)."""

from types import SimpleNamespace

import pytest

from core import access
from core.access.errors import ScopeMissing
from core.access.visiting import visible_tenants
from core.agents import get_agent, list_agents
from core.approvals import RequestFilter, get_request, list_requests, policies_in_force
from core.audit import AuditFilter
from core.decisions import get_decision, report_outcome
from core.emergency import get_bypass, list_bypasses
from core.ids import uuid7
from core.trail import search_trail
from tests.factories import agent

CALLS = {
    "people": lambda at: access.list_people(at.database, at.who),
    "grants": lambda at: access.list_grants(at.database, at.who),
    "tokens": lambda at: access.list_tokens(at.database, at.who),
    "tenants": lambda at: visible_tenants(at.database, at.who),
    "policies": lambda at: policies_in_force(at.database, at.catalogue, at.who),
    "agent": lambda at: get_agent(at.database, at.who, uuid7()),
    "agents": lambda at: list_agents(at.database, at.who),
    "request": lambda at: get_request(at.database, at.who, uuid7()),
    "requests": lambda at: list_requests(at.database, at.who, RequestFilter()),
    "bypass": lambda at: get_bypass(at.database, at.who, uuid7()),
    "bypasses": lambda at: list_bypasses(at.database, at.who),
    "decision": lambda at: get_decision(at.database, at.who, uuid7()),
    "outcome": lambda at: report_outcome(at.database, at.who, uuid7(), status="succeeded", details={}),
    "decide": lambda at: at.gate.decide(at.who, action="agent.create", resource=agent(), context={}),
    "evaluate": lambda at: at.gate.evaluate(at.who, action="agent.create", resource=agent()),
}


@pytest.mark.row("R5", "R6")
@pytest.mark.parametrize("call", CALLS)
async def test_a_token_that_does_not_cover_the_call_is_refused_and_the_refusal_is_recorded(company, catalogue, call):
    narrow = company.actor("agent_developer", scopes=frozenset({"vote"}))

    with pytest.raises(ScopeMissing):
        await CALLS[call](
            SimpleNamespace(database=company.database, catalogue=catalogue, gate=company.gate(catalogue), who=narrow)
        )

    wanted = AuditFilter(result="denied")
    found = await search_trail(company.database, company.actor("audit_reviewer"), wanted, after=None, limit=10)
    recorded = [(entry["user_id"], entry["details"]["code"]) for _position, entry in found]
    assert recorded == [(narrow.email, "access.scope_missing")]


@pytest.mark.row("T1")
async def test_only_an_enterprise_administrator_sees_other_tenants(company):
    developer = await visible_tenants(company.database, company.actor("agent_developer"))
    assert [tenant.tenant_id for tenant in developer] == ["enterprise-corp"]
