"""Tasks of tickets, as the file declares them: each known by our key, which is looked for before one is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from connectors.itsm.answers import shortened
from connectors.itsm.base import NotSent, OutcomeUnknown, Refused, Ticket
from connectors.itsm.custom.client import CustomClient
from connectors.itsm.custom.notes import NOTE_MAX_CHARS
from connectors.itsm.custom.paging import pages
from connectors.itsm.custom.paths import text_at
from connectors.itsm.custom.spec import Spec
from connectors.itsm.custom.task_spec import Tasks as Declared
from connectors.itsm.custom.tickets import instant
from core.changes import TASK_ENDS, TaskState
from core.tickets import ShownTask, ToldTask

Touched = tuple[datetime | None, ToldTask]
DOUBLE: Final = "Created twice by an interrupted call; {number} is the one that counts."


class Tasks:
    """Reads and writes the tasks of our tickets."""

    def __init__(self, spec: Spec, client: CustomClient) -> None:
        self._spec = spec
        self._client = client

    async def show(self, ticket: Ticket, tasks: Sequence[ShownTask]) -> tuple[ToldTask, ...]:
        """Each of these is there once, in the state that it shall have; as they are then. Raises Refused."""
        declared = self._declared()
        names = {"id": ticket.external_id, "number": ticket.number, "kind": str(ticket.kind)}
        known = await self._of(declared, names)
        made = [task for task in tasks if task.key not in known and task.is_wanted]
        for task in made:
            await self._client.ask(declared.create, create_values(self._spec, declared, task, names))
        known = await self._of(declared, names) if made else known
        if any(task.key not in known for task in made):
            raise OutcomeUnknown(f"{self._spec.title} took a task and does not list it with our key.")
        moved = [await self._move(declared, names, known[task.key], task) for task in tasks if task.key in known]
        known = await self._of(declared, names) if any(moved) else known
        return tuple(known[task.key] for task in tasks if task.key in known)

    async def of(self, names: Mapping[str, str]) -> tuple[ToldTask, ...]:
        """Every task of ours of the ticket with these names, as it is listed. Raises Refused."""
        declared = self._declared()
        listed = await self._client.ask_list(declared.request, names)
        return tuple(one for _at, one in self._ours(declared, listed))

    async def on(self, names: Mapping[str, str]) -> list[Touched]:
        """Every task of ours of the ticket with these names; none where the file declares no tasks."""
        declared = self._spec.tasks
        if declared is None:
            return []
        return self._ours(declared, await self._client.ask_list(declared.request, names))

    async def since(self, since: datetime) -> list[Touched]:
        """Tasks of ours that were touched since then, of any ticket; none where that cannot be asked for."""
        declared = self._spec.tasks
        if declared is None or declared.changes is None:
            return []
        found: list[Touched] = []
        async for documents in pages(self._spec, self._client, declared.changes, since):
            rows = self._ours(declared, documents)
            found += [(at, one) for at, one in rows if at is not None and at >= since]
            if declared.changes.is_newest_first and any(at is not None and at < since for at, _one in rows):
                break
        return found

    def _declared(self) -> Declared:
        if self._spec.tasks is None:
            raise Refused(f"The file of {self._spec.title} declares no 'tasks'.", field="tasks")
        return self._spec.tasks

    async def _of(self, declared: Declared, names: Mapping[str, str]) -> dict[str, ToldTask]:
        """The ticket's tasks of ours by their keys: of several with one, the first; the others are cancelled."""
        found: dict[str, ToldTask] = {}
        for _at, one in self._ours(declared, await self._client.ask_list(declared.request, names)):
            first = found.setdefault(one.key, one)
            if first is not one and one.state not in TASK_ENDS:
                said = DOUBLE.format(number=first.number)
                values = update_values(declared, one.external_id, TaskState.CANCELLED, said, names)
                await self._client.ask(declared.update, {**values, "step_key": f"{one.key}/double"})
        return found

    async def _move(self, declared: Declared, names: Mapping[str, str], one: ToldTask, task: ShownTask) -> bool:
        """Whether the task was moved: one that is over, or beyond what is asked, stays as it is."""
        is_back = one.state is TaskState.WORKING and task.state is TaskState.OPEN
        state = _nearest(declared, task.state)
        if one.state in TASK_ENDS or state is None or one.state is state or is_back:
            return False
        values = update_values(declared, one.external_id, state, task.said, names)
        await self._client.ask(declared.update, {**values, "step_key": f"{task.key}/{state}"})
        return True

    def _ours(self, declared: Declared, documents: Sequence[Any]) -> list[Touched]:
        prefix = self._spec.ticket.key_prefix
        rows = [(text_at(one, declared.paths.key), one) for one in documents]
        return [self._told(declared, one) for key, one in rows if key and key.startswith(prefix)]

    def _told(self, declared: Declared, document: Any) -> Touched:
        paths = declared.paths
        identity = text_at(document, paths.id)
        if not identity:
            raise NotSent(f"{self._spec.title} answered with a task that has nothing at '{'.'.join(paths.id)}'.")
        label, by, at = (
            text_at(document, paths.state),
            text_at(document, paths.by),
            instant(self._spec, document, paths.at),
        )
        number = text_at(document, paths.number) or identity
        told = text_at(document, paths.version)
        return at, ToldTask(
            key=text_at(document, paths.key).removeprefix(self._spec.ticket.key_prefix),
            external_id=identity,
            number=number,
            url=self._spec.url,
            state=declared.states.read.get(label, TaskState.OPEN),
            label=label,
            words=text_at(document, paths.words),
            by=by,
            account=by,
            email=text_at(document, paths.email),
            is_ours=by == self._spec.account,
            version=int(told) if told.isdecimal() else int(at.timestamp() * 1000) if at is not None else 0,
        )


def create_values(spec: Spec, declared: Declared, task: ShownTask, names: Mapping[str, str]) -> dict[str, Any]:
    """What `tasks.create` may speak of."""
    return {
        **names,
        "key": spec.ticket.key_prefix + task.key,
        "step": str(task.step),
        "type": str(task.step.kind),
        "title": shortened(" ".join(task.title.split()), spec.summary_max_chars),
        "description": task.description,
        "state": declared.states.write.get(TaskState.OPEN),
    }


def update_values(
    declared: Declared, task_id: str, state: TaskState, said: str, names: Mapping[str, str]
) -> dict[str, Any]:
    """What `tasks.update` may speak of."""
    return {
        **names,
        "task": task_id,
        "state": declared.states.write.get(state),
        "said": shortened(said, NOTE_MAX_CHARS),
        "step_key": "",
    }


def _nearest(declared: Declared, state: TaskState) -> TaskState | None:
    """The state that the file can write for this one; None if there is nothing to write."""
    if state in declared.states.write:
        return state
    return TaskState.DONE if state is TaskState.FAILED else None
