"""A person's part, played by a program: what the control surface shows of the server and lets people do there."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.remedy.arserver import ArServer, Caller, number_of
from sandbox.remedy.errors import Refused
from sandbox.remedy.pages import page_of
from sandbox.remedy.schema import (
    CHANGE,
    CHANGE_BASE,
    CHANGE_LOG,
    DETAIL_SIGNATURE,
    FORMS,
    HELP_DESK,
    INCIDENT,
    INCIDENT_LOG,
    LOG_FILES,
    NUMBER_FIELDS,
    PEOPLE,
    SIGNATURE,
    STATUS_FIELDS,
    TASK,
)
from sandbox.remedy.seed import OPERATOR
from sandbox.remedy.store import Entry
from sandbox.remedy.values import shown, stamp

ALIASES: Final = {"change": CHANGE_BASE, "incident": HELP_DESK, "approval": SIGNATURE, "person": PEOPLE,
                  "task": TASK}  # fmt: skip
_EDITED: Final = {CHANGE_BASE: CHANGE, HELP_DESK: INCIDENT, SIGNATURE: DETAIL_SIGNATURE}  # as people's forms do
_LOGS: Final = {CHANGE_BASE: CHANGE_LOG, HELP_DESK: INCIDENT_LOG}
_DECISIONS: Final = {"approve": "Approved", "approved": "Approved", "reject": "Rejected", "rejected": "Rejected"}
PENDING: Final = 0


def base_of(name: str) -> str | None:
    """The base form of a form's name or of a plain word for it."""
    form = FORMS.get(ALIASES.get(name, name))
    return form.base if form else None


def record(server: ArServer, entry: Entry, base_url: str) -> dict[str, Any]:
    """An entry in plain words, with its work log, approvals and history."""
    form = FORMS[entry.form]
    values = {one.name: shown(one, entry[one.name]) for one in form.fields.values() if not one.on_display_only}
    found: dict[str, Any] = {"type": form.name, "id": entry.id, "number": number_of(entry), **values}
    if entry.form in _LOGS:
        number = NUMBER_FIELDS[entry.form]
        found["worklog"] = [
            {"id": one.id, "by": one["Submitter"], "at": stamp(one["Submit Date"]),
             "text": one["Detailed Description"], "public": one["View Access"] == 1,
             "files": _files(one)}
            for one in server.store.entries(_LOGS[entry.form]).values()
            if one[number] == entry[number]
        ]  # fmt: skip
        found["page"] = page_of(base_url, entry)
        found["status_history"] = dict(entry.statuses)
    if entry.form == CHANGE_BASE:
        label = FORMS[SIGNATURE].fields["Approval Status"].options
        found["approvals"] = [
            {"id": one.id, "phase": one["Approval Phase"], "approver": one["Approvers"],
             "status": label[one["Approval Status"]], "justification": one["Justification"]}
            for one in server.store.where(SIGNATURE, Request=entry.id)
        ]  # fmt: skip
    found["history"] = [
        {
            "operation": one.operation,
            "at": stamp(one.at / 1000),
            "by": one.by,
            "fields": {
                name: [shown(form.fields[name], old), shown(form.fields[name], new)]
                for name, (old, new) in one.fields.items()
            },
        }
        for one in entry.history
    ]
    return found


def _files(log: Entry) -> list[dict[str, Any]]:
    return [{"name": held["name"], "size": held["sizeBytes"]} for field in LOG_FILES if (held := log[field])]


def find(server: ArServer, base: str, id_: str) -> Entry | None:
    """The entry with this request id or number."""
    entries = server.store.entries(base)
    wanted = id_.partition("|")[0]
    return entries.get(wanted) or next((one for one in entries.values() if number_of(one) == wanted), None)


def edit(server: ArServer, entry: Entry, wanted: Mapping[str, Any]) -> None:
    """A person changed fields, wrote in the work log, or decided. Raises ValueError for what the rules refuse."""
    name = str(wanted.get("by", OPERATOR))
    person = server.store.find_by(PEOPLE, "Remedy Login ID", name) or server.store.find_by(
        PEOPLE, "Internet E-mail", name
    )
    if person is None:
        raise ValueError(f"There is nobody here called {name!r}.")
    by = Caller(str(person["Remedy Login ID"]), is_admin=entry.form == PEOPLE)
    fields = {name: value for name, value in wanted.items() if name not in {"by", "comment", "approval", "status"}}
    if "status" in wanted:
        fields[STATUS_FIELDS.get(entry.form, "Approval Status")] = wanted["status"]
    try:
        if fields:
            server.update(FORMS[_EDITED.get(entry.form, entry.form)], entry, fields, by=by)
        if "comment" in wanted:
            _log(server, entry, str(wanted["comment"]), by)
        if "approval" in wanted:
            _decide(server, entry, str(wanted["approval"]), by, wanted)
    except Refused as refused:
        raise ValueError(str(refused)) from refused


def _log(server: ArServer, entry: Entry, text: str, by: Caller) -> None:
    if entry.form not in _LOGS:
        raise ValueError(f"{entry.form} has no work log.")
    number = NUMBER_FIELDS[entry.form]
    server.create(FORMS[_LOGS[entry.form]], {number: entry[number], "Detailed Description": text}, by=by)


def _decide(server: ArServer, entry: Entry, decision: str, by: Caller, wanted: Mapping[str, Any]) -> None:
    label = _DECISIONS.get(decision.lower())
    if label is None:
        raise ValueError("`approval` must be approve or reject.")
    asked = (
        [entry] if entry.form == SIGNATURE else server.store.where(SIGNATURE, Request=entry.id, Approval_Status=PENDING)
    )
    if not asked:
        raise ValueError(f"{number_of(entry)} waits for no approval.")
    own = next((one for one in asked if one["Approvers"] == by.name), None)
    if own is None and "by" not in wanted:  # nobody was named: whoever is asked first answers
        own, by = asked[0], Caller(str(asked[0]["Approvers"]))
    values = {"Approval Status": label}
    if label == "Rejected":
        values["Justification"] = str(wanted.get("comment") or "Not now.")
    server.update(FORMS[SIGNATURE], own or asked[0], values, by=by)
