"""The instance: every write passes through here, with its rights, business rules, journal and approvals.

A write is `insert` or `update` by an `Account`. Rules look first and may refuse (nothing is then changed); what follows
from the write (approvals asked for, a change moved on) happens in the same breath, as business rules do.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sandbox.servicenow import approvals, change_rules, incident_rules
from sandbox.servicenow.errors import AccessDenied, RuleRefused
from sandbox.servicenow.schema import TABLES, Kind
from sandbox.servicenow.store import Change, Row, Store, known_columns, now

APPROVAL_ADMIN: Final = "approval_admin"
ADMIN: Final = "admin"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in, with their roles."""

    user_name: str
    roles: frozenset[str] = frozenset()

    def has(self, role: str) -> bool:
        """Whether the role is held; an administrator holds every one."""
        return role in self.roles or ADMIN in self.roles


class Refusal(StrEnum):
    """What the Table API does with a state that the rules do not allow."""

    ERROR = "error"
    SILENT = "silent"  # some instances leave the state as it was and answer 200


@dataclass(frozen=True, slots=True)
class Written:
    """One row that one write touched, for whoever listens."""

    row: Row
    change: Change


@dataclass(slots=True)
class Instance:
    """Rows, and the only door to change them. `listeners` are told of every write after it happened."""

    store: Store = field(default_factory=Store)
    clock: Callable[[], datetime] = now
    listeners: list[Callable[[Written], None]] = field(default_factory=list)

    def insert(self, table: str, fields: Mapping[str, Any], *, by: Account, labels: bool = False) -> Row:
        """A new row as the rules make it. Raises RuleRefused or AccessDenied and adds nothing."""
        definition = TABLES[table]
        if table in {"sys_user", "sys_user_group", "sys_user_grmember"} and not by.has(ADMIN):
            raise AccessDenied("Insert")
        values, journal = self._sort_out(table, fields, labels=labels)
        values = {name: column.default for name, column in definition.columns.items()} | values
        if "opened_by" in definition.columns:
            person = self.store.find_by("sys_user", "user_name", by.user_name)
            opened_by = values["opened_by"] or (person.sys_id if person else "")
            opened_at = values["opened_at"] or self._stamp()
            values.update(opened_by=opened_by, opened_at=opened_at)
        match table:
            case "change_request":
                change_rules.before_insert(self.store, values)
            case "incident":
                incident_rules.before_insert(values)
            case _:
                pass
        row = self.store.add(table, values, by=by.user_name, at=self.clock())
        self._tell(row, row.history[-1])
        self._write_journal(row, journal, by=by)
        return row

    def update(self, row: Row, fields: Mapping[str, Any], *, by: Account, labels: bool = False) -> Row:
        """The row as the rules leave it. Raises RuleRefused or AccessDenied and changes nothing."""
        table = row.table.name
        sent, journal = self._sort_out(table, fields, labels=labels)
        old = dict(row.values)
        new = old | sent
        match table:
            case "change_request":
                change_rules.before_update(self.store, old, new, may_approve=by.has(APPROVAL_ADMIN))
            case "incident":
                incident_rules.before_update(old, new, has_note=bool(journal), at=self._stamp())
            case "sysapproval_approver":
                approvals.before_update(
                    self.store, row, new, by=by.user_name, is_admin=by.has(APPROVAL_ADMIN),
                    comment=journal.get("comments", ""),
                )  # fmt: skip
            case _:
                pass
        self.write(row, {name: text for name, text in new.items() if text != old[name]}, by=by)
        self._write_journal(row, journal, by=by)
        match table:
            case "change_request":
                change_rules.after_update(self, row, old, by=by)
            case "sysapproval_approver":
                approvals.after_update(self, row, old, by=by, comment=journal.get("comments", ""))
            case _:
                pass
        return row

    def delete(self, row: Row, *, by: Account) -> None:
        """The row is gone. Only an administrator may do that."""
        if not by.has(ADMIN):
            raise AccessDenied("Delete")
        self.store.remove(row)
        stamp = self._stamp()
        self._tell(row, Change("delete", stamp, by.user_name, int(row["sys_mod_count"]), {}))

    def write(self, row: Row, values: Mapping[str, str], *, by: Account) -> None:
        """The row has these values; rules are not asked. For what rules themselves do."""
        change = self.store.change(row, values, by=by.user_name, at=self.clock())
        if change is not None:
            self._tell(row, change)

    def note(self, row: Row, element: str, text: str, *, by: Account) -> None:
        """The row's journal has one more entry. Every write appends, also a repeated one."""
        self._write_journal(row, {element: text}, by=by)

    def journal(self, row: Row, element: str | None = None) -> list[Row]:
        """The row's journal entries (of one kind, or all), oldest first."""
        entries = self.store.where("sys_journal_field", element_id=row.sys_id)
        return [entry for entry in entries if element in {None, entry["element"]}]

    def _sort_out(self, table: str, fields: Mapping[str, Any], *, labels: bool) -> tuple[dict[str, str], dict[str, str]]:
        values: dict[str, str] = {}
        journal: dict[str, str] = {}
        for column, value in known_columns(TABLES[table], fields):
            text = self.store.coerce(column, value, labels=labels)
            if column.kind is Kind.JOURNAL:
                if text:
                    journal[column.name] = text
            else:
                values[column.name] = text
        return values, journal

    def _write_journal(self, row: Row, journal: Mapping[str, str], *, by: Account) -> None:
        if not journal:
            return
        for element, text in journal.items():
            entry = {"name": row.table.name, "element": element, "element_id": row.sys_id, "value": text}
            self.store.add("sys_journal_field", entry, by=by.user_name, at=self.clock())
        # A note counts as a modification of its record, although no column of it differs.
        row.values["sys_mod_count"] = str(int(row["sys_mod_count"]) + 1)
        row.values.update(sys_updated_on=self._stamp(), sys_updated_by=by.user_name)
        fields = {element: ("", text) for element, text in journal.items()}
        change = Change("update", row["sys_updated_on"], by.user_name, int(row["sys_mod_count"]), fields)
        row.history.append(change)
        self._tell(row, change)

    def _stamp(self) -> str:
        return self.clock().strftime("%Y-%m-%d %H:%M:%S")

    def _tell(self, row: Row, change: Change) -> None:
        for listener in self.listeners:
            listener(Written(row, change))


__all__ = ["ADMIN", "APPROVAL_ADMIN", "AccessDenied", "Account", "Instance", "Refusal", "RuleRefused", "Written"]
