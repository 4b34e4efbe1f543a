"""Feeds as Outlook, Google and Apple write them, and as strangers might."""

from datetime import UTC, datetime, timedelta

import pytest

from core.absences.calendar import EVENTS_MAX, WORDS, read_absences
from core.absences.errors import UnreadableCalendar

NOW = datetime(2026, 3, 20, 9, 0, tzinfo=UTC)
UNTIL = NOW + timedelta(days=60)
ZURICH = "Europe/Zurich"

OUTLOOK = """BEGIN:VCALENDAR\r
METHOD:PUBLISH\r
PRODID:Microsoft Exchange Server 2010\r
VERSION:2.0\r
X-WR-CALNAME:Calendar\r
BEGIN:VTIMEZONE\r
TZID:W. Europe Standard Time\r
BEGIN:STANDARD\r
DTSTART:16010101T030000\r
TZOFFSETFROM:+0200\r
TZOFFSETTO:+0100\r
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10\r
END:STANDARD\r
BEGIN:DAYLIGHT\r
DTSTART:16010101T020000\r
TZOFFSETFROM:+0100\r
TZOFFSETTO:+0200\r
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3\r
END:DAYLIGHT\r
END:VTIMEZONE\r
BEGIN:VEVENT\r
UID:040000008200E00074C5B7101A82E008\r
SUMMARY:Ski week\r
DTSTART;VALUE=DATE:20260323\r
DTEND;VALUE=DATE:20260328\r
CLASS:PUBLIC\r
TRANSP:OPAQUE\r
STATUS:CONFIRMED\r
X-MICROSOFT-CDO-BUSYSTATUS:OOF\r
X-MICROSOFT-CDO-ALLDAYEVENT:TRUE\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:040000008200E00074C5B7101A82E009\r
SUMMARY:Dentist\r
DTSTART;TZID=W. Europe Standard Time:20260330T140000\r
DTEND;TZID=W. Europe Standard Time:20260330T160000\r
TRANSP:OPAQUE\r
X-MICROSOFT-CDO-BUSYSTATUS:OOF\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:040000008200E00074C5B7101A82E010\r
SUMMARY:Quarterly review\r
DTSTART;TZID=W. Europe Standard Time:20260331T140000\r
DTEND;TZID=W. Europe Standard Time:20260331T160000\r
X-MICROSOFT-CDO-BUSYSTATUS:BUSY\r
END:VEVENT\r
BEGIN:VEVENT\r
UID:040000008200E00074C5B7101A82E011\r
SUMMARY:Vacation\r
DTSTART;VALUE=DATE:20260401\r
DTEND;VALUE=DATE:20260402\r
X-MICROSOFT-CDO-BUSYSTATUS:FREE\r
END:VEVENT\r
END:VCALENDAR\r
"""
GOOGLE = """BEGIN:VCALENDAR
PRODID:-//Google Inc//Google Calendar 70.9054//EN
VERSION:2.0
CALSCALE:GREGORIAN
METHOD:PUBLISH
X-WR-CALNAME:dana@example.com
X-WR-TIMEZONE:Europe/Zurich
BEGIN:VEVENT
DTSTART:20260325T080000Z
DTEND:20260325T160000Z
DTSTAMP:20260320T080000Z
UID:4q1abc@google.com
STATUS:CONFIRMED
SUMMARY:Out of office
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Zurich:20260327T130000
DTEND;TZID=Europe/Zurich:20260327T180000
RRULE:FREQ=WEEKLY;UNTIL=20260418T215959Z;BYDAY=FR
EXDATE;TZID=Europe/Zurich:20260403T130000
UID:5r2abc@google.com
STATUS:CONFIRMED
SUMMARY:OOO: parents
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART;TZID=Europe/Zurich:20260411T130000
DTEND;TZID=Europe/Zurich:20260411T180000
RECURRENCE-ID;TZID=Europe/Zurich:20260410T130000
UID:5r2abc@google.com
STATUS:CONFIRMED
SUMMARY:OOO: parents
TRANSP:OPAQUE
END:VEVENT
BEGIN:VEVENT
DTSTART;VALUE=DATE:20260501
DTEND;VALUE=DATE:20260502
UID:6s3abc@google.com
STATUS:CANCELLED
SUMMARY:Out of office
TRANSP:OPAQUE
END:VEVENT
END:VCALENDAR
"""
APPLE = """BEGIN:VCALENDAR
CALSCALE:GREGORIAN
PRODID:-//Apple Inc.//macOS 15.3//EN
VERSION:2.0
X-APPLE-CALENDAR-COLOR:#1BADF8
BEGIN:VEVENT
CREATED:20260301T101010Z
DTEND;VALUE=DATE:20260407
DTSTAMP:20260301T101011Z
DTSTART;VALUE=DATE:20260403
SEQUENCE:1
SUMMARY:Vacation – Lisbon
TRANSP:OPAQUE
UID:7B1E9F6C-0000-4A4A-9D9D-000000000001
X-APPLE-TRAVEL-ADVISORY-BEHAVIOR:AUTOMATIC
BEGIN:VALARM
ACTION:DISPLAY
TRIGGER:-PT15H
END:VALARM
END:VEVENT
BEGIN:VEVENT
DTSTART:20260410T090000
DURATION:PT3H
SUMMARY:Urlaub
UID:7B1E9F6C-0000-4A4A-9D9D-000000000002
END:VEVENT
END:VCALENDAR
"""


def calendar(*events: str) -> bytes:
    body = "".join(f"BEGIN:VEVENT\nUID:{number}\n{event}\nEND:VEVENT\n" for number, event in enumerate(events))
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:test\n{body}END:VCALENDAR\n".encode()


def read(feed: bytes | str, zone: str = ZURICH, **more):
    raw = feed.encode() if isinstance(feed, str) else feed
    found = read_absences(raw, zone, since=NOW, until=UNTIL, **more)
    return [f"{each.starts_at:%m-%d %H:%M} {each.ends_at:%m-%d %H:%M}" for each in found]


@pytest.mark.row("X5")
def test_outlook_says_by_its_own_property_who_is_out_of_office():
    assert read(OUTLOOK) == ["03-22 23:00 03-27 23:00", "03-30 12:00 03-30 14:00"]


@pytest.mark.row("X5")
def test_google_says_it_in_the_title_with_exceptions_to_what_recurs():
    assert read(GOOGLE) == [
        "03-25 08:00 03-25 16:00",
        "03-27 12:00 03-27 17:00",
        "04-11 11:00 04-11 16:00",  # moved from Friday to Saturday, and from winter to summer time
        "04-17 11:00 04-17 16:00",
    ]


@pytest.mark.row("X5")
def test_apple_gives_days_and_floating_times_which_are_those_where_the_person_lives():
    assert read(APPLE) == ["04-02 22:00 04-06 22:00", "04-10 07:00 04-10 10:00"]
    assert read(APPLE, "America/New_York") == ["04-03 04:00 04-07 04:00", "04-10 13:00 04-10 16:00"]


def test_a_zone_that_only_the_feed_defines_is_read_from_it():
    zone = (
        "BEGIN:VTIMEZONE\nTZID:Our Office\nBEGIN:STANDARD\nDTSTART:19700101T000000\n"
        "TZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nEND:STANDARD\nEND:VTIMEZONE\n"
    )
    event = "SUMMARY:Away\nDTSTART;TZID=Our Office:20260325T120000\nDTEND;TZID=Our Office:20260325T130000"
    feed = calendar(event).replace(b"BEGIN:VEVENT", zone.encode() + b"BEGIN:VEVENT", 1)
    assert read(feed) == ["03-25 06:30 03-25 07:30"]


@pytest.mark.parametrize(
    ("title", "counts"),
    [
        ("Vacation", True),
        ("vacation: Italy", True),
        ("VACATION (Italy)", True),
        ("Vacation – Italy", True),
        ("Vacation planning", False),
        ("Away", True),
        ("Away game", False),
        ("Take-away lunch", False),
        ("OOO", True),
        ("oooh", False),
        ("Lee: vacation", False),  # somebody else's, in a calendar that shows the team
        ("", False),
    ],
)
def test_a_title_counts_by_how_it_begins(title, counts):
    found = read(calendar(f"SUMMARY:{title}\nDTSTART;VALUE=DATE:20260325"))
    assert bool(found) == counts


def test_a_tenant_s_own_words_count_beside_ours():
    feed = calendar("SUMMARY:Militär\\, WK\nDTSTART;VALUE=DATE:20260325")
    assert (read(feed), read(feed, words=(*WORDS, "militär"))) == ([], ["03-24 23:00 03-25 23:00"])


@pytest.mark.parametrize("line", ["TRANSP:TRANSPARENT", "STATUS:CANCELLED", "X-MICROSOFT-CDO-BUSYSTATUS:FREE"])
def test_what_takes_no_time_is_no_absence(line):
    assert read(calendar(f"SUMMARY:Vacation\nDTSTART;VALUE=DATE:20260325\n{line}")) == []


def test_long_titles_are_folded_and_read_whole():
    feed = calendar("SUMMARY:Out of\n  office\nDTSTART;VALUE=DATE:20260325")
    assert read(feed) == ["03-24 23:00 03-25 23:00"]


def test_only_one_occurrence_out_of_office_makes_no_absence_of_the_others():
    weekly = "SUMMARY:Jour fixe\nDTSTART:20260324T100000Z\nDTEND:20260324T110000Z\nRRULE:FREQ=WEEKLY"
    feed = (
        calendar(weekly, "SUMMARY:Jour fixe\nDTSTART:20260331T100000Z\nDTEND:20260331T110000Z")
        .replace(b"UID:1\n", b"UID:0\nRECURRENCE-ID:20260331T100000Z\n")
        .replace(b"END:VEVENT\nEND:VCALENDAR", b"X-MICROSOFT-CDO-BUSYSTATUS:OOF\nEND:VEVENT\nEND:VCALENDAR")
    )
    assert read(feed) == ["03-31 10:00 03-31 11:00"]


def test_days_that_follow_one_another_are_one_absence():
    feed = calendar("SUMMARY:PTO\nDTSTART;VALUE=DATE:20260323\nRRULE:FREQ=DAILY;COUNT=5")
    assert read(feed) == ["03-22 23:00 03-27 23:00"]


def test_one_that_is_under_way_keeps_its_beginning():
    feed = calendar("SUMMARY:PTO\nDTSTART;VALUE=DATE:20260316\nDTEND;VALUE=DATE:20260323")
    assert read(feed) == ["03-15 23:00 03-22 23:00"]


@pytest.mark.parametrize(
    ("feed", "why"),
    [
        (b"<html><title>Sign in</title></html>", "no iCalendar feed"),
        (b"", "no iCalendar feed"),
        (b"BEGIN:VCALENDAR\nBEGIN:VEVENT\nSUMMARY:PTO", "breaks off"),
        (calendar("SUMMARY:PTO\nDTSTART:yesterday"), "no beginning that can be read"),
        (calendar("SUMMARY:PTO"), "no beginning that can be read"),
        (calendar(*["SUMMARY:PTO\nDTSTART;VALUE=DATE:20260325"] * (EVENTS_MAX + 1)), "501 events"),
        (calendar(*["SUMMARY:PTO\nDTSTART;VALUE=DATE:20260325\nRRULE:FREQ=DAILY"] * 51), "51 absences that recur"),
    ],
)
def test_what_is_no_whole_calendar_is_refused_with_the_reason(feed, why):
    with pytest.raises(UnreadableCalendar, match=why):
        read(feed)


def test_what_is_broken_elsewhere_in_the_calendar_does_not_matter():
    feed = calendar("SUMMARY:Lunch\nDTSTART:yesterday", "SUMMARY:PTO\nDTSTART;VALUE=DATE:20260325")
    assert read(feed) == ["03-24 23:00 03-25 23:00"]


@pytest.mark.parametrize(
    "rule", ["FREQ=SECONDLY", "FREQ=HOURLY", "FREQ=DAILY;BYSECOND=1,2,3", "INTERVAL=1;FREQ=MINUTELY"]
)
def test_one_that_recurs_every_minute_is_not_unfolded(rule):
    feed = calendar(f"SUMMARY:PTO\nDTSTART:19700101T000000Z\nDTEND:19700101T000001Z\nRRULE:{rule}")
    assert read(feed) == []


def test_a_calendar_without_absences_is_read_as_none():
    assert read(calendar("SUMMARY:Lunch\nDTSTART:20260325T110000Z\nDTEND:20260325T120000Z")) == []
