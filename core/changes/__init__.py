"""The change registry: every change of what agents are and run on, from a draft to its review (G1, G2, G3, G5, G6).

policy.py, policy_file.py, times_file.py, catalogue.py   YAML -> frozen policies, per tenant
state.py        the life as a table; drawing.py: as a picture
rules.py        pure: steps, gates, bypass, who reviews
reaching.py     what feels a change (core/dependencies)
lessons.py, lesson_store.py   what earlier changes teach; its SQL
assessing.py    pure: risk with its reasons and the base rate of similar changes
weighing.py     the risk of one change at a time, and whether what was approved reaches that far
timetable.py    pure: windows, freezes, collisions, the first time that is accepted
matrix.py       pure: the matrix's row as a policy of the approval engine
proposing.py    what somebody says of a change, checked
model.py, store.py, reading.py   tables; SQL; changes as doors show them
alarm.py        what people are told of until somebody acknowledges it
loading.py      what every use case begins and ends with
fitting.py      what is in the way of one change, then or now
raising.py, authorising.py, scheduling.py, implementing.py, reviewing.py, looking.py, agenda.py   use cases
tasks.py        pure: what is to be done, step by step; hearing.py: what is heard of it in ticket systems
offering.py     whether what a form asks for can be done
rolling_back.py, drilling.py   use cases; rolling_out.py: what is heard of rollouts (core/rollouts)
views.py, events.py, errors.py   what doors show; the outbox; what can go wrong
"""

from core.changes import alarm, drilling, implementing, reviewing, scheduling
from core.changes.agenda import calendar, change_agenda
from core.changes.alarm import acknowledge
from core.changes.assessing import ChangeRisk, History
from core.changes.authorising import HEARD, assess, cancel, hear_of_request, submit
from core.changes.catalogue import ChangeCatalogue, load_change_catalogue
from core.changes.drawing import state_diagram
from core.changes.drilling import ensure_drills, list_drills, run_due, start_drill
from core.changes.events import ChangeEvent, DrillEvent
from core.changes.hearing import TaskHeard, hear_of_task
from core.changes.implementing import complete, implement, roll_out
from core.changes.lessons import search_lessons
from core.changes.looking import (
    change_policy,
    changes_at_work,
    evidence_for,
    get_change,
    goes_on,
    id_of,
    list_changes,
    load_change,
    tasks_for,
)
from core.changes.offering import check_may_raise, check_offered
from core.changes.policy import ChangePolicy, ChangeType, Drill, Gate, Template
from core.changes.proposing import Proposal
from core.changes.raising import draft, draft_in, revise, show_evidence
from core.changes.reaching import Impact, change_impact
from core.changes.reviewing import review
from core.changes.rolling_back import fail, roll_back, validate_recovery
from core.changes.rolling_out import HEARD_OF_ROLLOUTS, hear_of_rollout
from core.changes.scheduling import (
    PlannedTime,
    move_from_ticket,
    planned_time,
    read_time,
    schedule,
    time_zone,
    try_time,
)
from core.changes.state import ENDS, ChangeState, Step
from core.changes.store import ChangeFilter
from core.changes.tasks import TASK_ENDS, ChangeTask, TaskKind, TaskState, TaskStep
from core.changes.timetable import Obstacle, Span, told
from core.changes.views import (
    AgendaItem,
    AlarmView,
    Calendar,
    ChangeAgenda,
    ChangeView,
    EvidenceView,
    Fit,
    FrozenTime,
    LessonView,
    OpenTime,
    RecoveryView,
    ReviewView,
    ValidationView,
)

DEADLINES = {
    **alarm.DEADLINES,
    **drilling.DEADLINES,
    **implementing.DEADLINES,
    **reviewing.DEADLINES,
    **scheduling.DEADLINES,
}

__all__ = [
    "DEADLINES",
    "ENDS",
    "HEARD",
    "HEARD_OF_ROLLOUTS",
    "TASK_ENDS",
    "AgendaItem",
    "AlarmView",
    "Calendar",
    "ChangeAgenda",
    "ChangeCatalogue",
    "ChangeEvent",
    "ChangeFilter",
    "ChangePolicy",
    "ChangeRisk",
    "ChangeState",
    "ChangeTask",
    "ChangeType",
    "ChangeView",
    "Drill",
    "DrillEvent",
    "EvidenceView",
    "Fit",
    "FrozenTime",
    "Gate",
    "History",
    "Impact",
    "LessonView",
    "Obstacle",
    "OpenTime",
    "PlannedTime",
    "Proposal",
    "RecoveryView",
    "ReviewView",
    "Span",
    "Step",
    "TaskHeard",
    "TaskKind",
    "TaskState",
    "TaskStep",
    "Template",
    "ValidationView",
    "acknowledge",
    "assess",
    "calendar",
    "cancel",
    "change_agenda",
    "change_impact",
    "change_policy",
    "changes_at_work",
    "check_may_raise",
    "check_offered",
    "complete",
    "draft",
    "draft_in",
    "ensure_drills",
    "evidence_for",
    "fail",
    "get_change",
    "goes_on",
    "hear_of_request",
    "hear_of_rollout",
    "hear_of_task",
    "id_of",
    "implement",
    "list_changes",
    "list_drills",
    "load_change",
    "load_change_catalogue",
    "move_from_ticket",
    "planned_time",
    "read_time",
    "review",
    "revise",
    "roll_back",
    "roll_out",
    "run_due",
    "schedule",
    "search_lessons",
    "show_evidence",
    "start_drill",
    "state_diagram",
    "submit",
    "tasks_for",
    "time_zone",
    "told",
    "try_time",
    "validate_recovery",
]
