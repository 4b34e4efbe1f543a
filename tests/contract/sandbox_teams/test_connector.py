"""The wire itself, without the SDK: tokens, errors in the vendor's shape, sizes, cards, faults."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from tests.contract.sandbox_teams.conftest import Hands, Json, World, bot_token, card, card_message, execute, text

TextMessage = {"type": "message", "text": "x"}


async def connector(world: World, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Json]:
    """What the connector answers to the bot."""
    headers = {"Authorization": f"Bearer {(await bot_token(world))[1]['access_token']}"} | more.pop("headers", {})
    url = f"{world.teams['service_url']}v3/{path}"
    async with world.hands.client.request(method, url, json=body, headers=headers, **more) as answer:
        raw = await answer.text()
        return answer.status, json.loads(raw) if raw else {}


async def send(world: World, activity: Any, channel: str = "governance") -> tuple[int, Json]:
    conversation = quote(world.teams["channels"].get(channel, channel), safe="")
    return await connector(world, "POST", f"conversations/{conversation}/activities", activity)


async def test_the_token_is_a_json_web_token_for_the_bot(world: World):
    status, answer = await bot_token(world)
    assert (status, answer["token_type"], answer["expires_in"]) == (200, "Bearer", 3599)
    payload = answer["access_token"].split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert (claims["appid"], claims["aud"]) == (world.teams["app_id"], "https://api.botframework.com")


@pytest.mark.parametrize(
    ("form", "status", "word", "number"),
    [
        ({"client_secret": "guessed"}, 401, "invalid_client", 7000215),
        ({"client_id": "somebody-else"}, 400, "unauthorized_client", 700016),
        ({"grant_type": "password"}, 400, "unsupported_grant_type", 70003),
        ({"grant_type": ""}, 400, "invalid_request", 900144),
        ({"scope": "https://graph.microsoft.com/.default"}, 400, "invalid_scope", 70011),
    ],
)
async def test_a_token_is_refused_in_the_vendors_words(world: World, form: Json, status: int, word: str, number: int):
    answered, body = await bot_token(world, **form)
    assert (answered, body["error"], body["error_codes"]) == (status, word, [number])
    assert body["error_description"].startswith(f"AADSTS{number}: ")
    assert "guessed" not in json.dumps(body)


async def test_a_token_of_another_tenant_is_refused(world: World):
    url = f"{world.teams['login_endpoint']}/elsewhere/oauth2/v2.0/token"
    async with world.hands.client.post(url, data={"grant_type": "client_credentials"}) as answer:
        assert (answer.status, (await answer.json())["error_codes"]) == (400, [90002])


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer x.y.z", "Basic abc", "Bearer a.b.\u00ff"])
async def test_without_a_good_token_nothing_is_said(world: World, hands: Hands, header: str):
    path = f"conversations/{world.teams['channels']['governance']}/activities"
    status, body = await connector(world, "POST", path, TextMessage, headers={"Authorization": header})
    assert (status, body["error"]["code"]) == (401, "Unauthorized")
    assert await hands.messages("governance") == []


async def test_a_token_that_has_run_out_is_no_token(world: World, hands: Hands):
    await hands.post("teams/configure", token_lifetime=1)
    _, token = await bot_token(world)
    await asyncio.sleep(1.1)
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    path = f"conversations/{world.teams['channels']['governance']}/members"
    assert (await connector(world, "GET", path, headers=headers))[0] == 401


@pytest.mark.parametrize(
    ("activity", "sentence"),
    [
        ({"type": "message"}, "Activity must include a text or an attachment."),
        ({"type": "poem", "text": "x"}, "Unknown activity type 'poem'; accepted: message, typing."),
        ({"type": "message", "text": 5}, "text: a text is expected."),
        ({"type": "message", "attachments": "x"}, "attachments: a list is expected."),
        (
            {"type": "message", "attachments": [{"contentType": "application/vnd.microsoft.card.huge", "content": {}}]},
            "attachments[0]: Unknown attachment type 'application/vnd.microsoft.card.huge'.",
        ),
        (
            card_message(card(text("x"), version="1.6")),
            "Invalid card in attachments[0].content: version: 1.6 is not supported; accepted: 1.0 to 1.5.",
        ),
    ],
)
async def test_a_message_that_teams_would_refuse_is_refused_with_the_place(
    world: World, hands: Hands, activity: Json, sentence: str
):
    assert await send(world, activity) == (400, {"error": {"code": "BadArgument", "message": sentence}})
    assert await hands.messages("governance") == []


@pytest.mark.parametrize(
    ("content", "error"),
    [
        ({"type": "Poem"}, "body[0].type: unknown element type 'Poem'"),
        (
            {"type": "ColumnSet", "columns": [{"items": [text("a"), {"type": "TextBlock"}]}]},
            "body[0].columns[0].items[1].text: a text is expected.",
        ),
        (
            {"type": "ActionSet", "actions": [{"type": "Action.Http"}]},
            "body[0].actions[0].type: unknown action type 'Action.Http'",
        ),
        (
            {"type": "Container", "items": [text("a", id="a"), text("b", id="a")]},
            "body[0].items[1].id: 'a' is used twice in this card.",
        ),
        ({"type": "Input.Text"}, "body[0].id: a text is expected."),
        ({"type": "TextBlock", "text": "x", "color": "pink"}, "body[0].color: 'pink' is no choice; accepted: default,"),
        (
            {"type": "Image", "url": "javascript:alert(1)"},
            "body[0].url: an address that begins with https:// is expected",
        ),
        ({"type": "FactSet", "facts": [{"title": "a"}]}, "body[0].facts[0].value: a text is expected."),
        (
            {"type": "Table", "rows": [{"type": "Row", "cells": []}]},
            "body[0].rows[0].type: 'TableRow' is expected, not 'Row'.",
        ),
        (
            {"type": "ActionSet", "actions": [execute("v", "t") | {"data": "x"}]},
            "body[0].actions[0].data: an object is expected.",
        ),
        (
            {"type": "ActionSet", "actions": [{"type": "Action.ShowCard", "card": card({"type": "Poem"})}]},
            "body[0].actions[0].card.body[0].type: unknown",
        ),
    ],
)
async def test_what_is_wrong_with_a_card_is_named_with_its_place(world: World, content: Json, error: str):
    status, body = await send(world, card_message(card(content)))
    assert status == 400
    assert error in body["error"]["message"]


async def test_what_teams_would_show_otherwise_is_noted(world: World, hands: Hands):
    many = [execute(f"v{number}", f"t{number}") for number in range(7)]
    assert (await send(world, card_message(card({"type": "Poem", "fallback": "drop"}, actions=many))))[0] == 201
    (message,) = await hands.messages("governance")
    assert message["notes"] == [
        "body[0]: unknown element type 'Poem': left out.",
        "actions: 7 primary actions; Teams shows 6 and puts the rest in a menu.",
    ]


async def test_too_big_is_413(world: World):
    status, body = await send(world, {"type": "message", "text": "x" * 28_700})
    assert (status, body["error"]["code"]) == (413, "MessageSizeTooBig")
    assert (await send(world, {"type": "message", "text": "x" * 28_000}))[0] == 201


async def test_text_with_a_card_becomes_two_messages_without_an_id(world: World, hands: Hands):
    assert await send(world, card_message(card(text("card")), text="words")) == (201, {})
    assert [(m["text"], m["card"] is None) for m in await hands.messages("governance")] == [
        ("words", True),
        ("", False),
    ]


@pytest.mark.parametrize(
    ("place", "code"),
    [
        ("outside", "BotNotInConversationRoster"),
        ("19:nothing@thread.tacv2", "ConversationNotFound"),
        ("nonsense", "BadSyntax"),
    ],
)
async def test_where_the_bot_is_not_it_cannot_write(world: World, place: str, code: str):
    status, body = await send(world, TextMessage, place)
    assert body["error"]["code"] == code
    assert status == {"BotNotInConversationRoster": 403, "ConversationNotFound": 404, "BadSyntax": 400}[code]


async def test_people_and_administrators_shut_the_bot_out(world: World, hands: Hands):
    ann = world.person("ann@acme.example")
    made = {"members": [{"id": ann["id"]}], "tenantId": world.teams["tenant_id"]}
    status, chat = await connector(world, "POST", "conversations", made)
    assert status == 201
    await hands.post("teams/edit", type="user", id=ann["aad"], fields={"blocked": True})
    assert (await send(world, TextMessage, chat["id"]))[1]["error"]["code"] == "ConversationBlockedByUser"
    await hands.post("teams/edit", type="user", id=ann["aad"], fields={"blocked": False, "installed": False})
    assert (await send(world, TextMessage, chat["id"]))[1]["error"]["code"] == "ForbiddenOperationException"
    await hands.post("teams/configure", app_disabled=True)
    assert (await send(world, TextMessage))[1]["error"]["code"] == "BotDisabledByAdmin"


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({"members": []}, "members: exactly one member is expected; a bot makes no group chats."),
        ({"members": [{"id": "29:nobody"}]}, "members[0].id: failed to decrypt pairwise id."),
        ({"members": [{"id": "x"}], "tenantId": "elsewhere"}, "Unknown tenant 'elsewhere'."),
    ],
)
async def test_a_chat_that_cannot_be_is_refused(world: World, body: Json, sentence: str):
    assert (await connector(world, "POST", "conversations", body))[1]["error"]["message"] == sentence


async def test_a_bot_changes_its_own_messages_only(world: World, hands: Hands):
    said = await hands.post("teams/message", user="ann", channel="governance", text="mine")
    path = f"conversations/{quote(world.teams['channels']['governance'], safe='')}/activities"
    assert (await connector(world, "PUT", f"{path}/{said['ts']}", TextMessage))[1]["error"][
        "code"
    ] == "NotEnoughPermissions"
    assert (await connector(world, "DELETE", f"{path}/123"))[1]["error"]["code"] == "ActivityNotFoundInConversation"


async def test_a_targeted_message_is_seen_by_one_person(world: World, hands: Hands):
    path = f"conversations/{world.teams['channels']['governance']}/activities?isTargetedActivity=true"
    ben = world.person("ben@acme.example")["id"]
    assert (await connector(world, "POST", path, TextMessage | {"recipient": {"id": ben}}))[0] == 201
    assert await hands.messages("governance", user="ann") == []
    assert [m["text"] for m in await hands.messages("governance", user="ben")] == ["x"]
    assert [m["text"] for m in (await hands.get("teams/ephemerals", user="ben"))["ephemeral"]] == ["x"]


async def test_the_rate_limit_of_a_conversation_is_kept_when_asked_for(world: World, hands: Hands):
    await hands.post("teams/configure", rate_limits={"enabled": True})
    path = f"conversations/{world.teams['channels']['governance']}/activities"
    headers = {"Authorization": f"Bearer {(await bot_token(world))[1]['access_token']}"}
    url = f"{world.teams['service_url']}v3/{path}"

    async def one() -> tuple[int, str | None]:
        async with hands.client.post(url, json=TextMessage, headers=headers) as answer:
            return answer.status, answer.headers.get("Retry-After")

    answers = await asyncio.gather(*(one() for _ in range(12)))
    assert sum(status == 201 for status, _ in answers) in {7, 8}
    assert all(float(wait or 0) > 0 for status, wait in answers if status == 429)


@pytest.mark.parametrize(("fault", "status"), [("429", 429), ("500", 500)])
async def test_a_fault_is_met_as_often_as_asked_and_speaks_the_vendors_language(
    world: World, hands: Hands, fault: str, status: int
):
    await hands.post("faults", system="teams", fault=fault, count=2, retry_after=7, match="/activities")
    for _ in range(2):
        answered, body = await send(world, TextMessage)
        assert (answered, body["error"]["code"]) == (status, {"429": "Throttled", "500": "ServiceError"}[fault])
    assert (await send(world, TextMessage))[0] == 201
    (listed,) = (await hands.get("faults"))["faults"]
    assert (listed["met"], listed["left"]) == (2, 0)


@pytest.mark.parametrize(("fault", "messages"), [("timeout", []), ("commit_then_timeout", ["x"])])
async def test_a_timeout_loses_the_message_or_only_the_answer(
    world: World, hands: Hands, fault: str, messages: list[str]
):
    await hands.post("faults", system="teams", fault=fault, count=1, match="/activities")
    path = f"conversations/{world.teams['channels']['governance']}/activities"
    with pytest.raises(TimeoutError):
        await connector(world, "POST", path, TextMessage, timeout=aiohttp.ClientTimeout(total=1))
    assert [m["text"] for m in await hands.messages("governance")] == messages


async def test_down_cuts_the_connection_and_bad_json_is_a_page(world: World, hands: Hands):
    await hands.post("faults", system="teams", fault="down", count=1, match="/activities")
    with pytest.raises(aiohttp.ClientConnectionError):
        await send(world, TextMessage)
    await hands.post("faults", system="teams", fault="bad_json", count=1, match="/activities")
    with pytest.raises(json.JSONDecodeError):
        await send(world, TextMessage)


async def test_the_token_service_and_the_keys_meet_faults_too(world: World, hands: Hands):
    await hands.post("faults", system="teams", fault="500", count=1, match="/oauth2/")
    assert (await bot_token(world))[0] == 500
    await hands.post("faults", system="teams", fault="500", count=1, match="/keys")
    async with hands.client.get(world.teams["jwks_url"]) as answer:
        assert answer.status == 500


@pytest.mark.parametrize("code", ["PreconditionFailed", "BadGateway", "MessageWritesBlocked", "BotNotRegistered"])
async def test_any_line_of_the_vendors_error_table_can_be_asked_for(world: World, hands: Hands, code: str):
    await hands.post("teams/configure", refuse={"code": code})
    assert (await send(world, TextMessage))[1]["error"]["code"] == code
    assert (await send(world, TextMessage))[0] == 201


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"[" * 50_000, b"\xff"])
async def test_a_body_that_cannot_be_read_is_named(world: World, raw: bytes):
    headers = {"Authorization": f"Bearer {(await bot_token(world))[1]['access_token']}"}
    url = f"{world.teams['service_url']}v3/conversations"
    async with world.hands.client.post(url, data=raw, headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (400, "BadArgument")
