"""The approval engine: pure rules from a snapshot to effects (P1, P2, P3, P6, R7).

Nothing here awaits, logs, reads a clock or sees a table row. A rule either returns what follows or raises what is
wrong; `folding.apply` says what a request looks like afterwards.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final

from core.approvals import errors
from core.approvals.asking import PeopleByRole, asked_title
from core.approvals.effects import (
    Amend,
    DecideRequest,
    DecideStage,
    Delegate,
    Effect,
    Escalate,
    OpenStage,
    RecordVote,
    Remind,
    ResetStage,
)
from core.approvals.policy import ApprovalPolicy, OnTimeout, StagePolicy
from core.approvals.routing import first_asked, next_above
from core.approvals.state import Choice, RequestState, RequestStatus, StageState, StageStatus, Vote
from core.ids import UserId

REASON_MAX: Final = 2000  # characters
REASON_MIN_TO_REJECT: Final = 3


NOTHING_SKIPPED: Final = frozenset[str]()


def open_request(
    policy: ApprovalPolicy,
    requester: UserId,
    people: PeopleByRole,
    *,
    now: datetime,
    skipped: frozenset[str] = NOTHING_SKIPPED,
) -> tuple[Effect, ...]:
    """The stages that need nothing before them are open, those not needed are skipped; with none left it is approved.

    Raises NobodyToAsk if any stage, now or later, could be decided by nobody.
    """
    needed = [stage for stage in policy.stages if stage.key not in skipped]
    unneeded = [DecideStage(stage.key, StageStatus.SKIPPED, now) for stage in policy.stages if stage.key in skipped]
    if not needed:
        return (*unneeded, DecideRequest(RequestStatus.APPROVED, now))
    excluded = frozenset({requester})
    for stage in needed:
        first_asked(stage.approvers, people, excluded=excluded, stage=stage.key, at_least=stage.at_least)
    first = [stage for stage in needed if not needs_of(policy, stage, skipped)]
    return (*unneeded, *(_open(stage, people, excluded, now=now) for stage in first))


def needs_of(policy: ApprovalPolicy, stage: StagePolicy, skipped: frozenset[str]) -> frozenset[str]:
    """The stages that must be approved before this one: what a skipped one needed is needed in its place."""
    needs: set[str] = set()
    for key in stage.needs:  # earlier ones only, so this ends
        needs |= needs_of(policy, policy.stage(key), skipped) if key in skipped else {key}
    return frozenset(needs)


def cast_vote(
    state: RequestState, policy: ApprovalPolicy, vote: Vote, people: PeopleByRole, *, now: datetime
) -> tuple[Effect, ...]:
    """What follows from the vote; nothing if it repeats one that counts already.

    Raises AlreadyDecided, StageAlreadyDecided, AlreadyVoted, StaleDigest, OwnRequest, NotAnApprover,
    VotedOnAnotherStage or InvalidVote.
    """
    if _is_repeated(state, vote):
        return ()
    _check_vote(state, policy, vote)
    place = state.stage(vote.stage).place_of(vote.voter)
    effects: list[Effect] = [RecordVote(replace(vote, on_behalf_of=None if place == vote.voter else place))]
    stage_policy = policy.stage(vote.stage)
    if vote.choice is Choice.REJECT:
        effects += [DecideStage(vote.stage, StageStatus.REJECTED, now), *_skip_others(state, vote.stage, now)]
        return (*effects, DecideRequest(RequestStatus.REJECTED, now))
    approvals = 1 + sum(other.choice is Choice.APPROVE for other in state.votes_on(vote.stage))
    if approvals < _needed(stage_policy, state.stage(vote.stage), people):
        return tuple(effects)
    effects.append(DecideStage(vote.stage, StageStatus.APPROVED, now))
    return (*effects, *_go_on(state, policy, vote, people, now=now))


def stage_to_vote_on(state: RequestState, voter: UserId, wanted: str | None) -> str:
    """The stage meant by somebody who names none: the open one on which they are asked, else any open one.

    Somebody who has voted and is asked nothing more means that vote again: their answer got lost, not their vote. And
    somebody whose stage others have decided means that one, not one on which they were never asked.
    """
    if wanted is not None:
        return wanted
    mine = [stage.key for stage in state.open_stages if voter in stage.voters]
    voted = [vote.stage for vote in reversed(state.votes) if vote.voter == voter and vote.digest == state.digest]
    late = [stage.key for stage in reversed(state.stages) if voter in stage.voters]
    open_ones = [stage.key for stage in state.open_stages]
    known = [stage.key for stage in reversed(state.stages)]
    return next(iter([*mine, *voted, *late, *open_ones, *known]), "")


def on_reminder(state: RequestState, stage: str) -> tuple[Effect, ...]:
    """Those asked who have not voted are reminded, if the stage is still open."""
    current = state.stage(stage)
    if state.status is not RequestStatus.PENDING or current.status is not StageStatus.OPEN:
        return ()
    unfilled = current.approvers - state.filled(current)
    silent = frozenset[UserId]().union(*map(current.voters_at, unfilled))
    return (Remind(stage, silent),) if silent else ()


def on_timeout(
    state: RequestState, policy: ApprovalPolicy, stage: str, people: PeopleByRole, *, now: datetime
) -> tuple[Effect, ...]:
    """The overdue stage is escalated to the role above, with a new due time; past the top the request expires (P6).

    Unless its policy says that the request ends at once, or after so many escalations.
    """
    current = state.stage(stage)
    if state.status is not RequestStatus.PENDING or current.status is not StageStatus.OPEN:
        return ()
    if current.due_at is None or current.due_at > now:
        return ()
    stage_policy = policy.stage(stage)
    asked_already = current.approvers | current.voters
    if stage_policy.on_timeout is OnTimeout.REJECT:
        ended = DecideStage(stage, StageStatus.REJECTED, now)
        return (ended, *_skip_others(state, stage, now), DecideRequest(RequestStatus.REJECTED, now))
    above = next_above(current.roles, people, excluded=barred(state, policy, stage) | asked_already)
    if above is None or not _may_escalate(stage_policy, current):
        return (*_skip_others(state, None, now), DecideRequest(RequestStatus.EXPIRED, now))
    due_at, remind_at = stage_policy.due_after(now)
    return (
        Escalate(
            stage,
            from_roles=current.roles,
            to_role=above.role,
            level=current.escalation_level + above.level,
            approvers=above.people,
            due_at=due_at,
            remind_at=remind_at,
        ),
    )


def delegate(
    state: RequestState, policy: ApprovalPolicy, stage: str, from_person: UserId, to_person: UserId
) -> tuple[Effect, ...]:
    """The other person takes this approver's place on the stage. Raises NotAnApprover or CannotDelegate."""
    check_pending(state)
    current = state.stage(stage)
    if current.status is not StageStatus.OPEN:
        raise errors.StageAlreadyDecided(f"Stage '{stage}' is {current.status}.", where="stage")
    if from_person not in current.voters:
        raise errors.NotAnApprover(f"You are not asked on stage '{stage}', so you have no place to give.")
    if any(vote.voter == from_person for vote in state.votes_on(stage)):
        raise errors.AlreadyVoted("You have voted already; your place cannot be given away.")
    if to_person in barred(state, policy, stage):
        raise errors.CannotDelegate(
            "This person asked for it, or has decided another stage of it.", where="to", next_step="Name somebody else."
        )
    if to_person in current.voters:
        raise errors.CannotDelegate("This person is asked already.", where="to")
    return (Delegate(stage, current.place_of(from_person) or from_person, to_person),)


def withdraw(state: RequestState, by: UserId, *, now: datetime) -> tuple[Effect, ...]:
    """The request is over; only its requester can do that. Raises NotYourRequest or AlreadyDecided."""
    if by != state.requester:
        raise errors.NotYourRequest("Only the person who asked can withdraw a request.")
    if state.status is RequestStatus.WITHDRAWN:
        return ()
    check_pending(state)
    return (*_skip_others(state, None, now), DecideRequest(RequestStatus.WITHDRAWN, now))


def amend(
    state: RequestState,
    policy: ApprovalPolicy,
    change: Amend,
    by: UserId,
    people: PeopleByRole,
    *,
    now: datetime,
    skipped: frozenset[str] = NOTHING_SKIPPED,
) -> tuple[Effect, ...]:
    """The request asks for what `change` says, and every stage begins anew; nothing if it asks the same as before (P9).

    Raises NotYourRequest, AlreadyDecided or NobodyToAsk.
    """
    if by != state.requester:
        raise errors.NotYourRequest("Only the person who asked can change a request.")
    check_pending(state)
    if not change.changed:
        return ()
    opened = open_request(policy, state.requester, people, now=now, skipped=skipped)
    begun = [stage.key for stage in state.stages if stage.status is not StageStatus.WAITING]
    return (change, *(ResetStage(key, policy.stage(key).approvers) for key in begun), *opened)


def on_unused(state: RequestState, *, is_used: bool, now: datetime) -> tuple[Effect, ...]:
    """An approval that nobody has used in its time is over (P9)."""
    if state.status is not RequestStatus.APPROVED or is_used:
        return ()
    return (DecideRequest(RequestStatus.EXPIRED, now),)


def barred(state: RequestState, policy: ApprovalPolicy, stage: str) -> frozenset[UserId]:
    """Who may not decide the stage whatever their role: the requester, and who has decided another stage (R7)."""
    barred = frozenset({state.requester})
    if policy.same_voter_may_decide_stages:
        return barred
    return barred | {vote.voter for vote in state.votes if vote.stage != stage and vote.digest == state.digest}


def _may_escalate(stage: StagePolicy, current: StageState) -> bool:
    """Each escalation adds one role to those asked."""
    if stage.on_timeout is OnTimeout.EXPIRE:
        return False
    so_far = len(set(current.roles) - set(stage.approvers))
    return stage.escalations is None or so_far < stage.escalations


def check_pending(state: RequestState) -> None:
    """Nothing while the request is pending. Raises AlreadyDecided with who decided it and when."""
    if state.status is not RequestStatus.PENDING:
        deciding = {RequestStatus.APPROVED: Choice.APPROVE, RequestStatus.REJECTED: Choice.REJECT}.get(state.status)
        votes = [vote for vote in state.votes if vote.digest == state.digest and vote.choice is deciding]
        by_vote = max(votes, key=_cast_at, default=None)
        raise errors.AlreadyDecided(
            f"This request is {state.status} already.",
            by=by_vote.voter if by_vote else None,
            at=by_vote.cast_at if by_vote else None,
        )


def _cast_at(vote: Vote) -> datetime:
    return vote.cast_at


def _is_repeated(state: RequestState, vote: Vote) -> bool:
    """The same person saying the same again: a double click, or a delivery that came twice."""
    return any(
        (other.voter, other.stage, other.choice, other.digest) == (vote.voter, vote.stage, vote.choice, vote.digest)
        for other in state.votes
    )


def _check_vote(state: RequestState, policy: ApprovalPolicy, vote: Vote) -> None:
    if vote.voter == state.requester:
        raise errors.OwnRequest("Nobody approves their own request.", next_step="The people asked will decide.")
    check_pending(state)
    if vote.stage not in {stage.key for stage in state.stages}:
        raise errors.InvalidVote(
            f"There is no stage '{vote.stage}'.", where="stage", accepted=tuple(stage.key for stage in state.stages)
        )
    current = state.stage(vote.stage)
    if current.status is StageStatus.WAITING:
        raise errors.InvalidVote(
            f"Stage '{vote.stage}' is not open yet.",
            where="stage",
            accepted=tuple(stage.key for stage in state.open_stages),
        )
    if current.status is not StageStatus.OPEN:
        raise errors.StageAlreadyDecided(
            f"Stage '{vote.stage}' is {current.status} already.",
            where="stage",
            accepted=tuple(stage.key for stage in state.open_stages),
        )
    if vote.digest != state.digest:
        raise errors.StaleDigest(next_step="Look at it again, then decide.")
    if vote.voter not in current.voters:
        asked = " or ".join(map(asked_title, current.roles))
        raise errors.NotAnApprover(f"Stage '{vote.stage}' is decided by {asked}; you are not asked.", where="stage")
    if any(other.voter == vote.voter for other in state.votes_on(vote.stage)):
        raise errors.AlreadyVoted("You have voted the other way already; a vote cannot be turned round.")
    if current.place_of(vote.voter) in state.filled(current):
        raise errors.AlreadyVoted("This place has its vote: whoever stands in, or is stood in for, has voted already.")
    if vote.voter in barred(state, policy, vote.stage):
        raise errors.VotedOnAnotherStage(
            "You have decided another stage of this request; nobody decides two.", next_step="Delegate your place."
        )
    _check_content(policy.stage(vote.stage), vote)


def _check_content(stage: StagePolicy, vote: Vote) -> None:
    if len(vote.reason) > REASON_MAX:
        raise errors.InvalidVote(
            f"The reason has {len(vote.reason)} characters; at most {REASON_MAX} are kept.", where="reason"
        )
    if vote.choice is Choice.REJECT and len(vote.reason.strip()) < REASON_MIN_TO_REJECT:
        raise errors.InvalidVote("Say why you reject it, so that the requester can do better.", where="reason")
    unknown = sorted(set(vote.criteria) - set(stage.criteria))
    if unknown:
        raise errors.InvalidVote(
            f"Stage '{stage.key}' has no criterion '{unknown[0]}'.",
            where=f"criteria.{unknown[0]}",
            accepted=stage.criteria,
        )
    unmet = [name for name, is_met in vote.criteria.items() if not is_met]
    if vote.choice is Choice.APPROVE and unmet:
        raise errors.InvalidVote(
            f"Criterion '{unmet[0]}' is not confirmed, so this cannot be an approval.",
            where=f"criteria.{unmet[0]}",
            next_step="Confirm it, or reject the request.",
        )


def _needed(stage: StagePolicy, current: StageState, people: PeopleByRole) -> int:
    """How many approvals close the stage.

    `all` means those asked at first: whoever an escalation adds may stand in for a silent one, and raises no bar.
    """
    opened_for = stage.approvers if current.roles[: len(stage.approvers)] == stage.approvers else current.roles[:1]
    asked_first = current.approvers & frozenset[UserId]().union(*(people.get(role, ()) for role in opened_for))
    return stage.needed(len(asked_first) or len(current.approvers))


def _go_on(
    state: RequestState, policy: ApprovalPolicy, vote: Vote, people: PeopleByRole, *, now: datetime
) -> tuple[Effect, ...]:
    done = {stage.key for stage in state.stages if stage.status is StageStatus.APPROVED} | {vote.stage}
    skipped = frozenset(stage.key for stage in state.stages if stage.status is StageStatus.SKIPPED)
    if len(done | skipped) == len(state.stages):
        return (DecideRequest(RequestStatus.APPROVED, now),)
    waiting = {stage.key for stage in state.stages if stage.status is StageStatus.WAITING}
    ready = [stage for stage in policy.stages if stage.key in waiting and needs_of(policy, stage, skipped) <= done]
    excluded = frozenset({state.requester})
    if not policy.same_voter_may_decide_stages:
        excluded |= {other.voter for other in state.votes if other.digest == state.digest} | {vote.voter}
    try:
        return tuple(_open_or_widen(stage, people, excluded, state.requester, now=now) for stage in ready)
    except errors.NobodyToAsk:  # people have left since it was opened; the vote counts, and there is no way on
        return (*_skip_others(state, vote.stage, now), DecideRequest(RequestStatus.EXPIRED, now))


def _open_or_widen(
    stage: StagePolicy, people: PeopleByRole, excluded: frozenset[UserId], requester: UserId, *, now: datetime
) -> OpenStage:
    """Opens the stage; if earlier voters were the only ones left to ask, it is opened to its roles all the same.

    They cannot vote, but the stage's time-out then escalates or expires it, in view of everybody: a request must never
    fail to move because the vote before it left nobody.
    """
    try:
        return _open(stage, people, excluded, now=now)
    except errors.NobodyToAsk:
        return _open(stage, people, frozenset({requester}), now=now)


def _open(stage: StagePolicy, people: PeopleByRole, excluded: frozenset[UserId], *, now: datetime) -> OpenStage:
    asked = first_asked(stage.approvers, people, excluded=excluded, stage=stage.key, at_least=stage.at_least)
    due_at, remind_at = stage.due_after(now)
    return OpenStage(
        stage.key,
        roles=asked.roles,
        approvers=asked.people,
        opened_at=now,
        due_at=due_at,
        remind_at=remind_at,
        escalation_level=asked.level,
    )


def _skip_others(state: RequestState, decided: str | None, now: datetime) -> list[Effect]:
    return [
        DecideStage(stage.key, StageStatus.SKIPPED, now)
        for stage in state.stages
        if stage.key != decided and stage.status in (StageStatus.OPEN, StageStatus.WAITING)
    ]
