"""When a change may be done: its windows, the freezes, and what else is done then (G6). Pure.

The answer to "not then" is always whole: everything that is in the way, and the first time that would be accepted.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from core.approvals.risk import RiskLevel
from core.calendars import WEEKDAYS
from core.changes.policy import ChangePolicy, Freeze, Window
from core.dependencies import shared
from core.zones import zone_of

SEARCH: Final = timedelta(days=92)  # how far ahead another time is looked for
LONGEST: Final = timedelta(days=14)
SHORTEST: Final = timedelta(minutes=1)
_A_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From an instant until another, which does not belong to it; both aware."""

    starts_at: datetime
    ends_at: datetime

    def overlaps(self, other: Span) -> bool:
        """Whether there is an instant in both."""
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at

    def contains(self, other: Span) -> bool:
        """Whether all of the other lies in it."""
        return self.starts_at <= other.starts_at and other.ends_at <= self.ends_at

    @property
    def length(self) -> timedelta:
        """How long it is."""
        return self.ends_at - self.starts_at


@dataclass(frozen=True, slots=True)
class Planned:
    """A change as the timetable sees it."""

    id: UUID
    reference: str
    type: str
    risk: RiskLevel
    resources: tuple[str, ...]
    reach: tuple[str, ...]
    span: Span
    is_open_ended: bool = False  # it is at work and has no time, or beyond it: nobody knows until when


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What is in the way: a freeze, being outside every window, or another change."""

    kind: str  # freeze | window | collision
    name: str  # of the freeze; of the windows; the other change's reference
    span: Span | None  # when it is in the way; None for windows, and for a change at work of which nobody knows the end
    shared: tuple[str, ...] = ()  # what the other change and this one both touch

    def sentence(self, zone: str) -> str:
        """As people read it."""
        when = f" ({told(self.span, zone)})" if self.span else ""
        if self.kind == "freeze":
            return f"The freeze '{self.name}'{when} covers it."
        if self.kind == "window":
            return f"It lies outside its maintenance windows: {self.name}."
        if self.span is None:
            return f"{self.name} is still at work and touches {', '.join(self.shared)}."
        return f"{self.name}{when} touches {', '.join(self.shared)} at that time."


def obstacles(
    policy: ChangePolicy, change: Planned, others: Iterable[Planned], *, time_zone: str
) -> tuple[Obstacle, ...]:
    """Everything that is in the way of the change at its time; nothing if it may be done then."""
    return (
        *_frozen(policy, change, time_zone),
        *_outside(policy, change, time_zone),
        *collisions(change, others),
    )


def collisions(change: Planned, others: Iterable[Planned]) -> tuple[Obstacle, ...]:
    """The other changes at the same time that touch what it touches, or what feels it, the first one first."""
    found: list[tuple[datetime, Obstacle]] = []
    for other in others:
        common = shared(change.resources, change.reach, other.resources, other.reach)
        if other.id != change.id and common and other.span.overlaps(change.span):
            span = None if other.is_open_ended else other.span
            obstacle = Obstacle("collision", other.reference, span, tuple(common))
            found.append((other.span.starts_at, obstacle))
    return tuple(obstacle for _at, obstacle in sorted(found, key=lambda each: (each[0], each[1].name)))


def first_accepted(
    policy: ChangePolicy, change: Planned, others: Sequence[Planned], *, not_before: datetime, time_zone: str
) -> Span | None:
    """The first time from then on at which nothing is in the way; None if there is none within SEARCH.

    It begins where something ends or a window opens: between these nothing changes.
    """
    length = change.span.length
    begins = {max(not_before, change.span.starts_at), not_before}
    begins |= {freeze_span(freeze, time_zone).ends_at for freeze in policy.freezes}
    begins |= {other.span.ends_at for other in others}
    horizon = Span(not_before, not_before + SEARCH)
    for window in _windows(policy, change):
        begins |= {max(each.starts_at, not_before) for each in occurrences(window, horizon, time_zone)}
    for starts_at in sorted(each for each in begins if not_before <= each < horizon.ends_at):
        there = _moved(change, Span(starts_at, starts_at + length))
        if not obstacles(policy, there, others, time_zone=time_zone):
            return there.span
    return None


def occurrences(window: Window, within: Span, time_zone: str) -> Iterator[Span]:
    """Each time that the window is open and that touches the span, in order."""
    zone = zone_of(window.zone or time_zone)
    day = within.starts_at.astimezone(zone).date() - _A_DAY
    last = within.ends_at.astimezone(zone).date()
    while day <= last:
        if WEEKDAYS[day.weekday()] in window.days:
            ends_on = day if window.starts < window.ends else day + _A_DAY
            opens = datetime.combine(day, window.starts, zone).astimezone(UTC)
            closes = datetime.combine(ends_on, window.ends, zone).astimezone(UTC)
            span = Span(opens, closes)
            if opens < closes and span.overlaps(within):
                yield span
        day += _A_DAY


def freeze_span(freeze: Freeze, time_zone: str) -> Span:
    """When nothing may be changed."""
    zone = zone_of(freeze.zone or time_zone)
    begins, ends = (each.replace(tzinfo=zone).astimezone(UTC) for each in (freeze.begins, freeze.ends))
    return Span(begins, ends)


def told(span: Span, zone: str) -> str:
    """The span as people there read it: Thu 5 Mar 22:00 to 23:30 Europe/Zurich."""
    starts, ends = (each.astimezone(zone_of(zone)) for each in (span.starts_at, span.ends_at))
    year = f" {ends:%Y}" if ends.year != starts.year else ""
    until = f"{ends:%H:%M}" if ends.date() == starts.date() else f"{ends:%a} {ends.day} {ends:%b}{year} {ends:%H:%M}"
    return f"{starts:%a} {starts.day} {starts:%b %Y} {starts:%H:%M} to {until} {zone}"


def told_at(at: datetime, zone: str) -> str:
    """The instant as people there read it: Thu 5 Mar 2026 22:00 Europe/Zurich."""
    there = at.astimezone(zone_of(zone))
    return f"{there:%a} {there.day} {there:%b %Y} {there:%H:%M} {zone}"


def _windows(policy: ChangePolicy, change: Planned) -> list[Window]:
    return [window for window in policy.windows if window.scope.covers(change.type, change.risk)]


def _frozen(policy: ChangePolicy, change: Planned, time_zone: str) -> Iterator[Obstacle]:
    for freeze in policy.freezes:
        span = freeze_span(freeze, time_zone)
        is_about = freeze.scope.covers(change.type, change.risk) and change.type not in freeze.allows
        if is_about and span.overlaps(change.span):
            yield Obstacle("freeze", freeze.name, span)


def _outside(policy: ChangePolicy, change: Planned, time_zone: str) -> Iterator[Obstacle]:
    """Nothing if no window is about it: then any time will do."""
    windows = _windows(policy, change)
    spans = (span for window in windows for span in occurrences(window, change.span, time_zone))
    if windows and not any(span.contains(change.span) for span in spans):
        yield Obstacle("window", "; ".join(_in_words(window) for window in windows), None)


def _in_words(window: Window) -> str:
    days = "daily" if len(window.days) == len(WEEKDAYS) else ", ".join(day for day in WEEKDAYS if day in window.days)
    return f"{window.name} ({days} {window.starts:%H:%M}-{window.ends:%H:%M})"


def _moved(change: Planned, span: Span) -> Planned:
    return replace(change, span=span)
