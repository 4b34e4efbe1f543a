"""Faults asked for on the control surface are met by the next calls, and listed as met."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.contract.sandbox_slack.conftest import BOT_TOKEN, SECRET, Hands, World, serving


def impatient(world: World) -> AsyncWebClient:
    return AsyncWebClient(token=BOT_TOKEN, base_url=world.web.base_url, timeout=1, retry_handlers=[])


async def test_a_rate_limit_is_met_as_often_as_asked_and_listed(world: World, hands: Hands):
    await hands.post("faults", system="slack", fault="429", count=2, retry_after=7)
    for _ in range(2):
        with pytest.raises(SlackApiError) as caught:
            await world.web.auth_test()
        assert (caught.value.response.status_code, caught.value.response.headers["Retry-After"]) == (429, "7")
    assert (await world.web.auth_test())["ok"] is True
    (listed,) = (await hands.get("faults"))["faults"]
    assert (listed["met"], listed["left"], listed["paths"]) == (2, 0, ["/slack/api/auth.test"] * 2)


async def test_a_server_error_is_a_500_without_effect(world: World, hands: Hands):
    await hands.post("faults", system="slack", fault="500", count=1)
    with pytest.raises(SlackApiError) as caught:
        await world.web.chat_postMessage(channel="C1GOV", text="x")
    assert caught.value.response.status_code == 500
    assert await hands.messages("C1GOV") == []


@pytest.mark.parametrize(("fault", "messages"), [("timeout", []), ("commit_then_timeout", ["x"])])
async def test_a_timeout_loses_the_effect_or_only_the_answer(
    world: World, hands: Hands, fault: str, messages: list[str]
):
    await hands.post("faults", system="slack", fault=fault, count=1)
    with pytest.raises(asyncio.TimeoutError):
        await impatient(world).chat_postMessage(channel="C1GOV", text="x")
    assert [m["text"] for m in await hands.messages("C1GOV")] == messages


async def test_down_cuts_the_connection(world: World, hands: Hands):
    await hands.post("faults", system="slack", fault="down", count=2)  # the client itself tries a second time
    with pytest.raises(aiohttp.ClientConnectionError):
        await impatient(world).auth_test()


async def test_slow_answers_late_but_rightly(world: World, hands: Hands):
    await hands.post("faults", system="slack", fault="slow", count=1, retry_after=0.3)
    start = asyncio.get_running_loop().time()
    await world.web.auth_test()
    assert asyncio.get_running_loop().time() - start >= 0.3


async def test_bad_json_is_a_page_of_html_under_status_200(hands: Hands, world: World):
    await hands.post("faults", system="slack", fault="bad_json", count=1)
    headers = {"Authorization": f"Bearer {BOT_TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as client:
        answer = await client.post(f"{hands.url}/slack/api/auth.test")
        assert (answer.status, answer.content_type) == (200, "text/html")
        with pytest.raises(json.JSONDecodeError):
            json.loads(await answer.text())


async def test_a_fault_can_be_aimed_at_one_method_and_taken_back(world: World, hands: Hands):
    await hands.post("faults", system="slack", fault="500", count=5, match="chat.update")
    assert (await world.web.auth_test())["ok"] is True
    status, answer = await hands.call("DELETE", "/control/faults", system="slack")
    assert (status, answer["faults"][0]["left"]) == (200, 0)


async def test_the_clock_is_the_products_own(hands: Hands, product_socket: socket.socket):
    asked: list[tuple[Any, str | None]] = []

    async def move(request: web.Request) -> web.Response:
        asked.append((await request.json(), request.headers.get("X-Demo-Key")))
        return web.json_response({"now": "2027-01-01T00:00:00Z"})

    product = web.Application()
    product.router.add_post("/demo/clock", move)
    async with serving(product, product_socket):
        answer = await hands.post("clock", advance="25h")
    assert answer == {"now": "2027-01-01T00:00:00Z"}
    assert asked == [({"advance": "25h"}, SECRET)]


async def test_a_clock_without_a_product_is_a_4xx(hands: Hands, product_socket: socket.socket):
    with contextlib.closing(product_socket):
        status, answer = await hands.call("POST", "/control/clock", {"advance": "1h"})
    assert status == 424
    assert answer["error"].startswith("The product did not answer at ")


async def test_the_page_loads_nothing_from_elsewhere(hands: Hands):
    async with aiohttp.ClientSession() as client:
        page = await client.get(f"{hands.url}/")
        assert page.headers["Content-Security-Policy"].startswith("default-src 'self'")
        assert (await client.get(f"{hands.url}/page/nothing.js")).status == 404
        state = await (await client.get(f"{hands.url}/page/state", params={"user": "ben"})).json()
    assert (state["me"], [c["name"] for c in state["channels"]]) == ("U2BEN", ["governance", "security", "outside"])
