"""Durable deadlines: rows with a due time, claimed under lock when APScheduler wakes the runner (P3).

model.py    the table
service.py  set, clear (inside the caller's transaction)
runner.py   wakes when the next one is due and hands it to its use case
"""

from core.deadlines.runner import DeadlineHandler, DeadlineRunner, Due
from core.deadlines.service import clear, has_deadline, hasten, parts_of, set_deadline, set_deadlines

__all__ = [
    "DeadlineHandler",
    "DeadlineRunner",
    "Due",
    "clear",
    "has_deadline",
    "hasten",
    "parts_of",
    "set_deadline",
    "set_deadlines",
]
