"""What rules tell people, in Slack and in Teams: once, and where everything else is told (N5, B8)."""

from __future__ import annotations

import pytest

from bot.automation import EVENTS, AutomationMessages
from bot.reach import Reach
from connectors.itsm.base import Ticket, TicketState
from connectors.itsm.happenings import EVENTS as TICKET_EVENTS
from connectors.itsm.subscriber import TicketSync
from core.approvals import comment, get_request
from core.links import messages_of, tickets_of
from core.outbox import Subscription
from tests.automation_world import ADMINISTRATOR, SOON, World, rulebook
from tests.contract.itsm.systems import SYSTEMS
from tests.factories import ask
from tests.service.bot.test_accounts import slack as slack_of
from tests.teams_office import office

REVIEWER = "meta_agent_manager"
pytestmark = pytest.mark.row("N5", "B8")


def telling(world, *platforms):
    """The world, in which these platforms tell what rules want told."""
    reach = Reach(list(platforms))
    for platform in platforms:
        messages = AutomationMessages(platform, "approvals", "emergency", reach)
        world.more.append(Subscription(f"{platform.slug}_automation", EVENTS, messages.deliver, SOON))
    return world


@pytest.fixture
async def jira():
    async with SYSTEMS["jira-cloud"]() as running:
        connected = running.connect(read_timeout_s=2.0, total_timeout_s=10.0)
        yield running, connected
        await connected.close()


async def test_a_comment_in_jira_stands_under_the_request_and_is_told_in_slack_as_words_and_nothing_more(
    company, catalogue, jira
):
    running, desk = jira
    yaml = (
        "  - name: jira-comments\n    on: ticket.commented\n    then:\n"
        '      - comment: {on: request, text: "{ticket.number}: {ticket.text}"}\n'
        '      - notify: {person: "{requester.email}", text: "On {request.reference}: {ticket.text}"}\n'
    )
    async with slack_of(company) as (workspace, _ids, told):
        world = telling(World(company, catalogue, rulebook(company, yaml), desk), workspace)
        sync = TicketSync("desk", company.tenant, desk, company.database)
        types = frozenset(map(str, TICKET_EVENTS))
        world.more.append(Subscription("desk", types, sync.deliver, SOON, deliver_many=sync.deliver_many))
        request_id = (await ask(company, catalogue)).request_id
        assert request_id is not None
        await world.settle()
        await world.look()
        async with company.database.tenant(company.tenant) as tx:
            (link,) = (await tickets_of(tx, [request_id]))[request_id]
        ticket = Ticket(link.external_id, link.number, link.url, TicketState.IN_APPROVAL, link.state)
        await running.note(ticket, "<!channel> The freeze begins on Friday.")
        for _ in range(2):
            await world.look()
        said = [text for text in await told("agent_developer") if "The freeze begins" in text]
        request = await get_request(company.database, company.actor("agent_developer"), request_id)
    assert [each.text for each in request.comments] == [f"{link.number}: <!channel> The freeze begins on Friday."]
    assert len(said) == 1
    assert "<!channel>" not in said[0]
    (run,) = await world.history()
    assert [effect.outcome for effect in run.effects] == ["It stands under REQ-1001.", "1 of 1 told."]


async def test_a_person_on_two_platforms_is_told_on_one_and_a_role_each_of_its_people_once(company, catalogue):
    yaml = (
        "  - name: tell\n    on: request.opened\n    then:\n"
        f"      - notify: {{role: {REVIEWER}, text: Look.}}\n"
        "      - notify: {person: nobody@x.example, text: Look.}\n"
    )
    async with office(company, company.gate(catalogue)) as teams, slack_of(company) as (workspace, _ids, _told):
        await teams.act("install", user=company.people[REVIEWER].email, channel="#approvals")
        world = telling(World(company, catalogue, rulebook(company, yaml)), workspace, teams.workspace)
        for platform in (workspace, teams.workspace):
            assert await platform.chat_user(company.people[REVIEWER])
        await ask(company, catalogue)
        await world.settle()
        (event, _other) = await world.identities("automation.notify")
        async with company.database.tenant(company.tenant) as tx:
            posted = [each.platform for slug in ("slack", "teams") for each in await messages_of(tx, event, slug)]
    assert posted == ["slack"]
    (run,) = await world.history()
    assert [effect.outcome for effect in run.effects] == [
        "1 of 1 told.",
        "There is nobody here like 'nobody@x.example'.",
    ]


async def test_administrators_are_told_once_of_a_rule_that_goes_round_in_a_circle(company, catalogue):
    yaml = '  - {name: echo, on: request.commented, then: [{comment: {on: request, text: "Noted."}}]}\n'
    async with slack_of(company) as (workspace, _ids, told):
        world = telling(World(company, catalogue, rulebook(company, yaml)), workspace)
        request_id = (await ask(company, catalogue)).request_id
        for _ in range(3):
            await comment(company.database, company.actor("agent_developer"), request_id, kind="comment", text="Hi.")
            await world.settle()
        said = [text for text in await told(ADMINISTRATOR) if "echo" in text]
    assert len(said) == 1
    assert "round in a circle" in said[0]


async def test_a_channel_that_the_app_cannot_write_to_is_said_in_the_history(company, catalogue):
    yaml = "  - {name: tell, on: request.opened, then: [{notify: {channel: nowhere, text: Look.}}]}\n"
    async with slack_of(company) as (workspace, _ids, _told):
        world = telling(World(company, catalogue, rulebook(company, yaml)), workspace)
        await ask(company, catalogue)
        await world.settle()
    (run,) = await world.history()
    assert [effect.outcome for effect in run.effects] == ["Our app cannot write to #nowhere."]
