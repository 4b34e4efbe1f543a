"""Private answers: errors and confirmations."""

import pytest

from bot.plain import text_of
from bot.slack import render
from bot.views.answers import error_card, lost_card, said, sentence_of
from core.errors import CountersignError, ErrorKind, Forbidden, InvalidInput
from tests.unit.bot.blockkit_schema import message_problems


@pytest.mark.row("B1")
def test_an_error_says_what_is_wrong_what_is_accepted_and_what_to_do():
    card = error_card(
        Forbidden("Stage 'security' is decided by others.", accepted=("security_manager",), next_step="Ask @lee.")
    )
    assert text_of(card) == "🚫 Stage 'security' is decided by others.\nAccepted: Security Manager. Ask @lee."
    assert card.summary == "Stage 'security' is decided by others. Accepted: Security Manager. Ask @lee."


def test_a_refusal_names_roles_and_stages_as_people_do():
    roles = Forbidden("Not yours.", where="role", accepted=("tenant_administrator", "meta_agent_manager"))
    assert sentence_of(roles) == "Not yours. Open to: Tenant Administrator, Meta-Agent Manager."
    stages = Forbidden("Not yours.", where="stage", accepted=("security_review",))
    assert sentence_of(stages) == "Not yours. Accepted: Security review."
    assert sentence_of(InvalidInput("No.", accepted=("agent.create",))) == "No. Accepted: agent.create."


def test_an_error_of_a_form_that_is_closed_already_gives_back_what_was_written():
    assert text_of(lost_card(InvalidInput("It did not work."), "Two\nlines")).splitlines() == [
        "✏️ It did not work.",
        "You had written:",
        "> Two",
        "> lines",
    ]
    assert text_of(lost_card(InvalidInput("It did not work."), "")) == "✏️ It did not work."


def test_an_error_that_repeats_input_gives_it_no_power():
    message = render.message(error_card(InvalidInput("'<!channel>' is not an action.")))
    assert message_problems(message) == []
    assert "&lt;!channel&gt;" in message["blocks"][0]["text"]["text"]


@pytest.mark.parametrize("kind", list(ErrorKind))
def test_every_kind_of_error_has_its_sign(kind):
    error = type("Any", (CountersignError,), {"kind": kind})("It did not work.")
    sign, _, rest = text_of(error_card(error)).partition(" ")
    assert not sign.isascii()
    assert rest == "It did not work."


def test_one_sentence_is_one_section():
    assert text_of(said("*REQ-1* is withdrawn.")) == "REQ-1 is withdrawn."
