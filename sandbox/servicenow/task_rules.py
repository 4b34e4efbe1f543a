"""The life of a change_task: pending or open, in progress, closed or canceled; what is over stays as it is.

Closing takes a close code and close notes. Canceling a change cancels its tasks that are not over.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.servicenow.errors import RuleRefused
from sandbox.servicenow.schema import CHANGE_CLOSE_CODES, TASK_STATES, TASK_TYPES
from sandbox.servicenow.store import Row
from sandbox.servicenow.writing import Account, Writer

PENDING, OPEN, IN_PROGRESS, CLOSED, CANCELED = "-5", "1", "2", "3", "4"
OVER: Final = frozenset({CLOSED, CANCELED})
_CHANGE_OVER: Final = frozenset({"3", "4"})  # Closed, Canceled


def before_insert(values: dict[str, str], change: Row | None) -> None:
    """A task begins open, and belongs to a change that is not over. Raises RuleRefused otherwise."""
    _check(values)
    if values["state"] in OVER:
        raise RuleRefused(f"change task cannot be moved to state : {values['state']}", field="state")
    if change is not None and change["state"] in _CHANGE_OVER:
        raise RuleRefused("The change request is closed", field="change_request")
    values["active"] = "true"


def before_update(old: Mapping[str, str], new: dict[str, str], *, at: str, by_sys_id: str) -> None:
    """The write is allowed, and `new` is completed with what belongs to it. Raises RuleRefused otherwise."""
    _check(new)
    if new["state"] == old["state"]:
        return
    if old["state"] in OVER:
        raise RuleRefused(f"change task cannot be moved to state : {new['state']}", field="state")
    if new["state"] == CLOSED and (new["close_code"] not in CHANGE_CLOSE_CODES or not new["close_notes"]):
        missing = "close_notes" if new["close_code"] in CHANGE_CLOSE_CODES else "close_code"
        raise RuleRefused("The following mandatory fields are not filled in: Close code, Close notes", field=missing)
    if new["state"] in OVER:
        new.update(active="false", closed_at=at, closed_by=by_sys_id)


def cancel_of(writer: Writer, change: Row, *, by: Account) -> None:
    """Nobody works on tasks of a canceled change."""
    for task in writer.store.where("change_task", change_request=change.sys_id):
        if task["state"] not in OVER:
            writer.write(task, {"state": CANCELED, "active": "false", "closed_at": writer.stamp()}, by=by)


def _check(values: Mapping[str, str]) -> None:
    if values["state"] not in TASK_STATES:
        raise RuleRefused(f"change task cannot be moved to state : {values['state']}", field="state")
    if values["change_task_type"] not in TASK_TYPES:
        raise RuleRefused(f"Invalid change task type {values['change_task_type']}", field="change_task_type")
