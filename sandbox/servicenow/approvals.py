"""Approvals of a change: one row per person asked; one yes of a group is the group's yes, one no ends it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.servicenow.errors import AccessDenied, RuleRefused
from sandbox.servicenow.store import Row
from sandbox.servicenow.writing import APPROVAL_ADMIN, Account, Writer

CAB: Final = "CAB Approval"
ECAB: Final = "eCAB Approval"
_OPEN: Final = frozenset({"requested", "not requested"})


def approving_group(writer: Writer, change: Row) -> Row | None:
    """Who is asked in the change's present state: its own group in Assess, an advisory board in Authorize."""
    if change["state"] == "-4":
        return writer.store.find("sys_user_group", change["assignment_group"])
    return writer.store.find_by("sys_user_group", "name", ECAB if change["type"] == "emergency" else CAB)


def request(writer: Writer, change: Row, *, by: Account) -> None:
    """Every member of the approving group is asked. Nobody is, and approval is not requested, if it has none."""
    drop_pending(writer, change, "cancelled", by=by)
    group = approving_group(writer, change)
    members = writer.store.where("sys_user_grmember", group=group.sys_id) if group else []
    active = [member for member in members if writer.store.read(member, "user.active") == "true"]
    if group is None or not active:
        writer.write(change, {"approval": "not requested"}, by=by)
        return
    together = writer.add(
        "sysapproval_group",
        {"parent": change.sys_id, "assignment_group": group.sys_id, "approval": "requested",
         "short_description": change["short_description"]},
        by=by,
    )  # fmt: skip
    for member in active:
        writer.add(
            "sysapproval_approver",
            {"sysapproval": change.sys_id, "document_id": change.sys_id, "source_table": "change_request",
             "approver": member["user"], "group": together.sys_id, "state": "requested"},
            by=by,
        )  # fmt: skip
    writer.write(change, {"approval": "requested"}, by=by)


def rows_of(writer: Writer, change: Row) -> list[Row]:
    """Every approval row of the change, oldest first."""
    return writer.store.where("sysapproval_approver", sysapproval=change.sys_id)


def drop_pending(writer: Writer, change: Row, state: str, *, by: Account) -> None:
    """Nobody is asked any more: what was open has this state now."""
    for row in rows_of(writer, change):
        if row["state"] in _OPEN:
            writer.write(row, {"state": state}, by=by)
    for group in writer.store.where("sysapproval_group", parent=change.sys_id):
        if group["approval"] in _OPEN:
            writer.write(group, {"approval": state}, by=by)


def before_update(writer: Writer, row: Row, new: Mapping[str, str], *, by: Account, comment: str) -> None:
    """The decision is allowed. Raises AccessDenied for somebody else's row, RuleRefused for a bad decision."""
    if by.user_name != writer.store.read(row, "approver.user_name") and not by.has("approval_admin"):
        raise AccessDenied("Update")
    if new["state"] == row["state"]:
        return
    if new["state"] == "requested" and may_ask_again(writer, row, by=by):
        return
    if row["state"] not in _OPEN:
        raise RuleRefused(f"This approval is already {row['state']}", field="state")
    if new["state"] == "rejected" and not comment:
        raise RuleRefused("Comments are required when rejecting", field="comments")


def may_ask_again(writer: Writer, row: Row, *, by: Account) -> bool:
    """Whether an answer may be taken off its row: by an approval administrator, while the change waits for approval."""
    change = writer.store.find("change_request", row["sysapproval"])
    waits = change is not None and change["state"] in {"-4", "-3"} and change["approval"] != "rejected"
    return waits and row["state"] in {"approved", "rejected"} and by.has(APPROVAL_ADMIN)


def is_decided(row: Row, old: Mapping[str, str]) -> bool:
    """Whether this write was the approver's answer."""
    return row["state"] != old["state"] and row["state"] in {"approved", "rejected"}


def settle_group(writer: Writer, row: Row, *, by: Account) -> bool:
    """The row's group has said yes with it, its siblings are no longer required; whether nobody else is still asked."""
    change = writer.store.find("change_request", row["sysapproval"])
    for sibling in writer.store.where("sysapproval_approver", group=row["group"]) if row["group"] else ():
        if sibling["state"] in _OPEN:
            writer.write(sibling, {"state": "not_required"}, by=by)
    group = writer.store.find("sysapproval_group", row["group"])
    if group is not None:
        writer.write(group, {"approval": "approved"}, by=by)
    return change is not None and all(other["state"] not in _OPEN for other in rows_of(writer, change))
