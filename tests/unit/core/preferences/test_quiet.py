"""When it is quiet, and when that ends (B9)."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.preferences import InvalidPreference, Preferences, QuietHours, quiet_until
from core.preferences.choices import with_quiet

NIGHT = QuietHours(time(22), time(7))
ZONES = st.sampled_from(
    (
        "Europe/Prague",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kolkata",
        "Africa/Casablanca",
        "Pacific/Apia",
        "UTC",
    )
)
NOWS = st.datetimes(datetime(2009, 1, 1), datetime(2035, 1, 1)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))
HOURS = st.tuples(TIMES, TIMES).filter(lambda pair: pair[0] != pair[1]).map(lambda pair: QuietHours(*pair))
pytestmark = pytest.mark.row("B9")


@pytest.mark.parametrize(
    ("zone", "now", "end"),
    [
        ("UTC", "2026-03-02T21:59:59", None),
        ("UTC", "2026-03-02T22:00:00", "2026-03-03T07:00:00"),
        ("UTC", "2026-03-03T06:59:59", "2026-03-03T07:00:00"),
        ("UTC", "2026-03-03T07:00:00", None),
        ("Europe/Prague", "2026-03-28T23:00:00", "2026-03-29T05:00:00"),  # the night that has an hour less
        ("Europe/Prague", "2026-10-24T21:00:00", "2026-10-25T06:00:00"),  # and the one with an hour more
        ("America/New_York", "2026-03-03T04:00:00", "2026-03-03T12:00:00"),
    ],
)
def test_it_is_quiet_from_one_time_to_the_other_where_the_person_lives(zone, now, end):
    expected = None if end is None else datetime.fromisoformat(f"{end}+00:00")
    assert quiet_until(NIGHT, zone, now=datetime.fromisoformat(f"{now}+00:00")) == expected


def test_without_quiet_hours_it_is_never_quiet():
    assert quiet_until(None, "UTC", now=datetime(2026, 3, 2, 23, tzinfo=UTC)) is None


@given(HOURS, ZONES, NOWS)
def test_the_end_is_later_and_not_quiet_itself_and_all_before_it_is(hours, zone, now):
    end = quiet_until(hours, zone, now=now)
    if end is None:
        return
    assert now < end
    assert quiet_until(hours, zone, now=end) is None
    for part in (0.25, 0.5, 0.999):
        assert quiet_until(hours, zone, now=now + (end - now) * part) == end


@given(HOURS, ZONES, NOWS)
def test_a_day_on_which_no_clock_changes_is_as_the_clock_on_the_wall_says(hours, zone, now):
    there = ZoneInfo(zone)
    offsets = {(now + timedelta(hours=step)).astimezone(there).utcoffset() for step in range(-54, 55)}
    if len(offsets) > 1:
        return
    wall = now.astimezone(there).time()
    inside = (
        hours.start <= wall < hours.until if hours.start < hours.until else wall >= hours.start or wall < hours.until
    )
    end = quiet_until(hours, zone, now=now)
    assert (end is not None) == inside
    if end is not None:
        assert end.astimezone(there).time() == hours.until
        assert end - now <= timedelta(days=1)


@pytest.mark.parametrize(("choice", "shown"), [("22:00-07:00", "22:00-07:00"), (" 1:00 \u2013 5:30 ", "01:00-05:30")])
def test_a_choice_is_written_as_it_is_read(choice, shown):
    chosen = with_quiet(Preferences(), choice)
    assert chosen.quiet_choice == shown
    assert with_quiet(Preferences(), shown) == chosen
    assert with_quiet(chosen, " OFF ") == Preferences()


@pytest.mark.parametrize("choice", ["", "on", "22:00", "22:00-", "22-7", "22:00-22:00", "25:00-07:00", "x" * 300])
def test_anything_else_is_refused_with_what_is_accepted(choice):
    with pytest.raises(InvalidPreference) as refused:
        with_quiet(Preferences(), choice)
    assert refused.value.where == "quiet_hours"
    assert refused.value.accepted == ("off", "two different times, such as 22:00-07:00")
    assert len(refused.value.message) < 60
