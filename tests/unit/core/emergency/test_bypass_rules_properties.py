"""What holds of every bypass, whatever is asked: whom it covers, how its time runs, how its risk adds up (E1, E3)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.emergency.risk import BypassRisk, Done, assess, assess_again
from core.emergency.rules import (
    ACTIONS,
    COUNT_DOWN,
    Circumstances,
    RunningBypass,
    Wish,
    at_most_left,
    next_count_down,
)
from core.ids import BypassId, UserId, uuid7
from core.tenants import BypassPolicy

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOLDER, OTHER = UserId(uuid7()), UserId(uuid7())
names = st.sampled_from(["reader", "writer"])
places = st.sampled_from(["", "production", "staging", "none"])
actions = st.sampled_from(ACTIONS)
spans = st.timedeltas(min_value=timedelta(minutes=5), max_value=timedelta(hours=4))


@pytest.mark.row("E1")
@given(
    granted=st.tuples(actions, st.one_of(names, st.just("*")), places),
    asked=st.tuples(actions, names, st.lists(places, min_size=1, max_size=2)),
    user=st.sampled_from([HOLDER, OTHER, None]),
)
def test_a_bypass_covers_no_other_person_action_agent_or_environment(granted, asked, user):
    bypass = RunningBypass(BypassId(uuid7()), HOLDER, *granted)
    action, name, where = asked
    if bypass.covers(user, action=action, resource=name, environments=where):
        assert user == HOLDER
        assert bypass.action in (action, "*")
        assert bypass.resource in (name, "*")
        assert not bypass.environment or {each or "none" for each in where} == {bypass.environment}


@pytest.mark.row("E1")
@given(left=st.timedeltas(min_value=timedelta(seconds=1), max_value=timedelta(hours=40)))
def test_the_count_down_says_what_stays_true_until_its_next_step(left):
    expires_at = NOW + left
    said, following = at_most_left(expires_at, now=NOW), next_count_down(expires_at, now=NOW)
    assert said is None or said >= left
    assert (following is None) == (left <= COUNT_DOWN[0])
    if following is not None:
        assert NOW < following < expires_at
        assert at_most_left(expires_at, now=following) == expires_at - following
        just_before = following - timedelta(microseconds=1)
        assert at_most_left(expires_at, now=just_before) == said


@pytest.mark.row("E3")
@given(action=actions, resource=st.one_of(names, st.just("*")), duration=spans, unjustified=st.integers(0, 3))
def test_a_risk_is_the_sum_of_its_factors_and_survives_being_stored(action, resource, duration, unjustified):
    wish = Wish(action, resource, "Payments stand still.", duration, Circumstances())
    risk = assess(BypassPolicy(), wish, unjustified=unjustified)
    assert risk.points == sum(points for _name, points in risk.factors)
    assert BypassRisk.from_json(risk.to_json()) == risk
    assert Wish.from_json(wish.to_json()) == wish


@pytest.mark.row("E3")
@given(
    actions=st.lists(st.sampled_from(ACTIONS[:-1]), max_size=8),
    failed=st.integers(0, 3),
    extended=st.integers(0, 2),
    known=st.booleans(),
)
def test_the_risk_afterwards_keeps_what_was_known_before_and_never_falls_below_zero(actions, failed, extended, known):
    before = BypassRisk((("action agent.retire", 10),))
    after = assess_again(before, Done(tuple(actions), failed, extended, was_acknowledged=known))
    assert after.factors[:1] == before.factors
    assert after.points >= 0
    assert after.points >= before.points or not actions
