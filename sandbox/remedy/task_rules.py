"""The life of tasks: open ones move freely, Closed and Bypassed are final, and Closed says how it came out.

A change is not completed while a task of it is open; cancelling it closes what is left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from sandbox.remedy import errors
from sandbox.remedy.errors import Refused
from sandbox.remedy.schema import CHANGE_BASE, TASK_STATUSES
from sandbox.remedy.store import Entry

STAGED, ASSIGNED, PENDING, IN_PROGRESS, WAITING, CLOSED, BYPASSED = range(1000, 8000, 1000)
FINAL: Final = frozenset({CLOSED, BYPASSED})
CANCELED: Final = 3000  # a status reason
_FIRST: Final = frozenset({STAGED, ASSIGNED, PENDING})


def check_task(old: int | None, values: Mapping[str, Any]) -> None:
    """The task may be like this. Raises Refused."""
    status = values["Status"]
    if old is None and status not in _FIRST:
        raise Refused(errors.RULE, text=f"A task cannot begin in the status {TASK_STATUSES[status]}.")
    if old in FINAL:
        raise Refused(errors.RULE, text=f"You cannot modify this task. Its status is {TASK_STATUSES[old]}.")
    if status == CLOSED and values.get("StatusReasonSelection") is None:
        raise Refused(errors.RULE, "StatusReasonSelection", text="A closed task needs a status reason.")


def check_root(values: Mapping[str, Any], changes: Mapping[str, Entry], over: frozenset[int]) -> None:
    """The task belongs to a change that is not over. Raises Refused."""
    root = changes.get(str(values.get("RootRequestID")))
    if values.get("RootRequestFormName") != CHANGE_BASE or root is None:
        raise Refused(errors.NO_ENTRY, str(values.get("RootRequestID")))
    if root["Change Request Status"] in over:
        raise Refused(errors.RULE, text="You cannot add a task to a request that is closed.")


def check_all_closed(tasks: Iterable[Entry]) -> None:
    """No task is open. Raises Refused."""
    left = [one.id for one in tasks if one["Status"] not in FINAL]
    if left:
        said = f"You must close all tasks before the change is completed; open: {', '.join(left)}."
        raise Refused(errors.RULE, text=said)
