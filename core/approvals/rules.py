"""The approval engine: pure rules from a snapshot to effects (P1, P2, P3, P6, R7).

Nothing here awaits, logs, reads a clock or sees a table row. A rule either returns what follows or raises what is
wrong; `folding.apply` says what a request looks like afterwards.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import datetime
from typing import Final

from core.approvals import errors
from core.approvals.asking import PeopleByRole, asked_title
from core.approvals.ballots import barred, check_pending, check_vote, is_repeated
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
from core.approvals.quorum import PerGroup, lacking
from core.approvals.routing import first_asked, lost_places, next_above
from core.approvals.state import Choice, RequestState, RequestStatus, StageState, StageStatus, Vote
from core.ids import UserId

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
        first_asked(stage, people, excluded=excluded)
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
    if is_repeated(state, vote):
        return ()
    check_vote(state, policy, vote)
    place = state.stage(vote.stage).place_of(vote.voter)
    if place in lost_places(policy.stage(vote.stage), state.stage(vote.stage), people):
        asked = " or ".join(map(asked_title, state.stage(vote.stage).roles))
        raise errors.NotAnApprover(
            f"Stage '{vote.stage}' is decided by {asked}; whoever was asked for this place is that no more.",
            where="stage",
        )
    effects: list[Effect] = [RecordVote(replace(vote, on_behalf_of=None if place == vote.voter else place))]
    stage_policy = policy.stage(vote.stage)
    if vote.choice is Choice.REJECT:
        effects += [DecideStage(vote.stage, StageStatus.REJECTED, now), *_skip_others(state, vote.stage, now)]
        return (*effects, DecideRequest(RequestStatus.REJECTED, now))
    approved = {other.on_behalf_of or other.voter for other in state.votes_on(vote.stage)} | {place or vote.voter}
    if not _is_met(stage_policy, state.stage(vote.stage), approved, people):
        return tuple(effects)
    effects.append(DecideStage(vote.stage, StageStatus.APPROVED, now))
    return (*effects, *_go_on(state, policy, vote, people, now=now))


def on_reminder(state: RequestState, stage: str) -> tuple[Effect, ...]:
    """Those asked who have not voted are reminded, if the stage is still open."""
    current = state.stage(stage)
    if state.status is not RequestStatus.PENDING or current.status is not StageStatus.OPEN or current.paused_at:
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
    if current.due_at is None or current.due_at > now or current.paused_at is not None:
        return ()
    stage_policy = policy.stage(stage)
    asked_already = current.approvers | current.voters
    if stage_policy.on_timeout is OnTimeout.REJECT:
        ended = DecideStage(stage, StageStatus.REJECTED, now)
        return (ended, *_skip_others(state, stage, now), DecideRequest(RequestStatus.REJECTED, now))
    above = next_above(current.roles, people, excluded=barred(state, policy, stage) | asked_already)
    if above is None or not _may_escalate(stage_policy, current):
        return (*_skip_others(state, None, now), DecideRequest(RequestStatus.EXPIRED, now))
    due_at, remind_at = stage_policy.due_after(now, above.people)
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


def expire(state: RequestState, *, now: datetime) -> tuple[Effect, ...]:
    """The request is over, undecided; nothing if it is over already."""
    if state.status is not RequestStatus.PENDING:
        return ()
    return (*_skip_others(state, None, now), DecideRequest(RequestStatus.EXPIRED, now))


def held_back(effects: tuple[Effect, ...]) -> tuple[Effect, ...]:
    """What may happen at once while the request waits for its ticket: nothing is opened, skipped or decided."""
    return tuple(effect for effect in effects if isinstance(effect, Amend | ResetStage))


def on_unused(state: RequestState, *, is_used: bool, now: datetime) -> tuple[Effect, ...]:
    """An approval that nobody has used in its time is over (P9)."""
    if state.status is not RequestStatus.APPROVED or is_used:
        return ()
    return (DecideRequest(RequestStatus.EXPIRED, now),)


def _may_escalate(stage: StagePolicy, current: StageState) -> bool:
    """Each escalation adds one role to those asked."""
    if stage.on_timeout is OnTimeout.EXPIRE:
        return False
    so_far = len(set(current.roles) - set(stage.approvers))
    return stage.escalations is None or so_far < stage.escalations


def _is_met(stage: StagePolicy, current: StageState, approved: AbstractSet[UserId], people: PeopleByRole) -> bool:
    """Whether approvals at these places close the stage.

    `all` means those asked at first: whoever an escalation adds may stand in for a silent one, and raises no bar.
    """
    if isinstance(stage.quorum, PerGroup):
        return not lacking(stage.quorum, people, of=approved, roles=current.roles)
    return len(approved) >= approvals_needed(stage, current, people)


def approvals_needed(stage: StagePolicy, current: StageState, people: PeopleByRole) -> int:
    """How many approvals close the stage; where they count by group, so many at least."""
    if stage.quorum != "all":
        return stage.at_least
    opened_for = stage.approvers if current.roles[: len(stage.approvers)] == stage.approvers else current.roles[:1]
    asked_first = current.approvers & frozenset[UserId]().union(*(people.get(role, ()) for role in opened_for))
    return len(asked_first) or len(current.approvers)


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
    asked = first_asked(stage, people, excluded=excluded)
    due_at, remind_at = stage.due_after(now, asked.people)
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
