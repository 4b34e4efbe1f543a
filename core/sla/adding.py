"""What samples add to the slices that they lie in. Pure (S2)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from core.sla.sample_store import HOUR, MINUTE, Sample, SliceKey
from core.sla.series import NO_SHARES, PER_HOUR, Slice, minute_of, share_of, with_shares
from core.sla.sketch import Sketch, add, bucket, packed, unpacked

_NOTHING: Final = Slice(0, 0)


@dataclass(slots=True)
class Added:
    """What is to be added to one minute."""

    total: int = 0
    failed: int = 0
    sketch: Sketch = field(default_factory=dict)


Additions = dict[tuple[str, int], Added]  # by service and minute


def additions(samples: Iterable[Sample]) -> Additions:
    """The samples, minute by minute."""
    found: Additions = {}
    for each in samples:
        key = each.service, minute_of(each.at)
        added = found.get(key)
        if added is None:
            added = found[key] = Added()
        added.total += 1
        added.failed += not each.success
        index = bucket(each.response_time)
        added.sketch[index] = added.sketch.get(index, 0) + 1
    return found


def touched(found: Additions) -> list[SliceKey]:
    """The slices that change: minutes and their hours."""
    hours = {(HOUR, service, minute - minute % PER_HOUR) for service, minute in found}
    return [*((MINUTE, service, minute) for service, minute in found), *sorted(hours)]


def merged(found: Additions, known: Mapping[SliceKey, Slice]) -> dict[SliceKey, Slice]:
    """The slices as they are with the additions."""
    result: dict[SliceKey, Slice] = {}
    by_hour: dict[SliceKey, list[tuple[int, Added]]] = {}
    for (service, minute), added in found.items():
        key = MINUTE, service, minute
        result[key] = _sum(known.get(key, _NOTHING), [added])
        by_hour.setdefault((HOUR, service, minute - minute % PER_HOUR), []).append((minute, added))
    for key, minutes in by_hour.items():
        before = known.get(key, _NOTHING)
        shares = {}
        for minute, _added in minutes:
            now = result[MINUTE, key[1], minute]
            shares[minute % PER_HOUR] = share_of(now.total, now.failed)
        whole = _sum(before, [added for _minute, added in minutes])
        result[key] = Slice(whole.total, whole.failed, whole.sketch, with_shares(before.shares, shares))
    return result


def _sum(before: Slice, added: list[Added]) -> Slice:
    sketch = unpacked(before.sketch)
    for each in added:
        add(sketch, each.sketch)
    return Slice(
        before.total + sum(each.total for each in added),
        before.failed + sum(each.failed for each in added),
        packed(sketch),
        NO_SHARES if before is _NOTHING else before.shares,
    )
