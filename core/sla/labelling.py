"""Labels of samples: what is taken, and how often each value failed, minute by minute. Pure (S2, S5).

A label that has another value for every sample would cost more than the samples, and says nothing about failures. So a
service's minute keeps LABELS_KEPT labels of VALUES_KEPT values each; what comes beyond that counts as OTHER, or not at
all if it is another label.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.errors import InvalidInput
from core.sla.sample_store import Sample
from core.sla.series import instant_of, minute_of

LABELS_MAX: Final = 8  # of one sample
NAME_MAX: Final = 40  # characters
VALUE_MAX: Final = 80
LABELS_KEPT: Final = 16  # of one service in one minute
VALUES_KEPT: Final = 50  # of each of them, in one minute
OTHER: Final = "(other)"
NAME_ACCEPTED: Final = (f"1 to {NAME_MAX} letters, digits, _, . and -, the first a letter or _",)
VALUE_ACCEPTED: Final = (f"1 to {VALUE_MAX} printable characters",)
_NAME: Final = re.compile(rf"[A-Za-z_][A-Za-z0-9_.-]{{0,{NAME_MAX - 1}}}")

Labels = tuple[tuple[str, str], ...]  # sorted by name
Tally = tuple[int, int]  # how many samples, and how many of them failed
Tallies = dict[str, dict[str, Tally]]  # by label and value
Labelled = dict[tuple[str, datetime], Tallies]  # by service and minute


@dataclass(frozen=True, slots=True)
class LabelCount:
    """How often a value of a label was among a service's samples, beside how often the label was at all."""

    label: str
    value: str
    total: int
    failed: int
    label_total: int
    label_failed: int


def is_name(text: str) -> bool:
    """Whether a label may be named so."""
    return _NAME.fullmatch(text) is not None


def check_labels(given: Mapping[str, str]) -> Labels:
    """The labels as they are kept. Raises InvalidInput naming the label."""
    if len(given) > LABELS_MAX:
        raise InvalidInput(
            f"A sample has at most {LABELS_MAX} labels; here are {len(given)}.",
            where="labels",
            accepted=(f"0 to {LABELS_MAX} labels",),
        )
    for name, value in given.items():
        if not is_name(name):
            raise InvalidInput(f"'{name[:NAME_MAX]}' is no label's name.", where="labels", accepted=NAME_ACCEPTED)
        if not value.isprintable() or not 1 <= len(value.strip()) <= VALUE_MAX:
            raise InvalidInput(
                f"A label's value has 1 to {VALUE_MAX} characters, none of them a line break or a control character.",
                where=f"labels/{name}",
                accepted=VALUE_ACCEPTED,
            )
    return tuple(sorted((name, value.strip()) for name, value in given.items()))


def tallied(samples: Iterable[Sample], known: Mapping[tuple[str, datetime], Tallies] | None = None) -> Labelled:
    """The minutes that these samples lie in, with their labels counted on top of what is known of those minutes."""
    found: Labelled = {}
    for each in samples:
        if not each.labels:
            continue
        key = each.service, minute_start(each.at)
        if key not in found:
            before = (known or {}).get(key, {})
            found[key] = {label: dict(values) for label, values in before.items()}
        for label, value in each.labels:
            _count(found[key], label, value, is_failed=not each.success)
    return found


def counts_of(tallies: Tallies) -> tuple[LabelCount, ...]:
    """Every value of every label, beside its label."""
    return tuple(
        LabelCount(label, value, total, failed, sum(all_totals), sum(all_failed))
        for label, values in tallies.items()
        for all_totals, all_failed in [zip(*values.values(), strict=True)]
        for value, (total, failed) in values.items()
    )


def minute_start(at: datetime) -> datetime:
    """When the minute of the instant begins."""
    return instant_of(minute_of(at))


def _count(tallies: Tallies, label: str, value: str, *, is_failed: bool) -> None:
    values = tallies.get(label)
    if values is None:
        if len(tallies) >= LABELS_KEPT:
            return
        values = tallies[label] = {}
    if value not in values and len(values) - (OTHER in values) >= VALUES_KEPT:
        value = OTHER
    total, failed = values.get(value, (0, 0))
    values[value] = total + 1, failed + is_failed
