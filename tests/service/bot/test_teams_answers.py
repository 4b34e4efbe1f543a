"""Answers in Teams while Teams throttles, fails or lets the bot in no more: they come late, and are true (B7, N6)."""

import json

import pytest

from core.approvals import get_request
from tests.service.bot.conftest import DEVELOPER, REVIEWER

pytestmark = pytest.mark.row("B7", "N6")


@pytest.fixture
def teams(met):
    return met


async def comments(company, request_id):
    found = await get_request(company.database, company.actor("agent_developer"), request_id)
    return [each.text for each in found.comments]


async def told(teams, email, line, **where):
    """The command, and what its sender has in their chat by the time everything is over."""
    await teams.act("command", user=email, text=line, **where)
    await teams.desk.close()
    chat = await teams.places.chat_with(teams.aad(email))
    return [each["words"] for each in await teams.messages(chat.id)]


@pytest.mark.parametrize(("fault", "count"), [("429", 1), ("429", 3), ("500", 2), ("bad_json", 1)])
async def test_an_answer_that_teams_does_not_take_comes_later_and_says_what_was_done(
    teams, company, request_id, fault, count
):
    chat = await teams.places.chat_with(teams.aad(REVIEWER))
    await teams.fault(fault, count, retry_after=0.1, match=chat.id[-12:])
    words = await told(teams, REVIEWER, "approve comment REQ-1001 looks good")
    assert await comments(company, request_id) == ["looks good"]
    assert "Added to REQ-1001." in words[-1]
    assert not [each for each in words if "Something went wrong" in each or "Teams answers" in each]


async def test_a_home_that_is_throttled_comes_later_and_alone(teams):
    await teams.fault("429", 2, retry_after=0.1, match="activities$")
    words = await told(teams, REVIEWER, "home")
    assert [each for each in words if "Nothing waits for you" in each] == [words[-1]]


async def test_a_home_whose_predecessor_cannot_be_removed_at_once_is_alone_in_the_end(teams):
    await told(teams, REVIEWER, "home")
    await teams.fault("429", 1, retry_after=0.1, match="/activities/")  # the removal of the one that stands there
    words = await told(teams, REVIEWER, "home")
    assert [each for each in words if "Nothing waits for you" in each] == [words[-1]]


async def test_a_name_of_two_words_without_quotes_is_refused_with_how_to_write_it(teams, request_id):
    words = await told(teams, REVIEWER, "approve delegate REQ-1001 Pat Kim on leave")
    assert "There is nobody here called 'Pat'." in words[-1]
    assert 'A name of several words stands in quotes: "Pat Kim".' in words[-1]


async def test_whoever_has_not_got_the_app_is_not_asked_to_say_again_what_was_done(teams, company, request_id):
    await teams.act("uninstall", user=DEVELOPER)
    seen = await teams.act("command", user=DEVELOPER, text="approve comment REQ-1001 hello", channel="#approvals")
    await teams.desk.close()
    assert await comments(company, request_id) == ["hello"]
    said = (await teams.look("messages", channel=seen["channel"], ts=seen["ts"]))["messages"]
    words = json.dumps(said)
    assert "I have taken that up" in words
    assert "Add Countersign to your own chats" in words
    assert "ask again" not in words
