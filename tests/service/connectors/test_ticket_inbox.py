"""What people do on a request's ticket comes back to the request, from every simulated ticket system (N1, N2, N3, X6)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from app.hooks import HookRefused, SystemHooks
from connectors.itsm.base import Ticket, TicketState
from connectors.itsm.inbox import TicketInbox, look_safely
from core.approvals import comment, get_request, ticket_life, withdraw
from core.errors import NotFound
from core.links import tickets_of
from core.tickets import Told, ToldNote, claim_look, hurry, take_over
from core.tickets.model import ticket_inboxes
from sandbox.faults import Fault
from tests.contract.itsm.systems import SYSTEMS
from tests.factories import ask
from tests.service.connectors.test_ticket_sync import delivered

SLUG = "desk"


@pytest.fixture(params=SYSTEMS)
async def bench(request):
    async with SYSTEMS[request.param]() as running:
        yield running


@pytest.fixture
async def connector(bench):
    connected = bench.connect(read_timeout_s=2.0, total_timeout_s=10.0)
    yield connected
    await connected.close()


@pytest.fixture
async def inbox(company, connector):
    return TicketInbox(SLUG, company.tenant, connector, company.database)


async def asked_with_ticket(company, catalogue, inbox):
    """A pending request's id and its ticket, of which the inbox knows everything so far."""
    pending = await ask(company, catalogue)
    assert pending.request_id is not None
    await delivered(company, {SLUG: inbox.system})
    await looked(company, inbox)
    async with company.database.tenant(company.tenant) as tx:
        (link,) = (await tickets_of(tx, [pending.request_id]))[pending.request_id]
    return pending.request_id, Ticket(link.external_id, link.number, link.url, TicketState.IN_APPROVAL, link.state)


async def looked(company, inbox):
    company.advance(seconds=30)
    assert await inbox.look()


async def told(company, action):
    return [each["details"] for each in await company.trail(action=action)]


@pytest.mark.row("N1", "N2", "N3")
async def test_what_somebody_writes_on_the_ticket_is_told_once(company, catalogue, bench, inbox):
    _request, ticket = await asked_with_ticket(company, catalogue, inbox)
    await bench.note(ticket, "The freeze begins on Friday.")
    for _ in range(3):
        await looked(company, inbox)
    (note,) = await told(company, "request.ticket_noted")
    assert (note["ticket"], note["text"]) == (ticket.number, "The freeze begins on Friday.")


@pytest.mark.row("X6", "N1")
async def test_a_ticket_that_is_closed_with_nothing_decided_makes_the_approvers_be_asked(
    company, catalogue, bench, inbox
):
    request_id, ticket = await asked_with_ticket(company, catalogue, inbox)
    await bench.cancel(ticket)
    for _ in range(2):
        await looked(company, inbox)
    (closed,) = await told(company, "request.ticket_closed")
    people = {str(company.people[role].id) for role in ("agent_developer", "meta_agent_manager")}
    assert (closed["ticket"], set(closed["people"])) == (ticket.number, people)
    request = await get_request(company.database, company.actor("agent_developer"), request_id)
    assert request.status == "pending"  # nobody there can decide
    assert [each.state for each in request.tickets] == [closed["state"]]
    life = await ticket_life(company.database, company.actor("agent_developer"), request_id)
    assert [(each.event, each.number, each.state) for each in life] == [
        ("request.ticket_closed", ticket.number, closed["state"])
    ]


@pytest.mark.row("X6", "N1")
async def test_a_closing_there_is_heard_of_though_we_have_written_a_note_since(company, catalogue, bench, inbox):
    request_id, ticket = await asked_with_ticket(company, catalogue, inbox)
    await bench.cancel(ticket)
    await comment(company.database, company.actor("meta_agent_manager"), request_id, kind="comment", text="Why?")
    await delivered(company, {SLUG: inbox.system})
    await looked(company, inbox)
    (closed,) = await told(company, "request.ticket_closed")
    assert closed["ticket"] == ticket.number


@pytest.mark.row("N1", "N5")
async def test_what_we_did_ourselves_is_no_news(company, catalogue, inbox):
    request_id, _ticket = await asked_with_ticket(company, catalogue, inbox)
    await withdraw(company.database, company.actor("agent_developer"), request_id, reason="Not yet.")
    await delivered(company, {SLUG: inbox.system})
    await looked(company, inbox)
    assert await told(company, "request.ticket_closed") == await told(company, "request.ticket_noted") == []


@pytest.mark.row("N6")
async def test_a_system_that_does_not_answer_is_asked_again_later_and_later_and_misses_nothing(
    company, catalogue, bench, inbox
):
    _request, ticket = await asked_with_ticket(company, catalogue, inbox)
    await bench.note(ticket, "Seen.")
    bench.fail(Fault.DOWN, 1)
    await looked(company, inbox)
    async with company.database.tenant(company.tenant) as tx:
        row = (await tx.connection.execute(select(ticket_inboxes))).one()
    assert (row.failures, bool(row.problem)) == (1, True)
    assert not await inbox.look()
    await looked(company, inbox)
    assert [note["text"] for note in await told(company, "request.ticket_noted")] == ["Seen."]


@pytest.mark.row("R6", "N1")
async def test_a_nudge_that_does_not_prove_where_it_comes_from_is_refused_and_recorded_once_a_minute(company, inbox):
    moment = [100.0]
    hooks = SystemHooks([inbox], elapsed=lambda: moment[0])
    for _ in range(3):
        with pytest.raises(HookRefused):
            await hooks.receive(SLUG, company.tenant, {}, b"{}", ip="203.0.113.9")
    assert len(await company.trail(action="hook.receive", result="denied")) == 1
    moment[0] += 60
    with pytest.raises(HookRefused):
        await hooks.receive(SLUG, company.tenant, {}, b"{}", ip="203.0.113.9")
    assert len(await company.trail(action="hook.receive", result="denied")) == 2
    for connector, tenant in ((SLUG, "northwind"), ("nobody", company.tenant)):
        with pytest.raises(NotFound):
            await hooks.receive(connector, tenant, {}, b"{}", ip=None)


@pytest.mark.row("N6")
async def test_of_two_looks_at_the_same_only_one_is_taken_over(company, catalogue, inbox):
    """As when a process was thought dead and comes back with what it had read."""
    request_id, ticket = await asked_with_ticket(company, catalogue, inbox)
    company.advance(seconds=30)
    look = await claim_look(company.database, company.tenant, SLUG)
    assert await claim_look(company.database, company.tenant, SLUG) is None
    news = [
        Told(ticket.external_id, ticket.label, is_over=False, is_ours=False, by="lee", notes=(ToldNote("lee", "Hi."),))
    ]
    for cursor in ("after", "after too"):
        await take_over(company.database, company.tenant, SLUG, look=look, cursor=cursor, told=news)
    assert len(await told(company, "request.ticket_noted")) == 1
    company.advance(seconds=30)
    assert (await claim_look(company.database, company.tenant, SLUG)).cursor == "after"
    assert (await get_request(company.database, company.actor("agent_developer"), request_id)).status == "pending"


@pytest.mark.row("N1", "N6")
async def test_a_nudge_during_a_look_makes_another_follow_at_once(company, catalogue, inbox):
    await asked_with_ticket(company, catalogue, inbox)
    company.advance(seconds=30)
    look = await claim_look(company.database, company.tenant, SLUG)
    await hurry(company.database, company.tenant, SLUG)
    await take_over(company.database, company.tenant, SLUG, look=look, cursor="after", told=[])
    assert (await claim_look(company.database, company.tenant, SLUG)).cursor == "after"


@pytest.mark.row("N6")
async def test_a_look_that_breaks_off_is_seen_by_people_and_made_again(company, catalogue, inbox, monkeypatch):
    await asked_with_ticket(company, catalogue, inbox)
    known = await inbox_row(company)

    async def odd(_self, _cursor):
        raise KeyError("sys_id")

    monkeypatch.setattr(type(inbox.system), "changes_since", odd)
    company.advance(seconds=30)
    await look_safely(inbox)
    broken = await inbox_row(company)
    assert (broken.failures, broken.problem) == (1, "The look broke off (KeyError); the log has more.")
    assert broken.cursor == known.cursor


async def inbox_row(company):
    async with company.database.tenant(company.tenant) as tx:
        return (await tx.connection.execute(select(ticket_inboxes))).one()
