"""The life of a change_request: which moves each type allows, and what a move brings about.

Normal: New, Assess, Authorize, Scheduled, Implement, Review, Closed. Standard skips both approval states, emergency the
first. Assess and Authorize go back to New ("revert"). Cancelling is possible up to Implement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.servicenow import approvals, task_rules
from sandbox.servicenow.errors import RuleRefused
from sandbox.servicenow.schema import CHANGE_CLOSE_CODES, CHANGE_STATES, CHANGE_TYPES
from sandbox.servicenow.store import Row
from sandbox.servicenow.writing import Account, Writer

NEW, ASSESS, AUTHORIZE, SCHEDULED, IMPLEMENT, REVIEW, CLOSED, CANCELED = "-5", "-4", "-3", "-2", "-1", "0", "3", "4"

MOVES: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "normal": {
        NEW: (ASSESS, CANCELED),
        ASSESS: (AUTHORIZE, NEW, CANCELED),
        AUTHORIZE: (SCHEDULED, NEW, CANCELED),
        SCHEDULED: (IMPLEMENT, CANCELED),
        IMPLEMENT: (REVIEW, CANCELED),
        REVIEW: (CLOSED,),
    },
    "standard": {
        NEW: (SCHEDULED, CANCELED),
        SCHEDULED: (IMPLEMENT, CANCELED),
        IMPLEMENT: (REVIEW, CANCELED),
        REVIEW: (CLOSED,),
    },
    "emergency": {
        NEW: (AUTHORIZE, CANCELED),
        AUTHORIZE: (SCHEDULED, NEW, CANCELED),
        SCHEDULED: (IMPLEMENT, CANCELED),
        IMPLEMENT: (REVIEW, CANCELED),
        REVIEW: (CLOSED,),
    },
}
TEMPLATE_FIELDS: Final = ("short_description", "description", "category", "assignment_group", "implementation_plan",
                          "backout_plan", "test_plan", "risk", "impact")  # fmt: skip
MANDATORY: Final = frozenset({"assignment_group", "close_code", "close_notes"})
_UNAPPROVED: Final = frozenset({"not requested", "cancelled"})


def available_states(row: Mapping[str, str]) -> tuple[str, ...]:
    """The present state and those to which this change could move, given what its form still demands.

    Mandatory fields do not count: they may come with the move (a recorded answer lists Review although the condition of
    its transition has not passed).
    """
    state = row["state"]
    reachable = MOVES.get(row["type"], {}).get(state, ())
    found = ((target, obstacle(row, target)) for target in reachable)
    return (state, *(target for target, why in found if why is None or why.field in MANDATORY))


def obstacle(row: Mapping[str, str], target: str) -> RuleRefused | None:
    """Why this change may not move to that state now; None when it may. Fields of the same write count already."""
    state = row["state"]
    if target not in MOVES.get(row["type"], {}).get(state, ()):
        return RuleRefused(f"change cannot be moved to state : {target}", field="state")
    if target == CANCELED:
        return None
    if row["on_hold"] == "true":
        return RuleRefused("The change is on hold and cannot progress", field="on_hold")
    if state == NEW and not row["assignment_group"]:
        return RuleRefused(
            "The following mandatory fields are not filled in: Assignment group", field="assignment_group"
        )
    if state in {ASSESS, AUTHORIZE} and target != NEW and row["approval"] != "approved":
        return RuleRefused(f"change cannot be moved to state : {target}", field="approval")
    return _close_obstacle(row) if target == CLOSED else None


def before_insert(values: dict[str, str]) -> None:
    """A change begins in New, not asked for approval, whatever was sent. Raises RuleRefused for an unknown type."""
    _check_type(values)
    values.update(state=NEW, active="true", conflict_status="Not Run", on_hold="false")
    values["approval"] = "not requested"


def before_update(old: Mapping[str, str], new: dict[str, str], *, may_approve: bool) -> None:
    """The write is allowed, and `new` is completed with what belongs to it. Raises RuleRefused otherwise."""
    _check_type(new)
    if new["type"] != old["type"] and (old["state"] != NEW or old["approval"] not in _UNAPPROVED):
        raise RuleRefused("The type can only be changed in New, before approval was requested", field="type")
    if old["std_change_producer_version"]:
        for name in TEMPLATE_FIELDS:
            if new[name] != old[name]:
                raise RuleRefused(f"{name} is read-only: it comes from the standard change template", field=name)
    _check_hold(old, new)
    if new["approval"] != old["approval"] and not may_approve:
        raise RuleRefused("Only an approver or an approval administrator may set the approval", field="approval")
    if new["state"] != old["state"]:
        refused = obstacle({**new, "state": old["state"]}, new["state"])
        if refused is not None:
            raise refused


def after_update(writer: Writer, row: Row, old: Mapping[str, str], *, by: Account) -> None:
    """Approvals are asked for or dropped, dates and flags follow, and a decision moves the change on."""
    if row["approval"] != old["approval"] and row["state"] in {ASSESS, AUTHORIZE} and row["state"] == old["state"]:
        match row["approval"]:
            case "approved":
                approvals.drop_pending(writer, row, "not_required", by=by)
                pass_gate(writer, row, by=by)
            case "rejected":
                reject(writer, row, by=by)
            case _:
                pass
        return
    if row["state"] != old["state"]:
        entered(writer, row, by=by)


def entered(writer: Writer, row: Row, *, by: Account) -> None:
    """What entering the row's present state brings about."""
    match row["state"]:
        case "-4" | "-3":
            approvals.request(writer, row, by=by)
        case "-5":
            approvals.drop_pending(writer, row, "cancelled", by=by)
            if row["approval"] != "rejected":
                writer.write(row, {"approval": "not requested"}, by=by)
        case "-2" if row["type"] == "standard":
            writer.write(row, {"approval": "approved"}, by=by)
        case "-1":
            writer.write(row, {"work_start": row["work_start"] or writer.stamp()}, by=by)
        case "0":
            writer.write(row, {"work_end": row["work_end"] or writer.stamp()}, by=by)
        case "3" | "4":
            approvals.drop_pending(writer, row, "cancelled", by=by)
            if row["state"] == CANCELED:
                task_rules.cancel_of(writer, row, by=by)
            person = writer.store.find_by("sys_user", "user_name", by.user_name)
            closed_by = person.sys_id if person else ""
            writer.write(row, {"active": "false", "closed_at": writer.stamp(), "closed_by": closed_by}, by=by)
        case _:
            pass


def pass_gate(writer: Writer, row: Row, *, by: Account) -> None:
    """An approved change has moved on by itself: Assess to Authorize, Authorize to Scheduled."""
    following = {ASSESS: AUTHORIZE, AUTHORIZE: SCHEDULED}.get(row["state"])
    if following is not None:
        writer.write(row, {"approval": "approved", "state": following}, by=by)
        entered(writer, row, by=by)


def reject(writer: Writer, row: Row, *, by: Account) -> None:
    """One rejection ends it: the change is back in New, marked as rejected, and nobody else is asked."""
    writer.write(row, {"approval": "rejected", "state": NEW}, by=by)
    approvals.drop_pending(writer, row, "cancelled", by=by)


def _check_type(values: Mapping[str, str]) -> None:
    if values["type"] not in CHANGE_TYPES:
        raise RuleRefused(f"Invalid change type {values['type']}", field="type")
    if values["state"] not in CHANGE_STATES:
        raise RuleRefused(f"change cannot be moved to state : {values['state']}", field="state")


def _check_hold(old: Mapping[str, str], new: Mapping[str, str]) -> None:
    if new["on_hold"] != "true":
        return
    if not new["on_hold_reason"]:
        raise RuleRefused("The following mandatory fields are not filled in: On hold reason", field="on_hold_reason")
    if old["on_hold"] != "true" and old["state"] in {NEW, CLOSED, CANCELED}:
        raise RuleRefused("A change in this state cannot be put on hold", field="on_hold")


def _close_obstacle(row: Mapping[str, str]) -> RuleRefused | None:
    if row["close_code"] not in CHANGE_CLOSE_CODES or not row["close_notes"]:
        missing = "close_notes" if row["close_code"] in CHANGE_CLOSE_CODES else "close_code"
        return RuleRefused("The following mandatory fields are not filled in: Close code, Close notes", field=missing)
    return None
