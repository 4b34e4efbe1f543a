"""What ticket systems tell us: where we have read up to, and what it means for our subjects (N1, X2, X6).

values.py    what a connector tells, and what it shall show, in our words
events.py    what goes to the outbox
model.py     the tables; store.py, approval_store.py: SQL of what is agreed on, of approvals
service.py   claim a look, take over what it brought, note that it failed, hurry the next one
merging.py   pure: what follows for a mapped field from how it stands here and there
fields.py    mapped fields: take over, tell, say what is to be written
severities.py how bad an incident is: the same
placing.py   which ticket stands for a subject, and where our last move left it
drift.py     pure: what a walk through the tickets finds, and what is done about it
reconciling.py  walks: ask for, claim, page by page, end; walks.py: their SQL
weighing.py  pure: whether an approval there is news, and what it shall say
tasks.py     child records: shown, heard of, found astray; task_drift.py: pure, what is wrong; task_store.py: SQL
approving.py approvals there: shown to those who are asked, and counted as votes of linked people
"""

from core.tickets.approving import approvals_to_show, note_shown
from core.tickets.drift import Drift, Finding, Remedy
from core.tickets.events import TicketTask
from core.tickets.fields import (
    FieldDrift,
    FieldPlan,
    FieldsThere,
    Subject,
    drifted,
    fields_written,
    plan_fields,
)
from core.tickets.merging import Direction, FieldRule, Owner, Verdict, same
from core.tickets.placing import is_as_placed, placed, stands_instead
from core.tickets.reconciling import (
    Walk,
    WalkPage,
    ask_for_walk,
    claim_walk,
    load_walk,
    next_page,
    page_walked,
    walk_ended,
)
from core.tickets.service import HURRIED, claim_look, hurry, list_inboxes, note_failed, take_over
from core.tickets.severities import SEVERITY, plan_severity
from core.tickets.task_drift import Astray, unheard
from core.tickets.task_store import KnownTask
from core.tickets.tasks import note_tasks, tasks_astray, tasks_to_show
from core.tickets.times import plan_times, spelled
from core.tickets.values import (
    Decision,
    InboxView,
    Look,
    Shown,
    ShownTask,
    Told,
    ToldApproval,
    ToldNote,
    ToldTask,
    ToldTasks,
)
from core.tickets.walks import WalkView
from core.tickets.walks import last_of_each as last_walks
from core.tickets.walks import latest as latest_walks

__all__ = [
    "HURRIED",
    "SEVERITY",
    "Astray",
    "Decision",
    "Direction",
    "Drift",
    "FieldDrift",
    "FieldPlan",
    "FieldRule",
    "FieldsThere",
    "Finding",
    "InboxView",
    "KnownTask",
    "Look",
    "Owner",
    "Remedy",
    "Shown",
    "ShownTask",
    "Subject",
    "TicketTask",
    "Told",
    "ToldApproval",
    "ToldNote",
    "ToldTask",
    "ToldTasks",
    "Verdict",
    "Walk",
    "WalkPage",
    "WalkView",
    "approvals_to_show",
    "ask_for_walk",
    "claim_look",
    "claim_walk",
    "drifted",
    "fields_written",
    "hurry",
    "is_as_placed",
    "last_walks",
    "latest_walks",
    "list_inboxes",
    "load_walk",
    "next_page",
    "note_failed",
    "note_shown",
    "note_tasks",
    "page_walked",
    "placed",
    "plan_fields",
    "plan_severity",
    "plan_times",
    "same",
    "spelled",
    "stands_instead",
    "take_over",
    "tasks_astray",
    "tasks_to_show",
    "unheard",
    "walk_ended",
]
