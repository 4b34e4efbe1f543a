"""What a new delegation may not do, and dates as people write them (P6, X5)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from core.delegations.chains import Coverage, Delegation, StandIns, in_force
from core.delegations.dates import window
from core.delegations.errors import DelegationLoop, DelegationOverlap, InvalidDelegation, SelfAppointed
from core.delegations.rules import check_new
from core.ids import UserId

NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)
ANN, BEN, CARA, DEV = (UserId(UUID(int=number)) for number in range(1, 5))
NAMES = {ANN: "Ann", BEN: "Ben", CARA: "Cara", DEV: "Dev"}


def days(absent, stand_in, first=0, last=10, coverage=Coverage()):
    return Delegation(
        UUID(int=99), absent, stand_in, NOON + timedelta(days=first), NOON + timedelta(days=last), coverage
    )


def check(new, *known, set_by=None):
    check_new(new, known, NAMES, set_by=set_by)


@pytest.mark.row("P6", "X5")
def test_a_circle_is_refused_with_everybody_in_it_by_name():
    with pytest.raises(DelegationLoop) as refused:
        check(days(CARA, ANN), days(ANN, BEN), days(BEN, CARA))
    assert refused.value.message == "That would go round in a circle: Cara → Ann → Ben → Cara."


def test_a_circle_that_no_instant_sees_is_no_circle():
    check(days(BEN, ANN, 10, 20), days(ANN, BEN, 0, 10))


def test_a_circle_that_one_instant_sees_is_refused():
    with pytest.raises(DelegationLoop):
        check(days(BEN, ANN, 9, 20), days(ANN, BEN, 0, 10))


def test_a_circle_about_different_decisions_is_no_circle():
    deploys, creates = Coverage(actions=frozenset({"agent.deploy"})), Coverage(actions=frozenset({"agent.create"}))
    check(days(BEN, ANN, coverage=creates), days(ANN, BEN, coverage=deploys))
    with pytest.raises(DelegationLoop):
        check(days(BEN, ANN, coverage=Coverage(stages=frozenset({"review"}))), days(ANN, BEN, coverage=deploys))


def test_nobody_stands_in_for_themselves():
    with pytest.raises(InvalidDelegation, match="Nobody stands in for themselves"):
        check(days(ANN, ANN))


def test_two_stand_ins_for_the_same_decisions_at_the_same_time_are_refused():
    with pytest.raises(DelegationOverlap) as refused:
        check(days(ANN, CARA, 9, 12), days(ANN, BEN))
    assert refused.value.message == ("Ben decides for Ann already from 2026-12-01 12:00 to 2026-12-11 12:00 UTC.")
    check(days(ANN, CARA, 10, 12), days(ANN, BEN))


def test_different_decisions_may_have_different_stand_ins():
    check(
        days(ANN, CARA, coverage=Coverage(stages=frozenset({"security_review"}))),
        days(ANN, BEN, coverage=Coverage(stages=frozenset({"technical_review"}))),
    )


def test_a_delegation_longer_than_a_year_is_refused():
    with pytest.raises(InvalidDelegation, match="at most 366 days"):
        check(days(ANN, BEN, 0, 367))


@pytest.mark.row("R7")
def test_an_administrator_cannot_become_who_decides_for_another_not_even_at_the_end_of_a_chain():
    with pytest.raises(SelfAppointed):
        check(days(ANN, DEV), set_by=DEV)
    with pytest.raises(SelfAppointed):
        check(days(ANN, BEN), days(BEN, CARA), days(CARA, DEV), set_by=DEV)
    check(days(ANN, BEN), days(BEN, CARA), set_by=DEV)


@pytest.mark.row("X5")
def test_a_chain_ends_before_whoever_has_left():
    known = [days(ANN, BEN), days(BEN, CARA)]
    assert in_force(known, NOON, active=[ANN, BEN, CARA]).chain(ANN, "review") == (BEN, CARA)
    assert in_force(known, NOON, active=[ANN, BEN]).chain(ANN, "review") == (BEN,)
    assert in_force(known, NOON, active=[ANN, CARA]).chain(ANN, "review") == ()


def test_a_delegation_holds_from_its_first_instant_until_just_before_its_last():
    only = days(ANN, BEN, 0, 1)
    assert [only.is_in_force(NOON + timedelta(hours=hours)) for hours in (-1, 0, 23, 24)] == [False, True, True, False]


def test_what_is_about_another_action_or_stage_sends_nobody():
    away = StandIns((days(ANN, BEN, coverage=Coverage(frozenset({"agent.deploy"}), frozenset({"review"}))),))
    assert away.about("agent.create").chain(ANN, "review") == ()
    assert away.about("agent.deploy").chain(ANN, "review") == (BEN,)
    assert away.about("agent.deploy").chain(ANN, "other") == ()


@pytest.mark.parametrize(
    ("starts", "ends", "zone", "expected"),
    [
        ("2026-12-20", "2026-12-20", "UTC", ("2026-12-20T00:00Z", "2026-12-21T00:00Z")),
        ("2026-12-20", "2027-01-03", "Europe/Zurich", ("2026-12-19T23:00Z", "2027-01-03T23:00Z")),
        ("2026-12-20T14:00", "2026-12-20T18:30", "America/New_York", ("2026-12-20T19:00Z", "2026-12-20T23:30Z")),
        ("2026-12-20T14:00+02:00", "2026-12-21T00:00:00Z", "Asia/Tokyo", ("2026-12-20T12:00Z", "2026-12-21T00:00Z")),
        ("", "2026-12-01", "UTC", ("2026-12-01T12:00Z", "2026-12-02T00:00Z")),
        ("2026-11-01", "2026-12-01", "UTC", ("2026-12-01T12:00Z", "2026-12-02T00:00Z")),
        ("2026-12-20", "2026-12-21", "Mars/Olympus", ("2026-12-20T00:00Z", "2026-12-22T00:00Z")),
    ],
)
def test_dates_are_read_in_the_time_zone_of_who_is_away(starts, ends, zone, expected):
    assert window(starts, ends, zone, now=NOON) == tuple(datetime.fromisoformat(each) for each in expected)


@pytest.mark.parametrize(
    ("starts", "ends", "words"),
    [
        ("2026-02-30", "2026-12-30", "'2026-02-30' is not a day or a time."),
        ("2026-12-20", "tomorrow", "'tomorrow' is not a day or a time."),
        ("2026-12-20", "", "'' is not a day or a time."),
        ("2026-12-20", "9999-12-31", "'9999-12-31' is not a day or a time."),
        ("0001-01-01T00:00+14:00", "2026-12-20", "'0001-01-01T00:00+14:00' is not a day or a time."),
        ("2026-11-01", "2026-11-30", "That is over already."),
        ("2026-12-20", "2026-12-19", "It must end after it begins."),
    ],
)
def test_what_is_no_window_is_refused_in_words(starts, ends, words):
    with pytest.raises(InvalidDelegation) as refused:
        window(starts, ends, "UTC", now=NOON)
    assert refused.value.message == words
