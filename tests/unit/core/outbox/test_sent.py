"""What is kept of what was sent, and what a dead letter would change (N6)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.deliveries import Changed, changes_between
from core.outbox import bounded
from core.outbox.retry import asked_wait_s
from core.outbox.sent import PAYLOAD_MAX, TEXT_MAX

pytestmark = pytest.mark.row("N6")


def test_secrets_are_struck_out_and_long_texts_cut():
    kept = bounded({"ticket": {"description": "x" * 5000, "api_token": "hunter2"}, "note": "Bearer abc.def"})
    assert kept["ticket"] == {"description": "x" * (TEXT_MAX - 1) + "…", "api_token": "***"}
    assert kept["note"] == "***"


@given(st.dictionaries(st.text(max_size=20), st.text() | st.integers() | st.lists(st.text(), max_size=5)))
def test_what_is_kept_is_never_longer_than_its_limit(payload):
    assert len(json.dumps(bounded(payload))) <= PAYLOAD_MAX


def test_a_payload_of_very_many_texts_is_not_kept_but_said_to_be_too_long():
    assert list(bounded({str(number): "y" * 1000 for number in range(100)})) == ["too_long"]


def test_only_what_differs_is_named_by_its_path():
    before = {"ticket": {"summary": "Old", "risk": "high"}, "note": "a"}
    now = {"ticket": {"summary": "New", "risk": "high"}, "state": "approved"}
    assert changes_between(before, now) == (
        Changed("note", "a", None),
        Changed("state", None, "approved"),
        Changed("ticket.summary", "Old", "New"),
    )
    assert changes_between(now, now) == ()


@given(st.floats(0, 10**7), st.floats(0, 1, exclude_max=True))
def test_nobody_comes_back_earlier_than_asked_nor_much_later(asked, chance):
    waited = asked_wait_s(asked, chance=chance)
    assert min(asked, 3600.0) <= waited <= min(asked, 3600.0) + 5.0
