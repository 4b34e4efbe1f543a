"""Who is asked. Pure: the people by role come in, people come out (P6, X5)."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass

from core.approvals.asking import PeopleByRole, asked_title, roles_above
from core.approvals.errors import NobodyToAsk
from core.approvals.policy import StagePolicy
from core.approvals.quorum import PerGroup, in_words, lacking
from core.approvals.state import StageState
from core.ids import UserId


@dataclass(frozen=True, slots=True)
class Asked:
    """The people asked, by which roles, and how many levels above the role that the policy names."""

    roles: tuple[str, ...]
    people: frozenset[UserId]
    level: int


def first_asked(stage: StagePolicy, people: PeopleByRole, *, excluded: frozenset[UserId]) -> Asked:
    """Those whom the stage names, less the excluded; while its quorum is out of reach, the nearest role above as well.

    Raises NobodyToAsk if they are too few up to the top: such a request would wait for ever.
    """
    asked = Asked(roles=stage.approvers, people=_holders(stage.approvers, people) - excluded, level=0)
    while short := _short_of(stage, asked, people):
        above = next_above(short, people, excluded=excluded | asked.people)
        if above is None:
            raise _too_few(stage, found=len(asked.people))
        kept = asked.roles if asked.people else ()  # a vacant role is not shown as asked
        asked = Asked((*kept, above.role), asked.people | above.people, asked.level + above.level)
    return asked


def _short_of(stage: StagePolicy, asked: Asked, people: PeopleByRole) -> tuple[str, ...]:
    """Above whom more people must be asked for the stage to be decidable."""
    if isinstance(stage.quorum, PerGroup):
        missing = lacking(stage.quorum, people, of=asked.people, roles=asked.roles)
        return missing or (asked.roles if len(asked.people) < stage.at_least else ())
    return asked.roles if len(asked.people) < stage.at_least else ()


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


def _too_few(stage: StagePolicy, *, found: int) -> NobodyToAsk:
    held = " or ".join(asked_title(role) for role in stage.approvers)
    if not found:
        message = f"Nobody could decide stage '{stage.key}': no one but you is {held}, or holds a role above it."
    elif isinstance(stage.quorum, PerGroup):
        message = f"Stage '{stage.key}' needs {in_words(stage.quorum)}, or roles above them: {found} could be asked."
    else:
        message = (
            f"Stage '{stage.key}' needs {stage.at_least} approvals, but only {found} could be asked: "
            f"{held}, or a role above."
        )
    return NobodyToAsk(message, where=f"stages.{stage.key}", next_step="Grant one of these roles to somebody else.")


def lost_places(stage: StagePolicy, current: StageState, people: PeopleByRole) -> frozenset[UserId]:
    """The places of those who were asked for what they held, and hold neither that nor anything above it any more."""
    asked_for = (*stage.approvers, *current.roles)
    above = (role for key in asked_for for role in roles_above(key))
    return current.approvers - _holders((*asked_for, *above), people)


def _ladder(roles: tuple[str, ...]) -> tuple[str, ...]:
    """The roles above, nearest first, each once, without the given ones."""
    rungs = {above: None for role in roles for above in roles_above(role) if above not in roles}
    return tuple(sorted(rungs, key=lambda role: -sum(1 for _ in roles_above(role))))


def _holders(roles: tuple[str, ...], people: PeopleByRole) -> frozenset[UserId]:
    return frozenset[UserId]().union(*(people.get(role, frozenset()) for role in roles))
