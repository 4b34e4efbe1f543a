"""The rows of the instance, their history, and what survives a restart. Knows columns, no business rules."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from sandbox.servicenow.query import Query, matches
from sandbox.servicenow.schema import TABLES, Column, Kind, Table

TIME_FORMAT: Final = "%Y-%m-%d %H:%M:%S"  # UTC, to the second: ties are normal
FIRST_NUMBER: Final = 30_000
_TRUE: Final = frozenset({"true", "1", "yes", "on"})
_SYS_ID_CHARS: Final = 32


@dataclass(slots=True)
class Change:
    """One write: who, when, what, and each field's value before and after."""

    operation: str
    at: str
    by: str
    mod_count: int
    fields: dict[str, tuple[str, str]]


@dataclass(slots=True)
class Row:
    """One record: every column has a text, empty when unset; journal columns are always empty."""

    table: Table
    values: dict[str, str]
    history: list[Change] = field(default_factory=list)

    @property
    def sys_id(self) -> str:
        """The record's identity."""
        return self.values["sys_id"]

    def __getitem__(self, name: str) -> str:
        return self.values[name]


class Store:
    """All rows by table, in order of creation."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Row]] = {name: {} for name in TABLES}
        self._numbers: dict[str, int] = {}

    def table(self, name: str) -> dict[str, Row]:
        """The rows of this table by sys_id. Raises KeyError for an unknown table."""
        return self._rows[name]

    def find(self, table: str, sys_id: str) -> Row | None:
        """The row, if there is one."""
        return self._rows[table].get(sys_id)

    def find_by(self, table: str, column: str, value: str) -> Row | None:
        """The oldest row with exactly this value (without regard to case)."""
        wanted = value.casefold()
        return next((row for row in self._rows[table].values() if row.values[column].casefold() == wanted), None)

    def where(self, table: str, **wanted: str) -> list[Row]:
        """The rows whose columns have exactly these values, oldest first."""
        return [
            row for row in self._rows[table].values() if all(row.values[name] == text for name, text in wanted.items())
        ]

    def add(self, table: str, values: Mapping[str, str], *, by: str, at: datetime) -> Row:
        """A new row with defaults, number, identity and system columns; its history begins."""
        definition = TABLES[table]
        stamp = at.strftime(TIME_FORMAT)
        row = Row(definition, {name: column.default for name, column in definition.columns.items()})
        row.values.update(values)
        row.values.update(
            sys_id=uuid.uuid4().hex, sys_created_on=stamp, sys_created_by=by, sys_updated_on=stamp, sys_updated_by=by
        )
        if definition.prefix:
            row.values["number"] = values.get("number") or self._next_number(definition)
            row.values["sys_class_name"] = table
        row.history.append(Change("insert", stamp, by, 0, {name: ("", text) for name, text in values.items() if text}))
        self._rows[table][row.sys_id] = row
        return row

    def change(self, row: Row, values: Mapping[str, str], *, by: str, at: datetime) -> Change | None:
        """The row has these values and one more modification; None and untouched when nothing differs."""
        differing = {name: (row.values[name], text) for name, text in values.items() if row.values[name] != text}
        if not differing:
            return None
        row.values.update({name: text for name, (_, text) in differing.items()})
        row.values["sys_mod_count"] = str(int(row.values["sys_mod_count"]) + 1)
        row.values["sys_updated_on"] = at.strftime(TIME_FORMAT)
        row.values["sys_updated_by"] = by
        change = Change("update", row["sys_updated_on"], by, int(row["sys_mod_count"]), differing)
        row.history.append(change)
        return change

    def remove(self, row: Row) -> None:
        """The row is gone."""
        del self._rows[row.table.name][row.sys_id]

    def select(self, table: str, query: Query) -> list[Row]:
        """The rows that the query means, in its order; without one by sys_id, which looks random, as it does there."""
        definition = TABLES[table]
        found = [
            row
            for row in self._rows[table].values()
            if matches(query, lambda name, row=row: self.read(row, name), lambda name: is_number(definition, name))  # type: ignore[misc]
        ]
        found.sort(key=lambda row: row.sys_id)
        for order in reversed(query.order):
            found.sort(key=lambda row, name=order.field: _sort_key(self, row, name), reverse=order.descending)  # type: ignore[misc]
        return found

    def read(self, row: Row, path: str) -> str:
        """The value at a column or a dot-walked path; empty when a reference on the way is empty."""
        name, _, rest = path.partition(".")
        value = row.values.get(name, "")
        if not rest:
            return value
        target = self.find(row.table.columns[name].reference, value)
        return self.read(target, rest) if target else ""

    def display(self, row: Row, name: str) -> str:
        """The value as people see it: a choice's label, a reference's name."""
        return self.display_of(row.table.columns[name], row.values[name])

    def display_of(self, column: Column, value: str) -> str:
        """The words for a value of this column."""
        if column.kind is Kind.REFERENCE:
            target = self.find(column.reference, value)
            return self.display(target, target.table.display) if target else ""
        return column.choices.get(value, value)

    def snapshot(self) -> dict[str, Any]:
        """Everything as JSON values."""
        return {
            "numbers": dict(self._numbers),
            "rows": {
                name: [
                    {
                        "values": row.values,
                        "history": [
                            [
                                one.operation,
                                one.at,
                                one.by,
                                one.mod_count,
                                {key: list(two) for key, two in one.fields.items()},
                            ]
                            for one in row.history
                        ],
                    }
                    for row in rows.values()
                ]
                for name, rows in self._rows.items()
            },
        }

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """The rows are those of the snapshot; columns that it does not know have their defaults."""
        self._numbers = dict(snapshot["numbers"])
        for name, rows in snapshot["rows"].items():
            definition = TABLES[name]
            for saved in rows:
                values = {key: column.default for key, column in definition.columns.items()} | saved["values"]
                history = [
                    Change(operation, at, by, mod_count, {key: (old, new) for key, (old, new) in fields.items()})
                    for operation, at, by, mod_count, fields in saved["history"]
                ]
                self._rows[name][values["sys_id"]] = Row(definition, values, history)

    def _next_number(self, definition: Table) -> str:
        number = self._numbers.get(definition.prefix, FIRST_NUMBER) + 1
        self._numbers[definition.prefix] = number
        return f"{definition.prefix}{number:07d}"

    def coerce(self, column: Column, value: Any, *, labels: bool) -> str:
        """What the column stores when this is sent: text, cut to its length.

        References may be given by sys_id or by the name shown; choices by value, and by label if `labels`. What fits
        neither becomes empty, silently, as on a real instance.
        """
        if isinstance(value, bool):
            value = "true" if value else "false"
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = "" if value is None else str(value)
        match column.kind:
            case Kind.BOOLEAN:
                return "true" if text.strip().lower() in _TRUE else "false"
            case Kind.REFERENCE:
                return self._reference(column.reference, text.strip())
            case Kind.INTEGER:
                return _integer(column, text.strip(), labels=labels)
            case Kind.DATETIME:
                return _instant(text.strip())
            case _:
                return (_choice(column, text) if labels else text)[: column.max_length]

    def _reference(self, table: str, text: str) -> str:
        if not text or self.find(table, text):
            return text
        found = self.find_by(table, TABLES[table].display, text)
        if found is None and table == "sys_user":
            found = self.find_by(table, "user_name", text) or self.find_by(table, "email", text)
        return found.sys_id if found else ""


def now() -> datetime:
    """The instance's own clock, UTC."""
    return datetime.now(UTC)


def is_known(table: str, path: str) -> bool:
    """Whether this is a column, or a dot-walk that follows references to one."""
    name, _, rest = path.partition(".")
    column = TABLES[table].columns.get(name)
    if column is None:
        return False
    return not rest or (column.kind is Kind.REFERENCE and is_known(column.reference, rest))


def is_number(table: Table, path: str) -> bool:
    """Whether values at this path compare as numbers."""
    name, _, rest = path.partition(".")
    column = table.columns[name]
    return is_number(TABLES[column.reference], rest) if rest else column.kind is Kind.INTEGER


def is_sys_id(text: str) -> bool:
    """Whether this has the form of a record's identity."""
    return len(text) == _SYS_ID_CHARS and all(character in "0123456789abcdef" for character in text)


def known_columns(table: Table, fields: Mapping[str, Any]) -> Iterator[tuple[Column, Any]]:
    """The sent fields that the table has and callers may set."""
    for name, value in fields.items():
        column = table.columns.get(name)
        if column is not None and not column.read_only:
            yield column, value


def _sort_key(store: Store, row: Row, name: str) -> tuple[float, str]:
    value = store.read(row, name)
    if is_number(row.table, name):
        try:
            return float(value), ""
        except ValueError:
            return float("-inf"), ""
    return 0.0, value.casefold()


def _integer(column: Column, text: str, *, labels: bool) -> str:
    if labels:
        text = _choice(column, text)
    try:
        return str(int(float(text)))
    except (ValueError, OverflowError):
        return ""


def _choice(column: Column, text: str) -> str:
    folded = text.strip().casefold()
    return next((value for value, label in column.choices.items() if label.casefold() == folded), text)


def _instant(text: str) -> str:
    for shape in (TIME_FORMAT, "%Y-%m-%d"):
        try:
            return datetime.strptime(text, shape).replace(tzinfo=UTC).strftime(TIME_FORMAT)
        except ValueError:
            continue
    return ""
