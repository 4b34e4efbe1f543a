"""What people approve on a request's ticket, from every simulated ticket system: a vote, by the rules of every vote."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from connectors.itsm.base import Ticket, TicketState
from connectors.itsm.inbox import TicketInbox
from core.accounts import LinkedBy
from core.accounts.errors import OwnAccount
from core.approvals import Choice, get_request, withdraw
from core.errors import Forbidden, InvalidInput
from core.links import tickets_of
from core.signin import Proof
from core.tenants import TenantPolicy
from core.tenants.policy import TicketPolicy
from core.ticket_accounts import (
    AccountSystem,
    AccountTaken,
    IntegrationAccount,
    accounts_in,
    begin_ticket_link,
    my_ticket_accounts,
    person_behind,
    set_ticket_account,
    unlink_ticket_account,
)
from core.tickets import Decision, Look, Shown, Told, ToldApproval, ToldNote, claim_look, take_over
from core.tickets import Decision as There
from tests.contract.itsm.servicenow_bench import servicenow_bench
from tests.contract.itsm.systems import ASKING, SYSTEMS
from tests.factories import ask, found_company, policies, vote
from tests.service.connectors.test_ticket_sync import delivered
from tests.service.core.test_accounts import with_password
from tests.service.core.test_amendments import amended

pytestmark = pytest.mark.row("N1", "N4", "P1")
VOTER = "meta_agent_manager"  # whom the first stage of the framework's creation policy asks

PASSWORD = "a quiet green lamp"
_REVIEW = (
    "Agent Creation Approval:\n  stages:\n    - {{stage: review, approvers: [security_manager], timeout: 1 hour, {}}}\n"
)
CAREFUL = policies(_REVIEW.format("assurance: mfa"))
CLICKED = _REVIEW.format("assurance: click")


@pytest.fixture(params=SYSTEMS)
async def bench(request):
    async with SYSTEMS[request.param]() as running:
        yield running.deciding()


@pytest.fixture(params=ASKING)
async def asking(request):
    """Each system where people can be asked through the interface."""
    async with SYSTEMS[request.param]() as running:
        yield running


class Desk:
    """A company's requests and their tickets in one system, whose approver may be linked to a person."""

    def __init__(self, company, catalogue, bench):
        self.company, self.catalogue, self.bench = company, catalogue, bench
        self.slug = bench.slug
        self.system = bench.connect(read_timeout_s=2.0)
        self.inbox = TicketInbox(self.slug, company.tenant, self.system, company.database)

    async def link(self, who=VOTER, *, account=""):
        await set_ticket_account(
            self.company.database,
            self.company.actor("enterprise_administrator"),
            self.company.people[who].id,
            self.slug,
            account or self.bench.approver,
            among=[AccountSystem(self.slug)],
            linked_by=LinkedBy.ADMINISTRATOR,
        )

    async def opened(self, who="agent_developer", **more):
        """A pending request's id and its ticket, on which everybody linked is asked."""
        pending = await ask(self.company, self.catalogue, who, **more)
        assert pending.request_id is not None
        await self.deliver()
        await self.look()
        async with self.company.database.tenant(self.company.tenant) as tx:
            (link,) = (await tickets_of(tx, [pending.request_id]))[pending.request_id]
        ticket = Ticket(link.external_id, link.number, link.url, TicketState.IN_APPROVAL, link.state)
        return pending.request_id, ticket

    async def deliver(self):
        await delivered(self.company, {self.slug: self.system}, approvals=self.bench.capabilities.approvals)

    async def look(self):
        self.company.advance(seconds=30)
        assert await self.inbox.look()

    async def request(self, request_id):
        return await get_request(self.company.database, self.company.actor("agent_developer"), request_id)

    async def votes(self, request_id):
        request = await self.request(request_id)
        return [(one.voter.email, one.decision, one.assurance) for stage in request.stages for one in stage.votes]

    async def uncounted(self):
        return [one["details"] for one in await self.company.trail(action="request.ticket_vote_uncounted")]

    def email(self, who=VOTER):
        return self.company.people[who].email

    async def put_on_the_list(self, ticket):
        """Somebody there asks the approver, whom nobody asks here."""
        await self.system.show_approvers(ticket, (Shown(self.bench.approver, "", There.REQUESTED),))

    def states(self, ticket, account=""):
        return [one.decision for one in self.bench.asked(ticket, account or self.bench.approver)]


@pytest.fixture
async def desk(company, catalogue, bench):
    running = Desk(company, catalogue, bench)
    yield running
    await running.system.close()


@pytest.fixture
async def instance(company, catalogue, asking):
    """The same where people can be asked through the interface."""
    running = Desk(company, catalogue, asking)
    yield running
    await running.system.close()


# In every system


async def test_what_a_linked_person_approves_there_is_their_vote_here_once(desk):
    await desk.link()
    request_id, ticket = await desk.opened()
    await desk.bench.decide(ticket, desk.bench.approver, "approved", comment="Read and weighed.")
    for _ in range(3):
        await desk.look()
        await desk.deliver()

    assert await desk.votes(request_id) == [(desk.email(), "approve", "ticket")]
    assert await desk.uncounted() == []
    (voted,) = await desk.company.trail(action="request.voted")
    assert voted["details"]["door"] == "ticket"


async def test_what_a_linked_person_rejects_there_rejects_the_request(desk):
    await desk.link()
    request_id, ticket = await desk.opened()
    await desk.bench.decide(ticket, desk.bench.approver, "rejected", comment="No owner.")
    await desk.look()

    assert (await desk.request(request_id)).status == "rejected"
    assert await desk.votes(request_id) == [(desk.email(), "reject", "ticket")]


# Where people can be asked through the interface, for the rules are core's


async def test_what_somebody_unlinked_approves_there_decides_nothing_and_is_told_once(instance):
    request_id, ticket = await instance.opened()
    await instance.put_on_the_list(ticket)
    await instance.bench.decide(ticket, instance.bench.approver, "approved")
    for _ in range(3):
        await instance.look()

    (told,) = await instance.uncounted()
    assert (told["code"], told["ticket"], told["people"]) == ("tickets.unlinked_approver", ticket.number, [])
    assert told["by"] in told["why"]
    assert await instance.votes(request_id) == []


@pytest.mark.parametrize("is_linked", [True, False])
async def test_what_somebody_else_writes_on_a_persons_approval_is_told_as_that(instance, is_linked):
    if is_linked:
        await instance.link()
    request_id, ticket = await instance.opened()
    if not is_linked:
        await instance.put_on_the_list(ticket)
    (row,) = instance.bench.asked(ticket, instance.bench.approver)
    await instance.bench.overwrite(ticket, row.id)
    for _ in range(2):
        await instance.look()
    await instance.deliver()

    (told,) = await instance.uncounted()
    voter = [str(instance.company.people[VOTER].id)] if is_linked else []
    assert (told["code"], told["by"], told["people"]) == ("tickets.not_their_own_hand", instance.bench.person, voter)
    assert f"{instance.bench.person} wrote this on the approval of " in told["why"]
    assert f"or on {ticket.number} with their own account" in told["why"]
    assert any(told["why"] in text for text in instance.bench.one(str(request_id)).texts)
    assert await instance.votes(request_id) == []
    (denied,) = await instance.company.trail(action="request.ticket_vote_uncounted")
    assert (denied["user_id"], denied["result"]) == ("system", "denied")  # whoever it was is nobody here
    if is_linked:  # their own answer is still waited for
        assert instance.states(ticket) == [There.APPROVED, There.REQUESTED]


async def test_an_answer_that_an_administrator_takes_off_after_it_counted_is_told_as_theirs(instance):
    await instance.link()
    request_id, ticket = await instance.opened()
    await instance.bench.decide(ticket, instance.bench.approver, "approved")
    await instance.look()
    (row,) = instance.bench.asked(ticket, instance.bench.approver)
    again = told(instance, row.id, Decision.REQUESTED, version=90)
    await take(instance, ticket, replace(again, written_by="an.admin"))

    assert await instance.votes(request_id) == [(instance.email(), "approve", "ticket")]
    assert [(one["code"], one["by"]) for one in await instance.uncounted()] == [
        ("tickets.decision_taken_back", "an.admin")
    ]


@pytest.mark.parametrize("is_linked", [True, False])
async def test_what_is_written_with_an_approval_is_told_once(company, catalogue, is_linked):
    async with servicenow_bench() as bench:
        desk = Desk(company, catalogue, bench)
        if is_linked:
            await desk.link()
        _request, ticket = await desk.opened()
        if not is_linked:
            await desk.put_on_the_list(ticket)
        await bench.decide(ticket, bench.approver, "approved", comment="Read and weighed.")
        await bench.system.edit("change_request", ticket.external_id, {"comments": "When is it?"})
        await desk.look()
        await desk.system.close()

    notes = [one["details"]["text"] for one in await company.trail(action="request.ticket_noted")]
    assert notes == ["When is it?"]
    voted = [one["details"]["reason"] for one in await company.trail(action="request.voted")]
    said = [one["said"] for one in await desk.uncounted()]
    assert (voted, said) == ((["Read and weighed."], []) if is_linked else ([], ["Read and weighed."]))


async def test_an_account_that_was_unlinked_votes_for_nobody(instance):
    await instance.link()
    request_id, ticket = await instance.opened()
    administrator = instance.company.actor("enterprise_administrator")
    person = instance.company.people[VOTER].id
    await unlink_ticket_account(
        instance.company.database, administrator, person, instance.slug, instance.bench.approver
    )
    await instance.bench.decide(ticket, instance.bench.approver, "approved")
    await instance.look()

    assert await instance.votes(request_id) == []
    assert [one["code"] for one in await instance.uncounted()] == ["tickets.unlinked_approver"]


async def test_nobody_approves_their_own_request_there_either(instance):
    await instance.link("agent_developer")
    request_id, ticket = await instance.opened()
    await instance.put_on_the_list(ticket)
    await instance.bench.decide(ticket, instance.bench.approver, "approved")
    await instance.look()

    (told,) = await instance.uncounted()
    assert (told["code"], told["people"]) == (
        "approvals.own_request",
        [str(instance.company.people["agent_developer"].id)],
    )
    assert await instance.votes(request_id) == []


async def test_who_is_not_asked_here_decides_nothing_there(instance):
    await instance.link("audit_reviewer")
    request_id, ticket = await instance.opened()
    await instance.put_on_the_list(ticket)
    await instance.bench.decide(ticket, instance.bench.approver, "approved")
    await instance.look()

    assert [one["code"] for one in await instance.uncounted()] == ["approvals.not_an_approver"]
    assert await instance.votes(request_id) == []


async def test_a_vote_in_chat_and_the_same_there_are_one(instance):
    await instance.link()
    request_id, ticket = await instance.opened()
    await instance.bench.decide(ticket, instance.bench.approver, "approved")
    await vote(instance.company, request_id, VOTER)
    await instance.look()

    assert await instance.votes(request_id) == [(instance.email(), "approve", "click")]
    assert await instance.uncounted() == []


async def test_a_vote_the_other_way_in_chat_came_first_and_stands(company, instance):
    await instance.link()
    request_id, ticket = await instance.opened()
    await instance.bench.decide(ticket, instance.bench.approver, "approved")
    await vote(company, request_id, VOTER, Choice.REJECT, reason="No owner.")
    await instance.look()

    assert (await instance.request(request_id)).status == "rejected"
    assert [one["code"] for one in await instance.uncounted()] == ["approvals.already_decided"]


@pytest.mark.row("P4")
async def test_what_was_approved_there_before_the_request_changed_does_not_count(company, instance):
    await instance.link()
    request_id, ticket = await instance.opened()
    await instance.bench.decide(ticket, instance.bench.approver, "approved")
    await amended(company, request_id, business_service="Treasury")
    await instance.look()

    assert await instance.votes(request_id) == []
    assert [one["code"] for one in await instance.uncounted()] == ["approvals.stale_digest"]


@pytest.mark.row("X2")
async def test_a_stage_that_asks_for_a_second_factor_takes_no_vote_from_a_ticket(company, asking):
    careful = Desk(company, CAREFUL, asking)
    await careful.link("security_manager")
    request_id, ticket = await careful.opened()
    await asking.decide(ticket, asking.approver, "approved")
    await careful.look()
    await careful.deliver()

    assert careful.states(ticket) == [There.REQUESTED]
    assert await careful.votes(request_id) == []
    (told,) = await careful.uncounted()
    assert (told["code"], told["people"]) == ("signin.step_up_required", [str(company.people["security_manager"].id)])
    assert "Decide in Countersign" in told["why"]
    assert any("Decide in Countersign" in text for text in asking.one(str(request_id)).texts)

    await careful.look()  # what was put back is our own hand
    await asking.decide(ticket, asking.approver, "rejected", comment="Still no.")
    await careful.look()
    assert len(await careful.uncounted()) == 2
    await careful.system.close()


async def test_a_stage_that_asks_for_a_click_takes_none_either(company, asking):
    clicking = Desk(company, policies(CLICKED), asking)
    await clicking.link("security_manager")
    request_id, ticket = await clicking.opened()
    await asking.decide(ticket, asking.approver, "approved")
    await clicking.look()

    assert await clicking.votes(request_id) == []
    await clicking.system.close()


async def test_who_is_asked_here_is_asked_there_and_a_vote_here_is_marked_there(company, instance):
    await instance.link()
    request_id, ticket = await instance.opened()
    before = instance.states(ticket)
    await vote(company, request_id, VOTER)
    await instance.deliver()
    await instance.look()

    assert (before, instance.states(ticket)) == ([There.REQUESTED], [There.APPROVED])
    assert instance.bench.one(str(request_id)).label == instance.bench.life[TicketState.IN_APPROVAL][1]
    assert await instance.uncounted() == []


async def test_who_is_not_needed_any_more_is_not_required_there(company, instance):
    await instance.link("security_manager")
    request_id, ticket = await instance.opened()
    await vote(company, request_id, VOTER)
    await instance.deliver()
    asked = instance.states(ticket)
    await withdraw(company.database, company.actor("agent_developer"), request_id, reason="Not yet.")
    await instance.deliver()

    assert (asked, instance.states(ticket)) == ([There.REQUESTED], [There.ENDED])


async def test_after_a_change_the_same_person_is_asked_anew_and_their_new_answer_counts(company, instance):
    await instance.link()
    request_id, ticket = await instance.opened()
    await instance.bench.decide(ticket, instance.bench.approver, "approved")
    await instance.look()
    await amended(company, request_id, business_service="Payroll")
    await instance.deliver()
    assert instance.states(ticket) == [There.APPROVED, There.REQUESTED]
    await instance.bench.decide(ticket, instance.bench.approver, "approved")
    await instance.look()

    assert await instance.votes(request_id) == [(instance.email(), "approve", "ticket")]


async def test_an_answer_that_is_changed_there_after_it_counted_changes_nothing_and_is_told(company, instance):
    await instance.link()
    request_id, ticket = await instance.opened()
    await instance.bench.decide(ticket, instance.bench.approver, "approved")
    await instance.look()
    (row,) = instance.bench.asked(ticket, instance.bench.approver)
    await take(instance, ticket, told(instance, row.id, Decision.REQUESTED, version=90))
    await take(instance, ticket, told(instance, row.id, Decision.REJECTED, version=91))

    assert await instance.votes(request_id) == [(instance.email(), "approve", "ticket")]
    codes = [one["code"] for one in await instance.uncounted()]
    assert codes == ["tickets.decision_taken_back", "approvals.stage_already_decided"]


async def test_late_doubled_and_reordered_tellings_of_one_answer_are_one_vote(company, instance):
    await instance.link()
    request_id, ticket = await instance.opened()
    (row,) = instance.bench.asked(ticket, instance.bench.approver)
    id_ = row.id
    await take(
        instance,
        ticket,
        told(instance, id_, Decision.APPROVED, version=7),
        told(instance, id_, Decision.APPROVED, version=7),
        told(instance, id_, Decision.REQUESTED, version=3),
        told(instance, id_, Decision.REJECTED, version=2),
        told(instance, id_, Decision.APPROVED, version=9),
    )

    assert await instance.votes(request_id) == [(instance.email(), "approve", "ticket")]
    assert await instance.uncounted() == []


@pytest.mark.row("T11")
@pytest.mark.parametrize("is_allowed", [False, True])
async def test_an_address_alone_makes_a_vote_only_where_the_tenant_says_so(database, clock, catalogue, is_allowed):
    policy = TenantPolicy(tenant_id="northwind", tickets=TicketPolicy(email_match=is_allowed))
    company = await found_company(database, clock, policy)
    async with servicenow_bench() as bench:
        bench.system.configure({"people": [{"email": company.people[VOTER].email, "name": "Meta Manager"}]})
        desk = Desk(company, catalogue, bench)
        request_id, ticket = await desk.opened()
        account = company.people[VOTER].email.partition("@")[0]
        await desk.system.show_approvers(ticket, (Shown(account, "", There.REQUESTED),))
        await bench.decide(ticket, account, "approved")
        await desk.look()
        votes = await desk.votes(request_id)
        await desk.system.close()

    assert votes == ([(company.people[VOTER].email, "approve", "ticket")] if is_allowed else [])


# Linking


@pytest.mark.row("X2")
async def test_whoever_writes_their_code_on_a_ticket_has_linked_that_account_and_no_other(company, instance):
    code = await begun(company, instance)
    _request, ticket = await instance.opened()
    await instance.bench.note(ticket, f"Here you are: {code.lower()}")
    await instance.look()
    await take(instance, ticket, notes=(ToldNote("david.loo", code, "david.loo", datetime(2026, 3, 2, tzinfo=UTC)),))

    mine = await my_ticket_accounts(company.database, company.actor(VOTER))
    assert [(one.system, one.account, one.linked_by) for one in mine.linked] == [
        (instance.slug, instance.bench.person, LinkedBy.SIGNED_LINK)
    ]
    assert mine.waiting == []
    assert [one["details"]["text"] for one in await company.trail(action="request.ticket_noted")] == [code]
    (linked,) = await company.trail(action="ticket_account.link")
    assert linked["details"]["account"] == f"{instance.slug}:{instance.bench.person}"


@pytest.mark.row("X2")
async def test_of_two_accounts_with_one_code_the_first_to_write_it_is_linked(company, instance):
    code = await begun(company, instance)
    _request, ticket = await instance.opened()
    late, early = datetime(2026, 3, 2, 9, 2, tzinfo=UTC), datetime(2026, 3, 2, 9, 1, tzinfo=UTC)
    notes = (ToldNote("eve", code, "eve", late), ToldNote("mia", code, "mia", early))
    await take(instance, ticket, notes=notes)

    mine = await my_ticket_accounts(company.database, company.actor(VOTER))
    assert [one.account for one in mine.linked] == ["mia"]


@pytest.mark.row("X2")
async def test_a_code_is_over_after_a_quarter_of_an_hour(company, instance):
    code = await begun(company, instance)
    _request, ticket = await instance.opened()
    company.advance(minutes=16)
    await take(instance, ticket, notes=(ToldNote("mia", code, "mia", None),))

    assert (await my_ticket_accounts(company.database, company.actor(VOTER))).linked == ()


@pytest.mark.row("R6", "X2")
async def test_an_account_is_set_by_nobody_for_whom_it_is_not_theirs_to_say(company):
    for who, error in (("agent_developer", Forbidden), (VOTER, Forbidden)):
        with pytest.raises(error):
            await set_ticket_account(
                company.database,
                company.actor(who),
                company.people["security_manager"].id,
                "servicenow",
                "fred.luddy",
                among=[AccountSystem("servicenow")],
                linked_by=LinkedBy.ADMINISTRATOR,
            )
    administrator = company.actor("enterprise_administrator")
    with pytest.raises(InvalidInput):
        await set_ticket_account(
            company.database,
            administrator,
            company.people[VOTER].id,
            "servicenow",
            "fred.luddy",
            among=[AccountSystem("servicenow")],
            linked_by=LinkedBy.SIGNED_LINK,
        )
    await set_own(company, administrator)
    with pytest.raises(OwnAccount):
        await set_ticket_account(
            company.database,
            administrator,
            company.people[VOTER].id,
            "servicenow",
            "mine",
            among=[AccountSystem("servicenow")],
            linked_by=LinkedBy.ADMINISTRATOR,
        )


AMONG = (AccountSystem("servicenow", ignores_case=True, own=frozenset({"countersign"})), AccountSystem("desk"))


async def set_for(company, who, system, account):
    administrator, person = company.actor("enterprise_administrator"), company.people[who].id
    return await set_ticket_account(
        company.database, administrator, person, system, account, among=AMONG, linked_by=LinkedBy.ADMINISTRATOR
    )


async def behind(company, system, account):
    async with company.database.tenant(company.tenant) as tx:
        found = await person_behind(tx, system, account, email="")
    return found and found[0].id


@pytest.mark.row("X8")
async def test_an_account_is_in_a_system_that_is_connected_and_is_not_our_own(company):
    with pytest.raises(InvalidInput, match="No ticket system 'servicenov' is connected") as unknown:
        await set_for(company, VOTER, "servicenov", "beth.anglin")
    assert unknown.value.accepted == ("servicenow", "desk")
    for own in ("countersign", "Countersign"):
        with pytest.raises(IntegrationAccount):
            await set_for(company, VOTER, "servicenow", own)
    assert await set_for(company, VOTER, "desk", "countersign")


@pytest.mark.row("X2", "X8")
async def test_what_is_somebody_elses_is_unlinked_first_whatever_its_case_where_the_system_ignores_that(company):
    voter, other = company.people[VOTER].id, company.people["security_manager"].id
    for system in ("servicenow", "desk"):
        await set_for(company, VOTER, system, "beth.anglin")
        with pytest.raises(AccountTaken) as taken:
            await set_for(company, "security_manager", system, "beth.anglin")
        assert company.people[VOTER].email in taken.value.message
    with pytest.raises(AccountTaken):
        await set_for(company, "security_manager", "servicenow", "BETH.ANGLIN")
    await set_for(company, "security_manager", "desk", "BETH.ANGLIN")  # there it is another account

    assert [await behind(company, "servicenow", name) for name in ("beth.anglin", "Beth.Anglin")] == [voter, voter]
    assert await behind(company, "desk", "beth.anglin") == voter
    assert await behind(company, "desk", "BETH.ANGLIN") == other
    assert await behind(company, "desk", "Beth.Anglin") is None

    respelled = await set_for(company, VOTER, "servicenow", "Beth.Anglin")
    async with company.database.tenant(company.tenant) as tx:
        assert dict(await accounts_in(tx, "servicenow")) == {voter: respelled.account}
    administrator = company.actor("enterprise_administrator")
    await unlink_ticket_account(company.database, administrator, voter, "servicenow", "BETH.ANGLIN")
    await set_for(company, "security_manager", "servicenow", "beth.anglin")
    assert await behind(company, "servicenow", "BETH.anglin") == other


async def set_own(company, actor):
    await set_ticket_account(
        company.database,
        actor,
        actor.user,
        "servicenow",
        "mine",
        among=[AccountSystem("servicenow")],
        linked_by=LinkedBy.ADMINISTRATOR,
    )


async def begun(company, desk):
    """A code of somebody who proved themselves by their password."""
    await with_password(company, VOTER)
    code, _actor = await begin_ticket_link(
        company.database, company.actor(VOTER), desk.slug, proof=Proof(), password=PASSWORD
    )
    return code


async def take(desk, ticket, *approvals, notes=()):
    """A look brings these, one after the other."""
    company, system = desk.company, desk.slug
    for approval in approvals or (None,):
        company.advance(seconds=30)
        look = await claim_look(company.database, company.tenant, system)
        assert isinstance(look, Look)
        news = Told(
            ticket.external_id,
            ticket.label,
            is_over=False,
            is_ours=False,
            by="mia",
            notes=notes,
            approvals=(approval,) if approval else (),
        )
        cursor = look.cursor
        await take_over(company.database, company.tenant, system, look=look, cursor=cursor, told=[news])


def told(desk, id_, decision, *, version):
    at = datetime(2026, 3, 2, 9, 0, version % 60, tzinfo=UTC)
    account = desk.bench.approver
    return ToldApproval(id_, account, "", account.title(), decision, "Because.", at, version, is_ours=False)
