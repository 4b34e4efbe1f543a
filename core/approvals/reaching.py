"""A request must never wait for nobody (P6, X5). Pure.

At the opening each stage has somebody to ask. But nobody decides two stages (R7), and people leave: a stage may find
that all whom it could ask have decided another one. That is said as soon as it can be known, and whoever comes to hold
one of the roles meanwhile is asked before they vote, or when the stage is looked at.
"""

from __future__ import annotations

from core.approvals.asking import PeopleByRole, roles_above
from core.approvals.effects import AskAlso
from core.approvals.policy import ApprovalPolicy, StagePolicy
from core.approvals.quorum import unfilled
from core.approvals.rules import barred
from core.approvals.state import RequestState, RequestStatus, StageState
from core.ids import UserId


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


def ask_new(state: RequestState, policy: ApprovalPolicy, people: PeopleByRole) -> tuple[AskAlso, ...]:
    """Who is asked besides, on open stages on which nobody who is asked may vote any more."""
    if state.status is not RequestStatus.PENDING:
        return ()
    found = ((stage.key, _new(state, policy, stage, people)) for stage in state.open_stages)
    return tuple(AskAlso(key, new) for key, new in found if new)


def _new(state: RequestState, policy: ApprovalPolicy, stage: StageState, people: PeopleByRole) -> frozenset[UserId]:
    excluded = barred(state, policy, stage.key)
    voted = {vote.voter for vote in state.votes_on(stage.key)}
    if stage.voters - excluded - voted:
        return frozenset()
    nearest = (policy.stage(stage.key).approvers, *((role,) for role in _ladder(policy.stage(stage.key))))
    for roles in nearest:
        new = frozenset[UserId]().union(*(people.get(role, ()) for role in roles)) - excluded - stage.approvers - voted
        if new:
            return new
    return frozenset()


def _ladder(stage: StagePolicy) -> tuple[str, ...]:
    return tuple(dict.fromkeys(above for key in stage.approvers for above in roles_above(key)))


def _could_decide(approvers: tuple[str, ...], people: PeopleByRole) -> frozenset[UserId]:
    keys = dict.fromkeys([*approvers, *(above for key in approvers for above in roles_above(key))])
    return frozenset[UserId]().union(*(people.get(key, ()) for key in keys))
