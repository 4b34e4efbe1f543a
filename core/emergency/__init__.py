"""Emergency bypass (E1 to E5): at once, for whom the tenant allows, time-limited, told of, reviewed afterwards.

rules.py        pure: who may, what is well formed, who is told, what is covered, the count-down
risk.py         pure: the risk before the grant and after it
model.py        the tables
store.py        SQL of bypasses; part_store.py of what belongs to them
showing.py      rows as doors show them (views.py)
holding.py      what every use case does
naming.py       whether what is named is there
granting.py     grant, also one that waits for a second factor
service.py      end, acknowledge; ending.py what ends with it
extending.py    more time, which a second person confirms
using.py        what the gate allowed under it
reviewing.py    the post-deployment review; remediating.py what follows from it
offering.py     whether what a form asks for can be done
timing.py       what deadlines do
queries.py      read-only questions; reporting.py a month in figures
events.py       what goes to the outbox
errors.py       what can go wrong
"""

from core.emergency.events import EmergencyEvent
from core.emergency.extending import ask_extension, confirm_extension, decline_extension
from core.emergency.granting import (
    BypassTerms,
    WaitingBypass,
    assess_wish,
    confirm_bypass,
    grant,
    terms_for,
    terms_offered,
    waiting_bypass,
)
from core.emergency.offering import check_extension_offered, check_review_offered
from core.emergency.queries import (
    bypasses_of,
    get_bypass,
    id_of,
    list_bypasses,
    load_bypass,
    reviews_waiting,
    running_bypasses,
)
from core.emergency.remediating import FollowUp, close_remediation, list_remediations
from core.emergency.reporting import BypassReport, Tally, bypass_report, issue_bypass_report
from core.emergency.reviewing import UNJUSTIFIED, review
from core.emergency.risk import BypassRisk
from core.emergency.rules import Circumstances, RunningBypass, Wish, at_most_left
from core.emergency.service import acknowledge, end
from core.emergency.store import how_many_active, numbers
from core.emergency.timing import DEADLINES
from core.emergency.using import Use, note_outcome, note_use
from core.emergency.views import BypassView, ExtensionView, RemediationView, UseView

__all__ = [
    "DEADLINES",
    "UNJUSTIFIED",
    "BypassReport",
    "BypassRisk",
    "BypassTerms",
    "BypassView",
    "Circumstances",
    "EmergencyEvent",
    "ExtensionView",
    "FollowUp",
    "RemediationView",
    "RunningBypass",
    "Tally",
    "Use",
    "UseView",
    "WaitingBypass",
    "Wish",
    "acknowledge",
    "ask_extension",
    "assess_wish",
    "at_most_left",
    "bypass_report",
    "bypasses_of",
    "check_extension_offered",
    "check_review_offered",
    "close_remediation",
    "confirm_bypass",
    "confirm_extension",
    "decline_extension",
    "end",
    "get_bypass",
    "grant",
    "how_many_active",
    "id_of",
    "issue_bypass_report",
    "list_bypasses",
    "list_remediations",
    "load_bypass",
    "note_outcome",
    "note_use",
    "numbers",
    "review",
    "reviews_waiting",
    "running_bypasses",
    "terms_for",
    "terms_offered",
    "waiting_bypass",
]
