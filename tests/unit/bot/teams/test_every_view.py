"""Every view with as much, and as hostile, as people can put into it: Teams takes it all."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from bot.cards import Card, Form
from bot.conversation.lists import CHOICES_BYTES_MAX, CHOICES_MAX
from bot.teams import render
from bot.teams.folding import sent_bytes
from bot.teams.limits import CARD_BYTES_MAX
from tests.unit.bot.adaptivecard_schema import dialog_problems, message_problems, parts_of
from tests.unit.bot.every_view import EVENTS, VIEWS, WORDS, shown, thread_line

DIRECTIONS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


def check(view: Any) -> None:
    if isinstance(view, Form):
        value = render.dialog(view)
        assert dialog_problems(value) == []
        content = value["card"]["content"]
    else:
        activity = render.message(view if isinstance(view, Card) else Card("Countersign", tuple(view)))
        assert message_problems(activity) == []
        content = activity["attachments"][0]["content"]
    assert sent_bytes(content) <= CARD_BYTES_MAX
    for part in parts_of(content):
        match part["type"]:
            case "TextRun" | "TextBlock":
                assert not any(turn in part["text"] for turn in DIRECTIONS)
            case "Action.OpenUrl":
                assert "evil" not in (urlsplit(part["url"]).hostname or "")  # words may stand in a path, quoted
            case _:
                assert "entities" not in part  # without them `<at>` mentions nobody


@pytest.mark.row("B7")
@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("name", sorted(VIEWS.keys() - {"thread_line"}))
def test_a_view_of_whatever_people_write_is_taken_by_teams(name: str, kind: str):
    check(shown(name, WORDS[kind], agents=None))  # of which a list is given only as far as there is room: see below


@pytest.mark.row("B7")
@pytest.mark.parametrize("kind", WORDS)
def test_a_list_of_agents_as_long_as_one_is_offered_is_taken_by_teams(kind: str):
    number, name = CHOICES_MAX, WORDS[kind]
    while len((name + "99").encode()) * number > CHOICES_BYTES_MAX:
        name = name[:-1]
    check(shown("request_form", WORDS[kind], agents=tuple(f"{name}{each:02}" for each in range(number))))


@pytest.mark.row("B7")
@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("event", EVENTS)
def test_a_line_of_a_thread_is_taken_by_teams(event: str, kind: str):
    line = thread_line(event, WORDS[kind])
    if line is not None:
        check(line)
