"""Whatever stands anywhere in a card, it is refused with a place or can be read and clicked; never is it a 5xx."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.teams import inputs
from sandbox.teams.cards import check_card
from sandbox.teams.reaction import content
from sandbox.teams.walk import actions_in, cards_around, inputs_in, toggled
from tests.contract.sandbox_teams.conftest import Hands, World, card, card_message, execute, submit, text
from tests.contract.sandbox_teams.test_connector import connector, send

JUNK: list[Any] = [
    ["x"],
    {"a": 1},
    [{"type": "Input.Text"}],
    5,
    True,
    None,
    "",
    "\ud800",
    {"type": "Input.Text"},
    {"type": "Poem", "fallback": "drop"},
]
SOUND = card(
    text("x", id="t"),
    {"type": "RichTextBlock", "inlines": ["a", {"type": "TextRun", "text": "b", "selectAction": submit("s")}]},
    {"type": "FactSet", "facts": [{"title": "a", "value": "b"}]},
    {"type": "ColumnSet", "columns": [{"type": "Column", "items": [text("c")], "selectAction": submit("s")}]},
    {"type": "ImageSet", "images": [{"type": "Image", "url": "https://a.example/i.png", "altText": "i"}]},
    {
        "type": "Table",
        "columns": [{"width": 1}],
        "rows": [{"type": "TableRow", "cells": [{"type": "TableCell", "items": [text("d")]}]}],
    },
    {"type": "Input.Text", "id": "text", "label": "L", "regex": "^a", "maxLength": 3, "inlineAction": submit("i")},
    {"type": "Input.Number", "id": "number", "min": 1, "max": 3, "value": 2},
    {"type": "Input.Date", "id": "date", "min": "2027-01-01", "value": "2027-01-31"},
    {"type": "Input.ChoiceSet", "id": "choice", "choices": [{"title": "a", "value": "b"}]},
    {"type": "Poem", "fallback": {"type": "Container", "items": [text("e")]}},
    actions=[
        execute("go", "Go", req="1"),
        {"type": "Action.ToggleVisibility", "targetElements": ["t", {"elementId": "t", "isVisible": True}]},
        {
            "type": "Action.ShowCard",
            "card": card({"type": "Input.Toggle", "id": "in", "title": "x"}, actions=[submit("s")]),
        },
    ],
    refresh={"action": execute("look", "Look"), "userIds": ["29:x"]},
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, item in items for found in places(item, (*path, key)))]


def spoiled(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    value[path[0]] = spoiled(value[path[0]], path[1:], junk)
    return value


def test_the_card_to_be_spoiled_is_sound():
    assert check_card(SOUND).errors == []
    assert [item["id"] for item in inputs_in(SOUND)] == ["text", "number", "date", "choice", "in"]


@given(st.sampled_from(places(SOUND)), st.sampled_from(JUNK))
def test_a_card_with_anything_anywhere_is_refused_or_can_be_used(path: tuple[Any, ...], junk: Any):
    spoilt = spoiled(json.loads(json.dumps(SOUND)), path, json.loads(json.dumps(junk)))
    if check_card(spoilt).errors:
        return
    content(spoilt, "", {})
    items = inputs_in(spoilt)
    values = inputs.initial(items)
    inputs.problems(items, values | {"text": "abcd", "number": "9", "date": "2026-01-01"})
    for action in actions_in(spoilt):
        assert cards_around(spoilt, action)
        if action["type"] == "Action.ToggleVisibility":
            toggled(spoilt, action, {})


@pytest.mark.parametrize(
    "argument",
    ["type", "text", "attachments", "replyToId", "recipient", "channelData", "entities", "textFormat", "summary"],
)
async def test_the_connector_answers_anything_in_an_activity(world: World, argument: str):
    for junk in JUNK:
        status, _ = await send(world, card_message(card(text("x"))) | {argument: junk})
        assert status in {201, 400, 404}, junk


@pytest.mark.parametrize("argument", ["members", "tenantId", "channelData", "activity", "isGroup", "bot"])
async def test_the_connector_answers_anything_in_a_new_conversation(world: World, argument: str):
    sound = {"members": [{"id": world.person("ann@acme.example")["id"]}]}
    for junk in [*JUNK, {"channel": {"id": 5}}, {"tenant": ["x"]}]:
        status, _ = await connector(world, "POST", "conversations", sound | {argument: junk})
        assert status in {201, 400, 404}, junk


@pytest.mark.parametrize("argument", ["user", "channel", "ts", "action_id", "value", "inputs", "home"])
async def test_a_click_with_anything_in_it_is_a_4xx_or_a_click(world: World, hands: Hands, argument: str):
    await hands.post("teams/configure", event_retry_delays=[])
    _, sent = await send(world, card_message(card({"type": "Input.Text", "id": "a"}, actions=[execute("go", "Go")])))
    click = {"user": "ann", "channel": "governance", "ts": sent["id"], "action_id": "go"}
    for junk in [*JUNK, {"a": ["x"]}, {"a": True}]:
        status, answer = await hands.call("POST", "/control/teams/click", click | {argument: junk})
        assert status in {200, 400, 403, 404}, junk
        assert status == 200 or answer["error"]


@pytest.mark.parametrize(
    "option",
    ["rate_limits", "refuse", "app_disabled", "endpoint", "event_retry_delays", "token_lifetime", "rotate_keys"],
)
async def test_options_that_make_no_sense_are_refused(hands: Hands, option: str):
    for junk in [["x"], {"a": 1}, {"code": ["x"]}, -5, None, "x", "\ud800"]:
        assert (await hands.call("POST", "/control/teams/configure", {option: junk}))[0] == 400, junk
