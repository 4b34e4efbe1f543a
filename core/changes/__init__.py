"""The change registry: every change of what agents are and run on, from a draft to its review (G1, G2, G3, G5, G6).

policy.py, policy_file.py, times_file.py, catalogue.py   YAML -> frozen policies, per tenant
state.py        the life as a table; drawing.py: as a picture
rules.py        pure: steps, gates, bypass, who reviews
resources.py    pure: what a change touches, and what feels it
assessing.py    pure: risk with its reasons and the base rate of similar changes
timetable.py    pure: windows, freezes, collisions, the first time that is accepted
matrix.py       pure: the matrix's row as a policy of the approval engine
proposing.py    what somebody says of a change, checked
model.py, store.py, reading.py   tables; SQL; changes as doors show them
loading.py      what every use case begins and ends with
raising.py, authorising.py, scheduling.py, implementing.py, reviewing.py, looking.py   use cases
views.py, events.py, errors.py   what doors show; the outbox; what can go wrong
"""

from core.changes import implementing, reviewing
from core.changes.assessing import ChangeRisk, History
from core.changes.authorising import HEARD, assess, cancel, hear_of_request, submit
from core.changes.catalogue import ChangeCatalogue, load_change_catalogue
from core.changes.drawing import state_diagram
from core.changes.events import ChangeEvent
from core.changes.implementing import complete, fail, implement, roll_back
from core.changes.looking import change_policy, get_change, list_changes, load_change
from core.changes.policy import ChangePolicy, ChangeType, Gate, Template
from core.changes.proposing import Proposal
from core.changes.raising import draft, revise, show_evidence
from core.changes.reviewing import review
from core.changes.scheduling import calendar, read_time, schedule, time_zone, try_time
from core.changes.state import ENDS, ChangeState, Step
from core.changes.store import ChangeFilter
from core.changes.timetable import Obstacle, Span, told
from core.changes.views import Calendar, ChangeView, EvidenceView, Fit, FrozenTime, OpenTime, ReviewView, ValidationView

DEADLINES = {**implementing.DEADLINES, **reviewing.DEADLINES}

__all__ = [
    "DEADLINES",
    "ENDS",
    "HEARD",
    "Calendar",
    "ChangeCatalogue",
    "ChangeEvent",
    "ChangeFilter",
    "ChangePolicy",
    "ChangeRisk",
    "ChangeState",
    "ChangeType",
    "ChangeView",
    "EvidenceView",
    "Fit",
    "FrozenTime",
    "Gate",
    "History",
    "Obstacle",
    "OpenTime",
    "Proposal",
    "ReviewView",
    "Span",
    "Step",
    "Template",
    "ValidationView",
    "assess",
    "calendar",
    "cancel",
    "change_policy",
    "complete",
    "draft",
    "fail",
    "get_change",
    "hear_of_request",
    "implement",
    "list_changes",
    "load_change",
    "load_change_catalogue",
    "read_time",
    "review",
    "revise",
    "roll_back",
    "schedule",
    "show_evidence",
    "state_diagram",
    "submit",
    "time_zone",
    "told",
    "try_time",
]
