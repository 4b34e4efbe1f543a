"""How often labels have a value among what failed, and how often otherwise. Pure (S5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from core.incidents import AlertView
from core.sla import LabelCount
from core.suspects.evidence import Share, ShareOf


def shares_of_alerts(alerts: Sequence[AlertView], usual: Sequence[AlertView]) -> Iterator[Share]:
    """What labels an incident's alerts have in common, beside what alerts usually have."""
    here, there = _counted(alerts), _counted(usual)
    all_here, all_there = _totals(here), _totals(there)
    for (label, value), count in here.items():
        yield Share(label, value, count, all_here[label], there[label, value], all_there[label])


def shares_of_samples(counts: Iterable[LabelCount]) -> Iterator[Share]:
    """What labels the failed samples have, beside what the good ones of the same time have.

    Where none was good there is nothing to compare with.
    """
    for each in counts:
        good_with_label = each.label_total - each.label_failed
        if good_with_label:
            good = each.total - each.failed
            yield Share(
                each.label, each.value, each.failed, each.label_failed, good, good_with_label, of=ShareOf.SAMPLES
            )


def _counted(alerts: Iterable[AlertView]) -> Counter[tuple[str, str]]:
    return Counter((label, value) for each in alerts for label, value in each.labels.items())


def _totals(counted: Mapping[tuple[str, str], int]) -> Counter[str]:
    totals: Counter[str] = Counter()
    for (label, _value), count in counted.items():
        totals[label] += count
    return totals
