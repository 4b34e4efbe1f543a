"""Where the bot may write in Teams, and who is who there (B7)."""

import pytest

from bot.cards import Card, Plain, Section
from bot.platform import PlaceUnusable
from bot.teams.connector import Closed
from bot.teams.places import PLATFORM
from core.accounts import UnknownChatAccount
from core.ids import TenantId
from core.links import Conversation, ConversationKind, MessageSlot, channels_of, conversation_with, find_conversation
from core.tenants import TenantPolicy, provision
from tests.teams_office import office

CARD = Card("Hello", (Section((Plain("Hello"),)),))
DEVELOPER = "agent.developer@enterprise-corp.example"
GUEST = "auditor@enterprise-corp.example"
pytestmark = pytest.mark.row("B7")


@pytest.fixture
async def teams(company, catalogue):
    async with office(company, company.gate(catalogue)) as opened:
        yield opened


async def known(teams):
    async with teams.places.database.tenant(teams.places.tenant) as tx:
        return {each.name for each in await channels_of(tx, PLATFORM, teams.about["tenant_id"])}


async def chat_of(teams, email):
    async with teams.places.database.tenant(teams.places.tenant) as tx:
        return await conversation_with(tx, PLATFORM, teams.about["tenant_id"], teams.aad(email))


async def test_a_team_that_adds_the_app_makes_its_channels_known_by_name(teams):
    assert await known(teams) == set()
    await teams.act("install", user=DEVELOPER, channel="#approvals")
    assert await known(teams) == {"General", "approvals", "emergency"}
    assert (await teams.places.channel("Approvals")).id == teams.about["channels"]["approvals"]


async def test_a_team_that_takes_the_app_out_is_forgotten_with_its_channels(teams):
    await teams.act("install", user=DEVELOPER, channel="#approvals")
    await teams.act("uninstall", user=DEVELOPER, channel="#approvals")
    assert await known(teams) == set()
    with pytest.raises(PlaceUnusable, match="'approvals'"):
        await teams.places.channel("approvals")


async def test_whoever_adds_the_app_is_known_and_greeted_with_what_waits_for_them(teams, company):
    seen = await teams.act("install", user=DEVELOPER)
    chat = await chat_of(teams, DEVELOPER)
    assert (chat.kind, chat.member_id) == (ConversationKind.PERSONAL, teams.about["people"][DEVELOPER]["id"])
    assert "Nothing waits for you" in seen["ephemeral"][0]["words"]
    assert (await teams.workspace.actor(teams.aad(DEVELOPER))).user == company.people["agent_developer"].id


async def test_whoever_takes_the_app_out_is_forgotten(teams):
    await teams.act("install", user=DEVELOPER)
    await teams.act("uninstall", user=DEVELOPER)
    assert await chat_of(teams, DEVELOPER) is None


async def test_somebody_who_blocked_the_bot_is_forgotten_when_it_writes_to_them(teams):
    await teams.act("install", user=DEVELOPER)
    await teams.configure(refuse={"code": "ConversationBlockedByUser"})
    slot = MessageSlot((await teams.workspace.actor(teams.aad(DEVELOPER))).user, PLATFORM, teams.aad(DEVELOPER), "x")
    with pytest.raises(Closed):
        await teams.workspace.show(slot, CARD)
    assert await chat_of(teams, DEVELOPER) is None


async def test_a_conversation_belongs_to_one_tenant_alone(teams):
    await teams.act("install", user=DEVELOPER)
    chat = await chat_of(teams, DEVELOPER)
    database = teams.places.database
    await provision(database, TenantPolicy(tenant_id="northwind"))
    async with database.tenant(TenantId("northwind")) as tx:
        assert await find_conversation(tx, PLATFORM, teams.about["tenant_id"], chat.id) is None


async def test_an_address_that_is_not_ours_to_call_is_not_kept(teams):
    place = Conversation(
        PLATFORM, teams.about["tenant_id"], "a:1", ConversationKind.PERSONAL, "http://169.254.169.254/"
    )
    assert await teams.places.keep(place) is False
    assert await teams.places.find("a:1") is None


async def test_a_guest_is_nobody_whatever_address_they_bring(teams):
    async with teams.session.post(
        f"{teams.url}/control/teams/edit",
        json={"type": "user", "id": DEVELOPER, "fields": {"guest": True}},
    ) as answer:
        assert answer.status == 200
    seen = await teams.act("install", user=DEVELOPER)
    assert "Guests, bots and deactivated accounts are not linked." in seen["ephemeral"][0]["words"]
    with pytest.raises(UnknownChatAccount):
        await teams.workspace.actor(teams.aad(DEVELOPER))


async def test_somebody_whose_two_addresses_are_two_people_s_is_neither(teams):
    other = "security.manager@enterprise-corp.example"
    async with teams.session.post(
        f"{teams.url}/control/teams/edit", json={"type": "user", "id": DEVELOPER, "fields": {"upn": other}}
    ) as answer:
        assert answer.status == 200
    await teams.act("install", user=DEVELOPER)
    with pytest.raises(UnknownChatAccount, match="does not know this chat account"):
        await teams.workspace.actor(teams.aad(DEVELOPER))


async def test_a_person_of_ours_is_found_in_the_team_before_they_have_done_anything(teams, company):
    await teams.act("install", user=DEVELOPER, channel="#approvals")
    person = company.people["security_manager"]
    assert await teams.workspace.chat_user(person) == teams.aad(person.email)


@pytest.mark.parametrize(
    ("mention", "email"),
    [
        ("someone@else.example", "someone@else.example"),
        ("security manager", "security.manager@enterprise-corp.example"),
        ("security.manager", "security.manager@enterprise-corp.example"),
        ("nobody at all", "nobody at all"),
    ],
)
async def test_a_mention_is_somebody_s_address(teams, mention, email):
    assert await teams.workspace.person(mention) == email


async def test_a_directory_id_is_somebody_s_address(teams):
    await teams.act("install", user=DEVELOPER)
    assert await teams.workspace.person(teams.aad(DEVELOPER).upper()) == DEVELOPER
