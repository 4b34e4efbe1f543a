"""What Slack takes as a whole: messages and views that are too long together, though each part fits."""

import json

from bot.cards import Actions, Button, Card, Form, Heading, Markup, Passage, Plain, Quote, Section, Steps
from bot.slack import render
from bot.slack.folding import characters, folded
from tests.unit.bot.blockkit_schema import message_problems, view_problems

ROW = Actions((Button("a", "Approve", "v"),))


def boxes(*sizes):
    """Blocks that measure what is asked."""
    return [{"size": size, "at": at} for at, size in enumerate(sizes)]


def kept(blocks, **limits):
    return [block.get("at") for block in folded(blocks, measure=lambda block: block["size"], **limits)]


def test_what_fits_is_left_as_it_is():
    assert kept(boxes(100, 100, 100), count=3, size=300) == [0, 1, 2]


def test_what_is_too_long_together_loses_its_middle():
    assert kept(boxes(*[100] * 10), count=50, size=700) == [0, 1, None, 7, 8, 9]


def test_an_end_that_does_not_fit_is_shortened_from_its_beginning():
    assert kept(boxes(10, 10, 900, 100, 100), count=50, size=500) == [0, 1, None, 3, 4]


def test_one_block_that_is_too_long_alone_leaves_the_note():
    (note,) = folded(boxes(900), count=50, size=500, measure=lambda block: block["size"])
    assert note["elements"][0]["text"] == "… 1 part is not shown here."


def test_a_message_measures_its_blocks_as_slack_receives_them():
    blocks = render.message(Card("x", (Heading("Títle"), Section((Plain("&"),)), ROW)))["blocks"]
    assert sum(map(characters, blocks)) == len(json.dumps(blocks, ensure_ascii=False))


def test_a_message_that_is_too_long_gives_up_peoples_words_before_its_stages():
    lines = tuple((Markup(f"▶️ Stage {number} " + "n" * 120),) for number in range(60))
    message = render.message(Card("x", (Heading("REQ-1"), Quote(Plain("why " * 1000)), Steps(lines), ROW)))
    assert message_problems(message) == []
    text = json.dumps(message, ensure_ascii=False)
    assert "… (show all)" in text
    assert text.count("Stage ") == 60
    assert message["blocks"][-1]["type"] == "actions"


def test_a_message_that_fits_keeps_peoples_words():
    message = render.message(Card("x", (Quote(Plain("w" * 2900)), ROW)))
    assert "w" * 2900 in message["blocks"][0]["text"]["text"]


def test_a_modal_with_long_words_in_any_script_stays_below_what_slack_takes():
    passages = tuple(Passage(Plain("سوبورت " * 500)) for _ in range(40))
    view = render.modal(Form("details", "REQ-1", (Heading("REQ-1"), *passages, ROW), memo="m" * 3000))
    assert view_problems(view) == []
    assert (view["blocks"][0]["type"], view["blocks"][-1]["type"]) == ("header", "actions")
