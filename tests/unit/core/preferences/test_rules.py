"""Where somebody is told (B8)."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.accounts import Platform
from core.preferences import InvalidPreference, Preferences, Told, covers
from core.preferences.choices import with_platform
from core.preferences.rules import Seen, reachable, told_on

SLACK, TEAMS = Platform.SLACK, Platform.TEAMS
EARLY = datetime(2026, 3, 2, 9, tzinfo=UTC)
LATE = EARLY + timedelta(seconds=1)
INSTANTS = st.none() | st.sampled_from((EARLY, LATE))
pytestmark = pytest.mark.row("B8")


@pytest.mark.parametrize(
    ("seen", "wanted", "told"),
    [
        ({SLACK: None, TEAMS: None}, None, Told.SLACK),
        ({TEAMS: None, SLACK: None}, None, Told.SLACK),
        ({SLACK: None, TEAMS: EARLY}, None, Told.TEAMS),
        ({SLACK: EARLY, TEAMS: None}, None, Told.SLACK),
        ({SLACK: EARLY, TEAMS: LATE}, None, Told.TEAMS),
        ({SLACK: LATE, TEAMS: EARLY}, None, Told.SLACK),
        ({TEAMS: EARLY, SLACK: EARLY}, None, Told.SLACK),
        ({SLACK: LATE, TEAMS: None}, Told.TEAMS, Told.TEAMS),
        ({SLACK: None, TEAMS: LATE}, Told.SLACK, Told.SLACK),
        ({SLACK: LATE, TEAMS: EARLY}, Told.BOTH, Told.BOTH),
        ({TEAMS: None}, Told.SLACK, Told.TEAMS),
        ({SLACK: None}, Told.BOTH, Told.SLACK),
    ],
)
def test_it_is_as_they_want_else_where_they_were_last_active_else_slack(seen, wanted, told):
    assert told_on(seen, wanted) is told


@given(
    seen=st.dictionaries(st.sampled_from(Platform), INSTANTS, min_size=1),
    wanted=st.none() | st.sampled_from(Told),
)
def test_somebody_is_told_where_they_have_an_account_and_once_unless_they_want_both(seen, wanted):
    told = told_on(seen, wanted)
    places = [platform for platform in seen if covers(told, platform)]
    assert len(places) == (len(seen) if wanted is Told.BOTH else 1)


def test_a_choice_is_written_as_it_is_read():
    for choice in ("last_active", *Told):
        assert with_platform(Preferences(), choice).platform_choice == choice
    assert with_platform(with_platform(Preferences(), "teams"), " LAST_ACTIVE ") == Preferences()


@pytest.mark.parametrize("choice", ["", "mail", "slack teams", "x" * 300])
def test_another_place_is_refused_with_what_is_accepted(choice):
    with pytest.raises(InvalidPreference) as refused:
        with_platform(Preferences(), choice)
    assert refused.value.accepted == ("last_active", "slack", "teams", "both")
    assert refused.value.where == "platform"
    assert len(refused.value.message) < 60


SEEN = st.builds(Seen, INSTANTS, st.booleans())


@given(seen=st.dictionaries(st.sampled_from(Platform), SEEN, min_size=1), wanted=st.none() | st.sampled_from(Told))
def test_nobody_is_told_where_they_cannot_be_reached_while_they_can_be_elsewhere(seen, wanted):
    told = told_on(reachable(seen), wanted)
    places = [platform for platform in seen if covers(told, platform)]
    assert places
    if any(each.is_reachable for each in seen.values()):
        assert all(seen[platform].is_reachable for platform in places)
    else:
        assert told is told_on({platform: each.at for platform, each in seen.items()}, wanted)
