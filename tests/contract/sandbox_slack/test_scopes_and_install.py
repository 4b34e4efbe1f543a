"""What the app may do, and how it comes to be allowed to: scopes and OAuth v2, asked through the official client."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.oauth import AuthorizeUrlGenerator
from slack_sdk.web.async_client import AsyncWebClient
from yarl import URL

from sandbox.slack.hub import ApiError, Hub
from sandbox.slack.oauth import CODE_S, OAuth
from sandbox.slack.settings import SlackSettings, build_workspace
from tests.contract.sandbox_slack.conftest import APP_TOKEN, BOT_TOKEN, PEOPLE, SECRET, Hands, World

# slack_sdk 3.47 exchanges the code by means that aiohttp 3.14 calls deprecated; the client is the vendor's.
pytestmark = pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning")

CALLBACK = "http://127.0.0.1:9/slack/oauth_redirect?from=slack"


@pytest.fixture
async def slack(hands: Hands):
    return (await hands.get("systems"))["slack"]


@pytest.fixture
def anonymous(world: World):
    return AsyncWebClient(base_url=f"{world.hands.url}/slack/api/")


def authorize_url(slack: Any, **other: str) -> URL:
    made = AuthorizeUrlGenerator(
        client_id=slack["client_id"],
        scopes=["chat:write", "users:read"],
        redirect_uri=CALLBACK,
        authorization_url=slack["authorize_url"],
    ).generate("state-1")
    return URL(made).update_query(other)


async def decided(hands: Hands, url: URL, decision: str) -> dict[str, str]:
    form = {"decision": decision, "user": "U1ANN"}
    async with hands.client.post(url, data=form, allow_redirects=False) as answer:
        assert answer.status == 302
        return dict(URL(answer.headers["Location"]).query)


async def refusal(call: Awaitable[Any]) -> dict[str, Any]:
    with pytest.raises(SlackApiError) as caught:
        await call
    assert caught.value.response.status_code == 200
    return dict(caught.value.response.data)


async def test_a_method_without_its_scope_says_what_is_needed_and_what_there_is(world: World, hands: Hands):
    await hands.post("slack/configure", scopes=["users:read", "commands"])
    answer = await refusal(world.web.chat_postMessage(channel="C1GOV", text="x"))
    assert answer == {"ok": False, "error": "missing_scope", "needed": "chat:write", "provided": "commands,users:read"}
    assert (await world.web.auth_test())["user_id"] == "U0COUNTERSIGN"


async def test_without_its_scope_the_mail_address_is_absent_and_not_an_error(world: World, hands: Hands):
    assert (await world.web.users_info(user="U1ANN"))["user"]["profile"]["email"] == "ann@acme.example"
    await hands.post("slack/configure", scopes=["users:read"])
    assert "email" not in (await world.web.users_info(user="U1ANN"))["user"]["profile"]
    assert (await refusal(world.web.users_lookupByEmail(email="ann@acme.example")))["error"] == "missing_scope"


async def test_metadata_is_read_with_its_scope_alone(world: World, hands: Hands):
    mark = {"event_type": "mark", "event_payload": {"id": "1"}}
    await world.web.chat_postMessage(channel="C1GOV", text="x", metadata=mark)
    seen = (await world.web.conversations_history(channel="C1GOV", include_all_metadata=True))["messages"][0]
    assert seen["metadata"] == mark
    await hands.post("slack/configure", scopes=["channels:history"])
    seen = (await world.web.conversations_history(channel="C1GOV", include_all_metadata=True))["messages"][0]
    assert "metadata" not in seen


@pytest.mark.parametrize("scopes", ["chat:write", ["chat:shout"], [{}]])
async def test_scopes_that_nobody_knows_are_refused(hands: Hands, scopes: Any):
    assert (await hands.call("POST", "/control/slack/configure", {"scopes": scopes}))[0] == 400


async def test_a_person_agrees_and_the_code_becomes_the_token_once(hands: Hands, slack: Any, anonymous: AsyncWebClient):
    url = authorize_url(slack)
    async with hands.client.get(url) as shown:
        text = await shown.text()
        assert "Countersign wants to access Acme" in text
        assert "chat:write" in text
    query = await decided(hands, url, "allow")
    assert (query["state"], query["from"]) == ("state-1", "slack")
    exchange = {
        "client_id": slack["client_id"],
        "client_secret": slack["client_secret"],
        "code": query["code"],
        "redirect_uri": CALLBACK,
    }
    answer = (await anonymous.oauth_v2_access(**exchange)).data
    assert answer == {
        "ok": True,
        "app_id": "A0COUNTERSIGN",
        "authed_user": {"id": "U1ANN"},
        "scope": "chat:write,users:read",
        "token_type": "bot",
        "access_token": BOT_TOKEN,
        "bot_user_id": "U0COUNTERSIGN",
        "team": {"id": "T1ACME", "name": "Acme"},
        "enterprise": None,
        "is_enterprise_install": False,
    }
    assert (await refusal(anonymous.oauth_v2_access(**exchange)))["error"] == "code_already_used"


async def test_a_person_who_declines_is_sent_back_with_access_denied(hands: Hands, slack: Any):
    query = await decided(hands, authorize_url(slack), "deny")
    assert query == {"from": "slack", "error": "access_denied", "state": "state-1"}


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"client_id": "1.2"}, "invalid_client_id"),
        ({"client_secret": "guess"}, "bad_client_secret"),
        ({"code": "guess"}, "invalid_code"),
        ({"redirect_uri": "http://127.0.0.1:9/other"}, "bad_redirect_uri"),
    ],
)
async def test_an_exchange_that_does_not_fit_yields_no_token(
    hands: Hands, slack: Any, anonymous: AsyncWebClient, wrong: dict[str, str], error: str
):
    query = await decided(hands, authorize_url(slack), "allow")
    right = {"client_id": slack["client_id"], "client_secret": slack["client_secret"], "code": query["code"]}
    assert (await refusal(anonymous.oauth_v2_access(**(right | wrong))))["error"] == error


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        ({"client_id": "1.2"}, "invalid_client_id"),
        ({"scope": ""}, "no_scopes"),
        ({"scope": "chat:shout"}, "invalid_scope"),
        ({"redirect_uri": "javascript:alert(1)"}, "bad_redirect_uri"),
        ({"redirect_uri": "/relative"}, "bad_redirect_uri"),
    ],
)
async def test_a_question_that_cannot_be_asked_redirects_nobody(
    hands: Hands, slack: Any, wrong: dict[str, str], error: str
):
    url = authorize_url(slack, **wrong)
    async with hands.client.get(url) as shown:
        assert (shown.status, error in await shown.text()) == (400, True)
    async with hands.client.post(url, data={"decision": "allow"}, allow_redirects=False) as answer:
        assert answer.status == 400


async def test_installing_again_adds_scopes_and_takes_none_away(world: World, hands: Hands, anonymous: AsyncWebClient):
    await hands.post("slack/configure", scopes=["users:read.email"])
    slack = (await hands.get("systems"))["slack"]
    query = await decided(hands, authorize_url(slack), "allow")
    await anonymous.oauth_v2_access(
        client_id=slack["client_id"], client_secret=slack["client_secret"], code=query["code"]
    )
    await world.web.chat_postMessage(channel="C1GOV", text="now I may")
    assert (await world.web.users_lookupByEmail(email="ann@acme.example"))["user"]["id"] == "U1ANN"


def test_a_code_is_good_for_ten_minutes():
    now = [0.0]
    settings = SlackSettings("http://s/slack", "http://p", SECRET, BOT_TOKEN, APP_TOKEN, PEOPLE)
    oauth = OAuth(Hub(settings, build_workspace(PEOPLE)), now=lambda: now[0])
    basic = aiohttp.encode_basic_auth("1000000000.2000000000", "sandbox-client-secret")
    early, late = (oauth.grant("U1ANN", ("chat:write",), CALLBACK) for _ in range(2))
    now[0] = CODE_S
    assert oauth.access(basic, {"code": early})["access_token"] == BOT_TOKEN
    now[0] = CODE_S + 0.1
    with pytest.raises(ApiError, match="invalid_code"):
        oauth.access(basic, {"code": late})
