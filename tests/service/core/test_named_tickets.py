"""A request that must name a ticket: it waits, goes on, is told why not; its grant ends with the ticket (X6, X9)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from core.approvals import amend, ask_again, get_request, name_ticket, nudge, take_facts, withdraw
from core.approvals.errors import (
    AlreadyDecided,
    InvalidTicket,
    NobodyToNudge,
    NoTicketNeeded,
    NotYourRequest,
    TicketDoesNotHold,
    TicketStands,
)
from core.named_tickets import Desk, Standing, TicketFacts, TicketKind, TicketState
from core.outbox.model import outbox_events
from core.receipts import Issuer, SuspendedApproval, issue_receipt
from tests.factories import ADDRESS, START, agent, approve_all, ask, policies, vote

POLICY = """
Agent Creation Approval:
  ticket: {systems: [servicenow]}
  stages:
    - {stage: technical_review, approvers: [meta_agent_manager], timeout: 24 hours}
    - {stage: security_review, approvers: [security_manager], timeout: 24 hours}
    - {stage: compliance_review, approvers: [compliance_manager], timeout: 24 hours}
    - {stage: business_approval, approvers: [tenant_administrator], timeout: 24 hours}
"""
GATED = policies(POLICY)
AUTOMATIC = policies(POLICY.replace("  stages:", '  automatic: [{criterion: "Always", when: "true"}]\n  stages:'))
NUMBER = "CHG0030001"
STARTS, ENDS = START + timedelta(hours=1), START + timedelta(hours=5)
FACTS = TicketFacts(
    external_id="46e2",
    number=NUMBER,
    url="https://itsm.example/CHG0030001",
    kind=TicketKind.CHANGE,
    state=TicketState.APPROVED,
    label="Scheduled",
    requesters=("agent.developer@enterprise-corp.example",),
    resources=("Accounts Payable",),
    text="Bring invoice-reader live",
    starts_at=STARTS,
    ends_at=ENDS,
)

pytestmark = pytest.mark.row("X6")


@pytest.fixture(autouse=True)
def connected(company):
    company.desks.connect(company.tenant, Desk("servicenow", "ServiceNow"))


async def says(company, request_id, facts=FACTS, *, number=NUMBER):
    """What a worker brings back from the system."""
    await take_facts(company.database, company.tenant, request_id, system="servicenow", number=number, facts=facts)


async def shown(company, request_id):
    return await get_request(company.database, company.actor("agent_developer"), request_id)


async def named(company, request_id, ticket, who="agent_developer"):
    return await name_ticket(company.database, company.desks, company.actor(who), request_id, ticket=ticket)


async def events(company, *types):
    async with company.database.tenant(company.tenant) as tx:
        rows = await tx.connection.execute(
            select(outbox_events.c.type, outbox_events.c.data).order_by(outbox_events.c.event_id)
        )
        return [(row.type, row.data) for row in rows if row.type in types]


async def kinds(company, *types):
    return [kind for kind, _data in await events(company, *types)]


async def accepted(company, catalogue=GATED):
    """A request whose ticket stands for it; people are asked."""
    pending = await ask(company, catalogue, ticket=NUMBER)
    await says(company, pending.request_id)
    return pending.request_id


async def approved(company):
    """The same, approved by everybody, within the window, confirmed a moment ago."""
    request_id = await accepted(company)
    await approve_all(company, request_id)
    company.advance(hours=2)
    await says(company, request_id)
    return request_id


def states(request):
    return [stage.status for stage in request.stages]


# The wait


async def test_nobody_is_asked_before_the_ticket_was_found_right(company):
    pending = await ask(company, GATED, ticket=NUMBER)

    assert (pending.decision, pending.reasons[0].code) == ("pending", "approvals.ticket_asked")
    request = await shown(company, pending.request_id)
    assert (request.status, request.waits_for_ticket, states(request)) == ("pending", True, ["waiting"] * 4)
    assert await events(company, "request.ticket_named", "request.stage_opened") == [
        ("request.ticket_named", {"system": "servicenow", "ticket": NUMBER})
    ]

    await says(company, pending.request_id)

    request = await shown(company, pending.request_id)
    assert (request.waits_for_ticket, states(request)) == (False, ["open", "waiting", "waiting", "waiting"])
    assert request.ticket is not None
    assert (request.ticket.standing, request.ticket.holds_until) == (Standing.HOLDS, ENDS)
    (record,) = await company.trail(action="request.ticket_accepted")
    assert record["details"]["ticket"] == NUMBER


async def test_a_nudge_before_that_says_what_the_request_waits_for(company):
    pending = await ask(company, GATED, ticket=NUMBER)
    with pytest.raises(NobodyToNudge, match="REQ-1001 waits for its ticket: nobody is asked yet."):
        await nudge(company.database, company.actor("agent_developer"), pending.request_id)


async def test_a_vote_before_that_has_no_stage_to_be_cast_on(company):
    pending = await ask(company, GATED, ticket=NUMBER)
    with pytest.raises(TicketDoesNotHold):
        await vote(company, pending.request_id, "meta_agent_manager")


@pytest.mark.row("P4")
async def test_an_automatic_approval_is_given_only_once_the_ticket_was_found_right(company):
    pending = await ask(company, AUTOMATIC, ticket=NUMBER)
    assert pending.decision == "pending"
    await says(company, pending.request_id)
    request = await shown(company, pending.request_id)
    assert (request.status, states(request)) == ("approved", ["skipped"] * 4)


async def test_without_a_ticket_the_request_waits_for_one_to_be_named(company):
    pending = await ask(company, GATED)
    assert pending.reasons[0].code == "approvals.ticket_missing"
    assert await kinds(company, "request.ticket_missing") == ["request.ticket_missing"]

    await named(company, pending.request_id, "servicenow:chg0030001")
    await says(company, pending.request_id, number="chg0030001")

    request = await shown(company, pending.request_id)
    assert request.ticket is not None
    assert (request.ticket.number, states(request)[0]) == (NUMBER, "open")  # as the system writes it


async def test_asking_the_gate_again_with_a_ticket_names_it(company):
    pending = await ask(company, GATED)
    again = await ask(company, GATED, ticket=NUMBER)
    assert (again.request_id, again.reasons[0].code) == (pending.request_id, "approvals.ticket_asked")
    for _ in range(2):
        await ask(company, GATED, ticket=NUMBER)
    assert await kinds(company, "request.ticket_named") == ["request.ticket_named"]


async def test_a_ticket_that_cannot_be_meant_is_refused_and_nothing_is_opened(company):
    company.desks.connect(company.tenant, Desk("jira", "Jira"))
    denied = await ask(company, GATED, ticket={"system": "jira", "number": "OPS-1"})
    assert (denied.decision, denied.reasons[0].code) == ("deny", "approvals.invalid_ticket")
    assert "servicenow" in denied.reasons[0].message
    assert denied.request_id is None


async def test_a_ticket_that_is_not_right_is_told_in_words_and_another_may_be_named(company):
    pending = await ask(company, GATED, ticket=NUMBER)
    await says(company, pending.request_id, replace(FACTS, state=TicketState.CLOSED, label="Closed"))

    request = await shown(company, pending.request_id)
    assert request.ticket is not None
    assert request.ticket.reasons == ("CHG0030001 is closed; it must be: open, in approval, approved or implementing.",)
    ((_kind, told),) = await events(company, "request.ticket_refused")
    assert (told["reasons"], told["suspends"]) == (list(request.ticket.reasons), False)
    assert (await ask(company, GATED)).reasons[0].code == "approvals.ticket_refused"
    assert states(request) == ["waiting"] * 4

    await named(company, pending.request_id, "CHG0030002")
    await says(company, pending.request_id, replace(FACTS, number="CHG0030002"), number="CHG0030002")
    assert states(await shown(company, pending.request_id))[0] == "open"


async def test_a_ticket_that_is_put_right_there_is_found_right_at_the_next_look(company, runner):
    pending = await ask(company, GATED, ticket=NUMBER)
    await says(company, pending.request_id, replace(FACTS, requesters=()))
    company.advance(minutes=5)
    await runner.run_due()
    assert (await events(company, "request.ticket_check"))[-1] == (
        "request.ticket_check", {"system": "servicenow", "ticket": NUMBER},
    )  # fmt: skip
    await says(company, pending.request_id)
    assert states(await shown(company, pending.request_id))[0] == "open"


async def test_only_the_requester_names_its_ticket_and_only_where_one_is_needed(company, catalogue):
    pending = await ask(company, GATED)
    with pytest.raises(NotYourRequest):
        await named(company, pending.request_id, NUMBER, who="security_manager")
    with pytest.raises(InvalidTicket):
        await named(company, pending.request_id, "no number")
    with pytest.raises(InvalidTicket):
        await named(company, pending.request_id, "  ")
    with pytest.raises(InvalidTicket) as refusal:
        await named(company, pending.request_id, {"number": NUMBER, "foo": 1})
    assert (refusal.value.where, refusal.value.accepted) == ("ticket.foo", ("system", "number"))
    other = await ask(company, catalogue, resource=agent("ticket-free"))
    with pytest.raises(NoTicketNeeded):
        await named(company, other.request_id, NUMBER)
    await withdraw(company.database, company.actor("agent_developer"), pending.request_id)
    with pytest.raises(AlreadyDecided):
        await named(company, pending.request_id, NUMBER)


async def test_a_ticket_is_needed_only_where_the_policy_says_so(company):
    sometimes = policies(POLICY.replace("{systems: [servicenow]}", "{when: 'agent.business_service == \"Payments\"'}"))
    assert (await ask(company, sometimes)).reasons[0].code == "approvals.pending"
    gated = await ask(company, sometimes, resource=agent("payer", business_service="Payments"))
    assert gated.reasons[0].code == "approvals.ticket_missing"


async def test_a_request_whose_ticket_never_comes_expires(company, runner):
    pending = await ask(company, GATED)
    company.advance(days=7)
    await runner.run_due()
    request = await shown(company, pending.request_id)
    assert (request.status, states(request)) == ("expired", ["skipped"] * 4)
    (record,) = await company.trail(action="request.expired")
    assert record["details"]["note"] == "No ticket that stands for it was there within 7 days."


@pytest.mark.row("X9")
async def test_while_the_system_does_not_answer_the_request_waits_and_is_never_approved(company, runner):
    pending = await ask(company, AUTOMATIC, ticket=NUMBER)
    for _ in range(6):
        company.advance(hours=25)
        await runner.run_due()
        assert (await shown(company, pending.request_id)).status == "pending"


# Races


async def test_an_answer_about_a_ticket_that_is_not_named_any_more_is_dropped(company):
    pending = await ask(company, GATED, ticket=NUMBER)
    await named(company, pending.request_id, "CHG0030002")
    await says(company, pending.request_id)
    request = await shown(company, pending.request_id)
    assert request.ticket is not None
    assert (request.ticket.number, request.waits_for_ticket) == ("CHG0030002", True)


async def test_the_same_answer_twice_at_once_opens_the_stages_once(company, other_replica):
    pending = await ask(company, GATED, ticket=NUMBER)
    sent = {"system": "servicenow", "number": NUMBER, "facts": FACTS}
    await asyncio.gather(
        *(
            take_facts(each, company.tenant, pending.request_id, **sent)
            for each in (company.database, other_replica, company.database, other_replica)
        )
    )
    assert len(await kinds(company, "request.stage_opened")) == 1
    assert await kinds(company, "request.ticket_accepted") == ["request.ticket_accepted"]


async def test_a_change_while_the_system_is_asked_is_what_the_answer_is_held_against(company):
    pending = await ask(company, GATED, ticket=NUMBER)
    actor = company.actor("agent_developer")
    changes = {"business_service": "Treasury"}
    await asyncio.gather(
        amend(company.database, GATED, actor, pending.request_id, changes=changes),
        says(company, pending.request_id),
    )
    await says(company, pending.request_id)
    request = await shown(company, pending.request_id)
    assert (request.resource["business_service"], states(request)[0]) == ("Treasury", "open")
    assert request.ticket is not None
    assert request.ticket.standing is Standing.HOLDS


async def test_a_change_makes_the_request_wait_for_its_ticket_again(company):
    request_id = await accepted(company)
    await vote(company, request_id, "meta_agent_manager")
    actor = company.actor("agent_developer")
    await amend(company.database, GATED, actor, request_id, changes={"business_service": "Treasury"})
    request = await shown(company, request_id)
    assert (request.waits_for_ticket, states(request)) == (True, ["waiting"] * 4)
    await says(company, request_id)
    assert states(await shown(company, request_id))[0] == "open"


async def test_nothing_is_approved_while_its_ticket_has_fallen_and_rejecting_still_is_possible(company):
    request_id = await accepted(company)
    await says(company, request_id, replace(FACTS, state=TicketState.CANCELLED, label="Canceled"))
    with pytest.raises(TicketDoesNotHold, match="CHG0030001 is cancelled"):
        await vote(company, request_id, "meta_agent_manager")
    ((_kind, told),) = await events(company, "request.ticket_refused")
    request = await shown(company, request_id)
    assert (told["suspends"], request.suspension, request.status_shown) == (False, "", "pending")
    await says(company, request_id)
    assert await kinds(company, "request.ticket_restored") == ["request.ticket_restored"]
    await vote(company, request_id, "meta_agent_manager")


# The grant


async def test_the_grant_is_used_within_the_window_and_its_receipt_ends_with_it(company):
    request_id = await approved(company)
    issuer = Issuer(company.database, address=ADDRESS)
    receipt = await issue_receipt(company.database, issuer, company.actor("agent_developer"), request_id)
    assert (receipt.claims.not_before, receipt.claims.expires_at) == (START + timedelta(hours=2), ENDS)
    assert (await ask(company, GATED)).decision == "allow"


async def test_before_its_window_begins_the_grant_cannot_be_used(company):
    request_id = await accepted(company)
    await approve_all(company, request_id)
    denied = await ask(company, GATED)
    assert (denied.decision, denied.reasons[0].code) == ("deny", "approvals.window_not_begun")
    assert denied.reasons[0].message == ("The window of CHG0030001 in ServiceNow begins at 2026-03-02 10:00 UTC.")
    issuer = Issuer(company.database, address=ADDRESS)
    with pytest.raises(SuspendedApproval):
        await issue_receipt(company.database, issuer, company.actor("agent_developer"), request_id)


async def test_when_the_window_ends_the_approval_is_over(company, runner):
    request_id = await approved(company)
    company.advance(hours=3)
    assert (await ask(company, GATED)).reasons[0].code == "approvals.window_over"
    await runner.run_due()
    request = await shown(company, request_id)
    assert request.status == "expired"
    (record,) = await company.trail(action="request.expired")
    assert record["details"]["note"] == f"Nobody used the approval by {ENDS.isoformat()}."


async def test_a_window_that_is_moved_there_moves_the_end_of_the_approval_and_no_older_receipt_is_given_again(
    company, runner
):
    request_id = await approved(company)
    issuer, actor = Issuer(company.database, address=ADDRESS), company.actor("agent_developer")
    await issue_receipt(company.database, issuer, actor, request_id)
    sooner = START + timedelta(hours=3)
    await says(company, request_id, replace(FACTS, ends_at=sooner))
    receipt = await issue_receipt(company.database, issuer, actor, request_id)
    assert receipt.claims.expires_at == sooner
    later = START + timedelta(hours=30)
    await says(company, request_id, replace(FACTS, ends_at=later))
    company.advance(hours=4)
    await runner.run_due()
    assert (await shown(company, request_id)).status == "approved"
    assert await kinds(company, "request.ticket_changed") == ["request.ticket_changed"] * 2


async def test_a_ticket_that_is_cancelled_after_the_approval_suspends_the_grant_and_says_so(company):
    request_id = await approved(company)
    issuer, actor = Issuer(company.database, address=ADDRESS), company.actor("agent_developer")
    receipt = await issue_receipt(company.database, issuer, actor, request_id)
    await says(company, request_id, replace(FACTS, state=TicketState.CANCELLED, label="Canceled"))

    denied = await ask(company, GATED)
    assert (denied.decision, denied.reasons[0].code) == ("deny", "approvals.ticket_fell")
    assert "CHG0030001 is cancelled" in denied.reasons[0].message
    by_receipt = await company.gate(GATED).decide(
        actor, action="agent.create", resource=agent(), context={"receipt": receipt.token}
    )
    assert (by_receipt.decision, by_receipt.reasons[0].code) == ("deny", "approvals.ticket_fell")
    ((_kind, told),) = await events(company, "request.ticket_refused")
    assert told["suspends"] is True
    request = await shown(company, request_id)
    assert (request.status, request.status_shown) == ("approved", "suspended")
    assert denied.reasons[0].message == f"The approval is suspended. {request.suspension}"
    with pytest.raises(AlreadyDecided):  # so nothing offers it
        await withdraw(company.database, actor, request_id)

    await named(company, request_id, "CHG0030002")
    assert (await ask(company, GATED)).decision == "deny"
    await says(company, request_id, replace(FACTS, number="CHG0030002"), number="CHG0030002")
    assert (await ask(company, GATED)).decision == "allow"


async def test_nobody_swaps_the_ticket_that_people_have_decided_by_while_it_stands(company):
    longer = replace(FACTS, number="CHG0030002", ends_at=START + timedelta(days=90))
    request_id = await accepted(company)
    await named(company, request_id, "CHG0030002")  # nobody has voted yet
    await says(company, request_id, replace(longer, ends_at=ENDS), number="CHG0030002")
    await vote(company, request_id, "meta_agent_manager")
    for again in (False, True):  # also while its system is being asked about it once more
        if again:
            await named(company, request_id, "CHG0030002")
        with pytest.raises(TicketStands, match="People have decided by CHG0030002, which stands for it"):
            await named(company, request_id, "CHG0030003")
    assert (await shown(company, request_id)).ticket.number == "CHG0030002"


async def test_a_ticket_that_takes_the_place_of_one_that_fell_bounds_the_approval_no_later(company, runner):
    request_id = await approved(company)
    await says(company, request_id, replace(FACTS, state=TicketState.CANCELLED, label="Canceled"))
    for number, ends_at in (("CHG0030002", START + timedelta(days=90)), ("CHG0030003", None)):
        await named(company, request_id, number)
        theirs = replace(FACTS, number=number, ends_at=ends_at, starts_at=STARTS if ends_at else None)
        await says(company, request_id, theirs, number=number)
        if (await shown(company, request_id)).ticket.standing == "holds":
            assert (await shown(company, request_id)).ticket.holds_until == ENDS
        await says(company, request_id, replace(theirs, state=TicketState.CANCELLED, label="Canceled"), number=number)
    await named(company, request_id, "CHG0030004")
    sooner = replace(FACTS, number="CHG0030004", ends_at=ENDS - timedelta(hours=1))
    await says(company, request_id, sooner, number="CHG0030004")
    assert (await shown(company, request_id)).ticket.holds_until == ENDS - timedelta(hours=1)


@pytest.mark.row("X9")
async def test_a_grant_that_its_system_has_not_confirmed_lately_is_not_used_blind(company):
    await approved(company)
    company.advance(minutes=16)
    denied = await ask(company, GATED)
    assert (denied.decision, denied.reasons[0].code) == ("deny", "approvals.ticket_unconfirmed")


async def test_the_ticket_is_watched_until_the_approval_is_used(company, runner):
    request_id = await approved(company)
    before = len(await kinds(company, "request.ticket_check"))
    company.advance(minutes=5)
    await runner.run_due()
    assert len(await kinds(company, "request.ticket_check")) == before + 1
    await says(company, request_id)
    assert (await ask(company, GATED)).decision == "allow"
    company.advance(hours=2)
    await runner.run_due()
    assert len(await kinds(company, "request.ticket_check")) == before + 1


async def test_a_nudge_of_the_system_about_the_ticket_has_it_looked_at_at_once(company, runner):
    await approved(company)
    await runner.run_due()
    before = len(await kinds(company, "request.ticket_check"))
    await ask_again(company.database, company.tenant, "servicenow", numbers=["chg0030001", "CHG9"])
    await ask_again(company.database, company.tenant, "jira", numbers=[NUMBER])
    await runner.run_due()
    assert len(await kinds(company, "request.ticket_check")) == before + 1
