"""Slack and Teams say the same: whatever can be read and done on the one can be read and done on the other, in that order.

Compared are the payloads, not the renderers' words for them, and both are checked against what their platform accepts.
Nothing is so long here that it is shortened, as both do that where their own limits are.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.cards import Card, ChecksInput, Form, Option
from bot.slack import render as slack
from bot.teams import render as teams
from tests.unit.bot.adaptivecard_schema import dialog_problems, message_problems
from tests.unit.bot.blockkit_schema import message_problems as slack_message_problems
from tests.unit.bot.blockkit_schema import view_problems
from tests.unit.bot.every_view import EVENTS, MODEST, VIEWS, shown, thread_line
from tests.unit.bot.readings import Reading, slack_message, slack_view, teams_dialog, teams_message
from tests.unit.bot.views.test_snapshots import VIEWS as SHOWN

WORDS = {
    "plain": "support",
    "emoji": "👩‍👩‍👧‍👦 🏳️‍🌈 ok",
    "right_to_left": "שלום عالم",
    "mentions": "<!channel> <@U1>",
    "link": "[a](https://e.ex)",
    "slack_link": "<https://e.ex|a>",
    "markup": "*a* _b_ `c` ~d~ #e",
    "lines": "a\n> b\n- c\n1. d",
    "direction": "\u202egpj.exe\u2066 x",
    "date": "{{TIME(2026)}} {{x",
    "entities": "&lt;b&gt; & \\*",
}


def both(view: Any) -> tuple[Reading, Reading]:
    """What Slack shows and what Teams shows, each accepted by its platform."""
    if isinstance(view, Form):
        modal, dialog = slack.modal(view), teams.dialog(view)
        assert (view_problems(modal), dialog_problems(dialog)) == ([], [])
        return slack_view(modal), teams_dialog(dialog)
    if isinstance(view, Card):
        message, activity = slack.message(view), teams.message(view)
        assert slack_message_problems(message) == []
    else:  # Teams has no home tab: the same blocks are a card in the person's own chat
        message, activity = slack.home(view), teams.message(Card("Countersign", tuple(view)))
        assert view_problems(message) == []
    assert message_problems(activity) == []
    read = slack_message(message) if isinstance(view, Card) else replace(slack_view(message), summary=("Countersign",))
    return read, teams_message(activity)


@pytest.mark.row("B7", "B8")
@pytest.mark.parametrize("name", sorted(SHOWN.keys() - {"request_hostile"}))  # is too long for either
def test_both_platforms_show_and_offer_the_same(name: str):
    in_slack, in_teams = both(SHOWN[name])
    assert in_slack.words or in_slack.inputs
    assert in_teams == in_slack


@pytest.mark.row("B7", "B8")
@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("name", sorted(VIEWS.keys() - {"thread_line"}))
def test_both_platforms_show_the_same_of_whatever_people_write(name: str, kind: str):
    view = shown(name, WORDS[kind], MODEST)
    in_slack, in_teams = both(view)
    assert in_teams == in_slack


@pytest.mark.row("B7", "B8")
@pytest.mark.parametrize("kind", WORDS)
@pytest.mark.parametrize("event", EVENTS)
def test_both_platforms_show_the_same_line_of_a_thread(event: str, kind: str):
    line = thread_line(event, WORDS[kind], MODEST)
    if line is not None:
        in_slack, in_teams = both(line)
        assert in_teams == in_slack


@pytest.mark.row("B8")
def test_what_slack_divides_for_its_limits_is_the_same_choice_in_teams():
    names = tuple(f"criterion {number}, in full" for number in range(23))
    part = ChecksInput("criteria", "Criteria", tuple(Option(name, name) for name in names), initial=names[:12])
    in_slack, in_teams = both(Form("f", "F", (part,), submit="Send"))
    assert [value for value, _words in in_teams.inputs[0].options] == list(names)
    assert replace(in_teams.inputs[0], is_required=False) == in_slack.inputs[0]  # of many blocks Slack can demand none


def test_a_difference_is_seen():
    """The comparison itself: a word, a value or an option less is a difference."""
    card, form = SHOWN["request_approver"], SHOWN["form_approve"]
    assert isinstance(card, Card)
    assert isinstance(form, Form)
    without_a_word = replace(card, blocks=card.blocks[1:])
    without_a_button = replace(card, blocks=card.blocks[:-1])
    for other in (without_a_word, without_a_button):
        assert teams_message(teams.message(other)) != slack_message(slack.message(card))
    changed = replace(form, memo="another")
    assert teams_dialog(teams.dialog(changed)) != slack_view(slack.modal(form))
