"""Whatever stands in a card, Teams takes it, nobody is mentioned, no function is called, and nothing raises."""

from urllib.parse import unquote

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.actions import choice_value
from bot.cards import Card, ChecksInput, Form, Markup, Option, Plain, Section, SelectInput
from bot.teams import render
from bot.teams.folding import sent_bytes
from bot.teams.inputs import read_inputs
from bot.teams.limits import CARD_BYTES_MAX
from bot.teams.markdown import escaped
from bot.teams.runs import rich_text
from tests.unit.bot.adaptivecard_schema import dialog_problems, message_problems
from tests.unit.bot.readings import words_of
from tests.unit.bot.strategies import cards, forms, ours, texts, words


@given(cards)
@settings(max_examples=60)
def test_every_card_is_a_message_that_teams_takes(card):
    activity = render.message(card)
    assert message_problems(activity) == []
    assert sent_bytes(activity["attachments"][0]["content"]) <= CARD_BYTES_MAX


@given(forms)
@settings(max_examples=50)
def test_every_form_is_a_dialog_that_teams_takes(form):
    """As long as what people chose from and typed fits: no input is ever left out."""
    value = render.dialog(form)
    problems = dialog_problems(value)
    inputs = [element for element in value["card"]["content"]["body"] if element["type"].startswith("Input.")]
    if sum(map(sent_bytes, inputs)) > CARD_BYTES_MAX - 6_000:
        problems = [problem for problem in problems if "bytes in all" not in problem]
    assert problems == []


@given(texts, st.integers(40, 4000))
def test_a_paragraph_has_no_more_characters_than_it_may(text, most):
    shown = "".join(run["text"] for run in rich_text(text, most=most)["inlines"])
    assert len(shown.replace("\u2060", "")) <= max(most, 1)


@given(words)
def test_somebodys_words_are_left_as_they_are_but_for_what_nobody_sees(text):
    shown = "".join(run["text"] for run in rich_text((Plain(text),), most=None)["inlines"])
    assert words_of(shown.replace("–", "")) == words_of(rich_seen(text).replace("–", ""))


def rich_seen(text):
    """What is left of a text without directions and characters that cannot be sent."""
    unseen = {*map(chr, range(0x202A, 0x202F)), *map(chr, range(0x2066, 0x206A))}
    return "".join(
        each
        for each in text
        if each not in unseen and (each in "\t\n\x85" or not (each < " " or "\x7f" <= each <= "\x9f"))
    )


@given(words)
def test_escaping_adds_backslashes_and_nothing_else(text):
    plain = " ".join(rich_seen(text).split())
    assert escaped(text).replace("\\", "").replace("\u2060", "") == plain.replace("\\", "")


@given(st.lists(st.text(min_size=1, max_size=300), min_size=1, max_size=12, unique=True), st.data())
def test_what_is_chosen_comes_back_as_the_value_that_slack_would_give(values, data):
    options = tuple(Option(value, "An option") for value in values)
    form = Form("f", "F", (ChecksInput("many", "Many", options), SelectInput("one", "One", options)), submit="Send")
    content = render.dialog(form)["card"]["content"]
    many, one = (element["choices"] for element in content["body"])
    chosen = data.draw(st.lists(st.sampled_from(range(len(values))), unique=True))
    single = data.draw(st.sampled_from(range(len(values))))
    typed = {"many": ",".join(many[number]["value"] for number in chosen), "one": one[single]["value"]}
    assert read_inputs({**content["actions"][0]["data"], **typed}) == {
        "many": [choice_value(values[number]) for number in chosen],
        "one": choice_value(values[single]),
    }
    assert [unquote(choice["value"]) for choice in many] == [choice_value(value) for value in values]


@given(words, ours)
def test_rendering_twice_gives_the_same(text, markup):
    card = Card(text, (Section((Plain(text), Markup(markup))),))
    assert render.message(card) == render.message(card)
