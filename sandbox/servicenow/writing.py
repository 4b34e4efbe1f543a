"""Writing rows without asking any rule: what rules themselves do, and what the doors do after asking them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from sandbox.servicenow.store import TIME_FORMAT, Change, Row, Store, now

ADMIN: Final = "admin"
APPROVAL_ADMIN: Final = "approval_admin"


@dataclass(frozen=True, slots=True)
class Account:
    """Somebody who may sign in, with their roles."""

    user_name: str
    roles: frozenset[str] = frozenset()

    def has(self, role: str) -> bool:
        """Whether the role is held; an administrator holds every one."""
        return role in self.roles or ADMIN in self.roles


@dataclass(frozen=True, slots=True)
class Written:
    """One row that one write touched, for whoever listens."""

    row: Row
    change: Change


@dataclass(slots=True)
class Writer:
    """Rows and their journal. `listeners` are told of every write after it happened."""

    store: Store = field(default_factory=Store)
    clock: Callable[[], datetime] = now
    listeners: list[Callable[[Written], None]] = field(default_factory=list)

    def add(self, table: str, values: Mapping[str, str], *, by: Account) -> Row:
        """A new row with these values."""
        row = self.store.add(table, values, by=by.user_name, at=self.clock())
        self.tell(row, row.history[-1])
        return row

    def write(self, row: Row, values: Mapping[str, str], *, by: Account) -> None:
        """The row has these values."""
        change = self.store.change(row, values, by=by.user_name, at=self.clock())
        if change is not None:
            self.tell(row, change)

    def note(self, row: Row, journal: Mapping[str, str], *, by: Account) -> None:
        """The row's journal has these further entries. Every call appends, also a repeated one."""
        if not journal:
            return
        for element, text in journal.items():
            entry = {"name": row.table.name, "element": element, "element_id": row.sys_id, "value": text}
            self.store.add("sys_journal_field", entry, by=by.user_name, at=self.clock())
        # A note counts as a modification of its record, although no column of it differs.
        mod_count = int(row["sys_mod_count"]) + 1
        row.values.update(sys_mod_count=str(mod_count), sys_updated_on=self.stamp(), sys_updated_by=by.user_name)
        fields = {element: ("", text) for element, text in journal.items()}
        row.history.append(Change("update", row["sys_updated_on"], by.user_name, mod_count, fields))
        self.tell(row, row.history[-1])

    def journal(self, row: Row, *elements: str) -> list[Row]:
        """The row's journal entries (of these kinds, or all), oldest first."""
        entries = self.store.where("sys_journal_field", element_id=row.sys_id)
        return [entry for entry in entries if not elements or entry["element"] in elements]

    def stamp(self) -> str:
        """The present second as columns hold it."""
        return self.clock().strftime(TIME_FORMAT)

    def tell(self, row: Row, change: Change) -> None:
        """Every listener knows of this write."""
        for listener in self.listeners:
            listener(Written(row, change))
