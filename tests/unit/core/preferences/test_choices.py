"""How the morning digest is chosen (B9)."""

from datetime import time

import pytest

from core.preferences import InvalidPreference, Preferences
from core.preferences.choices import with_digest


@pytest.mark.parametrize(
    ("choice", "after"),
    [
        ("off", Preferences(has_digest=False)),
        (" OFF ", Preferences(has_digest=False)),
        ("on", Preferences()),
        ("8:15", Preferences(digest_at=time(8, 15))),
        ("05:00", Preferences(digest_at=time(5))),
        ("11:00", Preferences(digest_at=time(11))),
    ],
)
def test_it_is_off_on_or_a_time_of_the_morning(choice, after):
    assert with_digest(Preferences(), choice) == after


def test_off_and_on_again_keeps_the_hour_and_an_hour_switches_it_on():
    chosen = with_digest(Preferences(), "07:45")
    assert with_digest(with_digest(chosen, "off"), "on") == chosen
    assert with_digest(with_digest(chosen, "off"), "09:00") == Preferences(digest_at=time(9))


@pytest.mark.parametrize(
    "choice", ["", "maybe", "04:59", "11:01", "25:00", "8", "8:60", "\u0660\u0668:\u0661\u0665", "14:00", "08:15:30"]
)
def test_anything_else_is_refused_with_what_is_accepted(choice):
    with pytest.raises(InvalidPreference) as refused:
        with_digest(Preferences(), choice)
    assert refused.value.accepted == ("on", "off", "a time from 05:00 to 11:00")
