"""What rules do in ticket systems and at addresses, and what people do there makes them do (N5)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from uuid import UUID, uuid4

import pytest
from aiohttp import web

from connectors.itsm.base import Ticket, TicketState
from connectors.itsm.happenings import EVENTS
from connectors.itsm.subscriber import TicketSync
from core.approvals import RequestFilter, get_request, list_requests, withdraw
from core.links import OWN, TicketEvent, TicketLink, count_tickets, save_ticket, tickets_after, tickets_of
from core.outbox import Subscription
from sandbox.faults import Fault
from tests.automation_world import SOON, World, rulebook
from tests.contract.itsm.systems import SYSTEMS
from tests.factories import ask
from tests.service.connectors.test_callbacks import receiver

__all__ = ["receiver"]  # the fixture
pytestmark = pytest.mark.row("N5")
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
MIRROR = (
    "  - name: mirror\n    on: ticket.commented\n    then:\n"
    '      - comment: {on: request, text: "{ticket.by}: {ticket.text}"}\n'
    '      - comment: {on: ticket, text: "Passed on to {request.reference}."}\n'
)


@pytest.fixture(params=SYSTEMS)
async def bench(request):
    async with SYSTEMS[request.param]() as running:
        yield running


@pytest.fixture
async def desk(bench):
    connected = bench.connect(read_timeout_s=2.0, total_timeout_s=8.0)
    yield connected
    await connected.close()


@pytest.fixture
async def servicenow():
    async with SYSTEMS["servicenow"]() as running:
        connected = running.connect(read_timeout_s=2.0, total_timeout_s=8.0)
        yield running, connected
        await connected.close()


def world(company, catalogue, yaml, desk=None):
    """Rules, and a ticket for each request, as `app.tickets` has it."""
    found = World(company, catalogue, rulebook(company, yaml), desk)
    if desk is not None:
        sync = TicketSync("desk", company.tenant, desk, company.database)
        types = frozenset(map(str, EVENTS))
        found.more.append(Subscription("desk", types, sync.deliver, SOON, deliver_many=sync.deliver_many))
    return found


async def ticket_of(company, subject_id):
    async with company.database.tenant(company.tenant) as tx:
        (link,) = (await tickets_of(tx, [subject_id]))[subject_id]
    return link


async def test_what_somebody_writes_there_stands_under_the_request_once_and_is_answered_there_once(
    company, catalogue, bench, desk
):
    rules = world(company, catalogue, MIRROR, desk)
    request_id = (await ask(company, catalogue)).request_id
    await rules.settle()
    await rules.look()
    link = await ticket_of(company, request_id)
    await bench.note(bench_ticket(link), "The freeze begins on Friday.")
    for _ in range(3):
        await rules.look()
    request = await get_request(company.database, company.actor("agent_developer"), request_id)
    (said,) = [each.text for each in request.comments]
    assert said.endswith(": The freeze begins on Friday.")
    answers = [text for text in bench.one(str(request_id)).texts if "Passed on to" in text]
    assert len(answers) == 1
    assert await rules.results() == ["fired"]  # neither our comment here nor our answer there fired it again


async def test_what_a_rule_does_in_a_ticket_is_no_news_to_rules_but_to_those_that_want_it(
    company, catalogue, bench, desk
):
    yaml = (
        "  - {name: begin, on: request.opened, then: [{transition: {system: desk, to: rejected, note: Too early.}}]}\n"
        "  - {name: other, on: ticket.changed, then: [{notify: {channel: approvals, text: x}}]}\n"
        "  - {name: own, on: ticket.changed, react_to_own: true, then: [{notify: {channel: approvals, text: x}}]}\n"
    )
    rules = world(company, catalogue, yaml, desk)
    request_id = (await ask(company, catalogue)).request_id
    await rules.settle()
    for _ in range(2):
        await rules.look()
    assert "Too early." in str(bench.one(str(request_id)).texts)
    assert (await rules.results("begin"), await rules.results("other")) == (["fired"], [])
    chains = {run.chain for run in await rules.history("own")}
    assert ("begin",) in chains


@pytest.mark.parametrize("fault", [Fault.COMMIT_THEN_TIMEOUT, Fault.SERVER_ERROR, Fault.DOWN])
async def test_an_incident_that_a_rule_makes_is_made_once_whatever_fails(company, catalogue, servicenow, fault):
    running, desk = servicenow
    yaml = (
        "  - name: incident\n    on: request.opened\n    then:\n"
        '      - create_ticket: {system: desk, kind: incident, summary: "{request.reference} is asked for", fields: {business_service: "{agent.business_service}"}}\n'
    )
    rules = World(company, catalogue, rulebook(company, yaml), desk)
    await ask(company, catalogue)
    running.fail(fault, 2)
    await rules.settle()
    (row,) = [row for row in running.system.records("incident") if row["correlation_display"]]
    assert row["short_description"] == "REQ-1001 is asked for"
    (run,) = await rules.history()
    assert (run.effects[0].state, run.effects[0].outcome) == ("done", f"{row['number']} was created.")
    (created,) = await rules.events(TicketEvent.CREATED)
    assert (created["number"], created["origin"]) == (row["number"], ["incident"])


async def test_an_incident_closed_there_asks_for_an_approval_here_in_the_rule_s_own_name(
    company, catalogue, servicenow
):
    running, desk = servicenow
    yaml = (
        "  - name: incident\n    on: request.withdrawn\n    then:\n"
        '      - create_ticket: {system: desk, kind: incident, summary: "Look after {agent.name}"}\n'
        "  - name: ask-when-closed\n    on: ticket.closed\n    when: 'ticket.kind == \"incident\"'\n    then:\n"
        '      - open_approval: {action: agent.create, justification: "{ticket.number} is closed by {ticket.by}.", resource: {name: "after-{ticket.number}", sponsor: s@x.example, owner: o@x.example, business_service: Ops}}\n'
    )
    rules = world(company, catalogue, yaml, desk)  # the request has a ticket of its own there
    request_id = (await ask(company, catalogue)).request_id
    await rules.settle()
    await withdraw(company.database, company.actor("agent_developer"), request_id)
    await rules.settle()
    await rules.look()
    (row,) = [row for row in running.system.records("incident") if row["correlation_display"]]
    await running.system.edit(
        "incident", row["sys_id"], {"state": "Closed", "close_code": "Solved (Permanently)", "close_notes": "Done."}
    )
    for _ in range(2):
        await rules.look()
    found = await list_requests(company.database, company.actor("agent_developer"), RequestFilter())
    made = next(each for each in found if each.resource["name"] == f"after-{row['number']}")
    assert (made.status, made.requester.name, made.requester.active) == ("pending", "Rule ask-when-closed", False)
    assert made.justification.startswith(f"{row['number']} is closed by ")
    assert await rules.results("ask-when-closed") == ["fired"]
    assert (await rules.history("ask-when-closed"))[0].chain == ("incident",)


async def test_a_webhook_is_a_cloud_event_with_a_signature_that_its_receiver_can_check(
    company, catalogue, receiver, monkeypatch
):
    monkeypatch.setenv("RULES_SECRET", SECRET)
    yaml = (
        "  - name: call\n    on: request.opened\n    then:\n"
        f'      - call_webhook: {{url: "{receiver.url}", secret: {{env: RULES_SECRET}}, data: {{reference: "{{request.reference}}"}}}}\n'
    )
    rules = world(company, catalogue, yaml)
    request_id = (await ask(company, catalogue)).request_id
    receiver.answers = [receiver_fails()]
    await rules.settle()
    (first, _), (headers, body) = receiver.got
    assert first["webhook-id"] == headers["webhook-id"]  # by which the receiver knows the repetition
    content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    mac = hmac.new(base64.b64decode(SECRET.removeprefix("whsec_")), content, hashlib.sha256).digest()
    assert headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    event = json.loads(body)
    assert (headers["content-type"], event["specversion"], event["id"]) == (
        "application/cloudevents+json",
        "1.0",
        headers["webhook-id"],
    )
    assert (event["type"], event["subject"], event["data"]) == (
        "countersign.request.opened",
        f"request:{request_id}",
        {"reference": "REQ-1001"},
    )
    (run,) = await rules.history()
    assert run.effects[0].state == "done"
    assert SECRET not in str(run)


@pytest.mark.parametrize("held", ["", "whsec_short", "no secret at all"])
async def test_a_secret_that_is_none_makes_a_dead_letter_that_does_not_tell_it(
    company, catalogue, receiver, monkeypatch, held
):
    monkeypatch.setenv("RULES_SECRET", held)
    yaml = (
        "  - name: call\n    on: request.opened\n    then:\n"
        f'      - call_webhook: {{url: "{receiver.url}", secret: {{env: RULES_SECRET}}}}\n'
    )
    rules = world(company, catalogue, yaml)
    await ask(company, catalogue)
    await rules.settle()
    (run,) = await rules.history()
    assert (run.effects[0].state, receiver.got) == ("dead", [])
    assert "The variable RULES_SECRET holds no secret" in run.effects[0].outcome
    assert not held or held not in run.effects[0].outcome


async def test_a_ticket_that_is_not_there_yet_is_waited_for_and_not_for_ever(company, catalogue, servicenow):
    _running, desk = servicenow
    yaml = "  - {name: begin, on: request.opened, then: [{comment: {on: desk, text: Seen.}}]}\n"
    rules = World(company, catalogue, rulebook(company, yaml), desk)  # nobody keeps a ticket for the request
    await ask(company, catalogue)
    await rules.settle()
    (run,) = await rules.history()
    assert run.effects[0].state == "dead"
    assert "has no ticket there" in run.effects[0].outcome


def bench_ticket(link):
    return Ticket(link.external_id, link.number, link.url, TicketState.IN_APPROVAL, link.state)


def receiver_fails():
    return web.Response(status=500)


async def test_a_ticket_that_a_rule_made_is_nothing_that_a_reconciliation_compares_with(company, catalogue):
    request_id = (await ask(company, catalogue)).request_id
    of_ours = TicketLink(request_id, "desk", "change", "1", "CHG1", "https://desk.example/1", "New")
    of_a_rule = TicketLink(uuid4(), "desk", "incident", "2", "INC2", "https://desk.example/2", "New", OWN)
    async with company.database.tenant(company.tenant) as tx:
        for link in (of_ours, of_a_rule):
            await save_ticket(tx, link)
        assert await count_tickets(tx, "desk") == 1
        assert await tickets_after(tx, "desk", UUID(int=0), limit=9) == (of_ours,)
