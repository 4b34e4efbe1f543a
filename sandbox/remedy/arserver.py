"""The server: every write of a person or program passes through here, with permissions, filters and approvals."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from sandbox.remedy import errors, rules, task_rules
from sandbox.remedy.errors import Refused
from sandbox.remedy.schema import (
    CHANGE_BASE,
    CHANGE_CREATE,
    CHANGE_LOG,
    FORMS,
    GROUPS,
    HELP_DESK,
    INCIDENT_CREATE,
    INCIDENT_LOG,
    NUMBER_FIELDS,
    PEOPLE,
    SIGNATURE,
    STATUS_FIELDS,
    TASK,
    Form,
)
from sandbox.remedy.settings import Options
from sandbox.remedy.store import Change, Entry, Store, now
from sandbox.remedy.values import read, stamp

SYSTEM: Final = "AR_ESCALATOR"
FIRST_INCIDENT: Final = 201  # numbers and request ids of incidents run apart, as on a real server
PENDING, APPROVED, REJECTED, CLOSED_APPROVAL = 0, 1, 2, 7
GUARDED: Final = frozenset({PEOPLE, GROUPS})
_INCIDENT_NAMES: Final = {"First_Name": "First Name", "Last_Name": "Last Name", "Service_Type": "Service Type",
                          "Detailed_Decription": "Detailed Decription"}  # fmt: skip
_CHANGE_NAMES: Final = {"Status": "Change Request Status", "Timing": "Change Timing"}
_LOG_OWNERS: Final = {
    log: (base, NUMBER_FIELDS[base]) for log, base in ((INCIDENT_LOG, HELP_DESK), (CHANGE_LOG, CHANGE_BASE))
}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who writes; an administrator may do everything, an approval administrator sign for others."""

    name: str
    is_admin: bool = False
    signs_for_others: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """One entry that one write touched, for whoever listens."""

    entry: Entry
    change: Change


@dataclass(slots=True)
class ArServer:
    """Entries with rules. `listeners` are told of every write after it happened."""

    options: Options = field(default_factory=Options)
    store: Store = field(default_factory=Store)
    clock: Callable[[], datetime] = now
    listeners: list[Callable[[Written], None]] = field(default_factory=list)

    def create(self, form: Form, sent: Mapping[str, Any], *, by: Caller) -> Entry:
        """A new entry as filters make it (staging forms make their target too). Raises Refused and adds nothing."""
        self._must_be_allowed(form, by)
        values = {one.name: one.default for one in form.fields.values() if one.default is not None}
        values |= {name: value for name, value in self._read(form, sent).items() if value is not None}
        for one in form.fields.values():
            if one.required and values.get(one.name) is None:
                raise Refused(errors.REQUIRED, f"{form.name} : <{one.name}>")
        match form.name:
            case _ if form.name == INCIDENT_CREATE:
                target = self._new_incident(values, by=by)
                values["Incident Number"] = target["Incident Number"]
            case _ if form.name == CHANGE_CREATE:
                target = self._new_change(values, by=by)
                values |= {
                    "Infrastructure Change Id": target["Infrastructure Change ID"],
                    "Change_Entry_ID": target.id,
                    "Create Date": target["Submit Date"],
                }
            case _ if form.name in _LOG_OWNERS:
                self._check_log_owner(form, values)
            case _ if form.base == TASK:
                return self._new_task(values, by=by)
            case _ if form.base in STATUS_FIELDS:
                return self._new_record(form, values, by=by)
            case _:
                pass
        if form.base == PEOPLE:
            values["Full Name"] = f"{values['First Name']} {values['Last Name']}"
        return self.add(FORMS[form.base], values, by=by.name)

    def update(self, form: Form, entry: Entry, sent: Mapping[str, Any], *, by: Caller) -> None:
        """The entry as filters leave it. Raises Refused and changes nothing."""
        self._must_be_allowed(form, by)
        read_values = self._read(form, sent)
        for name, value in read_values.items():
            if form.fields[name].required and value is None:
                raise Refused(errors.BLANK, f"{form.name} : <{name}>")
        new = {**entry.values, **read_values}
        match form.base:
            case _ if form.base == HELP_DESK:
                rules.check_incident(entry["Status"], new)
                self._check_person(read_values)
                new["Priority"] = rules.priority(new)
                if new["Status"] == rules.RESOLVED != entry["Status"]:
                    new["Last Resolved Date"] = self.seconds()
            case _ if form.base == CHANGE_BASE:
                rules.check_change(entry["Change Request Status"], new)
                if new["Change Request Status"] == rules.COMPLETED != entry["Change Request Status"]:
                    task_rules.check_all_closed(self.store.where(TASK, RootRequestID=entry.id))
                self._check_person(read_values)
                new["Priority"] = rules.priority(new)
            case _ if form.base == TASK:
                task_rules.check_task(entry["Status"], new)
            case _ if form.base == SIGNATURE:
                self._check_signature(entry, new, by=by)
                new |= self._signed(entry, by=by)
            case _:
                pass
        old_status = entry["Change Request Status"]
        self.write(entry, new, by=by.name)
        if note := sent.get("z1D_Details"):
            log = {"Incident Number": entry["Incident Number"], "Detailed Description": str(note)}
            self.add(FORMS[INCIDENT_LOG], {"Work Log Type": 8000, "View Access": 0, **log}, by=by.name)
        if form.base == CHANGE_BASE and entry["Change Request Status"] != old_status:
            self._stage_entered(entry, by=by.name)
        if form.base == SIGNATURE:
            self._decided(entry, by=by)

    def delete(self, entry: Entry, *, by: Caller) -> None:
        """The entry is gone. Administrators alone; raises Refused otherwise."""
        if not by.is_admin:
            raise Refused(errors.NO_PERMISSION, entry.form)
        self.store.remove(entry)
        self._tell(entry, Change("delete", self._milliseconds(), by.name, {}))

    def add(self, form: Form, values: Mapping[str, Any], *, by: str, visible_from: float = 0.0) -> Entry:
        """A new entry with these values, without asking any rule."""
        seconds = self.seconds()
        id_ = self.store.next_id(form)
        core = {"Request ID": id_, "Submitter": by, "Submit Date": seconds, "Last Modified By": by,
                "Last Modified Date": seconds}  # fmt: skip
        kept = {name: value for name, value in values.items() if not form.fields[name].on_display_only}
        entry = Entry(form.name, id_, {**kept, **core}, visible_from=visible_from)
        change = Change("create", self._milliseconds(), by, {n: (None, v) for n, v in kept.items() if v is not None})
        entry.history.append(change)
        self._note_status(entry, by)
        self.store.add(entry)
        self._tell(entry, change)
        return entry

    def write(self, entry: Entry, values: Mapping[str, Any], *, by: str) -> None:
        """The entry has these values, without asking any rule; it counts as modified even when nothing differs."""
        differing = {n: (entry[n], v) for n, v in values.items() if entry[n] != v}
        entry.values.update({name: after for name, (_, after) in differing.items()})
        entry.values.update({"Last Modified By": by, "Last Modified Date": self.seconds()})
        if not differing:
            return
        change = Change("update", self._milliseconds(), by, differing)
        entry.history.append(change)
        if STATUS_FIELDS.get(entry.form) in differing:
            self._note_status(entry, by)
        self._tell(entry, change)

    def seconds(self) -> int:
        """The present second."""
        return int(self.clock().timestamp())

    def is_visible(self, entry: Entry) -> bool:
        """Whether the entry has appeared yet."""
        return entry.visible_from <= self.clock().timestamp()

    def _new_incident(self, values: Mapping[str, Any], *, by: Caller) -> Entry:
        fields = FORMS[HELP_DESK].fields
        target = {_INCIDENT_NAMES.get(name, name): value for name, value in values.items() if name != "Login_ID"}
        if login := values.get("Login_ID"):
            person = self.store.find_by(PEOPLE, "Remedy Login ID", login)
            if person is None:
                raise Refused(errors.NO_PERSON, str(login), text="The Login ID does not belong to a person.")
            target |= {"First Name": person["First Name"], "Last Name": person["Last Name"]}
        for name in ("First Name", "Last Name"):
            if not target.get(name):
                raise Refused(errors.REQUIRED, f"{INCIDENT_CREATE} : <{name.replace(' ', '_')}>")
        return self._new_record(FORMS[HELP_DESK], {n: v for n, v in target.items() if n in fields}, by=by)

    def _new_change(self, values: Mapping[str, Any], *, by: Caller) -> Entry:
        fields = FORMS[CHANGE_BASE].fields
        target = {_CHANGE_NAMES.get(name, name): value for name, value in values.items()}
        return self._new_record(FORMS[CHANGE_BASE], {n: v for n, v in target.items() if n in fields}, by=by)

    def _new_record(self, form: Form, values: dict[str, Any], *, by: Caller) -> Entry:
        self._check_person(values)
        base = FORMS[form.base]
        values["Priority"] = rules.priority(values)
        is_incident = base.name == HELP_DESK
        if is_incident:
            rules.check_incident(None, values)
            values["Incident Number"] = self.store.next_number("incident", "INC", first=FIRST_INCIDENT)
        else:
            rules.check_change(None, values)
        visible_from = self.clock().timestamp() + self.options.create_lag_s if self.options.create_lag_s else 0.0
        entry = self.add(base, values, by=by.name, visible_from=visible_from)
        if not is_incident:
            entry.values["Infrastructure Change ID"] = entry.id
            self._stage_entered(entry, by=by.name)
        return entry

    def _new_task(self, values: dict[str, Any], *, by: Caller) -> Entry:
        task_rules.check_task(None, values)
        over = frozenset({rules.C_CLOSED, rules.C_CANCELLED})
        task_rules.check_root(values, self.store.entries(CHANGE_BASE), over)
        entry = self.add(FORMS[TASK], values, by=by.name)
        entry.values["Task ID"] = entry.id
        return entry

    def _check_person(self, values: Mapping[str, Any]) -> None:
        first, last = values.get("First Name"), values.get("Last Name")
        if first is None and last is None:
            return
        if not self.store.where(PEOPLE, First_Name=first, Last_Name=last):
            raise Refused(errors.NO_PERSON, f"{first} {last}", text="The person does not exist in the People form.")

    def _check_log_owner(self, form: Form, values: Mapping[str, Any]) -> None:
        owner, name = _LOG_OWNERS[form.name]
        if self.store.find_by(owner, name, values[name]) is None:
            raise Refused(errors.NO_ENTRY, str(values[name]))

    def _check_signature(self, entry: Entry, new: Mapping[str, Any], *, by: Caller) -> None:
        if new["Approval Status"] == entry["Approval Status"]:
            return
        if entry["Approval Status"] not in {PENDING, 3, 4}:
            raise Refused(errors.RULE, text="This approval has been answered already.")
        if entry["Approvers"] != by.name and not by.signs_for_others:
            raise Refused(errors.NO_PERMISSION, SIGNATURE, text="You are not an approver of this request.")
        if new["Approval Status"] == REJECTED and not new.get("Justification"):
            raise Refused(errors.RULE, "Justification", text="A justification is required to reject a request.")

    def _signed(self, entry: Entry, *, by: Caller) -> dict[str, Any]:
        signature = {"Approver Signature": by.name, "Action Date": self.seconds()}
        return signature if entry["Approvers"] == by.name else {**signature, "Alternate Signature": by.name}

    def _stage_entered(self, change: Entry, *, by: str) -> None:
        """Approval is asked for where the stage wants it; what was asked before and is open is closed."""
        for open_one in self.store.where(SIGNATURE, Request=change.id, Approval_Status=PENDING):
            self.write(open_one, {"Approval Status": 5}, by=SYSTEM)
        if change["Change Request Status"] == rules.C_CANCELLED:
            for task in self.store.where(TASK, RootRequestID=change.id):
                if task["Status"] not in task_rules.FINAL:
                    left = {"Status": task_rules.CLOSED, "StatusReasonSelection": task_rules.CANCELED}
                    self.write(task, left, by=SYSTEM)
        phase = rules.PHASES.get(change["Change Request Status"])
        self.write(change, {"Approval Phase Name": phase.name if phase else None}, by=by)
        if phase is None:
            return
        group = self.store.find_by(GROUPS, "Support Group Name", phase.group)
        for login in str(group["Members"] or "").split(";") if group else ():
            if login:
                row = {"Application": CHANGE_BASE, "Request": change.id, "Approval Phase": phase.name,
                       "Approvers": login, "Approval Status": PENDING}  # fmt: skip
                self.add(FORMS[SIGNATURE], row, by=SYSTEM)

    def _decided(self, signature: Entry, *, by: Caller) -> None:
        change = self.store.entries(CHANGE_BASE).get(signature["Request"])
        if change is None or signature["Approval Status"] not in {APPROVED, REJECTED}:
            return
        phase = rules.PHASES.get(change["Change Request Status"])
        if phase is None or phase.name != signature["Approval Phase"]:
            return
        for other in self.store.where(SIGNATURE, Request=change.id, Approval_Status=PENDING):  # one must sign
            self.write(other, {"Approval Status": CLOSED_APPROVAL}, by=SYSTEM)
        target = phase.target if signature["Approval Status"] == APPROVED else rules.REJECTED
        self.write(change, {"Change Request Status": target}, by=by.name)
        self._stage_entered(change, by=by.name)

    def _read(self, form: Form, sent: Mapping[str, Any]) -> dict[str, Any]:
        values = {}
        for name, value in sent.items():
            one = form.find(name)
            if one is None:
                raise Refused(errors.NO_FIELD, f"{form.name} : <{name}>")
            if one.on_display_only or one.read_only:
                continue
            values[one.name] = read(form, one, value)
        return values

    def _must_be_allowed(self, form: Form, by: Caller) -> None:
        if form.base in GUARDED and not by.is_admin:
            raise Refused(errors.NO_PERMISSION, form.name)

    def _note_status(self, entry: Entry, by: str) -> None:
        name = STATUS_FIELDS.get(entry.form)
        if name is not None:
            label = FORMS[entry.form].fields[name].options[entry[name]]
            entry.statuses[label] = {"user": by, "timestamp": stamp(self.seconds())}

    def _tell(self, entry: Entry, change: Change) -> None:
        for listener in self.listeners:
            listener(Written(entry, change))

    def _milliseconds(self) -> int:
        return int(self.clock().timestamp() * 1000)


def number_of(entry: Entry) -> str:
    """The number by which people call the record; the request id where there is none."""
    return str(entry[NUMBER_FIELDS.get(entry.form, "")] or entry.id)
