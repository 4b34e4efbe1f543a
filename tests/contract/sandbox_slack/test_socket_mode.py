"""Socket Mode: the product dials in, and then everything travels over its socket."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_sdk.web.async_client import AsyncWebClient

from tests.contract.sandbox_slack.conftest import APP_TOKEN, Hands, Json, World, button, modal, section, text_input


@pytest.fixture
async def dialled_in(world: World, bolt: AsyncApp):
    """The Bolt application, connected by socket; no HTTP door is open."""
    handler = AsyncSocketModeHandler(bolt, APP_TOKEN, web_client=world.web)
    await handler.connect_async()
    yield bolt
    await handler.close_async()


async def test_a_command_its_modal_and_a_click_travel_by_socket(world: World, hands: Hands, dialled_in: AsyncApp):
    @dialled_in.command("/approve")
    async def ask(ack: AsyncAck, command: Json, client: AsyncWebClient):
        await ack(text="one moment")
        await client.views_open(trigger_id=command["trigger_id"], view=modal(text_input("why", "Justification")))

    @dialled_in.view("ask")
    async def sent(ack: AsyncAck, view: Json, body: Json, client: AsyncWebClient):
        if view["state"]["values"]["why"]["typed"]["value"] == "no":
            await ack(response_action="errors", errors={"why": "Say more."})
            return
        await ack()
        row = {"type": "actions", "elements": [button("yes", "Approve", "REQ-1")]}
        await client.chat_postMessage(channel="C1GOV", text="REQ-1", blocks=[section("REQ-1"), row])

    @dialled_in.action("yes")
    async def yes(ack: AsyncAck, respond: AsyncRespond):
        await ack()
        await respond(text="Done", replace_original=True, blocks=[])

    asked = await hands.command("ann", "/approve create")
    assert [m["text"] for m in asked["ephemeral"]] == ["one moment"]
    view_id = asked["modal"]["view_id"]
    refused = await hands.post("slack/submit", user="ann", view_id=view_id, values={"why": "no"})
    assert refused["errors"] == {"why": "Say more."}
    done = await hands.post("slack/submit", user="ann", view_id=view_id, values={"why": "because"})
    assert done["closed"] is True
    ts = done["messages"][0]["ts"]
    clicked = await hands.post("slack/click", user="ben", channel="governance", ts=ts, action_id="yes")
    assert [m["text"] for m in clicked["messages"]] == ["Done"]
    deliveries = (await hands.get("slack/records", type="delivery"))["records"]
    assert {d["via"] for d in deliveries} == {"socket"}


async def test_an_event_reaches_the_product_by_socket(hands: Hands, dialled_in: AsyncApp):
    @dialled_in.event("app_home_opened")
    async def opened(event: Json, client: AsyncWebClient):
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": [section("Hello")]})

    home = await hands.get("slack/home", user="ann")
    assert home["blocks"][0]["text"]["text"] == "Hello"


async def test_the_socket_says_hello_and_asks_to_reconnect(world: World, hands: Hands):
    url = (await world.web.apps_connections_open(app_token=APP_TOKEN))["url"]
    async with aiohttp.ClientSession() as client, client.ws_connect(str(url)) as socket:
        hello: dict[str, Any] = await socket.receive_json()
        assert (hello["type"], hello["num_connections"]) == ("hello", 1)
        assert (await hands.post("slack/disconnect", reason="warning"))["sockets"] == 1
        goodbye: dict[str, Any] = await socket.receive_json()
        assert (goodbye["type"], goodbye["reason"]) == ("disconnect", "warning")


async def test_an_address_is_good_for_one_socket(world: World):
    url = str((await world.web.apps_connections_open(app_token=APP_TOKEN))["url"])
    async with aiohttp.ClientSession() as client, client.ws_connect(url):
        with pytest.raises(aiohttp.WSServerHandshakeError) as caught:
            await client.ws_connect(url)
    assert caught.value.status == 401


async def test_an_envelope_that_nobody_acknowledges_is_an_operation_timeout(world: World, hands: Hands):
    url = (await world.web.apps_connections_open(app_token=APP_TOKEN))["url"]
    async with aiohttp.ClientSession() as client, client.ws_connect(str(url)) as socket:
        await socket.receive_json()
        waiting = asyncio.create_task(hands.command("ann", "/approve"))
        envelope = await socket.receive_json()
        assert (envelope["type"], envelope["payload"]["command"]) == ("slash_commands", "/approve")
        assert envelope["accepts_response_payload"] is True
        assert (await waiting)["error"] == "operation_timeout"
