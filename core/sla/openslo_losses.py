"""What an SLO says that an objective of ours cannot, or not in so many words: each is told of (S1). Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from core.sla.objective import Metric
from core.sla.windows import Window, calendar_span

SLICE: Final = "1m"  # as long as a slice of ours is
_READ: Final = frozenset(
    {"displayName", "target", "targetPercent", "op", "value", "timeSliceTarget", "timeSliceWindow"}
)
_STARTS: Final = {"day": "at midnight", "week": "on Mondays at midnight"}


def losses(
    spec: Mapping[str, object], notes: Mapping[str, str], metrics: Sequence[Metric], window: Window
) -> Iterator[str]:
    """A sentence for each. `notes` are annotations of ours, `metrics` what its objectives were read as."""
    method = str(spec.get("budgetingMethod", ""))
    if method == "Timeslices" and "metric" not in notes:
        yield (
            "budgetingMethod Timeslices: slices are not good or bad; availability is the mean of their shares."
            if Metric.AVAILABILITY in metrics
            else "budgetingMethod Timeslices: operations are counted, and not slices of time."
        )
    entries = spec.get("objectives")
    for entry, metric in zip(entries if isinstance(entries, list) else (), metrics, strict=False):
        yield from _of_entry(entry, notes, metric)
    yield from _of_window(spec.get("timeWindow"), window)
    for policy in _list(spec.get("alertPolicies")):
        if isinstance(policy, dict) and "alertPolicyRef" not in policy:
            yield "alertPolicies: Countersign alerts by its own policy."


def _of_entry(entry: Mapping[str, object], notes: Mapping[str, str], metric: Metric) -> Iterator[str]:
    if "timeSliceTarget" in entry:
        yield f"timeSliceTarget {entry['timeSliceTarget']}: a slice counts by its share, and is not good or bad."
    if "timeSliceWindow" in entry and str(entry["timeSliceWindow"]) not in (SLICE, "1"):
        yield f"timeSliceWindow {entry['timeSliceWindow']}: slices are minutes."
    is_threshold = metric in (Metric.RESPONSE_TIME, Metric.THROUGHPUT)
    if metric is Metric.THROUGHPUT and notes.get("metric") != Metric.THROUGHPUT:
        target = entry.get("target", entry.get("targetPercent"))
        yield f"op {entry.get('op')}: read as a throughput in operations per minute, which has no target ({target})."
    if metric is Metric.RESPONSE_TIME and "metric" not in notes:
        yield f"value {entry.get('value')}: read as seconds of response time."
    if not is_threshold:
        for key in ("op", "value"):
            if key in entry:
                yield f"{key} {entry[key]}: a ratio is held against its target alone."
    for key in entry:
        if key not in _READ:
            yield f"{key}: there is one objective for each of its promises, and it is measured by samples."


def _of_window(value: object, window: Window) -> Iterator[str]:
    given = _list(value)
    fields = given[0] if given and isinstance(given[0], dict) else {}
    calendar = fields.get("calendar")
    if not isinstance(calendar, dict):
        if fields.get("isRolling") is False:
            yield "isRolling false: without a calendar a window is rolling."
        return
    if fields.get("isRolling") is True:
        yield "isRolling true: a window with a calendar is a period of it."
    starts = start_of(calendar.get("startTime"))
    if starts is not None and window.unit is not None and calendar_span(window.unit, "UTC", starts).start != starts:
        when = _STARTS.get(window.unit, f"on the first day of the {window.unit} at midnight")
        yield f"calendar.startTime {calendar['startTime']}: it begins {when}."


def start_of(value: object) -> datetime | None:
    """The time that is written, of no zone, as if in UTC; None for what is none."""
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=UTC)
    except ValueError:
        return None


def _list(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else ()
