"""What comes by the calendar: the morning digest of each person, the weekly report of each tenant (B9, P8).

A tenant has one durable deadline, at which it is looked whose time has come. A claim of (what, whose, day) makes each
of them happen once, and an outbox event carries it to the chat platforms, which build the message when they send it.

rules.py    pure: when, in somebody's own time zone
events.py   what goes to the outbox
model.py    the claims; store.py: their SQL
looking.py  what the deadline does
digest.py   what a morning digest holds
"""

from core.schedules.digest import Digest, load_digest
from core.schedules.events import ScheduleEvent
from core.schedules.looking import DEADLINES, ensure_looks

__all__ = ["DEADLINES", "Digest", "ScheduleEvent", "ensure_looks", "load_digest"]
