"""The life of an incident: priority follows from impact and urgency; resolving and holding need their reasons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sandbox.servicenow.errors import RuleRefused
from sandbox.servicenow.schema import INCIDENT_STATES

NEW, IN_PROGRESS, ON_HOLD, RESOLVED, CLOSED, CANCELED = "1", "2", "3", "6", "7", "8"
PRIORITY: Final[Mapping[tuple[str, str], str]] = {  # (impact, urgency); the base system's dl_u_priority table
    ("1", "1"): "1", ("1", "2"): "2", ("1", "3"): "3",
    ("2", "1"): "2", ("2", "2"): "3", ("2", "3"): "4",
    ("3", "1"): "3", ("3", "2"): "4", ("3", "3"): "5",
}  # fmt: skip


def before_insert(values: dict[str, str]) -> None:
    """An incident begins in New (or in the state sent), with its calculated priority."""
    values["state"] = values["state"] or NEW
    _complete(values)


def before_update(old: Mapping[str, str], new: dict[str, str], *, at: str, by_sys_id: str) -> None:
    """The write is allowed, and `new` is completed with what belongs to it. Raises RuleRefused otherwise."""
    if old["state"] in {CLOSED, CANCELED} and new["state"] != old["state"]:
        raise RuleRefused(f"An incident that is {INCIDENT_STATES[old['state']]} cannot be moved", field="state")
    if new["state"] == CANCELED and old["state"] in {RESOLVED, CLOSED}:
        raise RuleRefused("A resolved incident cannot be canceled", field="state")
    _complete(new)
    if new["state"] == RESOLVED and old["state"] != RESOLVED:
        new.update(resolved_at=new["resolved_at"] or at, resolved_by=new["resolved_by"] or by_sys_id)
    if new["state"] in {CLOSED, CANCELED} and old["state"] != new["state"]:
        new.update(active="false", closed_at=at, closed_by=by_sys_id)


def _complete(values: dict[str, str]) -> None:
    if values["state"] not in INCIDENT_STATES:
        raise RuleRefused(f"Invalid state {values['state']}", field="state")
    for name in ("impact", "urgency"):
        if values[name] not in {"1", "2", "3"}:
            values[name] = "3"
    values["priority"] = PRIORITY[values["impact"], values["urgency"]]
    values["incident_state"] = values["state"]
    if values["state"] == ON_HOLD and not values["hold_reason"]:
        raise RuleRefused("Data Policy Exception: On hold reason is mandatory", field="hold_reason")
    if values["state"] in {RESOLVED, CLOSED} and not (values["close_code"] and values["close_notes"]):
        missing = "close_notes" if values["close_code"] else "close_code"
        raise RuleRefused("Data Policy Exception: Resolution code, Resolution notes are mandatory", field=missing)
