"""Who is told first, and in which order people are proposed (P2). Pure."""

from hypothesis import given
from hypothesis import strategies as st

from core.access import PersonView
from core.approvals.quorum import PerGroup
from core.approvals.suggesting import Experience, ranked, told_first
from core.ids import UserId, uuid7

PEOPLE = [UserId(uuid7()) for _ in range(6)]
quorums = st.one_of(st.integers(1, 6), st.just("all"), st.just(PerGroup((("sre", 1),))))


@given(quorums, st.sets(st.sampled_from(PEOPLE)), st.sets(st.sampled_from(PEOPLE)))
def test_whoever_is_told_first_is_asked_and_suggested_and_could_decide_the_stage(quorum, suggested, asked):
    first = told_first(quorum, suggested, asked)
    assert first <= suggested & asked
    if first:
        assert isinstance(quorum, int)
        assert len(first) >= quorum
        assert asked - first, "nobody waits to be told, so nobody is first"


def test_one_suggested_of_several_is_told_first_and_too_few_for_the_quorum_are_not():
    assert told_first(1, PEOPLE[:1], PEOPLE) == {PEOPLE[0]}
    assert told_first(2, PEOPLE[:1], PEOPLE) == frozenset()


def test_people_are_ranked_by_when_they_are_likely_to_answer_and_whoever_is_away_is_last():
    quick, busy, unknown, away = (PersonView(user, f"{user}@example.com", str(user)) for user in PEOPLE[:4])
    known = {
        quick.id: Experience(decided=3, median_s=600.0),
        busy.id: Experience(decided=9, median_s=300.0, waiting_now=4),
        away.id: Experience(decided=9, median_s=60.0),
    }
    assert ranked([unknown, away, busy, quick], known, {away.id}) == (quick, busy, unknown, away)
