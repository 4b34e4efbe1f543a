"""What tests of access requests work with: denials evaluated, submitted, polled."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest
from sqlalchemy import text

from core.access_requests import (
    Evaluated,
    Submission,
    get_task,
    judge,
    register_callback,
    submit,
)
from core.approvals import list_requests
from core.approvals.queries import RequestFilter
from core.ids import EventId, uuid7
from core.outbox import Event
from tests.factories import agent, policies

ONE_STAGE = policies(
    'Creation:\n  applies_to: ["agent.create"]\n'
    "  stages: [{stage: security_review, approvers: [security_manager], timeout: 8 hours, on_timeout: expire}]\n"
)
AUTOMATIC = policies(
    'Creation:\n  applies_to: ["agent.create"]\n'
    "  automatic: [{criterion: Known service, when: 'agent.business_service == \"Accounts Payable\"'}]\n"
    "  stages: [{stage: security_review, approvers: [security_manager], timeout: 8 hours}]\n"
)
LOOPBACK = (ip_network("127.0.0.0/8"),)
ENDPOINT = "http://127.0.0.1:9/callbacks"


@pytest.fixture
def rules():
    """One stage, decided by the security manager."""
    return ONE_STAGE


def named(email, resource, action="agent.create"):
    facts = dict(resource)
    kind, name = facts.pop("type"), facts.pop("name")
    return {
        "subject": {"type": "user", "id": email, "properties": {}},
        "resource": {"type": kind, "id": name, "properties": facts},
        "action": {"name": action, "properties": {}},
    }


async def evaluated(
    company, rules, who="agent_developer", *, action="agent.create", about=None, presented=None, **facts
):
    """What the person is answered who evaluates."""
    caller = company.actor(who)
    asked = Evaluated(action, agent(**facts), named(caller.email, agent(**facts), action), presented)
    return await judge(company.database, company.gate(rules), caller, about or caller, asked)


def submission(company, found, who="agent_developer", **changes):
    """What follows from the evaluation, if nothing is changed."""
    resource = changes.pop("resource", agent())
    wanted = Submission(
        action="agent.create",
        resource=resource,
        named=named(company.people[who].email, resource),
        context={"justification": "Reads supplier invoices."},
        evaluation_id=found.evaluation_id,
        expires_at=found.offered_until,
        body_digest="the body",
    )
    return replace(wanted, **changes)


async def submitted(company, rules, found=None, who="agent_developer", **changes):
    """The task that came of it."""
    found = found or await evaluated(company, rules, who)
    wanted = submission(company, found, who, **changes)
    return await submit(company.database, company.gate(rules), company.actor(who), wanted)


async def polled(company, task, who="agent_developer"):
    return await get_task(company.database, company.actor(who), task.id)


async def requests_of(company):
    return await list_requests(company.database, company.actor("agent_developer"), RequestFilter())


async def notices(company):
    """How often each task's end was told."""
    async with company.database.tenant(company.tenant) as tx:
        found = await tx.connection.execute(
            text("SELECT data->>'status' FROM outbox_events WHERE type = 'access_request.ended' ORDER BY position")
        )
        return list(found.scalars())


def ended(company, request):
    """The event that the outbox brings when the request is over."""
    return Event(company.tenant, EventId(uuid7()), f"request:{request.id}", "request.approved", {}, company.clock.now())


async def registered(company, endpoint=ENDPOINT):
    admin = company.actor("tenant_administrator")
    return await register_callback(company.database, admin, endpoint, allowed=LOOPBACK)
