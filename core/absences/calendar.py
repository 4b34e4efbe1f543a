"""From an iCalendar feed (RFC 5545) to the windows in which its person is away. Pure.

What counts as an absence, of events that are not cancelled:
- X-MICROSOFT-CDO-BUSYSTATUS (or INTENDEDSTATUS) is OOF: Outlook's "Show as: Out of office"
- else: it takes time (TRANSP is not TRANSPARENT, Outlook does not show it as free), and its title begins with one of
  the words, alone or before a punctuation mark: "Vacation – Italy" counts, "Vacation planning" does not.

All-day and floating times are those of the place where the person lives.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any, Final

import recurring_ical_events
from icalendar import Calendar, vDDDTypes

from core.absences.errors import UnreadableCalendar
from core.absences.rules import Window, merged
from core.zones import zone_of

WORDS: Final = (
    "out of office",
    "ooo",
    "oof",
    "away",  # what Outlook publishes where it shares availability alone
    "vacation",
    "holiday",
    "holidays",
    "on holiday",
    "annual leave",
    "on leave",
    "parental leave",
    "sick leave",
    "sick",
    "pto",
    "abwesend",
    "urlaub",
    "krank",
    "congé",
    "congés",
    "absent",
    "absente",
    "vacaciones",
    "fuera de la oficina",
)
EVENTS_MAX: Final = 500  # that may be absences
RECURRING_MAX: Final = 50  # of them; unfolding a daily one since 1970 takes a fifth of a second
_EVENT: Final = re.compile(rb"^BEGIN:VEVENT\r?$.*?^END:VEVENT\r?$\n?", re.MULTILINE | re.DOTALL | re.IGNORECASE)
_UID: Final = re.compile(rb"^UID[;:][^\r\n]*", re.MULTILINE | re.IGNORECASE)
_TITLE: Final = re.compile(  # a parameter in quotes may hold a colon
    rb'^SUMMARY(?:;(?:[^:"\r\n]|"[^"\r\n]*")*)?:([^\r\n]*)', re.MULTILINE | re.IGNORECASE
)
_OUT: Final = re.compile(rb"^X-MICROSOFT-CDO-(?:BUSY|INTENDED)STATUS[^:\r\n]*:OOF\s*$", re.MULTILINE | re.IGNORECASE)
_RULE: Final = re.compile(rb"^RRULE[;:]", re.MULTILINE | re.IGNORECASE)
# Nobody is away every minute anew: a rule that would be unfolded for minutes is an attack.
_SHORT: Final = re.compile(
    rb"^(?:RRULE|EXRULE)[;:][^\r\n]*(?:FREQ=(?:SECONDLY|MINUTELY|HOURLY)|BY(?:HOUR|MINUTE|SECOND|SETPOS)=)",
    re.MULTILINE | re.IGNORECASE,
)
# What may stand between such a word and the rest of the title.
_AFTER: Final = r"(?=\s*(?:$|[:;,.!/|(\[\-\u2010-\u2015]))"


def read_absences(
    feed: bytes, zone: str, *, since: datetime, until: datetime, words: Collection[str] = WORDS
) -> tuple[Window, ...]:
    """When the person is away between these instants, in as few windows as possible; they may reach beyond.

    `zone` is where the person lives. Raises UnreadableCalendar for what is no whole iCalendar object.
    """
    home = zone_of(zone)
    longest_first = sorted(map(re.escape, words), key=len, reverse=True)
    title = re.compile(rf"\s*(?:{'|'.join(longest_first)}){_AFTER}", re.IGNORECASE)
    text = _unfolded(feed)
    events = [match.group() for match in _EVENT.finditer(text)]
    concerned = {_uid(event) for event in events if _may_count(event, title)}
    kept = [event for event in events if _uid(event) in concerned and not _SHORT.search(event)]
    if not kept:
        return ()
    if len(kept) > EVENTS_MAX:
        raise UnreadableCalendar(f"It holds {len(kept)} events that look like absences; {EVENTS_MAX} are read.")
    if (recurring := sum(1 for event in kept if _RULE.search(event))) > RECURRING_MAX:
        raise UnreadableCalendar(f"It holds {recurring} absences that recur; {RECURRING_MAX} are read.")
    return merged(_windows(_EVENT.sub(b"", text), kept, home, title, since=since, until=until))


def _windows(
    rest: bytes, events: list[bytes], home: tzinfo, title: re.Pattern[str], *, since: datetime, until: datetime
) -> Iterator[Window]:
    """Every occurrence that counts. Time zones and the like stand in what is left beside the events."""
    end = rest.upper().rfind(b"END:VCALENDAR")
    try:
        calendar = Calendar.from_ical(rest[:end] + b"".join(events) + b"END:VCALENDAR\r\n")
        is_whole = all(isinstance(event.get("DTSTART"), vDDDTypes) for event in calendar.walk("VEVENT"))
        found = recurring_ical_events.of(calendar, skip_bad_series=True).between(since, until) if is_whole else []
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, OverflowError) as exc:
        # The text is a stranger's: what a parser trips over is as good as any other reason not to read it.
        raise UnreadableCalendar("The calendar's events cannot be read.") from exc
    if not is_whole:
        raise UnreadableCalendar("One of its absences has no beginning that can be read.")
    for event in found:
        if not _counts(event, title):
            continue
        window = _window(event, home)
        if window is not None and window.ends_at > since and window.starts_at < until:
            yield window


def _counts(event: Any, title: re.Pattern[str]) -> bool:
    """Whether this occurrence says that its person is away."""
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return False
    shown_as = {str(event.get(f"X-MICROSOFT-CDO-{each}STATUS", "")).upper() for each in ("BUSY", "INTENDED")}
    if "OOF" in shown_as:
        return True
    if str(event.get("TRANSP", "")).upper() == "TRANSPARENT" or shown_as & {"FREE", "WORKINGELSEWHERE"}:
        return False
    return title.match(str(event.get("SUMMARY", ""))) is not None


def _window(event: Any, home: tzinfo) -> Window | None:
    try:
        return Window(_instant(event.start, home), _instant(event.end, home))
    except (ValueError, OverflowError):  # at the edge of what a calendar can name
        return None


def _instant(moment: date | datetime, home: tzinfo) -> datetime:
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time(), home).astimezone(UTC)
    return (moment if moment.tzinfo else moment.replace(tzinfo=home)).astimezone(UTC)


def _unfolded(feed: bytes) -> bytes:
    """The feed with long lines whole again (RFC 5545, 3.1). Raises UnreadableCalendar if it does not end."""
    text = feed.removeprefix(b"\xef\xbb\xbf").strip()
    if not text[:15].upper().startswith(b"BEGIN:VCALENDAR"):
        raise UnreadableCalendar("What stands at this address is no iCalendar feed; it may be a page to look at.")
    if not text.upper().endswith(b"END:VCALENDAR"):
        raise UnreadableCalendar("The calendar breaks off before its end.")
    return re.sub(rb"\r?\n[ \t]", b"", text) + b"\r\n"


def _uid(event: bytes) -> bytes:
    found = _UID.search(event)
    return found.group().strip() if found else event


def _may_count(event: bytes, title: re.Pattern[str]) -> bool:
    """Whether it is worth reading. A calendar of years is left aside so, and what is broken in it."""
    said = _TITLE.search(event)
    if _OUT.search(event):
        return True
    return said is not None and title.match(said.group(1).decode(errors="replace").replace("\\", "")) is not None
