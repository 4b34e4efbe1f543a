"""Requests that prove nothing are refused at both platforms' doors, and stand in the audit trail (R6, X9)."""

import contextlib

import aiohttp
import pytest
from aiohttp import web
from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from bot.refused import AUDITED_MAX, AUDITED_WITHIN_S, Caller, Refusals
from bot.slack.front import refusals_of, slack_route
from core.actor import Door
from tests.teams_office import bound, office, serving

DEVELOPER = "agent.developer@enterprise-corp.example"
pytestmark = pytest.mark.row("R6", "X9")


@pytest.fixture
async def teams(company, catalogue):
    async with office(company, company.gate(catalogue)) as opened:
        await opened.act("install", user=DEVELOPER)
        yield opened


@pytest.mark.parametrize("channel", ["directline", "webchat", "emulator", "", "MSTEAMS"])
async def test_another_channel_of_the_bot_framework_speaks_for_nobody_in_teams(teams, company, channel):
    answer = await teams.act("forge", kind="none", user=DEVELOPER, activity={"channelId": channel})
    assert answer["status"] == 403
    [refusal] = await company.trail(action="teams.activity")
    assert refusal["details"] == {"door": "teams", "reason": "wrong_channel", "sender": teams.aad(DEVELOPER)}
    assert refusal["result"] == "denied"


async def test_the_trail_says_which_program_was_refused_by_teams_door(teams, company):
    async with teams.session.post(f"{teams.bot_url}/api/messages", json={}, headers={"User-Agent": "curl/8"}) as answer:
        assert answer.status == 401
    [refusal] = await company.trail(action="teams.activity")
    assert (refusal["user_agent"], refusal["ip_address"]) == ("curl/8", "127.0.0.1")


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "no_signature"),
        ({"X-Slack-Signature": "v0=00", "X-Slack-Request-Timestamp": "1"}, "bad_signature"),
    ],
)
async def test_what_slack_did_not_sign_is_recorded(company, headers, reason):
    app = AsyncApp(client=AsyncWebClient(token="xoxb-1"), signing_secret="secret")
    async with contextlib.AsyncExitStack() as stack:
        listener, url = bound()
        served = web.Application()
        served.router.add_routes([slack_route(app, refusals_of(company.database, company.tenant))])
        await serving(stack, served, listener)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        headers = {**headers, "User-Agent": "curl/8"}
        async with session.post(f"{url}/slack/events", data={"command": "/approve"}, headers=headers) as answer:
            assert answer.status == 401
    [refusal] = await company.trail(action="slack.request")
    assert refusal["details"] == {"door": "slack", "reason": reason}
    assert (refusal["user_agent"], refusal["ip_address"]) == ("curl/8", "127.0.0.1")


async def test_a_flood_of_refusals_is_counted_and_does_not_fill_the_trail(company):
    moment = 0.0
    refusals = Refusals(
        company.database, company.tenant, Door.SLACK, "slack.request", "/slack/events", elapsed=lambda: moment
    )
    for _ in range(AUDITED_MAX + 7):
        await refusals.record(Caller(), "bad_signature")
    assert len(await company.trail(action="slack.request")) == AUDITED_MAX
    moment = AUDITED_WITHIN_S + 1
    await refusals.record(Caller(), "bad_signature")
    details = [each["details"] for each in await company.trail(action="slack.request")]
    assert {"door": "slack", "reason": "bad_signature", "not_recorded_before": 7} in details
    assert len(details) == AUDITED_MAX + 1
