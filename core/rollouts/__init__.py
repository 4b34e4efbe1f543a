"""Rollouts: what the agent platform does of a change, watched, and undone where it goes wrong (G6, G7, G8, G9, G10).

A rollout belongs to a change, or to a drill. It knows neither: whoever opened it hears of it through the outbox.

plan.py, plan_file.py   what is watched and for how long, as the policy says; the YAML of it
state.py    the life as a table
rules.py    pure: what a report, a round of checks or a silence leads to
model.py, store.py   tables; SQL
ordering.py, hearing.py, timing.py   use cases: open and undo; what the platform says; what time does
views.py, events.py, errors.py   what doors show; the outbox; what can go wrong
"""

from core.rollouts.errors import CannotUndo, UnknownRollout
from core.rollouts.events import RolloutEvent
from core.rollouts.hearing import hear, note_refused, note_unknown, record_round
from core.rollouts.ordering import (
    Order,
    Work,
    drill_view,
    end_rollout,
    load_order,
    open_rollout,
    page_of_drills,
    rollouts_of,
    undo,
)
from core.rollouts.plan import Check, CheckKind, OnFailure, Plan
from core.rollouts.plan_file import read_plan
from core.rollouts.rules import REPORTED, Report, Result
from core.rollouts.state import OVER, RolloutState, Said
from core.rollouts.timing import DEADLINES
from core.rollouts.views import CheckView, RolloutView

__all__ = [
    "DEADLINES",
    "OVER",
    "REPORTED",
    "CannotUndo",
    "Check",
    "CheckKind",
    "CheckView",
    "OnFailure",
    "Order",
    "Plan",
    "Report",
    "Result",
    "RolloutEvent",
    "RolloutState",
    "RolloutView",
    "Said",
    "UnknownRollout",
    "Work",
    "drill_view",
    "end_rollout",
    "hear",
    "load_order",
    "note_refused",
    "note_unknown",
    "open_rollout",
    "page_of_drills",
    "read_plan",
    "record_round",
    "rollouts_of",
    "undo",
]
