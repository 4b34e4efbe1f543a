"""Incidents: opened by alerts and by people, worked on in chat, resolved, reviewed, followed up (S3, B6).

Whoever has an alert calls `open_or_update(tx, alert)` at the end of its transaction (core/sla), or
`open_or_update_leniently` where it comes of a system that cannot be told what is wrong with it (inbound monitoring).

alerts.py       pure: an alert and its severity
state.py        the life as a table
rules.py        pure: what an alert does, who is paged, who may
affecting.py    what of the business is affected
model.py, store.py, part_store.py, reading.py   tables; SQL; incidents as doors show them
naming.py, changing.py   by id or by number; which have just changed
causes.py       why there were alerts, as written down or suspected
holding.py      what every use case begins and ends with
opening.py, taking.py, paging.py, responding.py, linking.py, resolving.py, reviewing.py, looking.py   use cases
ticketing.py    what people do with its ticket there
views.py, events.py, errors.py   what doors show; the outbox; what can go wrong
"""

from core.incidents import paging, resolving, reviewing
from core.incidents.affecting import needs_of, resource_of
from core.incidents.alerts import GATE, PERSON, RESERVED, TITLE_MAX, Alert, AlertState, Severity
from core.incidents.causes import AlertCause, Suspected, causes_of_alerts, keep_suspected
from core.incidents.changing import changed_incidents
from core.incidents.events import IncidentEvent
from core.incidents.linking import link, unlink
from core.incidents.looking import (
    begun_between,
    check_may_act,
    check_may_review,
    finishable_follow_ups,
    get_incident,
    list_incidents,
    load_incident,
    newest_entries,
    refusal_of,
    timeline,
)
from core.incidents.naming import id_of
from core.incidents.opening import Outcome, open_or_update, open_or_update_leniently, report
from core.incidents.resolving import close, reopen, resolve
from core.incidents.responding import (
    acknowledge,
    assign,
    change_severity,
    correct_start,
    give_role,
    note,
    post_update,
    release,
    want_channel,
)
from core.incidents.reviewing import (
    FOLLOW_UP_TITLE_MAX,
    add_follow_up,
    change_follow_up,
    finish_follow_up,
    list_follow_ups,
    review,
)
from core.incidents.rules import ROLES, Effect
from core.incidents.state import IncidentState, Step
from core.incidents.store import IncidentFilter, open_by_severity
from core.incidents.taking import ToldAlert, take_alert
from core.incidents.ticketing import SYSTEM, hear_of_ticket, held_severity, keep_severity, take_severity
from core.incidents.views import (
    AlertView,
    EntryView,
    FollowUpView,
    IncidentReview,
    IncidentView,
    LinkView,
    corrected_start,
)

DEADLINES = {**paging.DEADLINES, **resolving.DEADLINES, **reviewing.DEADLINES}

__all__ = [
    "DEADLINES",
    "FOLLOW_UP_TITLE_MAX",
    "GATE",
    "PERSON",
    "RESERVED",
    "ROLES",
    "SYSTEM",
    "TITLE_MAX",
    "Alert",
    "AlertCause",
    "AlertState",
    "AlertView",
    "Effect",
    "EntryView",
    "FollowUpView",
    "IncidentEvent",
    "IncidentFilter",
    "IncidentReview",
    "IncidentState",
    "IncidentView",
    "LinkView",
    "Outcome",
    "Severity",
    "Step",
    "Suspected",
    "ToldAlert",
    "acknowledge",
    "add_follow_up",
    "assign",
    "begun_between",
    "causes_of_alerts",
    "change_follow_up",
    "change_severity",
    "changed_incidents",
    "check_may_act",
    "check_may_review",
    "close",
    "correct_start",
    "corrected_start",
    "finish_follow_up",
    "finishable_follow_ups",
    "get_incident",
    "give_role",
    "hear_of_ticket",
    "held_severity",
    "id_of",
    "keep_severity",
    "keep_suspected",
    "link",
    "list_follow_ups",
    "list_incidents",
    "load_incident",
    "needs_of",
    "newest_entries",
    "note",
    "open_by_severity",
    "open_or_update",
    "open_or_update_leniently",
    "post_update",
    "refusal_of",
    "release",
    "reopen",
    "report",
    "resolve",
    "resource_of",
    "review",
    "take_alert",
    "take_severity",
    "timeline",
    "unlink",
    "want_channel",
]
