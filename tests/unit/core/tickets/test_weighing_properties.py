"""What an approval in a ticket system is news of, in whichever order and however often it is told."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as some

from core.tickets.values import Decision, ToldApproval
from core.tickets.weighing import DECIDED, Known, Outcome, heard, is_news, seen_open

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
DECISIONS = some.sampled_from(Decision)


def told(version, decision, **more):
    return replace(ToldApproval("row", "mia", "", "Mia", decision, "", AT, version, is_ours=False), **more)


@some.composite
def lives(draw):
    """What one approval said, version by version."""
    decisions = draw(some.lists(DECISIONS, min_size=1, max_size=6))
    return [told(version, decision) for version, decision in enumerate(decisions)]


def walked(tellings):
    known, news = None, []
    for each in tellings:
        if is_news(known, each):
            known = heard(known, each, digest_shown="d")
            news.append(each)
    return known, news


@pytest.mark.row("N6")
@given(lives(), some.data())
def test_what_was_told_is_no_news_when_it_is_told_again(life, data):
    again = data.draw(some.lists(some.sampled_from(life), max_size=8))
    known, _news = walked(life)
    late = [each for each in again if known is not None and each.version <= known.version]
    for each in late:
        if each.version < known.version or each.decision is known.decision:
            assert not is_news(known, each)


@pytest.mark.row("N6")
@given(lives())
def test_the_first_news_of_an_approval_is_a_decision_and_each_next_says_something_else(life):
    _known, news = walked(life)
    if news:
        assert news[0].decision in DECIDED
    assert all(before.decision is not after.decision for before, after in itertools.pairwise(news))
    assert [each.version for each in news] == sorted({each.version for each in news})


@pytest.mark.row("P2")
@given(DECISIONS, DECISIONS, some.integers(0, 3), some.integers(0, 3))
def test_an_approval_asks_what_its_ticket_said_while_it_was_open(before, after, earlier, later):
    known = Known("row", "mia", "old", earlier, before)

    now = seen_open(known, told(later, after), digest="new", digest_before="old")

    if later < earlier:
        assert now is None
    else:
        assert now is not None
        assert now.digest == ("new" if after is Decision.REQUESTED else "old")


def test_an_answer_that_was_never_heard_of_asked_what_the_ticket_said_before_and_is_still_to_be_told():
    answered = told(4, Decision.APPROVED)

    now = seen_open(None, answered, digest="new", digest_before="old")

    assert now == Known("row", "mia", "old", 4, Decision.REQUESTED, Outcome.NONE)
    assert is_news(now, answered)


def test_what_we_wrote_ourselves_is_known_and_no_news():
    ours = told(4, Decision.APPROVED, is_ours=True)

    now = seen_open(None, ours, digest="new", digest_before="old")

    assert now is not None
    assert not is_news(now, ours)
