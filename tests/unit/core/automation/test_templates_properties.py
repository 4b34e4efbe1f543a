"""Texts with placeholders: filled by position, and whatever stands in a value is only ever text (N5)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.automation.templates import FILLED_MAX, Template, read_template
from core.automation.triggers import EXAMPLES, VOCABULARY
from core.errors import InvalidInput

SUBJECTS = tuple(EXAMPLES)


@pytest.mark.row("N5")
@given(st.text(max_size=200))
def test_a_value_is_never_read_as_a_placeholder(words):
    template = read_template("[{request.reference}]", SUBJECTS, vocabulary=VOCABULARY)
    assert template.fill({"request": {"reference": words}}) == f"[{words}]"


@pytest.mark.row("N5")
@given(st.text(alphabet="{}abc.", max_size=30))
def test_a_text_is_refused_or_filled_and_never_fails_later(text):
    try:
        template = read_template(text, SUBJECTS, vocabulary=VOCABULARY)
    except InvalidInput:
        return
    assert "{request" not in template.fill(EXAMPLES)


@pytest.mark.row("N5")
@given(st.text(max_size=100))
def test_any_text_can_be_written_with_its_braces_doubled(text):
    doubled = text.replace("{", "{{").replace("}", "}}")
    assert read_template(doubled, SUBJECTS, vocabulary=VOCABULARY).fill({}) == text


@pytest.mark.row("N5")
def test_what_is_not_known_is_empty_and_what_is_too_long_is_cut():
    assert Template("a{bypass.reference}b").fill({}) == "ab"
    assert (
        Template("{tenant.compliance} {ticket.ours}").fill(
            {"tenant": {"compliance": ["GDPR", "SOX"]}, "ticket": {"ours": False}}
        )
        == "GDPR, SOX no"
    )
    assert len(Template("{event.text}").fill({"event": {"text": "x" * 20_000}})) == FILLED_MAX
