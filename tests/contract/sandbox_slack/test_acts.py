"""A person's part, played through the control surface against a product written with Bolt (signed HTTP)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from slack_bolt.async_app import AsyncApp
from slack_bolt.context.ack.async_ack import AsyncAck
from slack_bolt.context.respond.async_respond import AsyncRespond
from slack_bolt.context.say.async_say import AsyncSay
from slack_bolt.request.async_request import AsyncBoltRequest
from slack_bolt.response import BoltResponse
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from tests.contract.sandbox_slack.conftest import Hands, Json, World, button, modal, section, text_input

LATE_S = 1.8  # after which a busy product replaces its loading modal


async def test_a_command_carries_slacks_fields_and_its_answer_is_seen_by_the_asker_alone(
    hands: Hands, product: AsyncApp
):
    seen: list[dict[str, Any]] = []

    @product.command("/approve")
    async def answer(ack: AsyncAck, command: Json):
        seen.append(command)
        await ack(text=f"Hello {command['user_name']}", blocks=[section("*Hello*")])

    reaction = await hands.command("ann@acme.example", "/approve create agent")
    assert (
        seen[0].items()
        >= {
            "command": "/approve",
            "text": "create agent",
            "user_id": "U1ANN",
            "channel_id": "C1GOV",
            "channel_name": "governance",
            "team_id": "T1ACME",
            "is_enterprise_install": "false",
        }.items()
    )
    assert [m["text"] for m in reaction["ephemeral"]] == ["Hello ann"]
    assert reaction["latency_ms"] < 1000
    assert "error" not in reaction
    assert (await hands.get("slack/ephemerals", user="ben"))["ephemeral"] == []


async def test_without_a_channel_the_command_is_typed_in_the_direct_message(hands: Hands, product: AsyncApp):
    @product.command("/approve")
    async def answer(ack: AsyncAck, command: Json):
        await ack(command["channel_name"])

    reaction = await hands.post("slack/command", user="ann", text="/approve")
    assert reaction["ephemeral"][0]["text"] == "directmessage"


async def test_an_answer_in_channel_is_a_message_for_everyone(hands: Hands, product: AsyncApp):
    @product.command("/sla")
    async def answer(ack: AsyncAck):
        await ack(text="All well", response_type="in_channel")

    reaction = await hands.command("ann", "/sla")
    assert reaction["ephemeral"] == []
    assert [m["text"] for m in reaction["messages"]] == ["All well"]
    assert [m["text"] for m in await hands.messages("#governance")] == ["All well"]


async def test_an_answer_that_takes_three_seconds_is_an_operation_timeout(hands: Hands, product: AsyncApp):
    @product.command("/approve")
    async def answer(ack: AsyncAck):
        await asyncio.Event().wait()

    reaction = await hands.command("ann", "/approve")
    assert reaction["error"] in {"operation_timeout", "dispatch_failed"}  # Bolt itself answers 404 after three seconds
    assert reaction["ephemeral"] == []


async def test_a_product_that_is_not_there_is_a_failed_dispatch(hands: Hands):
    assert (await hands.command("ann", "/approve"))["error"] == "dispatch_failed"


async def test_a_response_url_serves_five_answers_and_then_no_more(hands: Hands, product: AsyncApp):
    results: list[tuple[int, str]] = []
    finished = asyncio.Event()

    @product.command("/approve")
    async def answer(ack: AsyncAck, respond: AsyncRespond):
        await ack()
        for number in range(6):
            answered = await respond(text=f"answer {number}")
            results.append((answered.status_code, answered.body))
        finished.set()

    await hands.command("ann", "/approve")
    async with asyncio.timeout(5):
        await finished.wait()
    assert results == [(200, "ok")] * 5 + [(404, "used_url")]
    shown = (await hands.get("slack/ephemerals", user="ann"))["ephemeral"]
    assert [m["text"] for m in shown] == [f"answer {number}" for number in range(5)]


async def test_a_click_changes_the_message_and_the_private_answer_comes_along(
    world: World, hands: Hands, product: AsyncApp
):
    @product.action("approvals.vote.approve")
    async def approve(ack: AsyncAck, body: Json, action: Json, client: AsyncWebClient, respond: AsyncRespond):
        await ack()
        await respond(text="Counted", replace_original=False)
        who = body["user"]["id"]
        await client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text=f"{who} {action['value']}", blocks=[]
        )

    row = {"type": "actions", "elements": [button("approvals.vote.approve", "Approve", "REQ-1")]}
    posted = await world.web.chat_postMessage(channel="C1GOV", text="REQ-1", blocks=[section("REQ-1"), row])
    (listed,) = await hands.messages("#governance")
    assert listed["actions"][0]["action_id"] == "approvals.vote.approve"
    reaction = await hands.post(
        "slack/click", user="ben", channel="governance", ts=posted["ts"], action_id="approvals.vote.approve"
    )
    assert [m["text"] for m in reaction["ephemeral"]] == ["Counted"]
    assert [m["text"] for m in reaction["messages"]] == ["U2BEN REQ-1"]
    (after,) = await hands.messages("#governance")
    assert (after["text"], after["actions"]) == ("U2BEN REQ-1", [])


def menu(*lines: str) -> Json:
    options = [{"text": {"type": "plain_text", "text": line.title()}, "value": line} for line in lines]
    return {"type": "actions", "elements": [{"type": "overflow", "action_id": "menu", "options": options}]}


async def test_each_line_of_a_menu_is_listed_and_clicked_by_its_value(hands: Hands, product: AsyncApp, world: World):
    used: list[Json] = []

    @product.action("menu")
    async def chosen(ack: AsyncAck, body: Json, respond: AsyncRespond):
        await ack()
        used.extend(body["actions"])
        await respond(text="Done.", response_type="ephemeral", replace_original=False)

    await world.web.chat_postMessage(channel="C1GOV", text="Two", blocks=[menu("one", "two"), menu("three")])
    message = (await hands.messages("governance"))[-1]
    lines = [action for action in message["actions"] if action.get("value")]
    assert [(line["action_id"], line["text"], line["value"]) for line in lines] == [
        ("menu", "One", "one"),
        ("menu", "Two", "two"),
        ("menu", "Three", "three"),
    ]
    await hands.post("slack/click", user="ann", channel="governance", ts=message["ts"], action_id="menu", value="three")
    assert used[0] == {
        "type": "overflow",
        "action_id": "menu",
        "block_id": lines[2]["block_id"],
        "action_ts": used[0]["action_ts"],
        "selected_option": {"text": {"type": "plain_text", "text": "Three"}, "value": "three"},
    }


async def test_a_private_message_can_be_clicked_and_replaces_itself(hands: Hands, product: AsyncApp):
    row = {"type": "actions", "elements": [button("next", "Next page", "2")]}

    @product.command("/approve")
    async def answer(ack: AsyncAck):
        await ack(text="page 1", blocks=[row])

    @product.action("next")
    async def turn(ack: AsyncAck, body: Json, respond: AsyncRespond):
        await ack()
        assert body["container"]["is_ephemeral"] is True
        assert "message" not in body
        await respond(text="page 2", replace_original=True)

    first = await hands.command("ann", "/approve list")
    ts = first["ephemeral"][0]["ts"]
    turned = await hands.post("slack/click", user="ann", channel="governance", ts=ts, action_id="next")
    assert [(m["ts"], m["text"]) for m in turned["ephemeral"]] == [(ts, "page 2")]
    shown = (await hands.get("slack/ephemerals", user="ann"))["ephemeral"]
    assert len(shown) == 1


async def test_a_choice_in_a_message_carries_the_selected_option_and_the_state(
    world: World, hands: Hands, product: AsyncApp
):
    seen: list[Any] = []

    @product.action("pick")
    async def picked(ack: AsyncAck, body: Json, action: Json, respond: AsyncRespond):
        await ack()
        seen.append((action["selected_option"]["value"], body["state"]["values"]))
        await respond(text="ok")

    options = [{"text": {"type": "plain_text", "text": t}, "value": v} for t, v in (("High", "hi"), ("Low", "lo"))]
    select = {"type": "static_select", "action_id": "pick", "options": options}
    block = {"type": "section", "block_id": "risk", "text": {"type": "mrkdwn", "text": "Risk"}, "accessory": select}
    posted = await world.web.chat_postMessage(channel="C1GOV", text="choose", blocks=[block])
    await hands.post("slack/click", user="ann", channel="C1GOV", ts=posted["ts"], action_id="pick", value="Low")
    value, state = seen[0]
    assert value == "lo"
    assert state["risk"]["pick"]["selected_option"]["value"] == "lo"


async def test_a_modal_opens_checks_its_fields_and_closes_on_submission(hands: Hands, product: AsyncApp):
    submitted: list[dict[str, Any]] = []

    @product.command("/approve")
    async def ask(ack: AsyncAck, command: Json, client: AsyncWebClient):
        await ack()
        users = {"type": "users_select", "action_id": "who"}
        owner = {"type": "input", "block_id": "owner", "label": {"type": "plain_text", "text": "Owner"}}
        note = text_input("note", "Note", optional=True)
        view = modal(text_input("why", "Justification"), owner | {"element": users}, note)
        await client.views_open(trigger_id=command["trigger_id"], view=view)

    @product.view("ask")
    async def sent(ack: AsyncAck, view: Json):
        values = view["state"]["values"]
        if len(values["why"]["typed"]["value"]) < 5:
            await ack(response_action="errors", errors={"why": "Say more."})
            return
        submitted.append(values)
        await ack()

    opened = (await hands.command("ann", "/approve create"))["modal"]
    assert (opened["title"], opened["submit"]) == ("New request", "Send")
    assert [(f["label"], f["type"], f["optional"]) for f in opened["fields"]] == [
        ("Justification", "plain_text_input", False),
        ("Owner", "users_select", False),
        ("Note", "plain_text_input", True),
    ]
    form = {"user": "ann", "view_id": opened["view_id"]}
    empty = await hands.post("slack/submit", **form, values={"Justification": "no"})
    assert (empty["closed"], empty["errors"]) == (False, {"owner": "Please complete this required field."})
    short = await hands.post("slack/submit", **form, values={"Owner": "ben@acme.example"})
    assert (short["closed"], short["errors"]) == (False, {"why": "Say more."})
    assert short["modal"]["fields"][1]["value"] == "U2BEN"
    done = await hands.post("slack/submit", **form, values={"why": "We need it"})
    assert (done["closed"], "errors" in done, "modal" in done) == (True, False, False)
    assert submitted[0]["owner"]["who"]["selected_user"] == "U2BEN"
    assert submitted[0]["note"]["typed"] == {"type": "plain_text_input", "value": None}


async def test_an_unknown_label_is_refused_naming_the_fields_there_are(hands: Hands, product: AsyncApp):
    @product.command("/approve")
    async def ask(ack: AsyncAck, command: Json, client: AsyncWebClient):
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=modal(text_input("why", "Justification")))

    view_id = (await hands.command("ann", "/approve"))["modal"]["view_id"]
    body = {"user": "ann", "view_id": view_id, "values": {"Reason": "x"}}
    status, answer = await hands.call("POST", "/control/slack/submit", body)
    assert status == 400
    assert answer == {"error": "This modal has no field 'Reason'.", "accepted": ["Justification (why)"]}


async def test_a_loading_modal_is_waited_for_until_it_offers_something(hands: Hands, product: AsyncApp):
    @product.command("/approve")
    async def ask(ack: AsyncAck, command: Json, client: AsyncWebClient):
        await ack()
        loading = modal(section("Loading …"))
        del loading["submit"]
        opened = await client.views_open(trigger_id=command["trigger_id"], view=loading)
        await asyncio.sleep(LATE_S)
        await client.views_update(view_id=opened["view"]["id"], view=modal(text_input("why", "Justification")))

    reaction = await hands.command("ann", "/approve")
    assert [f["label"] for f in reaction["modal"]["fields"]] == ["Justification"]
    assert reaction["latency_ms"] < LATE_S * 1000


async def test_modals_stack_three_high_and_the_one_below_returns(hands: Hands, product: AsyncApp):
    @product.command("/approve")
    async def ask(ack: AsyncAck, command: Json, client: AsyncWebClient):
        await ack()
        await client.views_open(trigger_id=command["trigger_id"], view=modal(text_input("a", "A"), title="1"))

    @product.view("ask")
    async def deeper(ack: AsyncAck, view: Json):
        number = int(view["title"]["text"])
        if number == 3:
            await ack()
        else:
            await ack(response_action="push", view=modal(text_input("a", "A"), title=str(number + 1)))

    shown = (await hands.command("ann", "/approve"))["modal"]
    for title in ("2", "3"):
        answer = await hands.post("slack/submit", user="ann", view_id=shown["view_id"], values={"A": "x"})
        shown = answer["modal"]
        assert (answer["closed"], shown["title"]) == (False, title)
    back = await hands.post("slack/submit", user="ann", view_id=shown["view_id"], values={"A": "x"})
    assert (back["closed"], back["modal"]["title"]) == (True, "2")


async def test_a_trigger_opens_one_modal_and_no_second_one(hands: Hands, product: AsyncApp):
    triggers: list[str] = []

    @product.command("/approve")
    async def ask(ack: AsyncAck, command: Json):
        triggers.append(command["trigger_id"])
        await ack("noted")

    await hands.command("ann", "/approve")
    await hands.command("ann", "/approve")
    view = modal(text_input("a", "A"))
    await product.client.views_open(trigger_id=triggers[1], view=view)
    with pytest.raises(SlackApiError, match="exchanged_trigger_id"):
        await product.client.views_open(trigger_id=triggers[1], view=view)


async def test_opening_the_home_tab_shows_what_the_product_publishes_then(hands: Hands, product: AsyncApp):
    @product.event("app_home_opened")
    async def opened(event: Json, client: AsyncWebClient):
        row = {"type": "actions", "elements": [button("home.refresh", "Refresh", "1")]}
        blocks = [section(f"For {event['user']}"), row]
        await client.views_publish(user_id=event["user"], view={"type": "home", "blocks": blocks})

    @product.action("home.refresh")
    async def refresh(ack: AsyncAck, body: Json, client: AsyncWebClient):
        await ack()
        view = {"type": "home", "blocks": [section("Fresh")]}
        await client.views_publish(user_id=body["user"]["id"], view=view)

    home = await hands.get("slack/home", user="ben")
    assert (home["published"], home["blocks"][0]["text"]["text"]) == (True, "For U2BEN")
    await hands.post("slack/click", user="ben", home=True, action_id="home.refresh")
    after = await hands.get("slack/home", user="ben", open="0")
    assert after["blocks"][0]["text"]["text"] == "Fresh"


async def test_a_reply_in_a_thread_reaches_the_product_as_a_message_event(
    world: World, hands: Hands, product: AsyncApp
):
    heard: list[dict[str, Any]] = []

    @product.event("message")
    async def listen(event: Json, say: AsyncSay):
        heard.append(event)
        await say(text="Noted", thread_ts=event["thread_ts"])

    parent = await world.web.chat_postMessage(channel="C1GOV", text="REQ-1")
    answer = await hands.post(
        "slack/message", user="ann", channel="governance", text="why <now>?", thread_ts=parent["ts"]
    )
    assert heard[0]["text"] == "why &lt;now&gt;?"
    assert (heard[0]["thread_ts"], heard[0]["channel_type"]) == (parent["ts"], "channel")
    assert [m["text"] for m in answer["messages"]] == ["Noted"]
    (listed,) = await hands.messages("governance")
    assert [m["text"] for m in listed["thread"]] == ["why &lt;now&gt;?", "Noted"]


async def test_an_event_that_was_not_acknowledged_is_sent_again_with_its_number(hands: Hands, product: AsyncApp):
    attempts: list[tuple[str | None, str | None]] = []
    third = asyncio.Event()

    @product.middleware
    async def refuse_twice(req: AsyncBoltRequest, resp: BoltResponse, next: Callable[[], Awaitable[BoltResponse]]):  # noqa: A002 - Bolt injects by this name
        head = req.headers
        attempts.append((head.get("x-slack-retry-num", [None])[0], head.get("x-slack-retry-reason", [None])[0]))
        if len(attempts) == 3:
            third.set()
            await next()

    @product.event("message")
    async def listen(event: Json):
        return

    await hands.post("slack/configure", event_retry_delays=[0.01, 0.01, 0.01])
    await hands.post("slack/message", user="ann", channel="governance", text="hello")
    async with asyncio.timeout(5):
        await third.wait()
    assert attempts == [(None, None), ("1", "http_error"), ("2", "http_error")]


async def test_nobody_acts_in_a_private_channel_without_being_in_it(hands: Hands, product: AsyncApp):
    body = {"user": "ann", "channel": "#security", "text": "/approve"}
    status, answer = await hands.call("POST", "/control/slack/command", body)
    assert (status, answer["error"]) == (403, "Ann Lee cannot see security.")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("slack/command", {"user": "nobody", "text": "/approve"}, 404),
        ("slack/command", {"user": "ann", "text": "approve"}, 400),
        ("slack/command", {"user": "ann", "channel": "#nowhere", "text": "/approve"}, 404),
        ("slack/command", {"user": 7, "text": "/approve"}, 400),
        ("slack/command", ["not", "an", "object"], 400),
        ("slack/click", {"user": "ann", "channel": "governance", "ts": "1.2", "action_id": "x"}, 404),
        ("slack/click", {"user": "ann", "action_id": "x"}, 400),
        ("slack/submit", {"user": "ann", "view_id": "V404", "values": {}}, 404),
        ("slack/submit", {"user": "ann", "view_id": "V404", "values": [1]}, 400),
        ("slack/message", {"user": "ann", "channel": "governance", "text": " "}, 400),
        ("slack/edit", {"type": "user", "id": "U404", "fields": {"title": "x"}}, 404),
        ("slack/configure", {"colour": "red"}, 400),
        ("faults", {"system": "slack", "fault": "earthquake"}, 400),
        ("faults", {"system": "elsewhere", "fault": "500"}, 404),
        ("faults", {"system": "slack", "fault": "500", "count": 0}, 400),
        ("nosystem/records", {}, 405),
    ],
)
async def test_bad_input_to_the_control_surface_is_a_4xx_that_says_why(hands: Hands, path: str, body: Any, status: int):
    got, answer = await hands.call("POST", f"/control/{path}", body)
    assert got == status
    assert answer["error"]


async def test_a_body_that_is_not_json_is_a_400(hands: Hands):
    async with aiohttp.ClientSession() as client:
        answer = await client.post(f"{hands.url}/control/slack/command", data=b"{nope")
        assert answer.status == 400
        assert (await answer.json())["error"].startswith("The body is not JSON")
