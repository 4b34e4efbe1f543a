"""A request and its ticket, over the real outbox and every simulated ticket system (N1, N2, N6)."""

from __future__ import annotations

import base64
import json

import pytest
from sqlalchemy import select

from connectors.itsm.approvals import NO_APPROVALS
from connectors.itsm.asked import EVERY_EVENT, TenantDesks, TicketDesk
from connectors.itsm.base import Ticket, TicketKind, TicketState
from connectors.itsm.subscriber import TicketSync
from core.approvals import comment, get_request
from core.ids import TenantId
from core.links import tickets_of
from core.outbox import BreakerPolicy, Dispatcher, RetryPolicy, Subscription, replay_all
from core.outbox.model import outbox_events
from core.receipts import InvalidReceipt, Issuer
from sandbox.faults import Fault
from tests.contract.itsm.servicenow_bench import servicenow_bench
from tests.contract.itsm.systems import SYSTEMS
from tests.factories import approve_all, ask
from tests.service.core.test_outbox import listed, until


@pytest.fixture(params=SYSTEMS)
async def bench(request):
    """Each simulated system in turn."""
    async with SYSTEMS[request.param]() as running:
        yield running


@pytest.fixture
async def connector(bench):
    """A connection to it, short of patience."""
    connected = bench.connect(read_timeout_s=2.0, total_timeout_s=10.0)
    yield connected
    await connected.close()


async def delivered(company, systems, *, approvals=NO_APPROVALS, issuer=None):
    """Whatever waits has been delivered to each of these systems, by name."""
    desks = {
        slug: TicketDesk(TicketSync(slug, company.tenant, system, company.database, approvals=approvals, issuer=issuer))
        for slug, system in systems.items()
    }
    await dispatched(company, [_subscription(slug, desk) for slug, desk in desks.items()])


def _subscription(slug, desk):
    """Failures are repeated at once and pause nothing: the clock stands still here."""
    retry, breaker = RetryPolicy(base_s=0.0), BreakerPolicy(base_s=0.0)
    return Subscription(slug, EVERY_EVENT, desk.deliver, retry, breaker, deliver_many=desk.deliver_many)


async def ticket_of(company, request_id):
    async with company.database.tenant(company.tenant) as tx:
        (link,) = (await tickets_of(tx, [request_id]))[request_id]
    return Ticket(link.external_id, link.number, link.url, TicketState.OPEN, link.state)


async def dispatched(company, subscriptions, *, into=frozenset({"done"})):
    """Whatever waits has come to one of these states."""
    dispatcher = Dispatcher(company.database, subscriptions)
    dispatcher.start()

    async def all_done():
        async with company.database.tenant(company.tenant) as tx:
            unrouted = select(outbox_events.c.event_id).where(outbox_events.c.routed_at.is_(None)).limit(1)
            if (await tx.connection.execute(unrouted)).first() is not None:
                return False
        return {entry.state for entry in await listed(company)} <= into

    try:
        await until(all_done, dispatcher)
    finally:
        await dispatcher.stop()


def notes_on(bench, request_id):
    """Ours: some systems write approvals down by themselves."""
    return [text for text in bench.one(str(request_id)).texts if text.startswith("REQ-")]


@pytest.mark.row("N1", "N2", "N6")
async def test_what_happened_while_nobody_delivered_is_one_note_and_one_walk_of_one_ticket(
    company, catalogue, bench, connector
):
    pending = await ask(company, catalogue)
    await approve_all(company, pending.request_id)

    await delivered(company, {bench.slug: connector})

    assert bench.one(str(pending.request_id)).label == bench.approved
    (note,) = notes_on(bench, pending.request_id)
    lines = [line for line in note.splitlines() if "REQ-" in line]
    by = {role: person.name for role, person in company.people.items()}
    assert [line.partition(": ")[2] for line in lines if "voted" in line] == [
        f"voted · stage technical review · approve · by {by['meta_agent_manager']}",
        f"voted · stage security review · approve · by {by['security_manager']}",
        f"voted · stage compliance review · approve · by {by['compliance_manager']}",
        f"voted · stage business approval · approve · by {by['tenant_administrator']}",
    ]
    assert "opened" in lines[0]
    assert lines[-1].endswith(f": approved · by {by['tenant_administrator']}")


@pytest.mark.row("N1", "N6")
async def test_what_is_refused_together_and_goes_one_by_one_is_not_told_again(company, catalogue, bench, connector):
    pending = await ask(company, catalogue)
    await delivered(company, {bench.slug: connector})
    await bench.cancel(await ticket_of(company, pending.request_id))  # nothing moves it on from there
    before = len(notes_on(bench, pending.request_id))
    await approve_all(company, pending.request_id)
    desk = TicketDesk(TicketSync(bench.slug, company.tenant, connector, company.database))

    await dispatched(company, [_subscription(bench.slug, desk)], into={"done", "dead"})

    (note,) = notes_on(bench, pending.request_id)[before:]
    assert [note.count(what) for what in ("technical review", "business approval", ": approved")] == [1, 1, 1]
    states = [entry.state for entry in await listed(company)]
    assert "dead" in states  # each was tried by itself

    actor = company.actor("agent_developer")
    await comment(company.database, actor, pending.request_id, kind="comment", text="Please look.")
    async with company.database.tenant(company.tenant) as tx:
        await replay_all(tx, bench.slug)  # they go together with the comment
    await dispatched(company, [_subscription(bench.slug, desk)], into={"done", "dead"})

    again, later = notes_on(bench, pending.request_id)[before:]
    assert again == note
    assert ("Please look." in later, "approved" in later) == (True, False)


@pytest.mark.row("N6")
@pytest.mark.parametrize("fault", [Fault.COMMIT_THEN_TIMEOUT, Fault.SERVER_ERROR, Fault.BAD_JSON])
async def test_a_note_and_a_ticket_are_written_once_however_often_the_system_fails(
    company, catalogue, bench, connector, fault
):
    pending = await ask(company, catalogue)
    await approve_all(company, pending.request_id)
    bench.fail(fault, 4)

    await delivered(company, {bench.slug: connector})

    assert len(notes_on(bench, pending.request_id)) == 1
    assert bench.one(str(pending.request_id)).label == bench.approved


@pytest.mark.row("N1", "N6", "P11")
async def test_the_record_of_a_decision_hangs_on_its_ticket_once_and_is_no_receipt(
    company, catalogue, bench, connector
):
    pending = await ask(company, catalogue)
    await approve_all(company, pending.request_id)
    issuer = Issuer(company.database, address="https://countersign.example")
    bench.fail(Fault.COMMIT_THEN_TIMEOUT, 2, match=bench.attaching)
    kept = Kept(connector)

    await delivered(company, {bench.slug: kept}, issuer=issuer)

    request = (await get_request(company.database, company.actor("agent_developer"), pending.request_id)).reference
    ticket = await connector.find_by_key(TicketKind.CHANGE, str(pending.request_id))
    ((name, size),) = bench.attached(ticket)
    assert (name, size) == (f"{request}-decision.json", len(kept.files[-1].content))
    assert len({file.content for file in kept.files}) == 1
    document = json.loads(kept.files[-1].content)
    votes = {stage["key"]: [vote["decision"] for vote in stage["votes"]] for stage in document["record"]["stages"]}
    assert votes["security_review"] == ["approve"]
    header, payload, _signature = document["proof"].split(".")
    assert json.loads(base64.urlsafe_b64decode(payload + "==")) == document["record"]
    assert json.loads(base64.urlsafe_b64decode(header + "=="))["typ"] == "decision+jwt"
    with pytest.raises(InvalidReceipt):
        await issuer.verify(document["proof"], tenant=company.tenant)


@pytest.mark.row("N6")
async def test_a_system_that_takes_no_file_says_so_on_the_ticket_which_moves_on(company, catalogue):
    pending = await ask(company, catalogue)
    await approve_all(company, pending.request_id)
    async with servicenow_bench() as bench:
        bench.system.configure({"attachment_max_bytes": 10})
        system = bench.connect()
        issuer = Issuer(company.database, address="https://countersign.example")
        await delivered(company, {bench.slug: system}, issuer=issuer)
        await system.close()
        record = bench.one(str(pending.request_id))

    assert record.label == bench.approved
    assert any("-decision.json could not be attached: " in text for text in record.texts)


class Kept:
    """A connection that remembers which files went through it."""

    def __init__(self, system):
        self.system, self.files = system, []

    def __getattr__(self, name):
        return getattr(self.system, name)

    async def attach(self, ticket, file):
        self.files.append(file)
        await self.system.attach(ticket, file)


@pytest.mark.row("N2")
async def test_a_request_may_have_a_ticket_in_each_of_two_systems(company, catalogue):
    pending = await ask(company, catalogue)
    assert pending.request_id is not None
    async with SYSTEMS["servicenow"]() as one, SYSTEMS["jira-cloud"]() as other:
        systems = {each.slug: each.connect() for each in (one, other)}
        await delivered(company, systems)
        for system in systems.values():
            await system.close()
        numbers = {each.slug: each.one(str(pending.request_id)).number for each in (one, other)}

    async with company.database.tenant(company.tenant) as tx:
        links = (await tickets_of(tx, [pending.request_id]))[pending.request_id]
    assert {link.system: link.number for link in links} == numbers
    assert {link.system_title for link in links} == {"ServiceNow", "Jira"}


@pytest.mark.row("N1")
async def test_where_several_tenants_have_an_instance_each_an_event_goes_to_its_own_tenants(company, catalogue):
    """Two subscriptions of one name were one: the later instance took the other tenant's events and dropped them."""
    async with SYSTEMS["servicenow"]() as own, SYSTEMS["servicenow"]() as others:
        systems = {company.tenant: own.connect(), TenantId("globex"): others.connect()}
        desks = {
            tenant: TicketDesk(TicketSync("servicenow", tenant, system, company.database))
            for tenant, system in systems.items()
        }
        together = TenantDesks(desks)
        pending = await ask(company, catalogue)

        await dispatched(company, [_subscription("servicenow", together)])

        assert len(own.with_key(str(pending.request_id))) == 1
        assert others.with_key(str(pending.request_id)) == []
        for system in systems.values():
            await system.close()
