"""Who is asked. Pure: the people by role come in, people come out (P6, X5)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.access.roles import ancestors
from core.approvals.errors import NobodyToAsk
from core.ids import UserId

PeopleByRole = Mapping[str, frozenset[UserId]]


@dataclass(frozen=True, slots=True)
class Asked:
    """The people asked, by which roles, and how many levels above the role that the policy names."""

    roles: tuple[str, ...]
    people: frozenset[UserId]
    level: int


def first_asked(roles: tuple[str, ...], people: PeopleByRole, *, excluded: frozenset[UserId], stage: str) -> Asked:
    """The holders of the roles, less the excluded; where there are none, the nearest role above that has somebody.

    Raises NobodyToAsk if no role up to the top has anybody: such a request would wait for ever.
    """
    asked = _holders(roles, people) - excluded
    if asked:
        return Asked(roles=roles, people=asked, level=0)
    above = next_above(roles, people, excluded=excluded)
    if above is None:
        raise NobodyToAsk(
            f"Nobody could decide stage '{stage}': no one but you holds {', '.join(roles)} or a role above it.",
            where=f"stages.{stage}", next_step="Grant one of these roles to somebody else.",
        )
    return Asked(roles=(above.role,), people=above.people, level=above.level)


@dataclass(frozen=True, slots=True)
class Above:
    """The nearest role above with somebody to ask."""

    role: str
    people: frozenset[UserId]
    level: int


def next_above(roles: tuple[str, ...], people: PeopleByRole, *, excluded: frozenset[UserId]) -> Above | None:
    """The nearest role above all of `roles` that has somebody who is not excluded; None at the top."""
    for level, role in enumerate(_ladder(roles), start=1):
        found = people.get(role, frozenset()) - excluded
        if found:
            return Above(role=role, people=found, level=level)
    return None


def _ladder(roles: tuple[str, ...]) -> tuple[str, ...]:
    """The roles above, nearest first, each once, without the given ones."""
    rungs = {above: None for role in roles for above in ancestors(role) if above not in roles}
    return tuple(sorted(rungs, key=lambda role: -sum(1 for _ in ancestors(role))))


def _holders(roles: tuple[str, ...], people: PeopleByRole) -> frozenset[UserId]:
    return frozenset[UserId]().union(*(people.get(role, frozenset()) for role in roles))
