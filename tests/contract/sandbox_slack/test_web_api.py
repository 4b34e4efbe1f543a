"""The Web API as the official client meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.http_retry.builtin_async_handlers import AsyncRateLimitErrorRetryHandler
from slack_sdk.web.async_client import AsyncWebClient

from tests.contract.sandbox_slack.conftest import BOT_TOKEN, StartSandbox, World, button, modal, section, text_input


async def refused(call: Any) -> str:
    with pytest.raises(SlackApiError) as caught:
        await call
    return str(caught.value.response["error"])


async def test_the_token_names_the_app_and_its_team(world: World):
    answer = await world.web.auth_test()
    assert (answer["team_id"], answer["team"], answer["bot_id"]) == ("T1ACME", "Acme", "B0COUNTERSIGN")


async def test_a_wrong_token_is_invalid_auth_and_a_missing_one_not_authed(world: World):
    url = f"{world.options.base_url}/slack/api/"
    assert await refused(AsyncWebClient(token="xoxb-other", base_url=url).auth_test()) == "invalid_auth"
    assert await refused(AsyncWebClient(base_url=url).auth_test()) == "not_authed"
    assert await refused(world.web.apps_connections_open(app_token=BOT_TOKEN)) == "not_allowed_token_type"


async def test_a_message_keeps_its_blocks_and_metadata_and_gets_a_ts_of_its_own(world: World):
    metadata = {"event_type": "request_posted", "event_payload": {"reference": "REQ-1"}}
    first = await world.web.chat_postMessage(
        channel="C1GOV", text="REQ-1", blocks=[section("*REQ-1*")], metadata=metadata
    )
    second = await world.web.chat_postMessage(channel="#governance", text="again")
    assert isinstance(first["ts"], str)
    assert second["ts"] > first["ts"]
    history = await world.web.conversations_history(channel="C1GOV", include_all_metadata=True)
    assert [m["text"] for m in history["messages"]] == ["again", "REQ-1"]
    assert history["messages"][1]["metadata"] == metadata
    plain = await world.web.conversations_history(channel="C1GOV")
    assert "metadata" not in plain["messages"][1]


async def test_blocks_and_text_may_also_come_as_a_form_or_a_query(world: World):
    blocks = json.dumps([section("form")])
    url = f"{world.options.base_url}/slack/api/chat.postMessage"
    said = {"channel": "C1GOV", "text": "form", "blocks": blocks}
    headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as client:
        posted = await (await client.post(url, data=said)).json()
        asked = await (await client.get(url, params=said)).json()
    assert posted["message"]["blocks"][0]["text"]["text"] == "form"
    assert asked["ok"] is True


async def test_an_update_keeps_the_blocks_that_it_does_not_name(world: World):
    posted = await world.web.chat_postMessage(channel="C1GOV", text="open", blocks=[section("open")])
    await world.web.chat_update(channel="C1GOV", ts=posted["ts"], text="done")
    (message,) = await world.hands.messages("#governance")
    assert (message["text"], message["edited"]) == ("done", True)
    assert message["blocks"][0]["text"]["text"] == "open"
    await world.web.chat_update(channel="C1GOV", ts=posted["ts"], text="done", blocks=[section("done")])
    (message,) = await world.hands.messages("#governance")
    assert message["blocks"][0]["text"]["text"] == "done"


async def test_a_reply_stands_in_the_thread_and_not_in_the_channel(world: World):
    parent = await world.web.chat_postMessage(channel="C1GOV", text="parent")
    reply = await world.web.chat_postMessage(channel="C1GOV", text="reply", thread_ts=parent["ts"])
    history = await world.web.conversations_history(channel="C1GOV")
    assert [(m["text"], m["reply_count"]) for m in history["messages"]] == [("parent", 1)]
    replies = await world.web.conversations_replies(channel="C1GOV", ts=parent["ts"])
    assert [m["ts"] for m in replies["messages"]] == [parent["ts"], reply["ts"]]
    (listed,) = await world.hands.messages("C1GOV")
    assert [r["text"] for r in listed["thread"]] == ["reply"]


async def test_an_ephemeral_message_is_seen_by_one_person_and_left_out_of_the_history(world: World):
    await world.web.chat_postEphemeral(channel="C1GOV", user="U1ANN", text="for your eyes")
    assert (await world.web.conversations_history(channel="C1GOV"))["messages"] == []
    ann = await world.hands.get("slack/ephemerals", user="ann")
    ben = await world.hands.get("slack/ephemerals", user="ben")
    assert [m["text"] for m in ann["ephemeral"]] == ["for your eyes"]
    assert ben["ephemeral"] == []


async def test_a_direct_message_is_opened_once_and_reached_by_the_persons_id_too(world: World):
    first = await world.web.conversations_open(users="U2BEN")
    again = await world.web.conversations_open(users=["U2BEN"])
    assert (again["channel"]["id"], again["already_open"]) == (first["channel"]["id"], True)
    posted = await world.web.chat_postMessage(channel="U2BEN", text="hello")
    assert posted["channel"] == first["channel"]["id"]
    assert [m["text"] for m in await world.hands.messages("@ben@acme.example")] == ["hello"]


async def test_people_are_found_by_id_and_by_e_mail_in_any_case(world: World):
    by_mail = await world.web.users_lookupByEmail(email="BEN@acme.example")
    by_id = await world.web.users_info(user="U2BEN")
    assert by_mail["user"] == by_id["user"]
    assert by_id["user"]["profile"]["title"] == "Security Lead"
    berlin = (await world.web.users_info(user="U1ANN"))["user"]["tz_offset"]
    assert berlin in {3600, 7200}


async def test_a_deactivated_person_is_no_longer_found_by_e_mail(world: World):
    await world.hands.post("slack/edit", type="user", id="U3CYD", fields={"deleted": True})
    assert await refused(world.web.users_lookupByEmail(email="cyd@acme.example")) == "users_not_found"
    assert (await world.web.users_info(user="U3CYD"))["user"]["deleted"] is True
    assert await refused(world.web.conversations_open(users="U3CYD")) == "user_disabled"


async def test_lists_come_in_pages_until_the_cursor_is_empty(world: World):
    ids: list[str] = []
    async for page in await world.web.users_list(limit=2):
        ids += [user["id"] for user in page["members"]]
    assert ids == ["U1ANN", "U2BEN", "U3CYD", "U0COUNTERSIGN"]


async def test_user_groups_name_their_members(world: World):
    groups = await world.web.usergroups_list(include_users=True)
    assert groups["usergroups"][0]["users"] == ["U2BEN"]
    assert (await world.web.usergroups_users_list(usergroup="S1LEADS"))["users"] == ["U2BEN"]


async def test_a_permalink_opens_the_workspace_at_the_message(world: World):
    posted = await world.web.chat_postMessage(channel="C1GOV", text="here")
    link = await world.web.chat_getPermalink(channel="C1GOV", message_ts=posted["ts"])
    assert link["permalink"] == f"{world.options.base_url}/archives/C1GOV/p{posted['ts'].replace('.', '')}"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"channel": "C404", "text": "x"}, "channel_not_found"),
        ({"channel": "C1GOV", "text": ""}, "no_text"),
        ({"channel": "C1GOV", "text": "x" * 40_001}, "msg_too_long"),
        ({"channel": "C1GOV", "text": "x", "thread_ts": "1.2"}, "thread_not_found"),
        ({"channel": "C1GOV", "text": "x", "metadata": {"no": "type"}}, "invalid_metadata_format"),
        ({"channel": "C1GOV", "text": "x", "blocks": [{"type": "nonsense"}]}, "invalid_blocks"),
    ],
)
async def test_a_message_that_slack_would_refuse_is_refused(world: World, arguments: dict[str, Any], error: str):
    assert await refused(world.web.api_call("chat.postMessage", json=arguments)) == error


@pytest.mark.parametrize(
    ("block", "message"),
    [
        (section("x" * 3001), "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        (section(""), "must be more than 0 characters [json-pointer:/blocks/0/text/text]"),
        (
            {"type": "header", "text": {"type": "mrkdwn", "text": "x"}},
            "unsupported type: must be plain_text [json-pointer:/blocks/0/text/type]",
        ),
        (
            {"type": "actions", "elements": [button("a", "x" * 76, "v")]},
            "must be less than 76 characters [json-pointer:/blocks/0/elements/0/text/text]",
        ),
        (
            {"type": "section", "fields": [{"type": "mrkdwn", "text": "f"}] * 11},
            "no more than 10 items allowed [json-pointer:/blocks/0/fields]",
        ),
        ({"type": "image", "image_url": "http://x/y.png"}, "missing required field: alt_text [json-pointer:/blocks/0]"),
    ],
)
async def test_invalid_blocks_are_named_with_their_pointer(world: World, block: dict[str, Any], message: str):
    with pytest.raises(SlackApiError) as caught:
        await world.web.chat_postMessage(channel="C1GOV", text="x", blocks=[block])
    assert caught.value.response["response_metadata"]["messages"] == [f"[ERROR] {message}"]


async def test_more_than_fifty_blocks_are_refused(world: World):
    many = [{"type": "divider"}] * 51
    assert await refused(world.web.chat_postMessage(channel="C1GOV", text="x", blocks=many)) == "invalid_blocks"


async def test_a_channel_is_closed_to_the_app_until_it_joins(world: World):
    assert await refused(world.web.chat_postMessage(channel="C3OUT", text="x")) == "not_in_channel"
    await world.web.conversations_join(channel="C3OUT")
    assert (await world.web.chat_postMessage(channel="C3OUT", text="x"))["channel"] == "C3OUT"
    assert await refused(world.web.conversations_join(channel="C2SEC")) == "method_not_supported_for_channel_type"


async def test_only_own_messages_can_be_changed_or_deleted(world: World):
    await world.hands.post("slack/configure", events=[])
    mine = await world.hands.post("slack/message", user="ann", channel="#governance", text="hello")
    assert await refused(world.web.chat_update(channel="C1GOV", ts=mine["ts"], text="no")) == "cant_update_message"
    assert await refused(world.web.chat_delete(channel="C1GOV", ts=mine["ts"])) == "cant_delete_message"
    assert await refused(world.web.chat_delete(channel="C1GOV", ts="1.2")) == "message_not_found"


async def test_an_excess_of_calls_is_429_with_retry_after_and_the_clients_handler_waits(world: World):
    await world.hands.post("slack/configure", rate_limits={"burst": 2, "per_minute": {"chat.postMessage": 60}})
    for text in ("one", "two"):
        await world.web.chat_postMessage(channel="C1GOV", text=text)
    with pytest.raises(SlackApiError) as caught:
        await world.web.chat_postMessage(channel="C1GOV", text="three")
    assert caught.value.response.status_code == 429
    assert caught.value.response.headers["Retry-After"] == "1"
    assert caught.value.response["error"] == "ratelimited"
    await world.web.chat_postMessage(channel="U1ANN", text="another channel has its own allowance")
    patient = AsyncWebClient(token=BOT_TOKEN, base_url=world.web.base_url)
    patient.retry_handlers.append(AsyncRateLimitErrorRetryHandler(max_retry_count=2))
    await patient.chat_postMessage(channel="C1GOV", text="three")
    assert [m["text"] for m in await world.hands.messages("C1GOV")] == ["one", "two", "three"]


async def test_a_burst_of_ordinary_size_passes(world: World):
    for number in range(20):
        await world.web.chat_postMessage(channel="C1GOV", text=str(number))
    assert len(await world.hands.messages("C1GOV")) == 20


async def test_a_trigger_that_was_never_given_opens_nothing(world: World):
    view = modal(text_input("why", "Why"))
    assert await refused(world.web.views_open(trigger_id="1.2.x", view=view)) == "invalid_trigger_id"


async def test_app_home_is_published_for_one_person_and_guarded_by_its_hash(world: World):
    view = {"type": "home", "blocks": [section("*Yours*")]}
    published = await world.web.views_publish(user_id="U1ANN", view=view)
    again = await world.web.views_publish(user_id="U1ANN", view=view, hash=published["view"]["hash"])
    assert again["view"]["id"] == published["view"]["id"]
    stale = world.web.views_publish(user_id="U1ANN", view=view, hash=published["view"]["hash"])
    assert await refused(stale) == "hash_conflict"
    home = await world.hands.get("slack/home", user="ann", open="0")
    assert home["blocks"][0]["text"]["text"] == "*Yours*"
    assert (await world.hands.get("slack/home", user="ben", open="0"))["published"] is False


async def test_everything_said_survives_a_restart(start: StartSandbox, tmp_path: Path):
    file = tmp_path / "sandbox.json"
    async with start(file) as world:
        first = await world.web.chat_postMessage(channel="C1GOV", text="kept")
        await world.web.chat_postMessage(channel="U2BEN", text="kept too")
    async with start(file) as world:
        assert [m["ts"] for m in await world.hands.messages("C1GOV")] == [first["ts"]]
        assert [m["text"] for m in await world.hands.messages("@ben")] == ["kept too"]
        later = await world.web.chat_postMessage(channel="C1GOV", text="later")
        assert later["ts"] > first["ts"]


async def test_an_unknown_method_is_named(world: World):
    assert await refused(world.web.api_call("chat.shout")) == "unknown_method"
