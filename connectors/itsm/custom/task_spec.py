"""The tasks of a ticket as a connector file declares them."""

from __future__ import annotations

from dataclasses import dataclass

from connectors.itsm.custom.request_spec import Changes, JsonPath, Request, States
from core.changes import TaskState


@dataclass(frozen=True, slots=True)
class TaskPaths:
    """Where in a task of theirs each fact stands; an empty path: it is not told.

    `words` are what is written beside its end, `by` whose hand it was last.
    """

    id: JsonPath
    key: JsonPath
    state: JsonPath
    by: JsonPath
    number: JsonPath = ()
    words: JsonPath = ()
    email: JsonPath = ()
    at: JsonPath = ()
    version: JsonPath = ()


@dataclass(frozen=True, slots=True)
class Tasks:
    """How a ticket's tasks are listed, made and moved; `changes` is None where touching a task touches its ticket."""

    request: Request
    paths: TaskPaths
    states: States[TaskState]
    create: Request
    update: Request
    changes: Changes | None = None
