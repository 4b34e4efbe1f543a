"""The section `tasks` of a connector file: how they are listed, made and moved."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from connectors.itsm.custom.reading_parts import read_changes
from connectors.itsm.custom.request_reading import REQUEST_KEYS, FileReader
from connectors.itsm.custom.request_spec import States
from connectors.itsm.custom.state_reading import read_states
from connectors.itsm.custom.task_spec import TaskPaths, Tasks
from core.changes import TaskState

PATHS: Final = ("id", "key", "state", "by", "number", "words", "email", "at", "version")
NEEDED: Final = ("id", "key", "state", "by", "states", "create", "update")
KEYS: Final = (*PATHS, "states", "create", "update", "changes")
STATES: Final = (TaskState.OPEN, TaskState.DONE, TaskState.CANCELLED)
CREATE_NAMES: Final = ("key", "step", "type", "title", "description", "state")
UPDATE_NAMES: Final = ("task", "state", "said", "step_key")
_WHERE: Final = ("tasks",)


def read_tasks(reader: FileReader, value: object, *, names: Sequence[str], account: str) -> Tasks | None:
    """The tasks that the file declares; None if it declares none. `account` is ours, as the system names it."""
    if value is None:
        return None
    request, table = reader.request(_WHERE, value, names=names, more=KEYS)
    for key in NEEDED:
        if table.get(key) is None:
            reader.problem(_WHERE, f"The key '{key}' is missing.", accepted=(*REQUEST_KEYS, *KEYS))
    where = (*_WHERE, "states")
    states: States[TaskState] = States({}, {})
    if table.get("states") is not None:
        states = read_states(reader, where, table["states"], kind=TaskState, required=STATES)
    create = reader.request(
        (*_WHERE, "create"), table.get("create") or {}, names=(*names, *CREATE_NAMES), method="POST"
    )
    update = reader.request(
        (*_WHERE, "update"), table.get("update") or {}, names=(*names, *UPDATE_NAMES), method="PATCH"
    )
    changes = read_changes(reader, (*_WHERE, "changes"), table["changes"])[0] if table.get("changes") else None
    found = Tasks(
        request=request,
        paths=TaskPaths(**{name: reader.optional_path(_WHERE, table, name) for name in PATHS}),
        states=states,
        create=create[0],
        update=update[0],
        changes=changes,
    )
    _refuse_contradictions(reader, found, account=account)
    return found


def _refuse_contradictions(reader: FileReader, found: Tasks, *, account: str) -> None:
    if "key" not in found.create.names:
        reader.problem((*_WHERE, "create"), "The request writes no {key}, so the task could never be found again.")
    for name in ("task", "state"):
        if name not in found.update.names:
            reader.problem((*_WHERE, "update"), f"The request names no {{{name}}}.")
    if not account:
        reader.problem(_WHERE, "What we do to a task would come back as somebody's: declare 'account' of the file.")
    if found.changes is not None and not found.paths.at:
        reader.problem(_WHERE, "'changes' needs 'at': when a task was touched.")
