"""The in-process decision against pycasbin, cedarpy and a plain dictionary.

All four hold the framework's matrix for the same people: 1,000 tenants of ten people, each with one of the six roles.
Each peer has the best shape found for it: one policy per role, not per tenant, and everything parsed beforehand.
"""

from __future__ import annotations

import gc
import json
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import casbin
import cedarpy

from bench.errors import WrongAnswer
from bench.report import Case, Goal, Round, Section
from core.access.grants import Grant, compile_grants
from core.ids import TenantId, UserId, uuid7
from core.roles.hierarchy import Scope
from core.roles.permissions import MATRIX, Permission, names

TENANTS: Final = 1_000
PEOPLE_PER_TENANT: Final = 10
QUESTIONS: Final = 20_000
PEER_QUESTIONS: Final = 500  # a peer's pass over all questions would take seconds
FOREIGN_SHARE: Final = 0.1  # of the questions are about a tenant drawn at random
TURNS: Final = 5  # of every engine in a round, so that a slow moment of the machine meets all of them
TURN_S: Final = 0.05
SEED: Final = 20_240_607
DICT, DICT_SAME_KEYS, OURS, CASBIN, CEDAR = "plain dict", "plain dict, our keys", "countersign", "pycasbin", "cedarpy"

_CASBIN_MODEL: Final = """
[request_definition]
r = sub, obj, act, dom
[policy_definition]
p = sub, obj, act
[role_definition]
g = _, _, _
[policy_effect]
e = some(where (p.eft == allow))
[matchers]
m = g(r.sub, p.sub, r.dom)
"""
_CASBIN_KEYS: Final = (1, 2)  # FastEnforcer looks only at the policies with the request's obj and act
_OBJECT: Final = "tenant"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who holds one role in one tenant."""

    user: UserId
    tenant: TenantId
    role: str


@dataclass(frozen=True, slots=True)
class Question:
    """May this person do this in that tenant?"""

    person: Person
    tenant: TenantId
    permission: Permission


Decide = Callable[..., bool]


@dataclass(frozen=True, slots=True)
class Engine:
    """A decision function, and the questions in the form that it takes, made before the clock runs."""

    name: str
    decide: Decide
    arguments: tuple[tuple[Any, ...], ...]

    def answers(self) -> list[bool]:
        """What it says to every question."""
        decide = self.decide
        return [decide(*each) for each in self.arguments]


def people(tenants: int = TENANTS, *, per_tenant: int = PEOPLE_PER_TENANT) -> tuple[Person, ...]:
    """The same roles at every call; the ids are new."""
    chance = random.Random(SEED)
    roles = tuple(MATRIX)
    return tuple(
        Person(UserId(uuid7()), TenantId(f"tenant-{number:04}"), chance.choice(roles))
        for number in range(tenants)
        for _ in range(per_tenant)
    )


def questions(everybody: Sequence[Person], count: int = QUESTIONS) -> tuple[Question, ...]:
    """Nine of ten about the person's own tenant."""
    chance = random.Random(SEED + 1)
    tenants = sorted({person.tenant for person in everybody})
    permissions = tuple(Permission)
    asked = []
    for _ in range(count):
        person = chance.choice(everybody)
        tenant = chance.choice(tenants) if chance.random() < FOREIGN_SHARE else person.tenant
        asked.append(Question(person, tenant, chance.choice(permissions)))
    return tuple(asked)


def oracle(question: Question) -> bool:
    """The right answer, read off the matrix."""
    is_member = question.person.tenant == question.tenant
    return is_member and bool(MATRIX[question.person.role] & question.permission)


def ours(everybody: Sequence[Person], asked: Sequence[Question]) -> Engine:
    """One compiled index per tenant, as each replica remembers them."""
    members: dict[TenantId, list[Person]] = {}
    for person in everybody:
        members.setdefault(person.tenant, []).append(person)
    indexes = {
        tenant: compile_grants([Grant(person.user, person.role, Scope()) for person in held], MATRIX)
        for tenant, held in members.items()
    }

    def decide(tenant: TenantId, user: UserId, permission: Permission) -> bool:
        return indexes[tenant].may(user, permission).allowed

    return Engine(OURS, decide, tuple((each.tenant, each.person.user, each.permission) for each in asked))


def plain_dict(everybody: Sequence[Person], asked: Sequence[Question]) -> Engine:
    """The limit: one look-up of a bit mask by strings, in one function call, with no reason given."""
    masks = {(str(person.tenant), str(person.user)): int(MATRIX[person.role]) for person in everybody}

    def decide(tenant: str, user: str, bit: int) -> bool:
        return masks.get((tenant, user), 0) & bit != 0

    arguments = ((str(each.tenant), str(each.person.user), int(each.permission)) for each in asked)
    return Engine(DICT, decide, tuple(arguments))


def plain_dict_same_keys(everybody: Sequence[Person], asked: Sequence[Question]) -> Engine:
    """The same look-up by our own id type: `UUID` hashes itself in Python, a string in C."""
    masks = {(person.tenant, person.user): MATRIX[person.role] for person in everybody}
    nothing = Permission(0)

    def decide(tenant: TenantId, user: UserId, permission: Permission) -> bool:
        return bool(masks.get((tenant, user), nothing) & permission)

    arguments = ((each.tenant, each.person.user, each.permission) for each in asked)
    return Engine(DICT_SAME_KEYS, decide, tuple(arguments))


def pycasbin(everybody: Sequence[Person], asked: Sequence[Question]) -> Engine:
    """FastEnforcer; the roles' permissions once, and who holds which role in which tenant."""
    lines = [f"p, {role}, {_OBJECT}, {name}" for role, permissions in MATRIX.items() for name in names(permissions)] + [
        f"g, {person.user}, {person.role}, {person.tenant}" for person in everybody
    ]
    with tempfile.TemporaryDirectory() as folder:
        policy, definition = Path(folder) / "policy.csv", Path(folder) / "model.conf"
        policy.write_text("\n".join(lines))
        definition.write_text(_CASBIN_MODEL)
        enforcer = casbin.FastEnforcer(str(definition), str(policy), cache_key_order=_CASBIN_KEYS)
    arguments = ((str(each.person.user), _OBJECT, names(each.permission)[0], str(each.tenant)) for each in asked)
    return Engine(CASBIN, enforcer.enforce, tuple(arguments))


def cedar(everybody: Sequence[Person], asked: Sequence[Question]) -> Engine:
    """Policies and entities parsed once; one policy per role."""
    policies = cedarpy.PolicySet.from_str(
        "\n".join(
            f'permit(principal in Role::"{role}", action in [{_cedar_actions(permissions)}], resource)'
            " when { principal.tenant == resource };"
            for role, permissions in MATRIX.items()
        )
    )
    entities = cedarpy.Entities.from_json_str(
        json.dumps(
            [
                {
                    "uid": {"type": "User", "id": str(person.user)},
                    "attrs": {"tenant": {"__entity": {"type": "Tenant", "id": person.tenant}}},
                    "parents": [{"type": "Role", "id": person.role}],
                }
                for person in everybody
            ]
        )
    )

    def decide(request: dict[str, str]) -> bool:
        return bool(cedarpy.is_authorized(request, policies, entities).allowed)

    arguments = (
        (
            {
                "principal": f'User::"{each.person.user}"',
                "action": f'Action::"{names(each.permission)[0]}"',
                "resource": f'Tenant::"{each.tenant}"',
                "context": {},
            },
        )
        for each in asked
    )
    return Engine(CEDAR, decide, tuple(arguments))


def _cedar_actions(permissions: Permission) -> str:
    return ", ".join(f'Action::"{name}"' for name in names(permissions))


def run(*, rounds: int) -> Section:
    """Every engine in every round, each answer checked against the matrix. Raises WrongAnswer."""
    everybody = people()
    asked = questions(everybody)
    few = asked[:PEER_QUESTIONS]
    fast = [(make(everybody, asked), asked) for make in (plain_dict, plain_dict_same_keys, ours)]
    slow = [(make(everybody, few), few) for make in (pycasbin, cedar)]
    expected = {id(each): oracle(each) for each in asked}
    taken: dict[str, list[Round]] = {engine.name: [] for engine, _ in [*fast, *slow]}
    for engine, about in [*fast, *slow]:  # the first pass fills caches and is not counted
        _check(engine, about, expected)
    for _ in range(rounds):
        spent = dict.fromkeys(taken, 0.0)
        count = dict.fromkeys(taken, 0)
        for _turn in range(TURNS):
            for engine, about in [*fast, *slow]:
                answered, seconds = _timed(engine, [expected[id(each)] for each in about])
                spent[engine.name] += seconds
                count[engine.name] += answered
        for name, each in taken.items():
            each.append(Round(count[name] / spent[name]))
    return Section(
        title=f"In-process decisions by {len(everybody):,} people of {TENANTS:,} tenants, one thread's own time",
        cases=tuple(Case(name, tuple(each)) for name, each in taken.items()),
        baselines=(DICT, CASBIN, CEDAR),
        goals=(
            Goal("at least 50 times the faster of pycasbin and cedarpy", OURS, (CASBIN, CEDAR), 50),
            Goal("at least half of a plain dict look-up", OURS, (DICT,), 0.5),
        ),
        notes=(f"{len(asked):,} questions a round; the peers {len(few):,} of them. Every answer was checked.",),
    )


def _timed(engine: Engine, expected: list[bool]) -> tuple[int, float]:
    """How many questions were answered, and in how many seconds of this thread's own time: whole passes for TURN_S.

    Time in which the machine served others does not count; collecting garbage is nobody's fault, so it waits.
    """
    spent, count = 0.0, 0
    gc.disable()
    try:
        while spent < TURN_S:
            started = time.thread_time()
            answers = engine.answers()
            spent += time.thread_time() - started
            count += len(answers)
            if answers != expected:
                raise WrongAnswer(f"{engine.name} changed its mind")
    finally:
        gc.enable()
    return count, spent


def _check(engine: Engine, about: Sequence[Question], expected: dict[int, bool]) -> None:
    for question, answer in zip(about, engine.answers(), strict=True):
        if answer != expected[id(question)]:
            raise WrongAnswer(f"{engine.name} answers {answer} to {question}")
