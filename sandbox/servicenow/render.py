"""Rows as the wire shows them: strings in the Table API, typed pairs in the Change Management API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from sandbox.servicenow.schema import TABLES, Column, Kind
from sandbox.servicenow.store import TIME_FORMAT, Row, is_known
from sandbox.servicenow.writing import Writer

DISPLAY_OFFSET: Final = timedelta(hours=-8)  # display values of dates are in the account's zone, values are UTC
_JOURNAL_TITLES: Final = {"work_notes": "Work notes", "comments": "Additional comments"}


class DisplayMode(StrEnum):
    """The three settings of sysparm_display_value."""

    VALUES = "false"
    DISPLAYS = "true"
    BOTH = "all"


@dataclass(frozen=True, slots=True)
class TableRenderer:
    """How one Table API call wants its rows. `base_url` begins the links of references."""

    writer: Writer
    base_url: str
    mode: DisplayMode = DisplayMode.VALUES
    links: bool = True
    fields: tuple[str, ...] = ()
    hidden: frozenset[str] = frozenset()

    def row(self, row: Row) -> dict[str, Any]:
        """The row as JSON; of the fields asked for, those that exist."""
        names: Iterable[str] = self.fields or row.table.columns
        return {
            name: self._field(row, name) for name in names if is_known(row.table.name, name) and name not in self.hidden
        }

    def _field(self, row: Row, path: str) -> Any:
        owner, column = _walk(self.writer, row, path)
        if owner is None:
            return {"display_value": "", "value": ""} if self.mode is DisplayMode.BOTH else ""
        value = owner[column.name]
        shown = shown_value(self.writer, owner, column)
        link = self._link(column, value)
        match self.mode:
            case DisplayMode.VALUES:
                return {"link": link, "value": value} if link else value
            case DisplayMode.DISPLAYS:
                return {"display_value": shown, "link": link} if link else shown
            case DisplayMode.BOTH:
                both = {"display_value": shown, "value": value}
                return {**both, "link": link} if link else both

    def _link(self, column: Column, value: str) -> str:
        if column.kind is not Kind.REFERENCE or not value or not self.links:
            return ""
        return f"{self.base_url}/api/now/table/{column.reference}/{value}"


def change_row(writer: Writer, row: Row, *, ignored: Iterable[str] = (), fields: Iterable[str] = ()) -> dict[str, Any]:
    """The row as the Change Management API shows it: typed values, bare references, and what was ignored."""
    names = [name for name in (fields or row.table.columns) if name in row.table.columns]
    shown: dict[str, Any] = {name: _pair(writer, row, row.table.columns[name]) for name in names}
    return {**shown, "__meta": {"ignoredFields": sorted(ignored)}}


def shown_value(writer: Writer, row: Row, column: Column) -> str:
    """The value as people see it; a journal column shows all its entries, newest first."""
    match column.kind:
        case Kind.JOURNAL:
            return journal_text(writer, row, column.name)
        case Kind.DATETIME:
            return _local(row[column.name])
        case _:
            return writer.store.display(row, column.name)


def journal_text(writer: Writer, row: Row, element: str) -> str:
    """The journal as one text block, as display values give it."""
    title = _JOURNAL_TITLES.get(element, "Comments")
    blocks = (
        f"{_local(entry['sys_created_on'])} - {person_name(writer, entry['sys_created_by'])} ({title})\n"
        f"{entry['value']}\n\n"
        for entry in reversed(writer.journal(row, element))
    )
    return "".join(blocks)


def person_name(writer: Writer, user_name: str) -> str:
    """The person's name as shown, or the account's if nobody has it."""
    person = writer.store.find_by("sys_user", "user_name", user_name)
    return person["name"] if person else user_name


def truthy(parameters: Mapping[str, str], name: str) -> bool:
    """Whether a boolean parameter is set, in any case (a client written in Python sends True)."""
    return parameters.get(name, "").lower() == "true"


def _walk(writer: Writer, row: Row, path: str) -> tuple[Row | None, Column]:
    name, _, rest = path.partition(".")
    column = row.table.columns[name]
    if not rest:
        return row, column
    target = writer.store.find(column.reference, row[name])
    if target is None:
        table, *_ = (column.reference,)
        while "." in rest:
            step, _, rest = rest.partition(".")
            table = TABLES[table].columns[step].reference
        return None, TABLES[table].columns[rest]
    return _walk(writer, target, rest)


def _pair(writer: Writer, row: Row, column: Column) -> dict[str, Any]:
    value = row[column.name]
    pair: dict[str, Any] = {"display_value": shown_value(writer, row, column), "value": _typed(column, value)}
    if column.kind is Kind.DATETIME and value:
        pair["display_value_internal"] = _local(value)
    return pair


def _typed(column: Column, value: str) -> Any:
    match column.kind:
        case Kind.INTEGER:
            return float(value) if value else ""
        case Kind.BOOLEAN:
            return value == "true"
        case _:
            return value


def _local(value: str) -> str:
    if not value:
        return ""
    return (datetime.strptime(value, TIME_FORMAT) + DISPLAY_OFFSET).strftime(TIME_FORMAT)  # noqa: DTZ007 - shown, not kept
