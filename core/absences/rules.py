"""Which absences a calendar's windows mean, beside those that are known. Pure.

An absence is a window of time, not an event: what overlaps or touches is one absence, whatever it is made of.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.access import PersonView
from core.ids import UserId

LOOK_AHEAD: Final = timedelta(days=60)
ABSENCES_MAX: Final = 100  # of one person at a time; a calendar with more of them in sixty days is no calendar
POLL_JITTER: Final = 0.1  # of the period, so that feeds do not come in step
BACK_OFF_MAX: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True, order=True)
class Window:
    """From `starts_at` until just before `ends_at`, aware UTC."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class Known:
    """An absence that is in force or planned."""

    id: UUID
    window: Window


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What is to be done so that what is known is what the calendar says."""

    begun: tuple[Window, ...] = ()
    moved: tuple[Known, ...] = ()  # each with its new window
    ended: tuple[Known, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.begun or self.moved or self.ended)


def merged(windows: Iterable[Window]) -> tuple[Window, ...]:
    """The same time in as few windows as possible, in order."""
    found: list[Window] = []
    for window in sorted(windows):
        if window.starts_at >= window.ends_at:
            continue
        if found and window.starts_at <= found[-1].ends_at:
            found[-1] = Window(found[-1].starts_at, max(found[-1].ends_at, window.ends_at))
        else:
            found.append(window)
    return tuple(found)


def reconcile(known: Sequence[Known], found: Iterable[Window], *, now: datetime) -> Reconciled:
    """How the known absences become the found windows; those over by `now` are nobody's concern.

    An absence that overlaps a window of the calendar is the same one, moved. One that has begun keeps its beginning:
    the past of a calendar is not read, so two events that once touched may look like one later.
    """
    wanted = [window for window in merged(found) if window.ends_at > now][:ABSENCES_MAX]
    moved: list[Known] = []
    ended: list[Known] = []
    for each in sorted(known, key=_start):
        match = next((window for window in wanted if _overlap(window, each.window)), None)
        if match is None:
            ended.append(each)
            continue
        wanted.remove(match)
        new = Window(_begin(match.starts_at, each.window.starts_at, now), match.ends_at)
        if new != each.window:
            moved.append(Known(each.id, new))
    return Reconciled(tuple(wanted), tuple(moved), tuple(ended))


def next_poll(now: datetime, every: timedelta, *, failures: int, chance: float) -> datetime:
    """When the feed is read again: after the period, or longer the more often in a row it failed. `chance`: [0, 1)."""
    wait = min(every * 2.0 ** min(failures, 16), max(BACK_OFF_MAX, every))
    return now + wait * (1 + POLL_JITTER * (2 * chance - 1))


def _start(known: Known) -> Window:
    return known.window


def _overlap(one: Window, other: Window) -> bool:
    return one.starts_at < other.ends_at and other.starts_at < one.ends_at


def _begin(found: datetime, known: datetime, now: datetime) -> datetime:
    return known if found <= now and known <= now else found


def fallback_of(person: UserId, people: Mapping[UserId, PersonView], *, away: Container[UserId]) -> UserId | None:
    """Who stands in for somebody who has named nobody: their fallback, else the nearest manager who has not left.

    Of these the first who is here; if all are away the first, whose own stand-ins decide then. None: nobody.
    """
    candidates = tuple(dict.fromkeys(_candidates(person, people)))
    return next((each for each in candidates if each not in away), next(iter(candidates), None))


def _candidates(person: UserId, people: Mapping[UserId, PersonView]) -> Iterator[UserId]:
    at: PersonView | None = people.get(person)
    fallback = people.get(at.fallback) if at is not None and at.fallback is not None else None
    if fallback is not None and fallback.active and fallback.id != person:
        yield fallback.id
    seen = {person}
    while at is not None and at.manager is not None and at.manager not in seen:
        seen.add(at.manager)
        at = people.get(at.manager)
        if at is not None and at.active:
            yield at.id
