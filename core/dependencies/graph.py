"""What feels a change of something, how far away, and through what (G4). Pure.

An edge says that one resource needs another. A change of something is felt by whatever needs it, by whatever needs
that, and so on: circles are harmless.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Felt:
    """Something that feels a change: so many steps away, through `via` (empty: it is touched itself)."""

    resource: str
    distance: int
    via: str


def blast_radius(touched: Iterable[str], needs: Mapping[str, Iterable[str]]) -> tuple[Felt, ...]:
    """Everything that feels a change of what is touched, the nearest first; each by a shortest way.

    `needs` maps a resource to those that it needs.
    """
    needed_by: dict[str, set[str]] = {}
    for resource, others in needs.items():
        for other in others:
            needed_by.setdefault(other, set()).add(resource)
    found = {each: Felt(each, 0, "") for each in touched}
    waiting = deque(sorted(found))
    while waiting:
        here = found[waiting.popleft()]
        for other in sorted(needed_by.get(here.resource, ())):
            if other not in found:
                found[other] = Felt(other, here.distance + 1, here.resource)
                waiting.append(other)
    return tuple(sorted(found.values(), key=lambda each: (each.distance, each.resource)))


def paths_in(radius: Iterable[Felt]) -> tuple[tuple[str, ...], ...]:
    """How the change gets to each of the radius, in its order: from what is touched on."""
    found: dict[str, tuple[str, ...]] = {}
    for each in radius:  # the nearest first, so whatever leads there is known
        found[each.resource] = (*found.get(each.via, ()), each.resource)
    return tuple(found.values())


def path_to(felt: Felt, radius: Iterable[Felt]) -> tuple[str, ...]:
    """How the change gets there, from what is touched on."""
    known = {each.resource: each for each in radius}
    way = [felt]
    while way[-1].via:
        way.append(known[way[-1].via])
    return tuple(each.resource for each in reversed(way))


def merged(*maps: Mapping[str, Iterable[str]]) -> dict[str, set[str]]:
    """All that any of them says."""
    found: dict[str, set[str]] = {}
    for each in maps:
        for resource, others in each.items():
            found.setdefault(resource, set()).update(others)
    return found
