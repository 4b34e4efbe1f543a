"""The nightly walk finds what is not as it should be, repairs what is ours, and reports it (N1, N6)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connectors.itsm.base import Ticket, TicketState
from connectors.itsm.reconciler import Reconciler
from core.approvals import withdraw
from core.tickets import Finding, Owner, Remedy, ask_for_walk, claim_walk, next_page, page_walked
from sandbox.faults import Fault
from tests.factories import agent, approve_all
from tests.service.connectors.mapped import SLUG

pytestmark = pytest.mark.row("N1", "N6")
ONE = pytest.mark.parametrize("desk", ["servicenow"], indirect=True)  # where the rule is the same for every system


def shown(walk):
    return [(each.what, each.remedy, each.there) for each in walk.findings]


async def test_where_all_is_well_nothing_is_found_and_nobody_told(desk):
    await desk.asked()
    walk = await desk.walked()
    assert (walk.state, walk.walked, walk.findings) == ("done", 1, ())
    (done,) = await desk.told("connector.reconciled")
    assert (done["walked"], done["repaired"], done["asked"]) == (1, 0, 0)


async def test_a_ticket_that_was_deleted_is_made_again_and_stands_where_it_should(desk):
    request_id, ticket = await desk.asked()
    await approve_all(desk.company, request_id)
    await desk.delivered()
    await desk.bench.delete(ticket)

    walk = await desk.walked()

    assert shown(walk) == [(Finding.MISSING, Remedy.REPAIR, ticket.external_id)]
    again = desk.bench.one(str(request_id))
    assert again.label == desk.bench.approved
    assert (await desk.ticket(request_id)).external_id == again.id
    assert await desk.there(await desk.ticket(request_id)) == "Reads supplier invoices."
    assert (await desk.walked()).findings == ()


async def test_a_field_of_ours_that_was_changed_unheard_is_put_right(desk):
    request_id, ticket = await desk.asked()
    await approve_all(desk.company, request_id)
    await desk.delivered()
    await desk.edit(ticket, "Tampered with.")

    walk = await desk.walked()

    assert shown(walk) == [(Finding.FIELD, Remedy.REPAIR, "Tampered with.")]
    assert await desk.there(ticket) == "Reads supplier invoices."
    assert (await desk.walked()).findings == ()


async def test_of_two_tickets_with_one_key_the_younger_is_cancelled(desk):
    request_id, ticket = await desk.asked()
    await desk.bench.plant(str(request_id))

    walk = await desk.walked()

    _ours, double = desk.bench.with_key(str(request_id))
    assert shown(walk) == [(Finding.DOUBLE, Remedy.REPAIR, double.number)]
    assert double.label == desk.bench.cancelled
    assert (await desk.ticket(request_id)).number == ticket.number


async def older_one(desk, request_id):
    """A ticket of that request made before the one that stands for it; an index that comes late had hidden it."""
    key = str(request_id)
    (planted,) = desk.bench.with_key("hidden so far")
    await desk.bench.edit(Ticket(planted.id, planted.number, "", TicketState.OPEN), {"correlation_id": key})
    return planted


@ONE
async def test_the_older_of_two_tickets_is_brought_to_where_the_younger_stood_whatever_its_version(desk):
    await desk.bench.plant("hidden so far")
    request_id, ticket = await desk.asked()
    await approve_all(desk.company, request_id)
    await desk.delivered()
    for number in range(3):  # its versions run ahead of the other's
        await desk.bench.note(ticket, f"Seen {number} times.")
    await desk.edit(ticket, "Tampered with.")
    await desk.looked()
    older = await older_one(desk, request_id)

    walk = await desk.walked()

    assert shown(walk) == [(Finding.DOUBLE, Remedy.REPAIR, older.number)]
    survivor = await desk.ticket(request_id)
    assert survivor.number == older.number
    assert [each.label for each in desk.bench.with_key(str(request_id))] == [desk.bench.approved, desk.bench.cancelled]
    assert await desk.there(survivor) == "Reads supplier invoices."
    assert (await desk.walked()).findings == ()


@ONE
async def test_an_old_value_of_ours_on_the_older_ticket_amends_nothing(desk):
    """Not even where the ticket's value is the one that stands: nobody has put it there but we."""
    desk.fields = replace(desk.fields, owner=Owner.THEIRS)
    await desk.bench.plant("hidden so far")
    request_id, _ticket = await desk.asked()
    older = await older_one(desk, request_id)
    await desk.system.write(Ticket(older.id, older.number, "", TicketState.OPEN), {desk.bench.field: "As of before."})

    await desk.walked()

    assert (await desk.request(request_id)).justification == "Reads supplier invoices."
    assert await desk.there(await desk.ticket(request_id)) == "Reads supplier invoices."


async def test_a_ticket_that_was_ended_there_needs_a_person_and_is_said_once(desk):
    _request, ticket = await desk.asked()
    await desk.bench.cancel(ticket)

    first, second = await desk.walked(), await desk.walked()

    assert shown(first) == [(Finding.ENDED, Remedy.ASK, desk.bench.cancelled)]
    assert [each.is_known for each in first.findings + second.findings] == [False, True]
    assert (first.asked, first.repaired) == (1, 0)


async def test_a_dry_run_finds_the_same_and_touches_nothing(desk):
    request_id, ticket = await desk.asked()
    await desk.bench.delete(ticket)

    walk = await desk.walked(is_dry_run=True)

    assert shown(walk) == [(Finding.MISSING, Remedy.REPAIR, ticket.external_id)]
    assert desk.bench.with_key(str(request_id)) == []


@ONE
async def test_many_missing_tickets_are_not_made_again_without_asking(desk):
    """As when our account has lost the right to see them."""
    tickets = [(await desk.asked(resource=agent(f"agent-{number}")))[1] for number in range(5)]
    for ticket in tickets:
        await desk.bench.delete(ticket)

    walk = await desk.walked()

    assert (walk.found, walk.repaired, walk.asked) == ({"missing": 5}, 3, 2)


@ONE
async def test_a_walk_whose_process_died_goes_on_behind_its_last_page(desk, monkeypatch):
    monkeypatch.setattr("core.tickets.reconciling.PAGE", 2)
    tickets = [(await desk.asked(resource=agent(f"agent-{number}")))[1] for number in range(3)]
    await desk.bench.delete(tickets[2])
    tenant, database = desk.company.tenant, desk.company.database
    async with database.tenant(tenant) as tx:
        asked = await ask_for_walk(tx, SLUG, actor=desk.company.actor("tenant_administrator"))
    walk = await claim_walk(database, tenant, SLUG)
    page = await next_page(database, tenant, walk)
    await page_walked(database, tenant, walk, page, ())
    assert await claim_walk(database, tenant, SLUG) is None  # it still has its lease
    assert await page_walked(database, tenant, walk, page, ()) is None  # that page is behind it

    desk.company.advance(minutes=4)
    done = await desk.walked()

    assert (done.id, done.walked, done.state) == (asked, 3, "done")
    assert [each.number for each in done.findings] == [tickets[2].number]


async def test_a_system_that_does_not_answer_breaks_the_walk_off_and_says_so(desk):
    await desk.asked()
    desk.bench.fail(Fault.DOWN, 5)

    walk = await desk.walked()

    assert (walk.state, bool(walk.problem)) == ("failed", True)


async def test_what_is_long_over_is_not_looked_at(desk):
    request_id, ticket = await desk.asked()
    await withdraw(desk.company.database, desk.company.actor("agent_developer"), request_id, reason="No more.")
    await desk.delivered()
    desk.company.advance(days=8)
    await desk.bench.delete(ticket)

    assert (await desk.walked()).findings == ()


async def test_a_walk_takes_nothing_from_another_system(desk):
    await desk.asked()
    other = Reconciler("elsewhere", desk.company.tenant, desk.system, desk.company.database)
    assert not await other.run_one()
