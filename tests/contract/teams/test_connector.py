"""The way to Teams over real HTTP, with every fault that Microsoft names and some that nobody does."""

import asyncio

import aiohttp
import pytest

from bot.cards import Card, Plain, Section
from bot.teams import connector as module
from bot.teams.connector import Closed, Lost, Posted, TeamsRefused, TooLong, is_callable_url, make_session
from bot.teams.credentials import AppToken, TokenRefused
from bot.teams.render import message
from core.outbox import Throttle
from tests.teams_office import simulated

ACTIVITY = message(Card("REQ-1001", (Section((Plain("REQ-1001"),)),)))
PEOPLE = [
    {"id": f"U{number}", "name": name, "real_name": name.title(), "email": f"{name}@acme.example"}
    for number, name in enumerate(("ann", "ben", "gil"))
]
TEAMS = {"people": {"gil@acme.example": {"guest": True}, "ben@acme.example": {"installed": False}}}


@pytest.fixture
async def teams():
    async with simulated(PEOPLE, product_url="http://127.0.0.1:9", teams=TEAMS) as sim:
        yield sim


@pytest.fixture
async def session():
    async with make_session() as opened:
        yield opened


@pytest.fixture
def way(teams, session, monkeypatch):
    monkeypatch.setattr(module, "BACKOFF_S", 0.01)
    return teams.connector(session)


async def chat_with_ann(teams, way):
    id_, _url = await way.open_chat(teams.about["service_url"], teams.aad("ann@acme.example"))
    return id_


def at(teams):
    return teams.about["service_url"]


async def words(teams, place):
    return [each["words"] for each in await teams.messages(place)]


async def test_a_message_is_posted_changed_and_deleted(teams, way):
    chat = await chat_with_ann(teams, way)
    posted = await way.post(at(teams), chat, ACTIVITY)
    await way.update(at(teams), posted, message(Card("Changed", ())))
    assert await words(teams, chat) == ["Changed"]
    await way.delete(at(teams), posted)
    assert await words(teams, chat) == []
    with pytest.raises(Lost):
        await way.update(at(teams), posted, ACTIVITY)


async def test_a_reply_stands_in_the_thread_of_a_channel(teams, way):
    channel = teams.about["channels"]["approvals"]
    root = await way.post(at(teams), channel, ACTIVITY)
    reply = await way.post(at(teams), channel, message(Card("Approved", ())), reply_to=root.id)
    (found,) = await teams.messages("#approvals")
    assert (found["ts"], [each["ts"] for each in found["thread"]]) == (root.id, [reply.id])


async def test_a_chat_that_there_is_is_opened_again(teams, way):
    assert await chat_with_ann(teams, way) == await chat_with_ann(teams, way)


async def test_somebody_without_the_app_cannot_be_written_to(teams, way):
    with pytest.raises(Closed, match="ForbiddenOperationException"):
        await way.open_chat(at(teams), teams.aad("ben@acme.example"))


async def test_members_say_their_addresses_and_who_is_a_guest(teams, way):
    found = {each.name: each for each in await way.members(at(teams), teams.about["channels"]["approvals"])}
    assert {name: (each.email, each.is_guest) for name, each in found.items()} == {
        "Ann": ("ann@acme.example", False), "Ben": ("ben@acme.example", False), "Gil": ("gil@acme.example", True),
    }  # fmt: skip
    ann = await way.member(at(teams), teams.about["channels"]["approvals"], teams.aad("ann@acme.example"))
    assert ann == found["Ann"]


async def test_a_long_list_of_members_is_read_to_its_end(teams, way, monkeypatch):
    monkeypatch.setattr(module, "PAGE", 1)
    assert len(await way.members(at(teams), teams.about["channels"]["approvals"])) == 3


async def test_nobody_is_found_under_a_stranger_s_id(teams, way):
    assert await way.member(at(teams), teams.about["channels"]["approvals"], "29:nobody") is None


async def test_channels_are_known_by_name(teams, way):
    found = await way.channels(at(teams), teams.about["team"]["id"])
    assert {name: id_ for id_, name in found.items()} == teams.about["channels"]


@pytest.mark.parametrize("code", ["PreconditionFailed", "BadGateway", "GatewayTimeout", "ServiceUnavailable"])
async def test_what_teams_asks_to_be_tried_again_is(teams, way, code):
    chat = await chat_with_ann(teams, way)
    await teams.configure(refuse={"code": code, "count": 2})
    await way.post(at(teams), chat, ACTIVITY)
    assert await words(teams, chat) == ["REQ-1001"]


@pytest.mark.parametrize("code", ["PreconditionFailed", "BadGateway"])
async def test_trying_again_has_an_end(teams, way, code):
    chat = await chat_with_ann(teams, way)
    await teams.configure(refuse={"code": code, "count": 50})
    with pytest.raises(TeamsRefused, match=code):
        await way.post(at(teams), chat, ACTIVITY)


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("BotDisabledByAdmin", Closed),
        ("BotNotInConversationRoster", Closed),
        ("ConversationBlockedByUser", Closed),
        ("ForbiddenOperationException", Closed),
        ("MessageWritesBlocked", Closed),
        ("NotEnoughPermissions", Closed),
        ("ConversationNotFound", Closed),
        ("ActivityNotFoundInConversation", TeamsRefused),
        ("MessageSizeTooBig", TooLong),
        ("BadArgument", TeamsRefused),
        ("BadSyntax", TeamsRefused),
        ("ServiceError", TeamsRefused),
        ("BotNotRegistered", TeamsRefused),
    ],
)
async def test_each_refusal_is_one_failure(teams, way, code, error):
    chat = await chat_with_ann(teams, way)
    await teams.configure(refuse={"code": code, "count": 9})
    with pytest.raises(error, match=code):
        await way.post(at(teams), chat, ACTIVITY)


@pytest.mark.parametrize(("told", "waits"), [(7, 7.0), (None, module.THROTTLED_S)])
async def test_a_call_too_many_says_how_long_to_wait(teams, way, told, waits):
    chat = await chat_with_ann(teams, way)
    await teams.configure(refuse={"code": "Throttled", "retry_after": told} if told else {"code": "Throttled"})
    with pytest.raises(Throttle) as caught:
        await way.post(at(teams), chat, ACTIVITY)
    assert caught.value.retry_after_s == waits


async def test_the_limits_of_teams_are_met_with_a_throttle_and_not_with_hammering(teams, way):
    chat = await chat_with_ann(teams, way)
    await teams.configure(rate_limits={"enabled": True})
    results = await asyncio.gather(*(way.post(at(teams), chat, ACTIVITY) for _ in range(12)), return_exceptions=True)
    assert {type(each) for each in results} == {Posted, Throttle}


async def test_a_token_that_was_withdrawn_is_fetched_anew_once(teams, way):
    chat = await chat_with_ann(teams, way)
    await teams.configure(refuse={"code": "Unauthorized", "count": 1})
    await way.post(at(teams), chat, ACTIVITY)
    assert await words(teams, chat) == ["REQ-1001"]


async def test_a_token_is_used_until_shortly_before_its_end(teams, session):
    clock = [0.0]
    secret = teams.connector(session)._token._secret
    token = AppToken(
        session, teams.about["token_url"], app_id=teams.about["app_id"], secret=secret,
        scope=teams.about["token_scope"], elapsed=lambda: clock[0],
    )  # fmt: skip
    first = await token.get()
    clock[0] = 3599 - 301
    assert await token.get() == first
    clock[0] = 3599 - 299
    assert token._until <= clock[0]
    await token.get()
    assert token._until > clock[0]


async def test_a_wrong_secret_is_told_in_microsoft_s_words_without_the_secret(teams, session):
    with pytest.raises(TokenRefused) as caught:
        await teams.connector(session, secret="wrong-secret").check()
    assert "AADSTS7000215" in caught.value.message
    assert "Trace ID" not in caught.value.message
    assert "wrong-secret" not in caught.value.message


async def test_nobody_who_is_reached_is_a_failure_after_a_few_tries(session, teams, monkeypatch):
    monkeypatch.setattr(module, "BACKOFF_S", 0.01)
    with pytest.raises(aiohttp.ClientConnectorError):
        await teams.connector(session).post("http://127.0.0.1:9/teams/", "a:1", ACTIVITY)


@pytest.mark.parametrize("fault", ["down", "bad_json"])
async def test_an_answer_that_cannot_be_read_is_no_success(teams, way, fault):
    chat = await chat_with_ann(teams, way)
    await teams.fault(fault, count=1, match="/activities")
    with pytest.raises((TeamsRefused, aiohttp.ClientError)):
        await way.post(at(teams), chat, ACTIVITY)


@pytest.mark.parametrize(
    ("url", "configured", "callable_"),
    [
        ("https://smba.trafficmanager.net/emea/", "https://smba.trafficmanager.net/teams", True),
        ("http://smba.trafficmanager.net/emea/", "https://smba.trafficmanager.net/teams", False),
        ("http://127.0.0.1:8090/teams/", "http://127.0.0.1:8090/teams", True),
        ("http://127.0.0.1:9999/teams/", "http://127.0.0.1:8090/teams", False),
        ("http://169.254.169.254/", "http://127.0.0.1:8090/teams", False),
        ("https://user:pw@smba.example/", "https://smba.example", False),
        ("file:///etc/passwd", "https://smba.example", False),
    ],
)
def test_the_bot_s_token_goes_only_to_encrypted_addresses(url, configured, callable_):
    assert is_callable_url(url, configured) is callable_
