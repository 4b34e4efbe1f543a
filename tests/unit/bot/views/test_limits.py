"""Every view with as much, and as hostile, as people can put into it: Slack takes it all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from bot.cards import Card, Form
from bot.slack import render
from bot.views.approvals import request_card
from sandbox.slack.blockkit import message_errors, view_errors
from tests.unit.bot.blockkit_schema import message_problems, view_problems
from tests.unit.bot.every_view import CONSOLE, EVENTS, VIEWS, WORDS, huge_request, shown, thread_line
from tests.unit.bot.samples import NOW


def check(view: Any) -> None:
    match view:
        case Card():
            payload = render.message(view)
            assert (message_errors(payload["blocks"]), message_problems(payload)) == ([], [])
        case Form():
            payload = render.modal(view)
            assert (view_errors(payload), view_problems(payload)) == ([], [])
        case _:
            payload = render.home(view)
            assert (view_errors(payload), view_problems(payload)) == ([], [])
    marked = [text for text in texts(payload) if text["type"] == "mrkdwn"]
    for text in marked:
        assert text["verbatim"] is True  # addresses and names in it are not turned into links and mentions
        assert not any(bad in text["text"] for bad in ("<!channel", "<!here", "<@U1EVIL", "<#C1", "<https://evil"))
    # What an input starts with is left alone: it is the person's own, to go on with, and stands beside no words of ours.
    whole = "".join(text["text"] for text in texts(payload)) + str(payload.get("text", ""))
    assert not any(turn in whole for turn in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def texts(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if part.get("type") in ("mrkdwn", "plain_text"):
            yield part
            return
        for value in part.values():
            yield from texts(value)
    elif isinstance(part, list):
        for value in part:
            yield from texts(value)


def test_the_walk_finds_the_views():
    assert {"request_card", "home_blocks", "bypass_form", "thread_line", "why_card", "notice_card"} <= set(VIEWS)


@pytest.mark.row("B1", "B3", "B9")
@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("name", sorted(VIEWS.keys() - {"thread_line"}))
def test_a_view_of_whatever_people_write_is_taken_by_slack(name: str, kind: str):
    check(shown(name, WORDS[kind]))


@pytest.mark.row("B3")
@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("event", EVENTS)
def test_a_line_of_a_thread_is_taken_by_slack(event: str, kind: str):
    line = thread_line(event, WORDS[kind])
    if line is not None:
        check(line)


@pytest.mark.row("B3")
def test_what_does_not_fit_into_a_message_says_so_and_the_whole_is_a_link_away():
    payload = render.message(request_card(huge_request(WORDS["long"]), None, now=NOW, console=CONSOLE))
    whole = json.dumps(payload, ensure_ascii=False)
    assert "(show all)" in whole
    assert f"<{CONSOLE}/requests/REQ-1042|open in the console>" in whole
    assert payload["blocks"][-1]["type"] == "actions"  # the buttons stay in sight
