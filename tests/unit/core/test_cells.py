"""What a spreadsheet would take for a formula stays words (C10, R6)."""

import pytest

from core.cells import no_formula


@pytest.mark.row("C10", "R6")
@pytest.mark.parametrize("text", ["=1+1", '=HYPERLINK("http://x.example","open")', "+1", "-1", "@now", "\t=1", "\r=1"])
def test_a_text_that_begins_like_a_formula_is_led_by_an_apostrophe(text):
    assert no_formula(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "invoice-matcher", "a=1", "1-2"])
def test_any_other_stays_as_it_is(text):
    assert no_formula(text) == text
