"""A person's part, played through the control surface against a bot that answers whatever the test says."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from tests.contract.sandbox_teams.conftest import (
    CARD,
    Hands,
    Json,
    StartSandbox,
    World,
    card,
    card_message,
    execute,
    submit,
    text,
)
from tests.contract.sandbox_teams.test_connector import send

FORM = card(
    {"type": "Input.Text", "id": "why", "label": "Reason", "isRequired": True, "errorMessage": "Say why."},
    {"type": "Input.Text", "id": "ticket", "label": "Ticket", "regex": "^CHG\\d+$", "maxLength": 8},
    {"type": "Input.Number", "id": "hours", "label": "Hours", "min": 1, "max": 8},
    {
        "type": "Input.ChoiceSet",
        "id": "risk",
        "label": "Risk",
        "value": "low",
        "choices": [{"title": "Low", "value": "low"}, {"title": "High", "value": "high"}],
    },
    actions=[submit("Send", step="send")],
)


class Scripted:
    """A bot without rules: `answers` by the activity's `name`, else its `type`."""

    def __init__(self) -> None:
        self.heard: list[Json] = []
        self.answers: dict[str, Callable[[Json], Any]] = {}

    async def serve(self, request: web.Request) -> web.Response:
        activity = await request.json()
        self.heard.append(activity)
        answer = self.answers.get(activity.get("name") or activity["type"], lambda _: None)(activity)
        if isinstance(answer, int):
            return web.Response(status=answer)
        return web.Response(status=200) if answer is None else web.json_response(answer)


@pytest.fixture
async def scripted(product_socket: socket.socket) -> AsyncIterator[Scripted]:
    made, server = Scripted(), web.Application()
    server.router.add_post("/api/messages", made.serve)
    runner = web.AppRunner(server, shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, product_socket).start()
    yield made
    await runner.cleanup()


def dialog(content: Json, title: str = "Request") -> Json:
    value = {"title": title, "card": {"contentType": CARD, "content": content}}
    return {"task": {"type": "continue", "value": value}}


async def posted(world: World, content: Json) -> Json:
    """Where the bot's card stands now."""
    status, answer = await send(world, card_message(content))
    assert status == 201, answer
    return {"channel": "governance", "ts": answer["id"]}


async def test_a_dialog_is_opened_checked_by_the_client_sent_and_closed(hands: Hands, world: World, scripted: Scripted):
    scripted.answers = {"task/fetch": lambda _: dialog(FORM), "task/submit": lambda _: None}
    seen = await posted(
        world, card(text("x"), actions=[submit("Fill in", msteams={"type": "task/fetch"}, req="REQ-1")])
    )
    opened = (await hands.click("ann", seen, "Fill in"))["modal"]
    assert (opened["title"], opened["submit"]) == ("Request", "Send")
    assert [(f["label"], f["optional"], f["value"]) for f in opened["fields"]] == [
        ("Reason", False, None),
        ("Ticket", True, None),
        ("Hours", True, None),
        ("Risk", True, "low"),
    ]
    assert scripted.heard[-1]["value"]["data"] == {"msteams": {"type": "task/fetch"}, "req": "REQ-1"}
    view = {"user": "ann", "view_id": opened["view_id"]}
    refused = await hands.post("teams/submit", **view, values={"Ticket": "INC12345678", "hours": 9})
    assert (refused["closed"], refused["errors"]) == (
        False,
        {"why": "Say why.", "ticket": "At most 8 characters are accepted.", "hours": "This is not a valid value."},
    )
    assert len(scripted.heard) == 1
    done = await hands.post(
        "teams/submit", **view, values={"Reason": "because", "ticket": "CHG1", "Hours": 2, "Risk": "High"}
    )
    assert (done["closed"], "modal" in done) == (True, False)
    data = {"step": "send", "why": "because", "ticket": "CHG1", "hours": "2", "risk": "high"}
    assert scripted.heard[-1]["value"]["data"] == data


async def test_a_dialogs_answer_may_be_another_card_or_a_sentence(hands: Hands, world: World, scripted: Scripted):
    answers: list[Json] = [
        dialog(card(text("Sure?"), actions=[submit("Yes")]), "Sure"),
        {"task": {"type": "message", "value": "Done"}},
    ]
    scripted.answers = {
        "task/fetch": lambda _: dialog(card(actions=[submit("Go")])),
        "task/submit": lambda _: answers.pop(0),
    }
    seen = await posted(world, card(text("x"), actions=[submit("Fill in", msteams={"type": "task/fetch"})]))
    view_id = (await hands.click("ann", seen, "Fill in"))["modal"]["view_id"]
    second = await hands.post("teams/submit", user="ann", view_id=view_id, values={})
    assert (second["closed"], second["modal"]["title"]) == (False, "Sure")
    last = await hands.post("teams/submit", user="ann", view_id=view_id, values={}, action_id="Yes")
    assert (last["closed"], last["toasts"]) == (True, ["Done"])
    assert (await hands.get("teams/views", user="ann"))["views"] == []


async def test_a_dialog_with_an_unsound_card_does_not_open(hands: Hands, world: World, scripted: Scripted):
    scripted.answers = {"task/fetch": lambda _: dialog(card({"type": "Poem"}))}
    seen = await posted(world, card(text("x"), actions=[submit("Fill in", msteams={"type": "task/fetch"})]))
    failed = await hands.click("ann", seen, "Fill in")
    assert failed["error"].startswith(
        "Something went wrong. Please try again. (body[0].type: unknown element type 'Poem'"
    )
    assert "modal" not in failed


async def test_submit_in_a_message_is_a_message_with_a_value(hands: Hands, world: World, scripted: Scripted):
    seen = await posted(
        world, card({"type": "Input.Text", "id": "why", "label": "Why"}, actions=[submit("Send", go="on")])
    )
    await hands.click("ann", seen, "Send", inputs={"Why": "so"})
    sent = scripted.heard[-1]
    assert (sent["type"], sent["value"], sent["replyToId"], "text" in sent) == (
        "message",
        {"go": "on", "why": "so"},
        seen["ts"],
        False,
    )


async def test_the_client_does_its_own_part_without_asking(hands: Hands, world: World, scripted: Scripted):
    inner = card(
        {"type": "Input.Text", "id": "why", "label": "Why", "isRequired": True}, actions=[execute("save", "Save")]
    )
    content = card(
        text("more", id="more", isVisible=False),
        actions=[
            {"type": "Action.OpenUrl", "title": "Open", "url": "https://example.com/REQ-1"},
            {"type": "Action.ToggleVisibility", "title": "More", "targetElements": ["more"]},
            {"type": "Action.ShowCard", "title": "Comment", "card": inner},
        ],
    )
    seen = await posted(world, content)
    assert (await hands.click("ann", seen, "Open"))["url"] == "https://example.com/REQ-1"
    assert [m["words"] for m in (await hands.click("ann", seen, "More"))["cards"]] == ["more\nWhy"]
    assert [m["words"] for m in await hands.messages("governance", user="ben")] == ["Why"]
    assert (await hands.click("ann", seen, "Comment"))["shown"]["actions"][0]["action_id"] == "save"
    assert (await hands.click("ann", seen, "save"))["errors"] == {"why": "This is a required input."}
    assert scripted.heard == []


async def test_two_buttons_with_one_verb_are_told_apart_by_their_value(hands: Hands, world: World, scripted: Scripted):
    scripted.answers = {
        "adaptiveCard/action": lambda a: {
            "statusCode": 200,
            "type": "application/vnd.microsoft.activity.message",
            "value": a["value"]["action"]["data"]["value"],
        }
    }
    seen = await posted(world, card(actions=[execute("vote", "A", value="a"), execute("vote", "B", value="b")]))
    assert (await hands.click("ann", seen, "vote", value="b"))["toasts"] == ["b"]
    status, answer = await hands.call(
        "POST", "/control/teams/click", {"user": "ann", **seen, "action_id": "vote", "value": "c"}
    )
    assert (status, answer["accepted"]) == (404, ["a", "b"])


@pytest.mark.parametrize("answer", [500, 403, {}, {"statusCode": 200, "type": CARD, "value": {"type": "Poem"}}])
async def test_a_senseless_answer_is_something_went_wrong(hands: Hands, world: World, scripted: Scripted, answer: Any):
    scripted.answers = {"adaptiveCard/action": lambda _: answer}
    failed = await hands.click("ann", await posted(world, card(actions=[execute("go", "Go")])), "go")
    assert failed["error"].startswith("Something went wrong.")
    assert len(scripted.heard) == 1  # a person waits: nothing is sent again


async def test_a_message_is_sent_again_when_the_bot_fails_and_bears_the_same_id(hands: Hands, scripted: Scripted):
    answers = [503, 500, 200]
    scripted.answers = {"message": lambda _: answers.pop(0)}
    await hands.post("teams/configure", event_retry_delays=[0.05, 0.05])
    assert (await hands.command("ann", "help"))["error"] == "Something went wrong. Please try again."
    for _ in range(100):
        if len(scripted.heard) == 3:
            break
        await asyncio.sleep(0.05)
    assert len(scripted.heard) == 3
    assert len({activity["id"] for activity in scripted.heard}) == 1
    assert [(d["attempt"], d["status"]) for d in await hands.records("delivery")] == [(1, 503), (2, 500), (3, 200)]


async def test_a_bot_that_is_not_there_is_unreachable(hands: Hands, product_socket: socket.socket):
    product_socket.close()
    await hands.post("teams/configure", event_retry_delays=[])
    assert (await hands.command("ann", "help"))["error"] == "Unable to reach app. Please try again."


async def test_the_bot_hears_when_it_is_added_and_taken_out(hands: Hands, world: World, scripted: Scripted):
    answer = await hands.post("teams/install", user="cyd")
    added, joined = scripted.heard
    assert (added["type"], added["action"], added["conversation"]["conversationType"]) == (
        "installationUpdate",
        "add",
        "personal",
    )
    assert joined["membersAdded"] == [{"id": f"28:{world.teams['app_id']}"}]
    assert (added["from"]["aadObjectId"], added["locale"]) == (world.person("cyd@acme.example")["aad"], "de-DE")
    assert (await send(world, {"type": "message", "text": "Welcome"}, answer["channel"]))[0] == 201
    await hands.post("teams/uninstall", user="cyd")
    assert scripted.heard[-1]["action"] == "remove"
    assert (await send(world, {"type": "message", "text": "x"}, answer["channel"]))[0] == 403


async def test_everybody_adds_the_bot_at_once(hands: Hands, scripted: Scripted):
    assert await hands.post("teams/install", user="*") == {"installed": 4, "errors": []}
    assert [a["from"]["name"] for a in scripted.heard if a["type"] == "installationUpdate"] == [
        "Ann Lee",
        "Ben Ode",
        "Cyd Roy",
        "Gil Out",
    ]


async def test_the_tab_is_asked_for_and_else_the_last_card_stands_in(hands: Hands, world: World, scripted: Scripted):
    seen = await hands.get("teams/home", user="ann")
    assert (seen["published"], seen["tab"]) == (False, False)
    chat = (await hands.command("ann", "home"))["channel"]
    await send(world, card_message(card(text("Welcome"))), chat)
    seen = await hands.get("teams/home", user="ann")
    assert (seen["words"], seen["tab"]) == ("Welcome", False)
    tab = {"tab": {"type": "continue", "value": {"cards": [{"card": card(text("Home"), actions=[submit("Next")])}]}}}
    scripted.answers = {"tab/fetch": lambda _: tab, "tab/submit": lambda _: tab}
    seen = await hands.get("teams/home", user="ann")
    assert (seen["words"], seen["tab"], seen["actions"][0]["text"]) == ("Home", True, "Next")
    await hands.post("teams/click", user="ann", home=True, action_id="Next")
    assert scripted.heard[-1]["name"] == "tab/submit"


@pytest.mark.parametrize(
    ("call", "body", "status"),
    [
        ("command", {"user": "nobody", "text": "x"}, 404),
        ("command", {"user": "ann", "channel": "nowhere", "text": "x"}, 404),
        ("command", {"user": "ann", "text": "/"}, 400),
        ("command", {"user": "ann", "channel": "outside", "text": "x"}, 403),
        ("command", {"user": "cyd", "channel": "release room", "text": "x"}, 403),
        ("command", {"user": "cyd", "text": "x"}, 403),
        ("click", {"user": "ann", "channel": "governance", "ts": "1", "action_id": "x"}, 404),
        ("click", {"user": "ann", "channel": "governance", "ts": ["x"], "action_id": "x"}, 400),
        ("submit", {"user": "ann", "view_id": "x", "values": {}}, 404),
        ("submit", {"user": "ann", "view_id": "x", "values": []}, 400),
        ("forge", {"kind": "magic"}, 400),
        ("configure", {"colour": "red"}, 400),
        ("configure", {"refuse": {"code": "Bored"}}, 400),
        ("configure", {"rate_limits": {"enabled": "yes"}}, 400),
        ("configure", {"token_lifetime": 0}, 400),
        ("edit", {"type": "user", "id": "29:nobody", "fields": {"blocked": True}}, 404),
        ("edit", {"type": "user", "id": "ann@acme.example", "fields": {"blocked": "x"}}, 400),
    ],
)
async def test_what_no_person_could_do_is_a_4xx_with_a_sentence(hands: Hands, call: str, body: Json, status: int):
    answered, answer = await hands.call("POST", f"/control/teams/{call}", body)
    assert (answered, bool(answer["error"])) == (status, True)


async def test_half_a_character_travels(hands: Hands, scripted: Scripted):
    await hands.command("ann", "half \ud800")
    assert scripted.heard[-1]["text"] == "half \ud800"


async def test_after_a_restart_all_stands_as_before_and_the_keys_are_the_same(
    start: StartSandbox, tmp_path: Path, scripted: Scripted
):
    file = tmp_path / "sandbox.json"
    async with start(file) as before:
        await posted(before, card(text("kept")))
        await before.hands.post("teams/uninstall", user="ben")
        async with before.hands.client.get(before.teams["jwks_url"]) as answer:
            keys = await answer.json()
    async with start(file) as after:
        assert [m["words"] for m in await after.hands.messages("governance")] == ["kept"]
        assert after.person("ben@acme.example")["installed"] is False
        async with after.hands.client.get(after.teams["jwks_url"]) as answer:
            assert await answer.json() == keys


async def test_everything_begins_again(hands: Hands, world: World):
    await posted(world, card(text("gone")))
    assert "teams" in (await hands.post("reset"))["reset"]
    assert await hands.messages("governance") == []
    await posted(world, card(text("new")))


async def test_records_of_every_kind_can_be_read(hands: Hands, world: World, scripted: Scripted):
    await posted(world, card(text("x")))
    await hands.command("ann", "help")
    assert {row["type"] for row in (await hands.get("teams/records"))["records"]} == {
        "user",
        "conversation",
        "message",
        "delivery",
    }
    (row,) = [r for r in await hands.records("conversation") if r["name"] == "governance"]
    assert row["reference"]["serviceUrl"] == world.teams["service_url"]
    assert (await hands.call("GET", "/control/teams/records", type="poem"))[0] == 400
