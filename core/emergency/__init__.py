"""Emergency bypass (E1, E2, E4, first cut): at once, for allowed roles, time-limited, reviewed afterwards.

rules.py    pure: who may, how long, the risk recorded before the grant
model.py    the table
store.py    SQL
service.py  grant, end, acknowledge, review; what deadlines do
views.py    what doors show
events.py   what goes to the outbox
errors.py   what can go wrong
"""

from core.emergency.events import EmergencyEvent
from core.emergency.rules import RunningBypass
from core.emergency.service import (
    DEADLINES,
    acknowledge,
    end,
    get_bypass,
    grant,
    list_bypasses,
    load_bypass,
    longest_bypass,
    review,
    running_bypasses,
)
from core.emergency.views import BypassView

__all__ = [
    "DEADLINES",
    "BypassView",
    "EmergencyEvent",
    "RunningBypass",
    "acknowledge",
    "end",
    "get_bypass",
    "grant",
    "list_bypasses",
    "load_bypass",
    "longest_bypass",
    "review",
    "running_bypasses",
]
