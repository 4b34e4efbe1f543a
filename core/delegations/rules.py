"""What a new delegation may not do. Pure.

At any instant and for any decision a person has at most one stand-in, so a chain is a line, and no line ends where it
began. An administrator who sets one for somebody else cannot be who decides at its end (R7).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from typing import Final

from core.delegations.chains import Delegation
from core.delegations.errors import DelegationLoop, DelegationOverlap, InvalidDelegation, SelfAppointed
from core.ids import UserId

DURATION_MAX: Final = timedelta(days=366)
REASON_MAX: Final = 500  # characters
NAMES_MAX: Final = 50  # actions or stages of one delegation
Path = tuple[UserId, ...]


def check_new(
    new: Delegation, known: Iterable[Delegation], names: Mapping[UserId, str], *, set_by: UserId | None
) -> None:
    """Returns if `new` may stand beside the known ones; `set_by` is an administrator who sets it for somebody else.

    Raises InvalidDelegation, DelegationOverlap, DelegationLoop (with the chain by name) or SelfAppointed.
    """
    if new.absent == new.stand_in:
        raise InvalidDelegation("Nobody stands in for themselves.", where="to", next_step="Name somebody else.")
    if new.ends_at - new.starts_at > DURATION_MAX:
        raise InvalidDelegation(f"A delegation lasts at most {DURATION_MAX.days} days.", where="ends")
    others = tuple(known)
    if (other := overlapping(new, others)) is not None:
        raise DelegationOverlap(
            f"{names[other.stand_in]} decides for {names[other.absent]} already from {other.starts_at:%Y-%m-%d %H:%M} "
            f"to {other.ends_at:%Y-%m-%d %H:%M} UTC.",
            where="starts",
            next_step="End that one first, or choose other dates.",
        )
    for path in paths(new, others):
        if path[-1] == new.absent:
            raise DelegationLoop(
                f"That would go round in a circle: {' → '.join(names[person] for person in path)}.",
                where="to",
                next_step="Name somebody who is here.",
            )
        if path[-1] == set_by:
            raise SelfAppointed(where="to", next_step="Name somebody else, or let another administrator do it.")


def overlapping(new: Delegation, known: Iterable[Delegation]) -> Delegation | None:
    """One of the same person that is about the same decisions at the same time, if there is one."""
    return next((each for each in known if each.absent == new.absent and _shared(new, each) is not None), None)


def paths(new: Delegation, known: Iterable[Delegation]) -> Iterator[Path]:
    """Every chain that begins with `new` and exists at some instant for some decision, each from the absent person on.

    A chain that closes is the last of its line.
    """
    by_absent: dict[UserId, list[Delegation]] = defaultdict(list)
    for each in known:
        by_absent[each.absent].append(each)
    pending: list[tuple[Delegation, Path]] = [(new, (new.absent, new.stand_in))]
    while pending:
        reached, path = pending.pop()
        yield path
        if path[-1] in path[:-1]:
            continue
        pending.extend(
            (narrowed, (*path, each.stand_in))
            for each in by_absent[path[-1]]
            if (narrowed := _shared(reached, each)) is not None
        )


def _shared(one: Delegation, other: Delegation) -> Delegation | None:
    """`one`, narrowed to the time and the decisions that both have; None if they have none in common."""
    since, until = max(one.starts_at, other.starts_at), min(one.ends_at, other.ends_at)
    coverage = one.coverage.common(other.coverage)
    if since >= until or coverage is None:
        return None
    return Delegation(one.id, one.absent, one.stand_in, since, until, coverage)
