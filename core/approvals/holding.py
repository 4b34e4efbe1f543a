"""Who could decide each stage of each policy in this tenant today, and which stages nobody could (P6, X5).

A policy is a file and knows no tenant; whether anybody holds its roles is known here, and changes when people come and
go. The request itself is not known: whom it names (its owner, the requester's manager) counts as somebody to come.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.access import Directory, PersonView, TokenScope, directory, permitted
from core.actor import Actor
from core.approvals.asking import MANAGER, NAMED_BY_REQUEST, WHERE, PeopleFor, asked_title, roles_above
from core.approvals.catalogue import PolicyCatalogue
from core.approvals.errors import NobodyToAsk
from core.approvals.policy import ApprovalPolicy, StagePolicy
from core.approvals.quorum import in_words
from core.approvals.reaching import out_of_reach
from core.approvals.routing import first_asked
from core.conditions import PEOPLE_SUBJECTS, compile_condition
from core.db import Database
from core.delegations import StandIns, stand_ins
from core.ids import UserId
from core.tenants import tenant_policy

_NO_REQUESTER: Final = UserId(UUID(int=0))
_NO_REQUEST: Final[Mapping[str, str]] = {}


@dataclass(frozen=True, slots=True)
class StageHolders:
    """A stage, and who could decide it. `problem` is why too few could; `note` what to know all the same."""

    key: str
    title: str
    needs: str  # in words
    people: tuple[PersonView, ...]  # who would be asked if anybody asked for it now
    away: frozenset[UserId]  # of them
    named_by_request: tuple[str, ...]
    problem: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class PolicyHolders:
    """A policy and its stages."""

    key: str
    title: str
    applies_to: tuple[str, ...]
    stages: tuple[StageHolders, ...]

    @property
    def is_decidable(self) -> bool:
        """Whether enough people could decide every stage."""
        return not any(stage.problem for stage in self.stages)


async def holders(database: Database, catalogue: PolicyCatalogue, actor: Actor) -> tuple[PolicyHolders, ...]:
    """Each policy of the catalogue with who could decide it in the actor's tenant today."""
    async with permitted(database, actor, TokenScope.READ, action="policy.check", resource="policies") as tx:
        everybody = await directory(tx)
        policies = catalogue.for_tenant(await tenant_policy(tx)).policies
        away = {action: await stand_ins(tx, action) for policy in policies for action in policy.applies_to}
        return tuple(
            holders_of(policy, everybody, tuple(away[action] for action in policy.applies_to)) for policy in policies
        )


def holders_of(policy: ApprovalPolicy, everybody: Directory, away: tuple[StandIns, ...] = ()) -> PolicyHolders:
    """Who could decide each stage of the policy. Pure."""
    people = PeopleFor(everybody, _NO_REQUEST, _NO_REQUESTER)
    open_ended = frozenset(stage.key for stage in policy.stages if _named_by_request(stage))
    conditional = frozenset(stage.key for stage in policy.stages if stage.when is not None)
    # Stages with a condition may exclude each other, so each is only held against those without.
    left_over = {
        key
        for kept in (frozenset[str](), *map(_only, conditional))
        for key in out_of_reach(policy, _NO_REQUESTER, people, skipped=open_ended | (conditional - kept))
    }
    stages = tuple(
        _stage(stage, everybody, people, away, is_left_over=stage.key in left_over) for stage in policy.stages
    )
    return PolicyHolders(policy.key, policy.title, policy.applies_to, stages)


def _stage(
    stage: StagePolicy, everybody: Directory, people: PeopleFor, away: tuple[StandIns, ...], *, is_left_over: bool
) -> StageHolders:
    named = _named_by_request(stage)
    try:
        asked = first_asked(stage, people, excluded=frozenset())
        found, level, problem = asked.people, asked.level, ""
    except NobodyToAsk:
        found = frozenset[UserId]().union(*(people.get(key, ()) for key in _all_keys(stage)))
        level, problem = 0, "" if named else _too_few(stage, len(found))
    if not problem and is_left_over:
        problem = "Everybody who could decide it is needed for another stage, and nobody decides two."
    shown = tuple(sorted((everybody.people[user] for user in found), key=_name))
    return StageHolders(
        key=stage.key,
        title=stage.title,
        needs=in_words(stage.quorum),
        people=shown,
        away=frozenset(user for user in found if any(each.is_away(user, stage.key) for each in away)),
        named_by_request=tuple(map(asked_title, named)),
        problem=problem,
        note="" if problem else _note(stage, shown, level=level, is_open_ended=bool(named)),
    )


def _note(stage: StagePolicy, found: tuple[PersonView, ...], *, level: int, is_open_ended: bool) -> str:
    if is_open_ended:
        return "Who decides is known when somebody asks."
    said = []
    if level:
        said.append(f"Too few are {' or '.join(map(asked_title, stage.approvers))}, so whoever stands above is asked.")
    if len(found) == stage.at_least:
        said.append(f"Nobody else could if {' or '.join(person.name for person in found)} asked for it.")
    return " ".join(said)


def _too_few(stage: StagePolicy, found: int) -> str:
    held = " or ".join(map(asked_title, stage.approvers))
    if not found:
        return f"Nobody is {held}, or holds a role above."
    return f"It needs {in_words(stage.quorum)}; {found} could be asked: {held}, or a role above."


def _named_by_request(stage: StagePolicy) -> tuple[str, ...]:
    return tuple(key for key in stage.approvers if _is_named_by_request(key))


def _is_named_by_request(key: str) -> bool:
    if not key.startswith(WHERE):
        return key == MANAGER or key in NAMED_BY_REQUEST
    condition = compile_condition(key.removeprefix(WHERE), subjects=PEOPLE_SUBJECTS)
    return any(path.partition(".")[0] != "person" for path in condition.paths)


def _all_keys(stage: StagePolicy) -> tuple[str, ...]:
    return (*stage.approvers, *(above for key in stage.approvers for above in roles_above(key)))


def _only(key: str) -> frozenset[str]:
    return frozenset({key})


def _name(person: PersonView) -> str:
    return person.name
