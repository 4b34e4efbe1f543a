"""Who fills the places of people who are away (P6, X5, R7)."""

from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.approvals import ballots, folding, rules
from core.approvals.effects import AskAbsent, Escalate, FillPlace, GiveBack, OpenStage, Remind
from core.approvals.errors import AlreadyVoted, CannotDelegate, NotAnApprover
from core.approvals.seating import seat
from core.approvals.state import Choice, RequestStatus, Seat
from core.delegations import Delegation, StandIns
from core.errors import CountersignError
from tests.unit.core.approvals.engine import (
    ASKER,
    BOSS,
    CHIEF,
    EVERYBODY,
    FRAMEWORK,
    OTHER,
    SEC,
    START,
    TECH,
    Journey,
    policy_of,
)
from tests.unit.core.approvals.test_rules_properties import PEOPLE, directories, policies

TWO_TECHS = {**EVERYBODY, "meta_agent_manager": frozenset({TECH, OTHER})}
BOTH = FRAMEWORK.replace('timeout: "24 hours"', 'timeout: "24 hours"\n      quorum: all', 1)
PARALLEL = """\
Agent Creation Approval:
  stages:
    - {stage: one, approvers: [meta_agent_manager], criteria: [sound], timeout: 24 hours}
    - {stage: two, approvers: [security_manager], criteria: [sound], timeout: 24 hours, needs: []}
"""
FIRST = "technical_review"


def gone(*pairs):
    """These people are away, for a long time, each with who stands in."""
    return StandIns(tuple(Delegation(UUID(int=9), a, b, START, START + timedelta(days=300)) for a, b in pairs))


class Office(Journey):
    """A request among people who come and go."""

    def __init__(self, policy, people=EVERYBODY, away=StandIns()):
        self.away = away
        super().__init__(policy, people)

    def follow(self, effects):
        asked = {
            (each.stage, someone)
            for each in effects
            if isinstance(each, (OpenStage, Escalate))
            for someone in each.approvers
        }
        self.state = folding.apply(self.state, effects)
        return (*effects, *self.seat(asked))

    def seat(self, newly_asked=frozenset()):
        changes = seat(self.state, self.policy, self.away, newly_asked=newly_asked)
        self.state = folding.apply(self.state, changes)
        return changes


def office(text=FRAMEWORK, people=EVERYBODY, *pairs):
    return Office(policy_of(text), people, gone(*pairs))


def voters(request, stage=FIRST):
    return request.state.stage(stage).voters


@pytest.mark.row("P6", "X5")
def test_whoever_is_away_when_a_stage_opens_is_replaced_and_the_vote_names_both():
    request = office(FRAMEWORK, EVERYBODY, (TECH, OTHER))
    assert voters(request) == {OTHER}
    request.vote(OTHER)
    (vote,) = request.state.votes
    assert (vote.voter, vote.on_behalf_of) == (OTHER, TECH)
    assert request.state.open_stages[0].key == "security_review"


def test_a_vote_in_ones_own_place_is_in_nobody_elses():
    request = office()
    request.vote(TECH)
    assert request.state.votes[0].on_behalf_of is None


def test_who_was_replaced_is_not_asked():
    request = office(FRAMEWORK, EVERYBODY, (TECH, OTHER))
    with pytest.raises(NotAnApprover):
        request.vote(TECH, FIRST)


@pytest.mark.row("X5")
def test_the_last_of_a_chain_decides():
    assert voters(office(FRAMEWORK, EVERYBODY, (TECH, OTHER), (OTHER, CHIEF))) == {CHIEF}


@pytest.mark.row("R7", "X5")
def test_a_chain_that_ends_at_the_requester_stops_before_them():
    assert voters(office(FRAMEWORK, EVERYBODY, (TECH, OTHER), (OTHER, ASKER))) == {OTHER}


@pytest.mark.row("R7", "X5")
def test_if_only_the_requester_stands_in_the_absent_person_is_asked_visibly():
    request = Office(policy_of(FRAMEWORK), EVERYBODY, gone((TECH, ASKER)))
    assert voters(request) == {TECH}
    assert AskAbsent(FIRST, TECH) in request.opening


@pytest.mark.row("R7")
def test_nobody_decides_two_stages_by_standing_in():
    request = office(FRAMEWORK, EVERYBODY, (SEC, TECH))
    effects = request.vote(TECH)
    assert voters(request, "security_review") == {SEC}
    assert AskAbsent("security_review", SEC) in effects


@pytest.mark.row("R7")
def test_a_stand_in_who_decides_a_parallel_stage_gives_the_other_place_back():
    request = office(PARALLEL, EVERYBODY, (SEC, TECH))
    assert voters(request, "two") == {TECH}
    effects = request.vote(TECH, "one")
    assert GiveBack("two", SEC, SEC, TECH) in effects
    assert voters(request, "two") == {SEC}


def test_nobody_stands_in_for_two_on_one_stage_so_a_quorum_of_all_is_still_two_people():
    request = office(BOTH, TWO_TECHS, (TECH, OTHER))
    assert voters(request) == {TECH, OTHER}
    request.vote(OTHER)
    assert request.state.stage(FIRST).status == "open"
    request.vote(TECH)
    assert request.state.stage(FIRST).status == "approved"


def test_two_who_are_away_with_the_same_stand_in_have_them_once():
    request = office(BOTH, TWO_TECHS, (TECH, CHIEF), (OTHER, CHIEF))
    assert voters(request) == {CHIEF, OTHER}


@pytest.mark.row("P6")
def test_whoever_goes_away_after_being_asked_stays_asked_beside_who_stands_in():
    request = office()
    request.away = gone((TECH, OTHER))
    assert request.seat() == (FillPlace(FIRST, TECH, TECH, Seat(OTHER, stays_asked=True)),)
    assert voters(request) == {TECH, OTHER}
    assert request.seat() == ()


@pytest.mark.parametrize(("first", "second"), [(TECH, OTHER), (OTHER, TECH)])
def test_a_place_takes_one_vote_whoever_casts_it(first, second):
    request = office(BOTH, {**EVERYBODY, "meta_agent_manager": frozenset({TECH, BOSS})})
    request.away = gone((TECH, OTHER))
    request.seat()
    request.vote(first, FIRST)
    assert request.state.stage(FIRST).status == "open"
    with pytest.raises(AlreadyVoted, match="This place has its vote"):
        request.vote(second, FIRST)
    assert rules.on_reminder(request.state, FIRST) == (Remind(FIRST, frozenset({BOSS})),)


@pytest.mark.row("P6")
def test_whoever_comes_back_has_their_place_back():
    request = office(FRAMEWORK, EVERYBODY, (TECH, OTHER))
    request.away = StandIns()
    assert request.seat() == (GiveBack(FIRST, TECH, TECH, OTHER),)
    assert voters(request) == {TECH}
    with pytest.raises(NotAnApprover):
        request.vote(OTHER, FIRST)


def test_a_longer_chain_moves_the_place_on_and_back():
    request = office(FRAMEWORK, EVERYBODY, (TECH, OTHER))
    request.away = gone((TECH, OTHER), (OTHER, CHIEF))
    request.seat()
    assert voters(request) == {CHIEF}
    request.away = gone((TECH, OTHER))
    request.seat()
    assert voters(request) == {OTHER}


@pytest.mark.row("P6")
def test_an_escalation_asks_who_stands_in_for_the_role_above():
    request = office(FRAMEWORK, EVERYBODY, (BOSS, OTHER))
    request.time_out(FIRST)
    assert voters(request) == {TECH, OTHER}


@pytest.mark.row("B1")
def test_who_stands_in_can_give_the_place_to_somebody_else_by_hand():
    request = office(FRAMEWORK, EVERYBODY, (TECH, OTHER))
    request.delegate(FIRST, OTHER, BOSS)
    assert voters(request) == {BOSS}
    request.vote(BOSS)
    assert (request.state.votes[0].voter, request.state.votes[0].on_behalf_of) == (BOSS, TECH)


def test_a_place_given_by_hand_to_somebody_away_is_filled_as_well():
    request = office(FRAMEWORK, EVERYBODY, (BOSS, CHIEF))
    request.delegate(FIRST, TECH, BOSS)
    assert voters(request) == {BOSS, CHIEF}  # nobody has been asked anew: they stay asked beside who stands in
    with pytest.raises(CannotDelegate):
        request.delegate(FIRST, BOSS, CHIEF)


def test_what_is_over_seats_nobody():
    request = office()
    request.withdraw(ASKER)
    request.away = gone((TECH, OTHER))
    assert request.seat() == ()


def test_who_stood_in_at_a_place_that_its_own_person_filled_is_given_no_second_one():
    request = office(BOTH, {**EVERYBODY, "meta_agent_manager": frozenset({TECH, BOSS})})
    request.away = gone((TECH, OTHER))
    request.seat()
    request.vote(TECH)
    request.away = gone((TECH, OTHER), (BOSS, OTHER))
    assert request.seat() == ()


away_pairs = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE)), max_size=6).map(
    lambda pairs: [(a, b) for a, b in pairs if a != b]
)
moves = st.lists(
    st.tuples(
        st.sampled_from(("approve",) * 4 + ("away", "away", "time_out", "delegate")),
        st.integers(0, 3),
        st.sampled_from(PEOPLE),
        st.sampled_from(PEOPLE),
        away_pairs,
    ),
    max_size=25,
)


@pytest.mark.row("P6", "X5", "R7")
@given(policies(), directories, away_pairs, moves)
@settings(max_examples=300)
def test_whoever_comes_and_goes_everybody_asked_can_decide_and_no_place_has_two_votes(policy, people, pairs, events):
    try:
        request = Office(policy, people, gone(*pairs))
    except CountersignError:
        return
    for kind, index, who, whom, going in events:
        stage = policy.stages[index % len(policy.stages)].key
        try:
            if kind == "approve":
                request.vote(who, stage)
            elif kind == "away":
                request.away = gone(*going)
                request.seat()
            elif kind == "time_out" and request.status_of(stage) == "open":
                request.time_out(stage)
            elif kind == "delegate":
                request.delegate(stage, who, whom)
        except CountersignError:
            continue
        check_seats(request)


def check_seats(request):
    state = request.state
    for stage in state.open_stages:
        seats = stage.stand_ins
        stand_ins = [seats[place].stand_in for place in seats]
        assert len(set(stand_ins)) == len(stand_ins), "somebody stands in twice on one stage"
        assert not set(stand_ins) & {stage.holder(place) for place in stage.approvers}
        for place, taken in seats.items():
            assert taken.stand_in != ASKER, "asked on their own request"
            if place not in state.filled(stage):
                assert taken.stand_in in request.away.chain(stage.holder(place), stage.key)
                assert taken.stand_in not in ballots.barred(state, request.policy, stage.key)
        assert all(stage.voters_at(place) - {ASKER} for place in stage.approvers)
        places = [vote.on_behalf_of or vote.voter for vote in state.votes_on(stage.key)]
        assert len(set(places)) == len(places), "one place, two votes"
        assert all(vote.voter != ASKER for vote in state.votes)
    if state.status is RequestStatus.APPROVED:
        for stage in request.policy.stages:
            assert any(vote.choice is Choice.APPROVE for vote in state.votes_on(stage.key))
    if not request.policy.same_voter_may_decide_stages:
        decided = [(vote.voter, vote.stage) for vote in state.votes]
        assert len({voter for voter, _stage in decided}) == len(decided)
