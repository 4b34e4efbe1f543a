"""What Teams takes as a whole: cards that are too long together, though each part fits."""

import json

import pytest

from bot.cards import (
    Actions,
    Button,
    Card,
    ChecksInput,
    Form,
    Heading,
    Link,
    Markup,
    Option,
    Passage,
    Plain,
    Quote,
    Section,
    Steps,
    TextInput,
)
from bot.teams import render
from bot.teams.folding import folded, sent_bytes
from bot.teams.limits import CARD_BYTES_MAX
from bot.views.approvals import request_card
from bot.views.lists import waiting_card
from tests.unit.bot.adaptivecard_schema import card_problems, dialog_problems
from tests.unit.bot.every_view import CONSOLE, WORDS, huge_request
from tests.unit.bot.samples import NOW, listed, request

ROW = Actions((Button("a", "Approve", "v"),))


def boxes(*sizes):
    """Elements that take what is asked."""
    return [{"at": at, "fill": "x" * (size - len(f'{{"at":{at},"fill":""}},'))} for at, size in enumerate(sizes)]


def kept(elements, size):
    return [element.get("at") for element in folded(elements, size=size)]


def content_of(*blocks):
    content = render.adaptive_card(Card("x", blocks))
    assert card_problems(content) == []
    assert sent_bytes(content) <= CARD_BYTES_MAX
    return content


def test_what_fits_is_left_as_it_is():
    assert kept(boxes(100, 100, 100), 300) == [0, 1, 2]


def test_what_is_too_long_together_loses_its_middle():
    assert kept(boxes(*[100] * 10), 800) == [0, 1, None, 6, 7, 8, 9]


def test_an_end_that_does_not_fit_is_shortened_from_its_beginning():
    assert kept(boxes(30, 30, 900, 100, 100), 500) == [0, 1, None, 3, 4]


def test_one_element_that_is_too_long_alone_leaves_the_note():
    (note,) = folded(boxes(900), size=500)
    assert note["inlines"][0]["text"] == "… 1 part is not shown here."
    assert sent_bytes(note) < 200


def test_bytes_are_counted_and_not_characters():
    assert sent_bytes({"text": "שלום👍"}) == len('{"text":"שלום👍"}'.encode())


def test_what_only_old_clients_need_is_given_up_first():
    """Fifteen rows of buttons, the most that a list shows, all stay."""
    content = render.adaptive_card(waiting_card(listed([request()] * 15), now=NOW))
    assert card_problems(content) == []
    assert sent_bytes(content) <= CARD_BYTES_MAX
    rows = [element for element in content["body"] if element["type"] == "ActionSet"]
    assert [len(row["actions"]) for row in rows] == [3] * 15
    assert '"fallback"' not in json.dumps(content)
    assert "not shown here" not in json.dumps(content)


def test_a_card_that_is_too_long_gives_up_peoples_words_before_its_stages():
    lines = tuple((Markup(f"▶️ Stage {number} " + "n" * 150),) for number in range(60))
    content = content_of(Heading("REQ-1"), Quote(Plain("warum? " * 3000)), Steps(lines), ROW)
    text = json.dumps(content, ensure_ascii=False)
    assert "… (show all)" in text
    assert text.count("Stage ") == 60
    assert content["body"][-1]["type"] == "ActionSet"


def test_a_long_card_is_folded_in_the_middle_so_that_its_buttons_stay():
    content = content_of(*(Section((Plain(f"{number} " + "w" * 600),)) for number in range(80)), ROW)
    text = json.dumps(content, ensure_ascii=False)
    assert "parts are not shown here." in text
    assert (content["body"][0]["inlines"][0]["text"][:2], content["body"][-1]["type"]) == ("0 ", "ActionSet")


@pytest.mark.parametrize("kind", WORDS)
def test_sixty_stages_and_three_hundred_approvers_leave_the_link_to_the_whole_and_the_buttons(kind):
    card = request_card(huge_request(WORDS[kind]), None, now=NOW, console=CONSOLE)
    content = render.adaptive_card(card)
    assert card_problems(content) == []
    assert sent_bytes(content) <= CARD_BYTES_MAX
    runs = [run for element in content["body"] for run in element.get("inlines", ())]
    (link,) = [run for run in runs if run["text"] == "open in the console"]
    assert link["selectAction"]["url"] == f"{CONSOLE}/requests/REQ-1042"
    verbs = [action["verb"] for element in content["body"] for action in element.get("actions", ())]
    assert verbs[:2] == ["approvals.vote.approve", "approvals.vote.reject"]


def test_a_link_stays_whole_in_a_paragraph_that_is_too_long():
    (element,) = content_of(Section((Plain("w" * 9000), Link("open", "https://x.example"), Plain("v" * 9000))))["body"]
    assert [run["text"] for run in element["inlines"] if "selectAction" in run] == ["open"]


def test_a_dialog_with_long_words_in_any_script_stays_below_what_teams_takes():
    passages = tuple(Passage(Plain("سوبورت " * 500)) for _ in range(80))
    value = render.dialog(Form("details", "REQ-1", (Heading("REQ-1"), *passages, ROW), memo="m" * 3000))
    assert dialog_problems(value) == []
    body = value["card"]["content"]["body"]
    assert (body[0]["type"], body[-1]["type"]) == ("TextBlock", "ActionSet")


def test_inputs_stay_whole_and_every_choice_can_be_made_however_long_a_form_is():
    options = tuple(Option(f"{number}", "👩‍👩‍👧‍👦" * 100) for number in range(60))
    parts = (
        Quote(Plain("w" * 9000)),
        ChecksInput("criteria", "Criteria", options),
        TextInput("reason", "Reason", initial="é" * 3000),
    )
    value = render.dialog(Form("f", "F", parts, submit="Send"))
    assert dialog_problems(value) == []
    assert sent_bytes(value["card"]["content"]) <= CARD_BYTES_MAX
    _quote, criteria, reason = value["card"]["content"]["body"]
    assert [choice["value"] for choice in criteria["choices"]] == [option.value for option in options]
    assert reason["value"] == "é" * 3000
