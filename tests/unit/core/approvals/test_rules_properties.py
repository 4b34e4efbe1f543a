"""What holds for every policy, every set of people and every order of events (P1, P3, P6, P7, R7)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.approvals import rules
from core.approvals.effects import Delegate, Effect, Escalate, OpenStage, ResetStage, UndoVote
from core.approvals.errors import NobodyToAsk
from core.approvals.policy import ApprovalPolicy, StagePolicy
from core.approvals.quorum import PerGroup, Quorum
from core.approvals.state import Choice, RequestStatus, StageStatus, Vote
from core.errors import CountersignError
from core.ids import UserId
from core.roles.hierarchy import ROLES, ancestors
from tests.unit.core.approvals.engine import ASKER, DIGEST, Journey, person

PEOPLE = [person(number) for number in range(1, 9)]  # the first is who asks
APPROVER_ROLES = ("meta_agent_manager", "security_manager", "compliance_manager", "tenant_administrator")
QUORUMS: tuple[Quorum, ...] = (1, 1, 2, 3, "all")

skips = st.frozensets(st.sampled_from([f"stage_{number}" for number in range(4)]), max_size=3)
directories = st.dictionaries(st.sampled_from(ROLES), st.frozensets(st.sampled_from(PEOPLE), max_size=4))


@st.composite
def policies(draw: st.DrawFn) -> ApprovalPolicy:
    keys = [f"stage_{number}" for number in range(draw(st.integers(1, 4)))]
    stages = []
    for index, key in enumerate(keys):
        timeout = timedelta(minutes=draw(st.integers(1, 5000)))
        stages.append(
            StagePolicy(
                key=key,
                approvers=tuple(draw(st.lists(st.sampled_from(APPROVER_ROLES), min_size=1, max_size=2, unique=True))),
                criteria=("is_safe",),
                timeout=timeout,
                reminder=timeout / 4,
                needs=tuple(draw(st.lists(st.sampled_from(keys[:index]), unique=True))) if index else (),
                quorum=draw(st.sampled_from(QUORUMS)),
            )
        )
        if draw(st.booleans()):
            shares = tuple((role, draw(st.integers(1, 2))) for role in stages[-1].approvers)
            stages[-1] = replace(stages[-1], quorum=PerGroup(shares))
    return ApprovalPolicy("p", "P", ("agent.create",), tuple(stages), draw(st.booleans()))


@dataclass(frozen=True, slots=True)
class Step:
    kind: str
    stage: int
    who: UserId
    whom: UserId
    is_stale: bool


steps = st.builds(
    Step,
    kind=st.sampled_from(
        ("approve",) * 6
        + ("reject", "time_out", "time_out", "delegate", "withdraw", "amend")
        + ("undo", "undo", "question", "answer")
    ),
    stage=st.integers(0, 3),
    who=st.sampled_from(PEOPLE),
    whom=st.sampled_from(PEOPLE),
    is_stale=st.sampled_from((False, False, False, True)),
)


@dataclass
class Ledger:
    """An account of what was accepted, kept without the engine: (stage, voter, choice, digest)."""

    votes: list[tuple[str, UserId, Choice, str]] = field(default_factory=list)
    people: Mapping[str, frozenset[UserId]] = field(default_factory=dict)
    asked_first: dict[str, int] = field(default_factory=dict)
    asked_by: dict[str, set[str]] = field(default_factory=dict)  # stage -> roles by which anybody was asked
    places: dict[tuple[str, UserId], UserId] = field(default_factory=dict)  # by delegation

    def note_openings(self, effects: tuple[Effect, ...]) -> None:
        for effect in effects:
            if isinstance(effect, OpenStage):
                self.asked_first[effect.stage] = len(effect.approvers)
                self.asked_by[effect.stage] = set(effect.roles)
            if isinstance(effect, ResetStage):
                self.places = {key: place for key, place in self.places.items() if key[0] != effect.stage}
            if isinstance(effect, Escalate):
                self.asked_by[effect.stage].add(effect.to_role)
            if isinstance(effect, Delegate):
                self.places[effect.stage, effect.to_person] = effect.from_person

    def _covers(self, stage: StagePolicy, quorum: PerGroup, agreed: set[UserId]) -> bool:
        """By trying every order in which the voters could take the slots: slow, and plainly right."""
        slots = [role for role, count in quorum.shares for _ in range(count)]

        def fits(voter: UserId, role: str) -> bool:
            place = self.places.get((stage.key, voter), voter)
            above = [each for each in ancestors(role) if each in self.asked_by[stage.key]]
            return any(place in self.people.get(each, ()) for each in (role, *above))

        def fill(left: list[str], free: set[UserId]) -> bool:
            if not left:
                return True
            return any(fits(voter, left[0]) and fill(left[1:], free - {voter}) for voter in free)

        return fill(slots, agreed)

    def is_satisfied(self, stage: StagePolicy, digest: str) -> bool:
        agreed = {
            v for key, v, choice, seen in self.votes if (key, choice, seen) == (stage.key, Choice.APPROVE, digest)
        }
        if isinstance(stage.quorum, PerGroup):
            return self._covers(stage, stage.quorum, agreed)
        quorum = self.asked_first[stage.key] if stage.quorum == "all" else stage.quorum
        return len(agreed) >= quorum


def _begin(
    policy: ApprovalPolicy, people: dict[str, frozenset[UserId]], skipped: frozenset[str] = frozenset()
) -> Journey | None:
    try:
        return Journey(policy, people, skipped=skipped & {stage.key for stage in policy.stages})
    except NobodyToAsk:
        return None


def _seen(request: Journey, step: Step) -> str:
    return "what it asked before" if step.is_stale else request.state.digest


def _take(request: Journey, step: Step, stage: str) -> tuple[Effect, ...]:
    match step.kind:
        case "approve":
            return request.vote(step.who, stage, digest=_seen(request, step))
        case "reject":
            return request.reject(step.who, stage)
        case "time_out" if request.status_of(stage) is StageStatus.OPEN:
            return request.time_out(stage)
        case "delegate":
            return request.delegate(stage, step.who, step.whom)
        case "withdraw":
            return request.withdraw(step.who)
        case "undo":
            return request.undo(step.who)
        case "question":
            return request.question(step.who)
        case "answer":
            request.wait(timedelta(minutes=1))
            return request.answer()
        case "amend":
            return request.amend(step.who, same=step.is_stale)
        case _:
            pass
    return ()


def _check_alive_or_over(request: Journey) -> None:
    """A pending request has an open stage with a deadline and with somebody other than the requester to act on it."""
    if request.state.status is RequestStatus.PENDING:
        assert request.state.open_stages
        for stage in request.state.open_stages:
            assert stage.due_at is not None
            assert stage.voters - {ASKER}
    else:
        assert request.state.open_stages == ()


@given(policies(), directories, st.lists(steps, max_size=40), skips)
@settings(max_examples=400)
def test_whatever_happens_the_request_says_what_its_votes_say(
    policy: ApprovalPolicy, people: dict[str, frozenset[UserId]], events: list[Step], skipped: frozenset[str]
) -> None:
    request = _begin(policy, people, skipped)
    if request is None:
        return
    ledger = Ledger(people=people)
    ledger.note_openings(request.opening)
    for step in events:
        stage = policy.stages[step.stage % len(policy.stages)]
        before = request.state
        seen = _seen(request, step) if step.kind == "approve" else before.digest
        try:
            effects = _take(request, step, stage.key)
        except CountersignError:
            assert request.state == before
            continue
        ledger.note_openings(effects)
        for effect in effects:
            if isinstance(effect, UndoVote):
                undone = effect.vote
                assert undone.voter == step.who
                ledger.votes.remove((undone.stage, undone.voter, undone.choice, undone.digest))
        if before.status is not RequestStatus.PENDING:
            assert effects == ()
            assert request.state == before
        if step.kind in {"approve", "reject"} and effects:
            ledger.votes.append((stage.key, step.who, Choice(step.kind), seen))
            assert seen == before.digest
            is_agreed = step.kind == "approve" and ledger.is_satisfied(stage, before.digest)
            assert (request.status_of(stage.key) is StageStatus.APPROVED) is is_agreed
        _check_alive_or_over(request)
    _check_final_state_against(ledger, request)


def _check_final_state_against(ledger: Ledger, request: Journey) -> None:
    is_rejected = any(choice is Choice.REJECT for _stage, _voter, choice, _digest in ledger.votes)
    needed = {stage.status for stage in request.state.stages if stage.key not in request.skipped}
    assert (request.state.status is RequestStatus.APPROVED) is (needed <= {StageStatus.APPROVED})
    assert {request.status_of(key) for key in request.skipped} <= {StageStatus.SKIPPED}
    assert (request.state.status is RequestStatus.REJECTED) is is_rejected
    assert [(v.stage, v.voter, v.choice, v.digest) for v in request.state.votes] == ledger.votes
    assert ASKER not in {voter for _stage, voter, _choice, _digest in ledger.votes}
    if request.state.status is RequestStatus.APPROVED:  # by votes on what it asks at the end alone
        for stage in request.policy.stages:
            assert stage.key in request.skipped or ledger.is_satisfied(stage, request.state.digest)
    if not request.policy.same_voter_may_decide_stages:
        voted = {(digest, voter, stage) for stage, voter, _choice, digest in ledger.votes}
        assert len({(digest, voter) for digest, voter, _stage in voted}) == len(voted)


@pytest.mark.row("P6")
@given(policies(), directories)
def test_a_request_that_nobody_answers_escalates_and_ends(
    policy: ApprovalPolicy, people: dict[str, frozenset[UserId]]
) -> None:
    request = _begin(policy, people)
    if request is None:
        return
    for _ in range(len(ROLES) * len(policy.stages)):
        if not request.state.open_stages:
            break
        request.time_out(min(request.state.open_stages, key=lambda stage: (stage.due_at, stage.key)).key)
        _check_alive_or_over(request)
    assert request.state.status is RequestStatus.EXPIRED


@pytest.mark.row("R7")
@given(policies(), directories)
def test_the_requester_is_never_among_those_asked(policy: ApprovalPolicy, people: dict[str, frozenset[UserId]]) -> None:
    request = _begin(policy, people)
    if request is None:
        return
    while request.state.open_stages:
        assert not any(ASKER in stage.approvers for stage in request.state.open_stages)
        request.time_out(request.state.open_stages[0].key)


@given(policies(), directories, st.lists(steps, max_size=20))
def test_the_same_question_has_the_same_answer(
    policy: ApprovalPolicy, people: dict[str, frozenset[UserId]], events: list[Step]
) -> None:
    first, second = _begin(policy, people), _begin(policy, people)
    if first is None or second is None:
        assert first is second is None
        return
    for step in events:
        stage = policy.stages[step.stage % len(policy.stages)].key
        answers = []
        for request in (first, second):
            try:
                answers.append(repr(_take(request, step, stage)))
            except CountersignError as refusal:
                answers.append(refusal.sentence())
        assert answers[0] == answers[1]
    assert first.state == second.state


@given(policies(), directories, st.sampled_from(PEOPLE), st.integers(0, 3))
def test_a_vote_that_is_delivered_twice_counts_once(
    policy: ApprovalPolicy, people: dict[str, frozenset[UserId]], late: UserId, index: int
) -> None:
    request = _begin(policy, people)
    if request is None:
        return
    stage = policy.stages[index % len(policy.stages)].key
    vote = Vote(stage, late, Choice.APPROVE, "", {}, DIGEST, request.now)
    try:
        request.follow(rules.cast_vote(request.state, policy, vote, people, now=request.now))
    except CountersignError:
        return
    once = request.state
    request.wait(timedelta(minutes=5))
    again = Vote(stage, late, Choice.APPROVE, "", {}, DIGEST, request.now)
    assert rules.cast_vote(once, policy, again, people, now=request.now) == ()


@given(policies())
def test_a_policy_survives_being_pinned(policy: ApprovalPolicy) -> None:
    stored = ApprovalPolicy.from_json(policy.to_json())
    assert (stored, stored.version) == (policy, policy.version)
