"""A request must never wait for nobody (P6, X5). Pure.

At the opening each stage has somebody to ask. But nobody decides two stages (R7), and people leave: a stage may find
that all whom it could ask have decided another one. That is said as soon as it can be known, and whoever comes to hold
one of the roles meanwhile is asked before they vote, or when the stage is looked at.
"""

from __future__ import annotations

from typing import Final

from core.approvals.asking import PeopleByRole, roles_above
from core.approvals.ballots import barred
from core.approvals.effects import AskAlso
from core.approvals.policy import ApprovalPolicy, StagePolicy
from core.approvals.quorum import unfilled
from core.approvals.routing import lost_places
from core.approvals.rules import approvals_needed
from core.approvals.state import RequestState, RequestStatus, StageState
from core.delegations import StandIns
from core.ids import UserId

EVERYBODY_HERE: Final = StandIns()


def out_of_reach(
    policy: ApprovalPolicy, requester: UserId, people: PeopleByRole, *, skipped: frozenset[str]
) -> tuple[str, ...]:
    """The stages for which no approvers are left once the others have theirs, by the people of today."""
    if policy.same_voter_may_decide_stages:
        return ()
    needed = [stage for stage in policy.stages if stage.key not in skipped]
    eligible = {stage.key: frozenset(_could_decide(stage.approvers, people)) - {requester} for stage in needed}
    slots = [stage.key for stage in needed for _ in range(stage.at_least)]
    return tuple(dict.fromkeys(slots[index] for index in unfilled(slots, eligible)))


def ask_new(
    state: RequestState, policy: ApprovalPolicy, people: PeopleByRole, away: StandIns = EVERYBODY_HERE
) -> tuple[AskAlso, ...]:
    """Who is asked besides, on open stages on which too few who are asked may vote any more, or are here to.

    Somebody away for whom nobody stands in counts as nobody: whoever stands above is asked at once, not when the time
    is up.
    """
    if state.status is not RequestStatus.PENDING:
        return ()
    found = (_new(state, policy, stage, people, away) for stage in state.open_stages)
    return tuple(each for each in found if each is not None)


def _new(
    state: RequestState, policy: ApprovalPolicy, stage: StageState, people: PeopleByRole, away: StandIns
) -> AskAlso | None:
    stage_policy = policy.stage(stage.key)
    excluded = barred(state, policy, stage.key)
    voted = {vote.voter for vote in state.votes_on(stage.key)}
    held = stage.approvers - lost_places(stage_policy, stage, people)
    open_places = held - state.filled(stage)
    unattended = {
        place for place in open_places if place not in stage.stand_ins and away.is_away(stage.holder(place), stage.key)
    }
    reached = frozenset[UserId]().union(*map(stage.voters_at, open_places - unattended)) - excluded - voted
    if not unattended and frozenset[UserId]().union(*map(stage.voters_at, held)) - excluded - voted:
        return None
    if unattended and len(reached) >= approvals_needed(stage_policy, stage, people) - len(voted):
        return None
    named = frozenset[UserId]().union(*(people.get(role, ()) for role in stage_policy.approvers))
    if new := named - excluded - stage.approvers - voted:
        return AskAlso(stage.key, new)
    for role in _ladder(stage_policy):
        if new := people.get(role, frozenset()) - excluded - stage.approvers - voted:
            return AskAlso(stage.key, new, role if unattended and role not in stage.roles else None)
    return None


def _ladder(stage: StagePolicy) -> tuple[str, ...]:
    return tuple(dict.fromkeys(above for key in stage.approvers for above in roles_above(key)))


def _could_decide(approvers: tuple[str, ...], people: PeopleByRole) -> frozenset[UserId]:
    keys = dict.fromkeys([*approvers, *(above for key in approvers for above in roles_above(key))])
    return frozenset[UserId]().union(*(people.get(key, ()) for key in keys))
