"""What came of a recommendation: the subject's daily cost before and after, against what else went on. Pure (C6).

The saving is the mean of four weeks before less the mean of the days after, by the month. What all other agents did
over the same days is taken out first (difference in differences): if everything became 10 % cheaper, that is nobody's
merit. It is called sure where the difference is more than twice its standard error (Welch), which daily figures seldom
are before a fortnight.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance
from typing import Final

BEFORE_DAYS: Final = 28
AFTER_DAYS: Final = 28
LEAST: Final = 7  # days after, fewer measure a weekend
MONTH: Final = 365 / 12  # days
CONTROL_BOUNDS: Final = (0.5, 2.0)  # what others did counts within these: beyond, they are no comparison
SURE: Final = 2.0  # standard errors


@dataclass(frozen=True, slots=True)
class Effect:
    """What was measured. Costs are means by the day; `saving` is by the month, below 0 where it became dearer."""

    days: int  # after
    before: float
    after: float
    control: float  # the others' cost after over before
    saving: float
    is_sure: bool


def effect_of(
    before: Sequence[float], after: Sequence[float], *, others_before: float, others_after: float
) -> Effect | None:
    """The effect; None while there are too few days. `others_…` are the other agents' means by the day."""
    after = after[:AFTER_DAYS]
    if len(after) < LEAST or len(before) < LEAST:
        return None
    low, high = CONTROL_BOUNDS
    control = min(high, max(low, others_after / others_before)) if others_before > 0 and others_after > 0 else 1.0
    was = [cost * control for cost in before]
    difference = fmean(was) - fmean(after)
    error = math.sqrt(variance(was) / len(was) + variance(after) / len(after))
    return Effect(
        days=len(after),
        before=fmean(before),
        after=fmean(after),
        control=control,
        saving=difference * MONTH,
        is_sure=abs(difference) > SURE * error,
    )
