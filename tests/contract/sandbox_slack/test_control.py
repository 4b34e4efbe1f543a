"""The rest of the control surface: open modals, beginning again, the request URL's proof, options that last."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.contract.sandbox_slack.conftest import (
    Hands,
    Json,
    StartSandbox,
    World,
    modal,
    section,
    serving,
    text_input,
)


async def opened(hands: Hands, product: AsyncApp) -> Json:
    @product.command("/approve")
    async def ask(ack: AsyncAck, command: Json, client: AsyncWebClient):
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=modal(text_input("a", "A"), title="1"))

    return dict((await hands.command("ann", "/approve"))["modal"])


async def test_open_modals_are_listed_the_one_on_top_last(hands: Hands, product: AsyncApp):
    @product.view("ask")
    async def deeper(ack: AsyncAck):
        await ack(response_action="push", view=modal(text_input("a", "A"), title="2", callback_id="deep"))

    first = await opened(hands, product)
    second = (await hands.post("slack/submit", user="ann", view_id=first["view_id"], values={"A": "x"}))["modal"]
    views = (await hands.get("slack/views", user="ann"))["views"]
    assert [(view["view_id"], view["title"]) for view in views] == [(first["view_id"], "1"), (second["view_id"], "2")]
    assert (await hands.get("slack/views", user="ben"))["views"] == []


async def test_an_open_modal_is_guarded_by_its_hash(world: World, hands: Hands, product: AsyncApp):
    view_id = (await opened(hands, product))["view_id"]
    first = await world.web.views_update(view_id=view_id, view=modal(text_input("a", "A"), title="2"))
    stale = first["view"]["hash"]
    await world.web.views_update(view_id=view_id, view=modal(text_input("a", "A"), title="3"), hash=stale)
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await world.web.views_update(view_id=view_id, view=modal(text_input("a", "A"), title="4"), hash=stale)
    assert [view["title"] for view in (await hands.get("slack/views", user="ann"))["views"]] == ["3"]


async def test_a_view_of_a_quarter_megabyte_is_too_large(world: World):
    view = {"type": "home", "blocks": [section("x" * 3000) for _ in range(99)]}
    with pytest.raises(SlackApiError, match="view_too_large"):
        await world.web.views_publish(user_id="U1ANN", view=view)


async def test_the_request_url_is_proved_by_giving_the_challenge_back(hands: Hands, product: AsyncApp):
    answer = await hands.post("slack/verify_url")
    assert answer["verified"] is True
    assert answer["answered"] == answer["challenge"]


async def test_a_request_url_that_says_something_else_is_not_verified(hands: Hands, product_socket: socket.socket):
    async def wrong(_request: web.Request) -> web.Response:
        return web.json_response({"challenge": "mine"})

    server = web.Application()
    server.router.add_post("/slack/events", wrong)
    async with serving(server, product_socket):
        assert (await hands.post("slack/verify_url"))["verified"] is False


async def test_a_request_url_where_nobody_listens_is_not_verified(hands: Hands, product_socket: socket.socket):
    product_socket.close()
    answer = await hands.post("slack/verify_url")
    assert (answer["verified"], answer["error"]) == (False, "dispatch_failed")


async def test_after_a_reset_the_workspace_is_as_on_the_first_day(world: World, hands: Hands, product: AsyncApp):
    await opened(hands, product)
    await world.web.chat_postMessage(channel="C1GOV", text="forgotten")
    await world.web.chat_postMessage(channel="U1ANN", text="forgotten too")
    await world.web.chat_postEphemeral(channel="C1GOV", user="U1ANN", text="and this")
    await world.web.views_publish(user_id="U1ANN", view={"type": "home", "blocks": [section("x")]})
    await hands.post("slack/edit", type="user", id="U2BEN", fields={"deleted": True})
    await hands.post("slack/configure", scopes=["chat:write"])
    await hands.post("faults", system="slack", fault="500", count=5)
    assert await hands.post("reset") == {"reset": ["slack", "teams"], "kept": []}
    assert await hands.messages("#governance") == []
    assert await hands.messages("@ann") == []
    assert (await hands.get("slack/ephemerals", user="ann"))["ephemeral"] == []
    assert (await hands.get("slack/views", user="ann"))["views"] == []
    assert (await hands.get("slack/home", user="ann", open="0"))["published"] is False
    assert (await hands.get("slack/records", type="delivery"))["records"] == []
    assert (await world.web.users_info(user="U2BEN"))["user"]["deleted"] is False
    assert (await world.web.chat_postMessage(channel="C1GOV", text="a new day"))["ok"]


async def test_a_reset_names_what_cannot_begin_again(hands: Hands):
    status, answer = await hands.call("POST", "/control/reset", {"system": "nowhere"})
    assert (status, answer["accepted"]) == (404, ["slack", "teams"])


async def test_a_reset_lasts_over_a_restart(start: StartSandbox, tmp_path: Path):
    file = tmp_path / "sandbox.json"
    async with start(file) as before:
        await before.web.chat_postMessage(channel="C1GOV", text="forgotten")
        await before.hands.post("reset")
    async with start(file) as after:
        assert await after.hands.messages("#governance") == []


async def test_chosen_options_last_over_a_restart(start: StartSandbox, tmp_path: Path):
    file = tmp_path / "sandbox.json"
    limits = {"burst": 1, "per_minute": {"auth.test": 1}}
    async with start(file) as before:
        await before.hands.post("slack/configure", rate_limits=limits, scopes=["commands"], events=["app_mention"])
    async with start(file) as after:
        with pytest.raises(SlackApiError, match="missing_scope"):
            await after.web.users_info(user="U1ANN")
        await after.web.auth_test()
        with pytest.raises(SlackApiError, match="ratelimited"):
            await after.web.auth_test()


@pytest.mark.parametrize("wrong", [{"scopes": ["no"]}, {"events": ["no"]}, {"event_retry_delays": [-1]}])
async def test_options_are_all_taken_or_none(world: World, hands: Hands, wrong: dict[str, Any]):
    sound = {"rate_limits": {"burst": 1, "per_minute": {"auth.test": 1}}}
    assert (await hands.call("POST", "/control/slack/configure", sound | wrong))[0] == 400
    await world.web.auth_test()
    await world.web.auth_test()
