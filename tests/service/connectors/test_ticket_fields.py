"""A mapped field and its fact are kept in step both ways, with every simulated ticket system (N1, N3, N5)."""

from __future__ import annotations

import dataclasses

import pytest

from core.approvals import amend
from core.tickets import Owner
from tests.factories import approve_all, vote

pytestmark = pytest.mark.row("N1", "N3", "N5")


async def amended(desk, request_id, justification):
    actor = desk.company.actor("agent_developer")
    await amend(desk.company.database, desk.catalogue, actor, request_id, changes={}, justification=justification)


async def test_what_is_asked_stands_in_the_ticket_and_follows_what_is_changed_here(desk):
    request_id, ticket = await desk.asked(justification="Reads invoices.")
    assert await desk.there(ticket) == "Reads invoices."
    await amended(desk, request_id, "Reads and books invoices.")
    await desk.delivered()
    assert await desk.there(ticket) == "Reads and books invoices."


async def test_what_somebody_changes_there_amends_the_request_under_their_name_and_voids_its_votes(desk):
    request_id, ticket = await desk.asked()
    await vote(desk.company, request_id, "meta_agent_manager")
    await desk.edit(ticket, "Books invoices too.")
    await desk.looked()

    request = await desk.request(request_id)
    assert (request.justification, request.revision) == ("Books invoices too.", 2)
    assert all(not stage.votes for stage in request.stages)
    (change,) = await desk.company.trail(action="request.amended")
    assert change["user_id"].endswith(desk.bench.person)
    assert change["details"]["voided"] == 1
    assert change["details"]["note"] == f"Changed on {ticket.number} by {desk.bench.person} in desk."


async def test_the_echo_of_our_own_write_and_news_that_comes_twice_change_nothing(desk):
    request_id, ticket = await desk.asked()
    await amended(desk, request_id, "Second reason.")
    await desk.delivered()
    for _ in range(3):
        await desk.looked()
    await desk.edit(ticket, "Third reason.")
    for _ in range(3):
        await desk.looked()

    request = await desk.request(request_id)
    assert (request.justification, request.revision) == ("Third reason.", 3)
    assert await desk.there(ticket) == "Third reason."
    assert await desk.told("request.ticket_field") == []


async def test_of_two_changes_at_once_the_owners_stands_and_the_thread_hears_of_it_once(desk):
    request_id, ticket = await desk.asked()
    await desk.edit(ticket, "Theirs.")
    await amended(desk, request_id, "Ours.")
    await desk.delivered()
    for _ in range(2):
        await desk.looked()

    assert (await desk.request(request_id)).justification == await desk.there(ticket) == "Ours."
    (news,) = await desk.told("request.ticket_field")
    assert (news["here"], news["there"], news["kept"], news["by"]) == ("Ours.", "Theirs.", "ours", desk.bench.person)


async def test_where_they_own_the_field_theirs_stands(desk):
    desk.fields = dataclasses.replace(desk.fields, owner=Owner.THEIRS)
    request_id, ticket = await desk.asked()
    await desk.edit(ticket, "Theirs.")
    await amended(desk, request_id, "Ours.")
    await desk.delivered()

    assert (await desk.request(request_id)).justification == await desk.there(ticket) == "Theirs."
    assert [news["kept"] for news in await desk.told("request.ticket_field")] == ["theirs"]


async def test_what_was_decided_stays_decided_and_is_put_back_there(desk):
    request_id, ticket = await desk.asked(justification="As decided.")
    await approve_all(desk.company, request_id)
    await desk.delivered()
    await desk.looked()
    await desk.edit(ticket, "Something else.")
    for _ in range(2):
        await desk.looked()

    request = await desk.request(request_id)
    assert (request.status, request.justification, request.revision) == ("approved", "As decided.", 1)
    assert await desk.there(ticket) == "As decided."
    assert [news["there"] for news in await desk.told("request.ticket_field")] == ["Something else."]
