"""What the instance says of its own columns: rows of sys_dictionary and sys_choice, as an administrator sees them.

A column that a table inherits has its row under the parent's name (task), and a second one where the table changes it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sandbox.servicenow.instance import Instance
from sandbox.servicenow.schema import TABLES, TASK_COLUMNS, Column

PARENT: Final = "task"
_AUTHOR: Final = "system"


def describe(instance: Instance) -> None:
    """Every column has its row, and every choice; nothing changes if they are there."""
    store = instance.store
    if store.table("sys_dictionary"):
        return
    for table, column in _columns():
        row = {
            "name": table,
            "element": column.name,
            "column_label": column.label,
            "internal_type": str(column.kind),
            "reference": column.reference,
            "max_length": str(column.max_length),
            "read_only": "true" if column.read_only else "false",
        }
        store.add("sys_dictionary", row, by=_AUTHOR, at=instance.clock())
        for value, label in column.choices.items():
            choice = {"name": table, "element": column.name, "value": value, "label": label}
            store.add("sys_choice", choice, by=_AUTHOR, at=instance.clock())


def _columns() -> Iterator[tuple[str, Column]]:
    for column in TASK_COLUMNS.values():
        yield PARENT, column
    for table in TABLES.values():
        for name, column in table.columns.items():
            if TASK_COLUMNS.get(name) != column:
                yield table.name, column
