"""What an action has changed: the figures before it was done against those after. Pure (S6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

OPERATIONS_LEAST: Final = 100  # on either side, before anything is said
NOTICEABLE: Final = 0.1  # of the figure before: a smaller difference is none
Figures = Mapping[str, float | int | None]
LOWER_IS_BETTER: Final = ("error_rate", "response_time_p95")


class Verdict(StrEnum):
    """What came of it."""

    TOO_EARLY = "too_early"
    BETTER = "better"
    WORSE = "worse"
    MIXED = "mixed"
    SAME = "same"


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure before and after; `relative` to before, below 0 where it has fallen."""

    figure: str
    before: float
    after: float
    relative: float | None


@dataclass(frozen=True, slots=True)
class Effect:
    """What an action has changed."""

    verdict: Verdict
    differences: tuple[Difference, ...]


def effect(before: Figures, after: Figures) -> Effect:
    """The effect; too early to say with few operations on either side."""
    if min(before.get("operations") or 0, after.get("operations") or 0) < OPERATIONS_LEAST:
        return Effect(Verdict.TOO_EARLY, ())
    found = tuple(
        Difference(figure, one, other, (other - one) / one if one else None)
        for figure in (*LOWER_IS_BETTER, "unavailability")
        if (one := _figure(before, figure)) is not None and (other := _figure(after, figure)) is not None
    )
    moves = {_move(each) for each in found}
    if {-1, 1} <= moves:
        return Effect(Verdict.MIXED, found)
    return Effect(Verdict.BETTER if -1 in moves else Verdict.WORSE if 1 in moves else Verdict.SAME, found)


def _figure(figures: Figures, name: str) -> float | None:
    if name != "unavailability":
        value = figures.get(name)
        return None if value is None else float(value)
    available = figures.get("availability")
    return None if available is None else 1 - float(available)


def _move(difference: Difference) -> int:
    """-1: noticeably lower, which is better; 1: higher."""
    if difference.relative is None:
        return 1 if difference.after > 0 else 0
    return 0 if abs(difference.relative) < NOTICEABLE else (1 if difference.relative > 0 else -1)
