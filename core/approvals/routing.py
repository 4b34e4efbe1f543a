"""Who is asked. Pure: the people by role come in, people come out (P6, X5)."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from core.approvals.asking import PeopleByRole, asked_title, roles_above
from core.approvals.errors import NobodyToAsk
from core.ids import UserId


@dataclass(frozen=True, slots=True)
class Asked:
    """The people asked, by which roles, and how many levels above the role that the policy names."""

    roles: tuple[str, ...]
    people: frozenset[UserId]
    level: int


def first_asked(
    roles: tuple[str, ...], people: PeopleByRole, *, excluded: frozenset[UserId], stage: str, at_least: int = 1
) -> Asked:
    """The holders of the roles, less the excluded; while they are too few, those of the nearest role above as well.

    Raises NobodyToAsk if there are not `at_least` of them up to the top: such a request would wait for ever.
    """
    asked = Asked(roles=roles, people=_holders(roles, people) - excluded, level=0)
    while len(asked.people) < at_least:
        above = next_above(asked.roles, people, excluded=excluded | asked.people)
        if above is None:
            raise _too_few(roles, stage=stage, found=len(asked.people), at_least=at_least)
        kept = asked.roles if asked.people else ()  # a vacant role is not shown as asked
        asked = Asked((*kept, above.role), asked.people | above.people, asked.level + above.level)
    return asked


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


def stand_in(chain: Sequence[UserId], *, excluded: Container[UserId]) -> UserId | None:
    """Who fills the place of somebody away: the last of the chain who may; None if nobody of it may (X5)."""
    return next((person for person in reversed(chain) if person not in excluded), None)


def _too_few(roles: tuple[str, ...], *, stage: str, found: int, at_least: int) -> NobodyToAsk:
    held = " or ".join(asked_title(role) for role in roles)
    if not found:
        message = f"Nobody could decide stage '{stage}': no one but you is {held}, or holds a role above it."
    else:
        message = (
            f"Stage '{stage}' needs {at_least} approvals, but only {found} could be asked: {held}, or a role above."
        )
    return NobodyToAsk(message, where=f"stages.{stage}", next_step="Grant one of these roles to somebody else.")


def _ladder(roles: tuple[str, ...]) -> tuple[str, ...]:
    """The roles above, nearest first, each once, without the given ones."""
    rungs = {above: None for role in roles for above in roles_above(role) if above not in roles}
    return tuple(sorted(rungs, key=lambda role: -sum(1 for _ in roles_above(role))))


def _holders(roles: tuple[str, ...], people: PeopleByRole) -> frozenset[UserId]:
    return frozenset[UserId]().union(*(people.get(role, frozenset()) for role in roles))
