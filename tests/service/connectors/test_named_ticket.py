"""A ticket that somebody names, over the real outbox, in every simulated ticket system (X6, X9)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.itsm.base import Ticket, TicketDraft, TicketKind, WebhookEvent
from connectors.itsm.inbox import TicketInbox
from core.approvals import get_request, withdraw
from core.links import tickets_of
from core.named_tickets import Desk
from sandbox.faults import Fault
from tests.contract.itsm.systems import SYSTEMS
from tests.contract.itsm.test_look_up import REQUESTERS
from tests.factories import approve_all, ask, policies
from tests.service.connectors.test_ticket_sync import delivered

REQUIRES = policies(
    """
Agent Creation Approval:
  ticket: {names: [resource]}
  stages:
    - {stage: technical_review, approvers: [meta_agent_manager], timeout: 24 hours}
    - {stage: security_review, approvers: [security_manager], timeout: 24 hours}
    - {stage: compliance_review, approvers: [compliance_manager], timeout: 24 hours}
    - {stage: business_approval, approvers: [tenant_administrator], timeout: 24 hours}
"""
)

pytestmark = pytest.mark.row("X6")


@pytest.fixture(params=SYSTEMS)
async def bench(request):
    async with SYSTEMS[request.param]() as running:
        yield running


@pytest.fixture
async def connector(company, bench):
    connected = bench.connect(read_timeout_s=2.0, total_timeout_s=10.0)
    company.desks.connect(company.tenant, Desk(bench.slug, bench.slug.title()))
    yield connected
    await connected.close()


async def planned(bench, connector) -> Ticket:
    """A change that somebody planned over there for invoice-reader."""
    times = {"planned_start": datetime(2026, 3, 1, tzinfo=UTC), "planned_end": datetime(2026, 3, 20, tzinfo=UTC)}
    fields = {name: at.isoformat() for name, at in times.items()}
    summary, about = "Bring invoice-reader live", REQUESTERS[bench.slug]
    ticket = await connector.create(TicketDraft("theirs", TicketKind.CHANGE, summary, "Soon.", about, fields))
    if bench.slug == "jira":
        await bench.system.edit("issue", ticket.external_id, {"duedate": "2026-03-20"})
    return ticket


async def shown(company, request_id):
    return await get_request(company.database, company.actor("agent_developer"), request_id)


async def links(company, request_id):
    async with company.database.tenant(company.tenant) as tx:
        return (await tickets_of(tx, [request_id])).get(request_id, ())


def notes_on(bench):
    return [text for text in bench.one("theirs").texts if text.startswith("REQ-")]


async def test_the_named_ticket_lets_the_request_go_on_is_written_on_and_stays_where_it_is(company, bench, connector):
    ticket = await planned(bench, connector)
    pending = await ask(company, REQUIRES, ticket=ticket.number)
    await delivered(company, {bench.slug: connector})

    request = await shown(company, pending.request_id)
    assert request.ticket is not None
    assert (request.ticket.standing, request.ticket.number) == ("holds", ticket.number)
    assert request.ticket.url == ticket.url
    assert request.stages[0].status == "open"

    await approve_all(company, pending.request_id)
    await delivered(company, {bench.slug: connector})

    assert [note.partition(": ")[2].splitlines()[0] for note in notes_on(bench)] == [
        "ticket accepted",
        f"approved · by {company.people['tenant_administrator'].name}",
    ]
    assert bench.one("theirs").label == ticket.label  # its states are its owners' affair
    assert await links(company, pending.request_id) == ()  # and no second ticket stands for the request there
    assert bench.with_key(str(pending.request_id)) == []


async def test_a_ticket_that_is_not_there_is_said_to_the_requester_and_nothing_is_written_anywhere(
    company, bench, connector
):
    pending = await ask(company, REQUIRES, ticket="ABC-424242")
    await delivered(company, {bench.slug: connector})
    request = await shown(company, pending.request_id)
    assert request.ticket is not None
    assert request.ticket.reasons == (
        f"{request.ticket.title} has no ticket ABC-424242, or does not show it to our account.",
    )
    assert request.waits_for_ticket
    await withdraw(company.database, company.actor("agent_developer"), pending.request_id)
    await delivered(company, {bench.slug: connector})
    assert bench.with_key(str(pending.request_id)) == []


@pytest.mark.row("X9", "N6")
@pytest.mark.parametrize("fault", [Fault.DOWN, Fault.SERVER_ERROR, Fault.TIMEOUT, Fault.BAD_JSON])
async def test_a_system_that_fails_is_asked_until_it_answers(company, bench, connector, fault):
    ticket = await planned(bench, connector)
    pending = await ask(company, REQUIRES, ticket=ticket.number)
    bench.fail(fault, 3)
    await delivered(company, {bench.slug: connector})
    assert bench.met() == 3
    assert (await shown(company, pending.request_id)).stages[0].status == "open"


async def test_a_ticket_that_is_cancelled_there_suspends_the_grant_as_soon_as_it_is_looked_at(
    company, bench, connector, runner
):
    ticket = await planned(bench, connector)
    pending = await ask(company, REQUIRES, ticket=ticket.number)
    await delivered(company, {bench.slug: connector})
    await approve_all(company, pending.request_id)
    await bench.cancel(ticket)
    company.advance(minutes=5)
    await runner.run_due()
    await delivered(company, {bench.slug: connector})

    denied = await ask(company, REQUIRES)
    assert (denied.decision, denied.reasons[0].code) == ("deny", "approvals.ticket_fell")
    assert f"{ticket.number} is cancelled" in denied.reasons[0].message


async def test_another_system_keeps_a_ticket_of_ours_from_when_the_request_goes_on(company):
    async with SYSTEMS["servicenow"]() as named, SYSTEMS["remedy"]() as other:
        systems = {each.slug: each.connect() for each in (named, other)}
        for each in (named, other):
            company.desks.connect(company.tenant, Desk(each.slug, each.slug))
        ticket = await planned(named, systems["servicenow"])
        pending = await ask(company, REQUIRES)
        await delivered(company, systems)
        assert other.with_key(str(pending.request_id)) == []  # nobody is asked yet

        again = await ask(company, REQUIRES, ticket=f"servicenow:{ticket.number}")
        assert again.request_id == pending.request_id
        await delivered(company, systems)
        await delivered(company, systems)
        assert other.one(str(pending.request_id)).label == "Request For Authorization"
        assert named.with_key(str(pending.request_id)) == []
        for system in systems.values():
            await system.close()


async def test_a_signed_nudge_about_the_named_ticket_has_it_looked_at_at_once(company, bench, connector, runner):
    ticket = await planned(bench, connector)
    pending = await ask(company, REQUIRES, ticket=ticket.number)
    await delivered(company, {bench.slug: connector})
    before = len(await company.trail(action="request.ticket_refused"))
    await bench.cancel(ticket)

    # The message is taken as signed: who signs how is tested with each connector.
    inbox = TicketInbox(bench.slug, company.tenant, _Signed(connector, ticket), company.database)
    await inbox.receive({}, b"{}")
    await runner.run_due()
    await delivered(company, {bench.slug: connector})

    assert len(await company.trail(action="request.ticket_refused")) == before + 1
    assert (await shown(company, pending.request_id)).ticket.standing == "refused"


class _Signed:
    def __init__(self, connector, ticket):
        self._connector, self._ticket = connector, ticket

    def parse_webhook(self, _headers, _body, *, now):
        assert now.tzinfo is not None
        return (WebhookEvent("1", "t", self._ticket.external_id, self._ticket.number, "updated", 2, "lee", ours=False),)
