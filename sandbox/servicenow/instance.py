"""The instance: every write of a person or program passes through here, with its rights and business rules.

Rules look first and may refuse (nothing is then changed). What follows from a write (approvals asked for, a change
moved on) happens in the same breath, as business rules do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sandbox.servicenow import approvals, change_rules, incident_rules, task_rules
from sandbox.servicenow.errors import AccessDenied
from sandbox.servicenow.schema import TABLES, Kind
from sandbox.servicenow.store import Change, Row, known_columns
from sandbox.servicenow.writing import ADMIN, APPROVAL_ADMIN, Account, Writer

GUARDED: Final = frozenset(
    {"sys_user", "sys_user_group", "sys_user_grmember", "sys_journal_field", "sys_dictionary", "sys_choice"}
)
DECISION_WORDS: Final = {"approved": "Approved", "rejected": "Rejected"}


class Instance(Writer):
    """Rows with rules."""

    def insert(self, table: str, fields: Mapping[str, Any], *, by: Account, labels: bool = False) -> Row:
        """A new row as the rules make it. Raises RuleRefused or AccessDenied and adds nothing."""
        if table in GUARDED and not by.has(ADMIN):
            raise AccessDenied("Insert")
        sent, journal = self._sort_out(table, fields, labels=labels)
        columns = TABLES[table].columns
        values = {name: column.default for name, column in columns.items()} | sent
        if "opened_by" in columns:
            values["opened_by"] = values["opened_by"] or self._sys_id_of(by)
            values["opened_at"] = values["opened_at"] or self.stamp()
        match table:
            case "change_request":
                change_rules.before_insert(values)
            case "incident":
                incident_rules.before_insert(values)
            case "change_task":
                task_rules.before_insert(values, self.store.find("change_request", values["change_request"]))
            case _:
                pass
        row = self.add(table, values, by=by)
        self.note(row, journal, by=by)
        return row

    def insert_from_template(self, template: Mapping[str, str], fields: Mapping[str, Any], *, by: Account) -> Row:
        """A standard change: approved at once, its template's fields as the template has them."""
        allowed = {name: value for name, value in fields.items() if name not in change_rules.TEMPLATE_FIELDS}
        preset = {name: text for name, text in template.items() if name in change_rules.TEMPLATE_FIELDS}
        row = self.insert("change_request", {**allowed, **preset, "type": "standard"}, by=by, labels=True)
        self.write(row, {"approval": "approved", "std_change_producer_version": template["sys_id"]}, by=by)
        return row

    def update(self, row: Row, fields: Mapping[str, Any], *, by: Account, labels: bool = False) -> Row:
        """The row as the rules leave it. Raises RuleRefused or AccessDenied and changes nothing."""
        if row.table.name in GUARDED and not by.has(ADMIN):
            raise AccessDenied("Update")
        sent, journal = self._sort_out(row.table.name, fields, labels=labels)
        old = dict(row.values)
        new = old | sent
        match row.table.name:
            case "change_request":
                change_rules.before_update(old, new, may_approve=by.has(APPROVAL_ADMIN))
            case "incident":
                incident_rules.before_update(old, new, at=self.stamp(), by_sys_id=self._sys_id_of(by))
            case "change_task":
                task_rules.before_update(old, new, at=self.stamp(), by_sys_id=self._sys_id_of(by))
            case "sysapproval_approver":
                approvals.before_update(self, row, new, by=by, comment=journal.get("comments", ""))
            case _:
                pass
        self.write(row, {name: text for name, text in new.items() if text != old[name]}, by=by)
        self.note(row, journal, by=by)
        match row.table.name:
            case "change_request":
                change_rules.after_update(self, row, old, by=by)
            case "sysapproval_approver":
                self._decided(row, old, by=by, comment=journal.get("comments", ""))
            case _:
                pass
        return row

    def delete(self, row: Row, *, by: Account) -> None:
        """The row is gone. Only an administrator may do that; raises AccessDenied otherwise."""
        if not by.has(ADMIN):
            raise AccessDenied("Delete")
        self.store.remove(row)
        self.tell(row, Change("delete", self.stamp(), by.user_name, int(row["sys_mod_count"]), {}))

    def _decided(self, row: Row, old: Mapping[str, str], *, by: Account, comment: str) -> None:
        change = self.store.find("change_request", row["sysapproval"])
        if change is None or not approvals.is_decided(row, old):
            return
        if comment:
            who = self.store.read(row, "approver.name")
            self.note(change, {"comments": f"{who} - {DECISION_WORDS[row['state']]}: {comment}"}, by=by)
        if row["state"] == "rejected":
            change_rules.reject(self, change, by=by)
        elif approvals.settle_group(self, row, by=by):
            change_rules.pass_gate(self, change, by=by)

    def _sort_out(
        self, table: str, fields: Mapping[str, Any], *, labels: bool
    ) -> tuple[dict[str, str], dict[str, str]]:
        values: dict[str, str] = {}
        journal: dict[str, str] = {}
        for column, value in known_columns(TABLES[table], fields):
            text = self.store.coerce(column, value, labels=labels)
            if column.kind is not Kind.JOURNAL:
                values[column.name] = text
            elif text:
                journal[column.name] = text
        return values, journal

    def _sys_id_of(self, account: Account) -> str:
        person = self.store.find_by("sys_user", "user_name", account.user_name)
        return person.sys_id if person else ""
