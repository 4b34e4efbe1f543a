"""A mergeable picture of many response times: a histogram with logarithmic buckets. Pure (S2).

Bucket i holds what lies in (GAMMA^(i-1), GAMMA^i]; its value is answered as 2 GAMMA^i / (GAMMA + 1), which is at most
(GAMMA - 1) / (GAMMA + 1) = 0.99 % away from any of them. Sketches add up exactly, in any order, and so do not care how
late a sample comes (Masson et al., DDSketch, VLDB 2019).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Mapping
from typing import Final

GAMMA: Final = 1.02
ERROR: Final = (GAMMA - 1) / (GAMMA + 1)  # relative, of any percentile
LEAST_S: Final = 1e-6  # what is shorter counts as this
MOST_S: Final = 86_400.0  # nothing longer is taken
_LOG: Final = math.log(GAMMA)
_PAIR: Final = struct.Struct("<hI")
_LOWEST: Final = math.ceil(math.log(LEAST_S) / _LOG)

Sketch = dict[int, int]  # bucket -> how many


def bucket(seconds: float) -> int:
    """The bucket that a response time falls into."""
    return math.ceil(math.log(seconds) / _LOG) if seconds > LEAST_S else _LOWEST


def sketch_of(values: Iterable[float]) -> Sketch:
    """The sketch of these response times, in seconds."""
    found: Sketch = {}
    for value in values:
        index = bucket(value)
        found[index] = found.get(index, 0) + 1
    return found


def add(into: Sketch, other: Mapping[int, int]) -> None:
    """The one holds the other too."""
    for index, count in other.items():
        into[index] = into.get(index, 0) + count


def packed(sketch: Mapping[int, int]) -> bytes:
    """As stored; `unpacked` reads it back."""
    return b"".join(_PAIR.pack(index, count) for index, count in sorted(sketch.items()))


def unpacked(stored: bytes) -> Sketch:
    """What was stored."""
    return dict(_PAIR.iter_unpack(stored))


def percentile(sketch: Mapping[int, int], share: float) -> float | None:
    """The value below which this share lies, between ranks as `percentile_cont` does; None if there is nothing."""
    total = sum(sketch.values())
    if not total:
        return None
    rank = share * (total - 1)
    low = math.floor(rank)
    first, second = _at_ranks(sketch, low, min(low + 1, total - 1))
    return first + (second - first) * (rank - low)


def above(stored: bytes, limit: float) -> int:
    """How many of what was stored are longer than the limit: exact but for those within 2 % of it."""
    last = bucket(limit)
    return sum(count for index, count in _PAIR.iter_unpack(stored) if index > last)


def _at_ranks(sketch: Mapping[int, int], first: int, second: int) -> tuple[float, float]:
    """The values at two ranks, counted from 0, the second not before the first."""
    found: list[float] = []
    seen = 0
    for index in sorted(sketch):
        seen += sketch[index]
        while len(found) < 2 and (first, second)[len(found)] < seen:
            found.append(_value(index))
        if len(found) == 2:
            break
    return found[0], found[1]


def _value(index: int) -> float:
    return 2 * GAMMA**index / (GAMMA + 1)
