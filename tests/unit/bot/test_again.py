"""Every form that can be sent can be made anew (B7): otherwise an error in it could stand nowhere."""

import pytest

from bot import actions
from bot.conversation.again import _OPENED_BY
from bot.conversation.clicks import FORM_TITLES

ALONE = {
    actions.FORM_REQUEST,
    actions.FORM_MANY,
    actions.FORM_BYPASS,
    actions.FORM_CHANGE,
    actions.FORM_INCIDENT,
}  # these open without a target
FORMS = {value for name, value in vars(actions).items() if name.startswith("FORM_")} - {
    actions.FORM_CHOOSE  # a step: what is chosen in it opens the form, and nothing in it can be refused
}


@pytest.mark.row("B7")
def test_every_form_has_a_way_to_be_made_anew():
    assert ALONE | set(_OPENED_BY) == FORMS


@pytest.mark.row("B7")
def test_every_such_way_is_a_button_that_opens_a_form():
    assert set(_OPENED_BY.values()) <= set(FORM_TITLES)
