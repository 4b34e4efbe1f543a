"""Mapped fields, whatever happens on both sides and in whatever order the news of it comes (N1, N3, N5)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.tickets.merging import (
    PUT_BACK_MAX,
    Agreed,
    Direction,
    FieldRule,
    Owner,
    Side,
    Verdict,
    digest,
    merge,
    same,
    sent,
    settled,
    taken,
)

pytestmark = pytest.mark.row("N1", "N3", "N5")
START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SHORT = 5  # characters that the simulated field holds
WORDS = st.sampled_from(["payments", "Billing desk", "hr", " hr ", "a much longer name", ""])
RULES = st.builds(
    FieldRule, st.just("u_service"), st.sampled_from(Direction), st.sampled_from(Owner), st.just("service")
)


class World:
    """A field here and there, and what is agreed on; `squeeze` is how their side spells what it is given."""

    def __init__(self, rule: FieldRule, value: str) -> None:
        self.rule = rule
        self.here = Side(value, START, 1)
        self.there = Side(self.squeeze(value), START, 1)
        self.is_ours_there = True
        self.agreed: Agreed | None = Agreed(self.here.value, self.there.value, 1, 1)
        self.minute = 0
        self.writes = self.takes = 0
        self.readings = [(self.there, True)]

    @staticmethod
    def squeeze(value: str) -> str:
        return value.strip()[:SHORT].strip()

    def now(self) -> datetime:
        self.minute += 1
        return START + timedelta(minutes=self.minute)

    def edit_here(self, value: str) -> None:
        self.here = Side(value, self.now(), self.here.version + 1)

    def edit_there(self, value: str, *, ours: bool = False) -> None:
        self.there = Side(self.squeeze(value), self.now(), self.there.version + 1)
        self.is_ours_there = ours
        self.readings.append((self.there, ours))

    def hear(self, reading: tuple[Side, bool], *, dies: bool = False) -> Verdict:
        """One piece of news is acted on; `dies`: the process ends after our value was sent."""
        there, ours = reading
        found = merge(self.rule, self.agreed, self.here, there, may_take=True, is_ours=ours)
        self.agreed = found.agreed
        if found.verdict is Verdict.TAKE:
            self.takes += 1
            self.edit_here(there.value)
            self.agreed = taken(self.here, there)
        if found.verdict is Verdict.WRITE:
            self.writes += 1
            self.agreed = sent(found.agreed, self.here)
            self.edit_there(self.here.value, ours=True)
            if not dies:
                self.agreed = settled(self.agreed, self.there)
        return found.verdict

    def look(self) -> Verdict:
        return self.hear((self.there, self.is_ours_there))

    def settle(self) -> int:
        """How often one had to look until nothing was left to do."""
        for count in range(10):
            if self.look() in {Verdict.NOTHING, Verdict.ASK}:
                return count
        pytest.fail("it goes on and on")


STEPS = st.lists(
    st.tuples(st.sampled_from(["here", "there", "look", "late", "dies"]), WORDS, st.integers(0, 9)), max_size=12
)


@given(RULES, WORDS, STEPS)
def test_whatever_happens_it_settles_and_then_stays_settled(rule, value, steps):
    world = World(rule, value)
    for what, word, number in steps:
        match what:
            case "here":
                world.edit_here(word)
            case "there":
                world.edit_there(word)
            case "look":
                world.look()
            case "late":
                world.hear(world.readings[number % len(world.readings)])
            case "dies":
                world.hear((world.there, world.is_ours_there), dies=True)

    world.settle()
    writes, takes = world.writes, world.takes
    for _ in range(3):
        assert world.look() in {Verdict.NOTHING, Verdict.ASK}
    assert (world.writes, world.takes) == (writes, takes)
    if rule.direction is Direction.BOTH:
        assert same(World.squeeze(world.here.value), world.there.value)


@given(RULES, WORDS, WORDS)
def test_the_echo_of_our_own_write_changes_nothing_here(rule, value, other):
    world = World(rule, value)
    world.edit_here(other)
    world.settle()
    before = world.here
    for reading in world.readings:
        world.hear(reading)
    world.settle()
    assert (world.here, world.takes) == (before, 0)


@given(WORDS, st.lists(WORDS, min_size=1, max_size=5), st.randoms(use_true_random=False))
def test_news_late_doubled_or_out_of_order_leads_to_the_same_end(value, edits, random):
    ends = set()
    for is_shuffled in (False, True):
        world = World(FieldRule("u_service", Direction.BOTH, Owner.LATEST, "service"), value)
        for word in edits:
            world.edit_there(word)
        news = world.readings[1:] * 2
        if is_shuffled:
            random.shuffle(news)
        for reading in news:
            world.hear(reading)
        world.settle()
        # What the field there makes of it: a value that was shortened there may have come back, or not have been moved.
        ends.add((World.squeeze(world.here.value), World.squeeze(world.there.value)))
    assert len(ends) == 1


def sides(here: str, there: str, *, later: str = "there") -> tuple[Side, Side]:
    early, late = START, START + timedelta(minutes=5)
    return Side(here, late if later == "here" else early, 2), Side(there, late if later == "there" else early, 2)


AGREED = Agreed("hr", "hr", 1, 1)


@pytest.mark.parametrize(
    ("owner", "later", "stands"),
    [
        (Owner.OURS, "there", Verdict.WRITE),
        (Owner.THEIRS, "here", Verdict.TAKE),
        (Owner.LATEST, "there", Verdict.TAKE),
        (Owner.LATEST, "here", Verdict.WRITE),
    ],
)
def test_of_two_changes_the_owners_stands_and_it_is_a_conflict(owner, later, stands):
    here, there = sides("billing", "payments", later=later)
    rule = FieldRule("u_service", Direction.BOTH, owner, "service")
    found = merge(rule, AGREED, here, there, may_take=True, is_ours=False)
    assert (found.verdict, found.is_conflict) == (stands, True)


@pytest.mark.parametrize(("there_version", "stands"), [(2, Verdict.WRITE), (3, Verdict.TAKE)])
def test_of_changes_at_one_instant_the_side_with_more_versions_since_is_the_later(there_version, stands):
    rule = FieldRule("u_service", Direction.BOTH, Owner.LATEST, "service")
    here, there = Side("billing", START, 2), Side("payments", START, there_version)
    assert merge(rule, AGREED, here, there, may_take=True, is_ours=False).verdict is stands


def test_what_is_the_same_but_for_blanks_is_no_change():
    here, there = sides("hr", "  hr ")
    rule = FieldRule("u_service", Direction.BOTH, Owner.THEIRS, "service")
    assert merge(rule, AGREED, here, there, may_take=True, is_ours=False).verdict is Verdict.NOTHING


def test_what_cannot_be_taken_over_any_more_is_put_back_and_told_once():
    rule = FieldRule("u_service", Direction.BOTH, Owner.OURS, "service")
    here, there = sides("hr", "payments")
    first = merge(rule, AGREED, here, there, may_take=False, is_ours=False)
    assert (first.verdict, first.is_declined) == (Verdict.WRITE, True)
    again = merge(rule, sent(first.agreed, here), here, there, may_take=False, is_ours=False)
    assert (again.verdict, again.is_declined) == (Verdict.WRITE, False)


def test_what_is_theirs_and_cannot_be_taken_over_is_left_and_told_once():
    rule = FieldRule("u_service", Direction.IN, Owner.THEIRS, "service")
    here, there = sides("hr", "payments")
    first = merge(rule, AGREED, here, there, may_take=False, is_ours=False)
    assert (first.verdict, first.is_declined) == (Verdict.ASK, True)
    again = merge(rule, first.agreed, here, there, may_take=False, is_ours=False)
    assert (again.verdict, again.is_declined) == (Verdict.ASK, False)


def test_something_there_that_fights_us_wins_after_a_while_and_a_person_must_look():
    rule = FieldRule("u_service", Direction.OUT, Owner.OURS)
    world = World(rule, "hr")
    for _ in range(PUT_BACK_MAX):
        world.edit_there("robot")
        assert world.look() is Verdict.WRITE
    world.edit_there("robot")
    assert world.look() is Verdict.ASK
    assert world.look() is Verdict.ASK


@pytest.mark.parametrize("direction", [Direction.IN, Direction.NONE])
def test_what_does_not_go_there_is_never_written(direction):
    world = World(FieldRule("u_service", direction, Owner.OURS, "service"), "hr")
    world.edit_here("billing")
    assert world.look() is Verdict.NOTHING


@pytest.mark.parametrize(
    ("here", "there", "direction", "follows"),
    [
        ("hr", "", Direction.BOTH, Verdict.WRITE),
        ("", "hr", Direction.BOTH, Verdict.TAKE),
        ("", "hr", Direction.OUT, Verdict.NOTHING),
        ("billing", "hr", Direction.OUT, Verdict.WRITE),
        ("hr", "payments", Direction.IN, Verdict.TAKE),
        ("hr", " hr", Direction.BOTH, Verdict.NOTHING),
    ],
)
def test_at_first_sight_a_blank_side_is_filled(here, there, direction, follows):
    rule = FieldRule("u_service", direction, Owner.OURS, "service")
    found = merge(rule, None, *sides(here, there), may_take=True, is_ours=False)
    assert found.verdict is follows


def test_a_hash_stands_for_what_a_value_says():
    assert digest(" a  b") == digest("a b") != digest("ab")
