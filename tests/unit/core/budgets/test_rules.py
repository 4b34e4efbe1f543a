"""What follows from how a budget stands."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.budgets import rules
from core.budgets.periods import Period, PeriodKind, Window, begun
from core.budgets.rules import FORECAST, Guarded
from core.budgets.state import SPEND, Budget, Control, Effect, RollOver, Scope, Standing, Terms

MARCH = Window(datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC))
NOW = datetime(2026, 3, 11, tzinfo=UTC)  # ten of 31 days are over
money = st.decimals(Decimal("0.0001"), Decimal(10**9), places=4)


def standing(used, limit=100, **changes):
    return Standing(MARCH, Decimal(limit), spent=Decimal(str(used)), **changes)


def terms(**changes):
    return Terms(**{"name": "Care", "amount": Decimal(100), "currency": "USD", **changes})


def guarded(used, *controls, number=1001, scope=None, **changes):
    said = terms(controls=controls, scope=scope or Scope())
    budget = Budget(UUID(int=number), number, said, (begun(Period(PeriodKind.MONTH), "UTC", now=NOW),))
    return Guarded(budget, standing(used, **changes))


def bites(*found, action="agent.deploy", project="", agent="bot", paced=None, now=NOW):
    return rules.bites(found, action=action, projects=(project,), agent=agent, paced=paced or {}, now=now)


@pytest.mark.row("C2")
@given(money, money, money, money)
def test_the_limit_is_the_amount_with_what_was_carried_and_raised_and_equality_uses_it_up(amount, carried, extra, used):
    # rules 16, 17
    found = Standing(MARCH, amount, spent=used, carried=carried, extra=extra)
    assert found.limit == amount + carried + extra
    assert found.is_at(Decimal(100)) == (used >= found.limit)
    assert replace(found, spent=found.limit).is_at(Decimal(100))
    assert (found.percent >= 100) == found.is_at(Decimal(100))


@pytest.mark.row("C2")
@pytest.mark.parametrize(
    ("used", "cap", "carried"), [("60", None, "40"), ("60", "15", "15"), ("100", None, "0"), ("130", None, "0")]
)
def test_what_is_left_is_carried_over_up_to_the_cap_and_what_is_overspent_is_not(used, cap, carried):
    # rule 7
    said = terms(roll_over=RollOver.CARRY, roll_over_cap=None if cap is None else Decimal(cap))
    assert rules.carried_over(said, standing(used)) == Decimal(carried)
    assert rules.carried_over(terms(), standing(used)) == 0


@pytest.mark.row("C4")
def test_thresholds_that_are_reached_and_were_not_told_are_due_the_lowest_first():
    # rules 20, 21
    said = terms(has_forecast=False)
    assert rules.alerts_due(said, standing("49.99"), now=NOW) == ()
    assert rules.alerts_due(said, standing(50), now=NOW) == ("50",)
    assert rules.alerts_due(said, standing(100), now=NOW) == ("50", "80", "100")
    assert rules.alerts_due(said, standing(100, alerted=frozenset({"50", "80"})), now=NOW) == ("100",)
    assert rules.alerts_due(terms(thresholds=(Decimal("99.5"),)), standing("99.5"), now=MARCH.ends_at) == ("99.5",)


@pytest.mark.row("C4")
def test_what_holds_no_more_is_armed_anew():
    # rule 22
    told = standing(100, limit=200, alerted=frozenset({"50", "80", "100", FORECAST}))
    assert rules.still_alerted(terms(), told, now=NOW) == {"50", FORECAST}
    assert rules.still_alerted(terms(), replace(told, forgiven=Decimal(100)), now=NOW) == set()


@pytest.mark.row("C4")
def test_the_forecast_is_the_linear_run_rate_from_a_tenth_of_the_period_on():
    # rule 23
    assert rules.projected(standing(40), now=NOW) == Decimal("124.00")
    assert rules.projected(standing(40), now=MARCH.starts_at + timedelta(days=3)) is None
    assert rules.projected(standing(40), now=MARCH.ends_at) == 40
    reset = standing(50, forgiven=Decimal(40), reset_at=datetime(2026, 3, 6, tzinfo=UTC))
    assert rules.projected(reset, now=NOW) == Decimal("52.00")  # 10 in 5 of 26 days
    assert rules.gone_at(standing(40), now=NOW) == MARCH.starts_at + timedelta(days=25)
    assert rules.gone_at(standing(20), now=NOW) is None


@pytest.mark.row("C4")
def test_that_the_forecast_reaches_the_limit_is_told_once_and_not_where_it_is_reached():
    # rule 24
    said = terms(thresholds=())
    assert rules.alerts_due(said, standing(40), now=NOW) == (FORECAST,)
    assert rules.alerts_due(said, standing(40, alerted=frozenset({FORECAST})), now=NOW) == ()
    assert rules.alerts_due(said, standing(100), now=NOW) == ()
    assert rules.alerts_due(said, standing(20), now=NOW) == ()
    assert rules.alerts_due(terms(thresholds=(), has_forecast=False), standing(40), now=NOW) == ()


@pytest.mark.row("C5")
def test_all_budgets_apply_and_the_strongest_control_holds():
    # rule 26
    everything = guarded(90, Control(Effect.WARN, Decimal(80)), number=1)
    project = guarded(100, Control(Effect.QUEUE), number=2, scope=Scope(project="care"))
    agent = guarded(100, Control(Effect.STOP), number=3, scope=Scope(agent="bot"))
    found = bites(everything, project, agent, project="care")
    assert [bite.effect for bite in found] == [Effect.STOP, Effect.QUEUE, Effect.WARN]
    assert [bite.effect for bite in bites(everything, project, project="care", agent="other")] == [
        Effect.QUEUE,
        Effect.WARN,
    ]
    assert bites(guarded("99.99", Control(Effect.STOP))) == ()


@pytest.mark.row("C5")
def test_a_refusal_names_the_budget_its_limit_its_use_and_when_it_resets():
    # rule 27
    (bite,) = bites(guarded(100, Control(Effect.STOP)))
    assert bite.reason(now=NOW) == (
        "budgets.exceeded",
        "Budget BUD-1001 'Care': 100.00 USD of 100.00 USD are used, so this is stopped. "
        "It resets in 21 days (2026-04-01T00:00:00Z); a raise or an override lifts it.",
    )


@pytest.mark.row("C5")
def test_a_control_holds_for_the_actions_that_it_names_on_the_budgets_agent_and_project():
    # rule 28
    scope = Scope(project="care", meter_class="compute_costs")
    found = guarded(100, Control(Effect.STOP, actions=("agent.create",)), scope=scope)
    assert bites(found, action="agent.create", project="care")
    assert not bites(found, action="agent.deploy", project="care")
    assert not bites(found, action="agent.create", project="other")
    assert bites(guarded(100, Control(Effect.STOP)), action="agent.retire")


@pytest.mark.row("C5")
@given(st.integers(1, 50), st.lists(st.integers(0, 600), min_size=1, max_size=200))
def test_a_throttle_lets_through_at_most_so_many_within_any_hour(per_hour, gaps):
    found, now, passed = guarded(100, Control(Effect.THROTTLE, per_hour=per_hour)), NOW, []
    pace: dict[UUID, datetime] = {}
    for gap in gaps:
        now += timedelta(seconds=gap)
        if bites(found, paced=pace, now=now):
            continue
        passed.append(now)
        pace = {found.budget.id: rules.paced_after(pace.get(found.budget.id), per_hour, now=now)}
    for each in passed:
        within = [other for other in passed if each <= other < each + timedelta(hours=1)]
        assert len(within) < 2 * per_hour + 1  # a full burst, and what has been worked off meanwhile


@pytest.mark.parametrize(
    ("left", "said"),
    [
        (timedelta(days=29, hours=23), "29 days"),
        (timedelta(days=2, hours=23), "2 days 23 hours"),
        (timedelta(days=2, minutes=5), "2 days"),
        (timedelta(hours=23, minutes=59), "23 hours"),
        (timedelta(hours=1, minutes=59), "1 hour 59 minutes"),
        (timedelta(minutes=3, seconds=59), "3 minutes"),
        (timedelta(seconds=5), "less than a minute"),
    ],
)
def test_how_long_a_period_lasts_is_said_closely_enough_near_its_end(left, said):
    assert rules.resets_in(standing(0), now=MARCH.ends_at - left) == said


def test_a_refusal_says_amounts_to_the_cent_and_what_was_told_is_ordered_by_number():
    (bite,) = bites(guarded("27965831.33283418099051", Control(Effect.STOP), limit=20000))
    assert "27,965,831.33 USD of 20,000.00 USD are used" in bite.reason(now=NOW)[1]
    assert standing(0, alerted=frozenset({"100", "50", FORECAST, "99.5"})).told == ("50", "99.5", "100", FORECAST)


@given(money)
def test_an_amount_is_written_in_full_with_two_places_at_least(value):
    text = rules.amount(value)
    assert Decimal(text) == value
    assert len(text.partition(".")[2]) >= 2


# 18 digits before the point and 18 behind it: as many as a budget may have, and more than Python's own 28.
_GRAIN = Decimal("0.000000000000000001")
_LARGE = Decimal("123456789012345678.123456789012345678")


@pytest.mark.row("C2", "C3")
def test_a_budget_of_many_digits_is_used_up_by_the_last_of_them_and_not_before():
    full = standing(_LARGE, limit=_LARGE)
    almost = standing(_LARGE, limit="123456789012345678.123456789012345679")
    assert (full.left, full.percent, full.is_at(Decimal(100))) == (0, Decimal("100.0"), True)
    assert (almost.left, almost.percent, almost.is_at(Decimal(100))) == (_GRAIN, Decimal("99.9"), False)
    reset = standing(_LARGE, limit=_LARGE, forgiven=_GRAIN, carried=_GRAIN, extra=_GRAIN)
    assert str(reset.used) == "123456789012345678.123456789012345677"
    assert str(reset.limit) == "123456789012345678.123456789012345680"
    assert reset.left == 3 * _GRAIN


@pytest.mark.row("C2", "C3")
def test_a_sum_of_many_digits_is_written_in_full_and_shown_to_the_cent():
    assert rules.amount(_LARGE) == "123456789012345678.123456789012345678"
    assert rules.amount_words(Decimal("1.255e33")) == "1,255,000,000,000,000,000,000,000,000,000,000.00"
    assert rules.projected(standing("1e40"), now=NOW) > Decimal("3e40")


@pytest.mark.row("C5")
def test_a_throttle_by_hand_holds_for_every_governed_action_and_not_for_spending():
    # rule 39 of docs/budgets.md
    (by_hand,) = rules.in_force(guarded(0, throttle_per_hour=6))
    assert (by_hand.is_general, by_hand.holds("agent.deploy"), by_hand.holds(SPEND)) == (True, True, False)
