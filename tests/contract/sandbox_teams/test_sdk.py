"""The vendor's own SDK against the simulated Teams: strict tokens in, honest calls out, cards answered in place."""

from __future__ import annotations

import uuid
from typing import Any

import httpx
import pytest
from microsoft_teams.api.activities import InvokeActivity, MessageActivity, MessageActivityInput
from microsoft_teams.api.clients.conversation import CreateConversationParams
from microsoft_teams.api.models import Account
from microsoft_teams.api.models.adaptive_card import (
    AdaptiveCardActionCardResponse,
    AdaptiveCardActionErrorResponse,
    AdaptiveCardActionMessageResponse,
)
from microsoft_teams.apps import ActivityContext
from microsoft_teams.apps.utils.thread import to_threaded_conversation_id
from microsoft_teams.cards import AdaptiveCard

from tests.contract.sandbox_teams.conftest import Bot, Hands, World, card, execute, text


def adaptive(content: dict[str, Any]) -> AdaptiveCard:
    return AdaptiveCard.model_validate(content)


REQUEST = card(text("REQ-1"), actions=[execute("approve", "Approve", req="REQ-1")])


async def test_what_a_person_writes_reaches_the_bot_and_its_answer_is_seen(hands: Hands, bot: Bot):
    @bot.app.on_message
    async def answer(ctx: ActivityContext[MessageActivity]) -> None:
        await ctx.send(f"Hello {ctx.activity.from_.name}: {ctx.activity.text}")

    seen = await hands.command("ann", "/approve list")
    assert [entry["text"] for entry in seen["ephemeral"]] == ["Hello Ann Lee: approve list"]
    assert seen["messages"] == []
    assert seen["latency_ms"] < 2000
    assert "error" not in seen
    sent = bot.heard[-1]
    assert sent["from"]["aadObjectId"] == str(uuid.UUID(sent["from"]["aadObjectId"]))
    assert sent["conversation"]["conversationType"] == "personal"
    assert sent["entities"] == [
        {"type": "clientInfo", "locale": "en-US", "country": "US", "platform": "Web", "timezone": "Europe/Berlin"}
    ]


async def test_in_a_channel_the_bot_is_mentioned_and_answers_in_the_thread(hands: Hands, bot: Bot, world: World):
    @bot.app.on_message
    async def answer(ctx: ActivityContext[MessageActivity]) -> None:
        await ctx.send("Here")

    seen = await hands.command("ann", "approve list", "#governance")
    assert [entry["text"] for entry in seen["messages"]] == ["Here"]
    sent = bot.heard[-1]
    assert sent["text"] == "<at>Countersign</at>\u00a0approve list"
    assert sent["entities"][0]["mentioned"] == {"id": f"28:{world.teams['app_id']}", "name": "Countersign"}
    assert sent["conversation"]["id"] == f"{seen['channel']};messageid={seen['ts']}"
    (root,) = await hands.messages("#governance")
    assert [reply["text"] for reply in root["thread"]] == ["Here"]


async def test_without_a_mention_the_bot_hears_nothing_in_company(hands: Hands, bot: Bot):
    seen = await hands.post("teams/message", user="ann", channel="release room", text="lunch?")
    assert (seen["heard"], bot.heard) == (False, [])


@pytest.mark.parametrize(
    "kind",
    [
        "bad_signature",
        "expired",
        "not_yet_valid",
        "wrong_audience",
        "wrong_issuer",
        "wrong_service_url",
        "no_service_url",
        "unknown_kid",
        "unsigned",
        "bot_token",
        "no_token",
        "malformed_token",
    ],
)
async def test_a_strict_bot_refuses_every_forged_token(hands: Hands, bot: Bot, kind: str):
    heard: list[str] = []

    @bot.app.on_message
    async def answer(ctx: ActivityContext[MessageActivity]) -> None:
        heard.append(ctx.activity.text)

    assert (await hands.post("teams/forge", kind=kind))["status"] == 401
    assert heard == []


async def test_an_honest_request_passes_and_a_replay_is_the_bots_to_notice(hands: Hands, bot: Bot):
    heard: list[str] = []

    @bot.app.on_message
    async def answer(ctx: ActivityContext[MessageActivity]) -> None:
        heard.append(str(ctx.activity.id))

    assert (await hands.post("teams/forge", kind="none"))["status"] == 200
    replay = await hands.post("teams/forge", kind="replay")
    assert (replay["first"]["status"], replay["status"]) == (200, 200)
    assert heard[1] == heard[2]


async def test_a_new_key_is_published_beside_the_former_one(hands: Hands, bot: Bot, world: World):
    async def kids() -> list[str]:
        async with hands.client.get(world.teams["jwks_url"]) as answer:
            return [key["kid"] for key in (await answer.json())["keys"]]

    (former,) = await kids()
    await hands.post("teams/configure", rotate_keys=True)
    new, kept = await kids()
    assert (kept, new == former) == (former, False)
    assert (await hands.post("teams/forge", kind="none"))["status"] == 200


async def test_a_message_is_sent_updated_and_deleted(hands: Hands, bot: Bot, world: World):
    channel = world.teams["channels"]["governance"]
    sent = await bot.app.send(channel, adaptive(REQUEST))
    (message,) = await hands.messages("governance")
    assert (message["ts"], message["words"], message["edited"]) == (sent.id, "REQ-1", False)
    assert message["actions"] == [
        {
            "action_id": "approve",
            "type": "Action.Execute",
            "text": "Approve",
            "value": {"req": "REQ-1"},
            "data": {"req": "REQ-1"},
        }
    ]
    edited = MessageActivityInput().add_card(adaptive(card(text("REQ-1 approved"))))
    edited.id = sent.id
    await bot.app.send(channel, edited)
    (message,) = await hands.messages("governance")
    assert (message["ts"], message["words"], message["edited"]) == (sent.id, "REQ-1 approved", True)
    await bot.app.api.conversations.delete_activity(channel, sent.id)
    assert await hands.messages("governance") == []


async def test_a_reply_goes_into_the_thread(hands: Hands, bot: Bot, world: World):
    channel = world.teams["channels"]["governance"]
    root = await bot.app.send(channel, "Look")
    await bot.app.send(to_threaded_conversation_id(channel, root.id), "Below")
    await bot.app.api.conversations.reply_to_activity(channel, root.id, MessageActivityInput(text="Below that"))
    (message,) = await hands.messages("governance")
    assert [reply["text"] for reply in message["thread"]] == ["Below", "Below that"]


async def test_a_person_is_written_to_first_and_always_in_the_same_chat(hands: Hands, bot: Bot, world: World):
    ann, tenant = world.person("ann@acme.example"), world.teams["tenant_id"]
    by_id, by_aad = [
        await bot.app.api.conversations.create(CreateConversationParams(members=[Account(id=id_)], tenant_id=tenant))
        for id_ in (ann["id"], ann["aad"])
    ]
    assert by_id.id == by_aad.id
    await bot.app.send(by_id.id, "Good morning")
    assert [m["text"] for m in await hands.messages("@ann@acme.example")] == ["Good morning"]


async def test_a_thread_is_begun_with_its_first_message(hands: Hands, bot: Bot, world: World):
    made = await bot.app.api.conversations.create(
        CreateConversationParams(
            activity=MessageActivityInput(text="News"),
            channel_data={"channel": {"id": world.teams["channels"]["governance"]}},
        )
    )
    (message,) = await hands.messages("governance")
    assert (made.activity_id, made.id.partition(";messageid=")[2]) == (message["ts"], message["ts"])


async def test_the_roster_names_people_by_mail_and_directory(bot: Bot, world: World):
    conversations, channel = bot.app.api.conversations, world.teams["channels"]["governance"]
    ben = world.person("ben@acme.example")
    member = await conversations.get_member_by_id(channel, ben["aad"])
    assert (member.id, member.email, member.user_principal_name) == (ben["id"], "ben@acme.example", "ben@acme.example")
    first = await conversations.get_paged_members(channel, 2)
    rest = await conversations.get_paged_members(channel, 2, first.continuation_token)
    assert [m.name for m in [*first.members, *rest.members]] == ["Ann Lee", "Ben Ode", "Cyd Roy"]
    assert rest.continuation_token is None
    team = await bot.app.api.teams.get_by_id(world.teams["team"]["id"])
    assert team.name == "Acme"
    channels = await bot.app.api.teams.get_conversations(world.teams["team"]["id"])
    assert [c.name for c in channels] == [None, "governance", "outside"]


async def test_an_answer_to_execute_replaces_the_card_for_the_clicker_alone(hands: Hands, bot: Bot, world: World):
    @bot.app.on_card_action
    async def act(ctx: ActivityContext[InvokeActivity]) -> AdaptiveCardActionCardResponse:
        value = bot.heard[-1]["value"]
        words = f"{value['action']['verb']} {value['action']['data']['req']} by {ctx.activity.from_.name}"
        return AdaptiveCardActionCardResponse(value=adaptive(card(text(words))))

    await bot.app.send(world.teams["channels"]["governance"], adaptive(REQUEST))
    (message,) = await hands.messages("governance", user="ann")
    seen = await hands.click("ann", message | {"channel": "governance"}, "approve")
    assert [entry["words"] for entry in seen["cards"]] == ["approve REQ-1 by Ann Lee"]
    assert [m["words"] for m in await hands.messages("governance", user="ann")] == ["approve REQ-1 by Ann Lee"]
    assert [m["words"] for m in await hands.messages("governance", user="ben")] == ["REQ-1"]
    assert [m["words"] for m in await hands.messages("governance")] == ["REQ-1"]
    assert bot.heard[-1]["value"]["trigger"] == "manual"
    assert bot.heard[-1]["replyToId"] == message["ts"]


async def test_an_edit_of_the_message_is_seen_by_the_clicker_too(hands: Hands, bot: Bot, world: World):
    channel = world.teams["channels"]["governance"]

    @bot.app.on_card_action
    async def act(_ctx: ActivityContext[InvokeActivity]) -> AdaptiveCardActionCardResponse:
        return AdaptiveCardActionCardResponse(value=adaptive(card(text("for you"))))

    sent = await bot.app.send(channel, adaptive(REQUEST))
    await hands.post("teams/click", user="ann", channel="governance", ts=sent.id, action_id="approve")
    edited = MessageActivityInput().add_card(adaptive(card(text("for all"))))
    edited.id = sent.id
    await bot.app.send(channel, edited)
    assert [m["words"] for m in await hands.messages("governance", user="ann")] == ["for all"]


async def test_a_sentence_and_an_error_in_answer_to_execute_pass_by(hands: Hands, bot: Bot, world: World):
    answers: list[Any] = [
        AdaptiveCardActionMessageResponse(value="Thank you"),
        AdaptiveCardActionErrorResponse.model_validate(
            {
                "statusCode": 400,
                "value": {
                    "code": "BadRequest",
                    "message": "You have voted already",
                    "innerHttpError": {"statusCode": 409, "body": {}},
                },
            }
        ),
    ]

    @bot.app.on_card_action
    async def act(_ctx: ActivityContext[InvokeActivity]) -> Any:
        return answers.pop(0)

    sent = await bot.app.send(world.teams["channels"]["governance"], adaptive(REQUEST))
    seen = {"channel": "governance", "ts": sent.id}
    assert (await hands.click("ann", seen, "approve"))["toasts"] == ["Thank you"]
    refused = await hands.click("ann", seen, "approve")
    assert (refused["error"], refused["toasts"]) == ("You have voted already", ["You have voted already"])
    assert refused["cards"] == []


async def test_a_card_is_refreshed_for_those_it_names(hands: Hands, bot: Bot, world: World):
    @bot.app.on_card_action
    async def act(ctx: ActivityContext[InvokeActivity]) -> AdaptiveCardActionCardResponse:
        return AdaptiveCardActionCardResponse(value=adaptive(card(text(f"REQ-1 for {ctx.activity.from_.name}"))))

    refresh = {"action": execute("look", "Look"), "userIds": [world.person("ann@acme.example")["id"]]}
    await bot.app.send(world.teams["channels"]["governance"], adaptive(REQUEST | {"refresh": refresh}))
    for _ in range(2):  # the second look is answered from what the client has
        assert [m["words"] for m in await hands.messages("governance", user="ann")] == ["REQ-1 for Ann Lee"]
    assert [m["words"] for m in await hands.messages("governance", user="ben")] == ["REQ-1"]
    assert [(body["value"]["trigger"], body["value"]["action"]["verb"]) for body in bot.heard] == [
        ("automatic", "look")
    ]
    assert [m["words"] for m in await hands.messages("governance", user="ben", refresh="1")] == ["REQ-1 for Ben Ode"]


async def test_the_sdk_meets_the_vendors_errors(bot: Bot, world: World, hands: Hands):
    cyd = world.person("cyd@acme.example")
    with pytest.raises(httpx.HTTPStatusError) as caught:
        await bot.app.api.conversations.create(CreateConversationParams(members=[Account(id=cyd["id"])]))
    assert (caught.value.response.status_code, caught.value.response.json()["error"]["code"]) == (
        403,
        "ForbiddenOperationException",
    )
    await hands.post("teams/configure", refuse={"code": "PreconditionFailed", "count": 1})
    channel = world.teams["channels"]["governance"]
    with pytest.raises(httpx.HTTPStatusError) as caught:
        await bot.app.send(channel, "x")
    assert caught.value.response.status_code == 412
    await bot.app.send(channel, "y")
    assert [m["text"] for m in await hands.messages("governance")] == ["y"]
