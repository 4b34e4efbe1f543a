"""Pure: up to which position the trail is complete, although transactions commit in another order than they write.

A position is taken when a record is written, and seen when its transaction commits: a later one may be seen first. So
what was seen at one look is aimed at, and at the next look it is noted which transactions could still run that had
written before it. Once all of these have ended, everything up to the aim is there, for good.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mark:
    """How far the trail was handed on, what is aimed at, and which transactions are waited for."""

    position: int
    seen: int | None = None
    horizon: int | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """One look: the newest position, the oldest transaction that runs, and the next to come, by PostgreSQL's count."""

    newest: int
    oldest_running: int
    next_transaction: int


def after_look(mark: Mark, sight: Sight) -> tuple[Mark, int | None]:
    """The mark as it is now, and up to where everything is there, if that is further than it was."""
    if mark.seen is None:
        return (Mark(mark.position, sight.newest) if sight.newest > mark.position else mark), None
    if mark.horizon is None:
        return Mark(mark.position, mark.seen, sight.next_transaction), None
    if sight.oldest_running < mark.horizon:
        return mark, None
    return Mark(mark.seen), mark.seen
