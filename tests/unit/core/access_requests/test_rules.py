"""What a presented approval is worth: it never allows by itself, and says what to do next (X1). Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from core.access_requests.rules import (
    NextAction,
    Standing,
    TaskStatus,
    Verdict,
    approved_until,
    is_expired,
    status_of,
    weigh_presented,
)
from core.decisions import Answer, Weighed
from core.decisions.views import Reason

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
REQUEST = uuid4()
HELD = Standing("digest", REQUEST, TaskStatus.APPROVED, NOW + timedelta(days=1), is_used=False, is_over=False)


def weighed(answer, request_id=None):
    return Weighed(answer, Reason("code", "Why."), {"name": "bot"}, request_id)


def verdict(standing, answer, *, digest="digest", rests_on=None):
    return weigh_presented(standing, digest, weighed(answer, rests_on), now=NOW)


@pytest.mark.row("X1")
def test_it_holds_only_where_the_gate_rests_on_it():
    assert verdict(HELD, Answer.ALLOW, rests_on=REQUEST) == Verdict(holds=True)
    assert verdict(HELD, Answer.ALLOW, rests_on=uuid4()) == Verdict(holds=False)
    assert verdict(HELD, Answer.ALLOW) == Verdict(holds=False)


REFUSED = {
    "unknown": (None, "digest", "approval_unverifiable", "none"),
    "pending": (replace(HELD, status=TaskStatus.PENDING, approved_until=None), "digest", "approval_unverifiable", "none"),
    "denied": (replace(HELD, status=TaskStatus.DENIED, approved_until=None), "digest", "approval_unverifiable", "none"),
    "past": (replace(HELD, approved_until=NOW - timedelta(seconds=1)), "digest", "approval_expired", "request"),
    "used": (replace(HELD, is_used=True), "digest", "approval_expired", "request"),
    "lapsed": (replace(HELD, is_over=True), "digest", "approval_expired", "request"),
    "for something else": (HELD, "another digest", "out_of_scope", "request"),
    "for what has no digest": (HELD, None, "out_of_scope", "request"),
    "changed since": (HELD, "digest", "out_of_scope", "request"),
}  # fmt: skip


@pytest.mark.row("X1")
@pytest.mark.parametrize("case", REFUSED)
def test_one_that_does_not_hold_says_why_and_is_ignored_where_something_else_allows(case):
    standing, digest, reason, action = REFUSED[case]
    expected = Verdict(holds=False, reason=reason, next_action=NextAction(action))
    assert verdict(standing, Answer.PENDING, digest=digest) == expected
    if case != "changed since":
        assert verdict(standing, Answer.ALLOW, digest=digest, rests_on=REQUEST) == Verdict(holds=False)


@pytest.mark.row("X1")
def test_one_that_holds_does_not_lift_what_the_gate_denies():
    expected = Verdict(holds=False, reason="policy_denied", next_action=NextAction.NONE)
    assert verdict(HELD, Answer.DENY) == expected


@pytest.mark.row("X1")
def test_every_state_of_a_request_is_one_of_the_profile():
    found = {state: status_of(state).value for state in ("pending", "approved", "rejected", "withdrawn", "expired")}
    assert found == {
        "pending": "pending",
        "approved": "approved",
        "rejected": "denied",
        "withdrawn": "cancelled",
        "expired": "expired",
    }


def test_an_approval_lasts_thirty_days_or_as_long_as_was_asked_for():
    assert approved_until(NOW, None) == NOW + timedelta(days=30)
    assert approved_until(NOW, NOW + timedelta(days=1)) == NOW + timedelta(days=1)
    assert approved_until(NOW, NOW + timedelta(days=90)) == NOW + timedelta(days=30)


def test_a_denial_is_too_old_half_a_minute_after_the_earlier_of_two_ends():
    for ends, echoed in ((0, 600), (600, 0), (0, 0)):
        known, said = NOW + timedelta(seconds=ends), NOW + timedelta(seconds=echoed)
        assert not is_expired(known, said, now=NOW + timedelta(seconds=30))
        assert is_expired(known, said, now=NOW + timedelta(seconds=31))
