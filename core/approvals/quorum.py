"""How many approvals close a stage, and from whom (P7). Pure.

    quorum: any            one of those asked
    quorum: all            everybody who was asked at first
    quorum: 2              so many
    quorum: each           one from each of the approvers named
    quorum: {security_manager: 1, "group:sre": 2}

Where a quorum counts by group, one approval counts in one group, however many its voter belongs to; whoever stands
above a group (and is asked because it was vacant or silent) may approve in its place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Literal, TypeVar

from core.approvals.asking import PeopleByRole, asked_title, roles_above
from core.ids import UserId


@dataclass(frozen=True, slots=True)
class PerGroup:
    """So many approvals from each of those named."""

    shares: tuple[tuple[str, int], ...]

    def to_json(self) -> dict[str, int]:
        """As stored with the policy."""
        return dict(self.shares)


Quorum = int | Literal["all"] | PerGroup
Someone = TypeVar("Someone", UserId, str)


def at_least(quorum: Quorum) -> int:
    """How many people must be asked for the stage to be decidable at all."""
    if isinstance(quorum, PerGroup):
        return sum(count for _key, count in quorum.shares)
    return 1 if quorum == "all" else quorum


def lacking(
    quorum: PerGroup, people: PeopleByRole, *, of: AbstractSet[UserId], roles: tuple[str, ...]
) -> tuple[str, ...]:
    """The groups for which these people, each counted once, do not suffice; `roles` are all that were asked by."""
    slots = [key for key, count in quorum.shares for _ in range(count)]
    eligible = {key: of & _eligible(key, people, roles) for key, _count in quorum.shares}
    return tuple(dict.fromkeys(slots[index] for index in unfilled(slots, eligible)))


def unfilled(slots: Sequence[str], eligible: Mapping[str, AbstractSet[Someone]]) -> tuple[int, ...]:
    """The slots left over when as many as possible have a person of their own, who is eligible for that slot's key."""
    taken: dict[Someone, int] = {}
    return tuple(index for index in range(len(slots)) if not _fill(index, slots, eligible, taken, set()))


def in_words(quorum: Quorum) -> str:
    """As people read it: one approval, everybody who is asked, one of Security Manager and two of the group SRE."""
    match quorum:
        case PerGroup(shares):
            return " and ".join(f"{count} of {asked_title(key)}" for key, count in shares)
        case "all":
            return "everybody asked"
        case 1:
            return "one of those asked"
        case _:
            return f"{quorum} of those asked"


def from_json(value: int | str | Mapping[str, int]) -> Quorum:
    """The quorum that was stored."""
    if isinstance(value, Mapping):
        return PerGroup(tuple(value.items()))
    return "all" if isinstance(value, str) else value


def _eligible(key: str, people: PeopleByRole, roles: tuple[str, ...]) -> frozenset[UserId]:
    above = set(roles_above(key))
    held = (people.get(role, frozenset()) for role in roles if role in above)
    return people.get(key, frozenset()).union(*held)


def _fill(
    slot: int,
    slots: Sequence[str],
    eligible: Mapping[str, AbstractSet[Someone]],
    taken: dict[Someone, int],
    tried: set[Someone],
) -> bool:
    """Whether somebody is found for the slot, moving others to slots that they can fill as well (Kuhn's algorithm)."""
    for person in sorted(eligible[slots[slot]] - tried):
        tried.add(person)
        if person not in taken or _fill(taken[person], slots, eligible, taken, tried):
            taken[person] = slot
            return True
    return False
