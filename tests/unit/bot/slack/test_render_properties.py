"""Whatever stands in a card, Slack accepts it, nobody is mentioned, and nothing raises."""

from hypothesis import given, settings
from slack_sdk.models.blocks import Block
from slack_sdk.models.views import View

from bot.cards import Card, Markup, Plain, Section
from bot.plain import text_of
from bot.slack import render
from bot.slack.limits import SECTION_TEXT_MAX
from bot.slack.mrkdwn import portions, quoted
from tests.unit.bot.blockkit_schema import message_problems, reply_problems, view_problems
from tests.unit.bot.strategies import cards, forms, ours, words


@given(cards)
@settings(max_examples=60)
def test_every_card_is_a_message_that_slack_accepts(card):
    message = render.message(card)
    assert message_problems(message) == []
    for block in Block.parse_all(message["blocks"]):
        block.validate_json()


@given(cards)
@settings(max_examples=30)
def test_every_card_is_a_reply_that_slack_accepts(card):
    assert reply_problems(render.reply(card)) == []


@given(cards)
@settings(max_examples=30)
def test_every_card_is_a_home_tab_that_slack_accepts(card):
    assert view_problems(render.home(card.blocks)) == []


@given(forms)
@settings(max_examples=50)
def test_every_form_is_a_view_that_slack_accepts(form):
    view = render.modal(form)
    assert view_problems(view) == []
    View(**view).validate_json()


@given(cards)
@settings(max_examples=30)
def test_every_card_has_a_plain_text(card):
    assert isinstance(text_of(card), str)


@given(words)
def test_the_portions_of_a_passage_are_the_passage_and_each_fits(text):
    parts = list(portions(text, SECTION_TEXT_MAX))
    assert "".join(parts) == text
    assert all(len(quoted(part)) <= SECTION_TEXT_MAX for part in parts)


@given(words, ours)
def test_rendering_twice_gives_the_same(text, markup):
    card = Card(text, (Section((Plain(text), Markup(markup))),))
    assert render.message(card) == render.message(card)
