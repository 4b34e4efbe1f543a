"""What holds for every set of delegations that was let in one by one (P6, X5)."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.delegations.chains import Coverage, Delegation, StandIns, in_force
from core.delegations.dates import window
from core.delegations.rules import check_new
from core.errors import CountersignError
from core.ids import UserId

START = datetime(2026, 12, 1, tzinfo=UTC)
PEOPLE = [UserId(UUID(int=number)) for number in range(1, 7)]
NAMES = {person: f"P{person.int}" for person in PEOPLE}
ACTIONS, STAGES = ("agent.create", "agent.deploy"), ("technical", "security")

some_of = lambda names: st.none() | st.frozensets(st.sampled_from(names), min_size=1)  # noqa: E731


@st.composite
def delegations(draw):
    first = draw(st.integers(0, 20))
    return Delegation(
        id=UUID(int=draw(st.integers(1, 2**64))),
        absent=draw(st.sampled_from(PEOPLE)),
        stand_in=draw(st.sampled_from(PEOPLE)),
        starts_at=START + timedelta(days=first),
        ends_at=START + timedelta(days=first + draw(st.integers(1, 10))),
        coverage=Coverage(draw(some_of(ACTIONS)), draw(some_of(STAGES))),
    )


def let_in(wanted):
    known: list[Delegation] = []
    for each in wanted:
        try:
            check_new(each, known, NAMES, set_by=None)
        except CountersignError:
            continue
        known.append(each)
    return known


def takers(known, at, action, stage):
    """Written down anew, without the code under test: who is sent to whom at that instant."""
    return {
        person: [
            each.stand_in
            for each in known
            if each.absent == person
            and each.starts_at <= at < each.ends_at
            and (each.coverage.actions is None or action in each.coverage.actions)
            and (each.coverage.stages is None or stage in each.coverage.stages)
        ]
        for person in PEOPLE
    }


@pytest.mark.row("P6", "X5")
@given(st.lists(delegations(), max_size=25), st.integers(0, 31), st.sampled_from(ACTIONS), st.sampled_from(STAGES))
@settings(max_examples=300)
def test_what_was_let_in_never_goes_round_in_a_circle_and_never_forks(wanted, day, action, stage):
    known, at = let_in(wanted), START + timedelta(days=day)
    sent_to = takers(known, at, action, stage)
    assert all(len(found) <= 1 for found in sent_to.values())
    away = in_force(known, at, active=PEOPLE).about(action)
    for person in PEOPLE:
        walked, here = [], person
        while sent_to[here]:
            here = sent_to[here][0]
            assert here != person
            assert here not in walked
            walked.append(here)
        assert away.chain(person, stage) == tuple(walked)


@given(st.lists(delegations(), max_size=25), st.sampled_from(PEOPLE), st.sampled_from(STAGES))
def test_a_chain_ends_whatever_is_stored(stored, person, stage):
    chain = StandIns(tuple(stored)).chain(person, stage)
    assert person not in chain
    assert len(set(chain)) == len(chain)


@given(st.lists(delegations(), max_size=25), st.frozensets(st.sampled_from(PEOPLE)), st.sampled_from(STAGES))
def test_everybody_in_a_chain_is_active(stored, active, stage):
    away = in_force(stored, START + timedelta(days=5), active=active)
    assert {person for somebody in PEOPLE for person in away.chain(somebody, stage)} <= active


@given(delegations(), delegations())
def test_what_two_cover_in_common_is_the_same_from_both_sides(one, other):
    both = one.coverage.common(other.coverage)
    assert both == other.coverage.common(one.coverage)
    decisions = [(action, stage) for action in ACTIONS for stage in STAGES]
    expected = [each for each in decisions if one.coverage.covers(*each) and other.coverage.covers(*each)]
    assert [each for each in decisions if both is not None and both.covers(*each)] == expected


@given(st.text(max_size=40), st.text(max_size=40), st.sampled_from(("UTC", "Europe/Zurich", "Asia/Kathmandu", "")))
def test_dates_are_read_or_refused_and_nothing_else(starts, ends, zone):
    try:
        begins, over = window(starts, ends, zone, now=START)
    except CountersignError:
        return
    assert START <= begins < over
