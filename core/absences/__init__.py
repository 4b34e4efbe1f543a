"""Absence by calendar, and fallback approvers (X5): who is away without having said so here, and who decides then.

calendar.py       pure: an iCalendar feed -> the windows in which its person is away
rules.py          pure: windows beside known absences; who is the fallback
model.py store.py the tables; SQL
service.py        use cases
polling.py        reads the feeds that are due
turns.py          what the clock does: the beginning and the end
views.py          what doors show
errors.py         what can go wrong
"""

from core.absences.calendar import WORDS
from core.absences.errors import FeedFailed
from core.absences.model import FEED_ADDRESS
from core.absences.polling import CalendarPoller, FeedAnswer, FeedQuestion, Fetch
from core.absences.service import (
    absent_now,
    connect_calendar,
    disconnect_calendar,
    get_calendar,
    list_absences,
    set_fallback,
)
from core.absences.turns import TURN, turned
from core.absences.views import AbsenceView, FeedView

__all__ = [
    "FEED_ADDRESS",
    "TURN",
    "WORDS",
    "AbsenceView",
    "CalendarPoller",
    "FeedAnswer",
    "FeedFailed",
    "FeedQuestion",
    "FeedView",
    "Fetch",
    "absent_now",
    "connect_calendar",
    "disconnect_calendar",
    "get_calendar",
    "list_absences",
    "set_fallback",
    "turned",
]
