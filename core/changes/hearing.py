"""What is heard of a change's tasks in ticket systems (G3, N1): what shows a gate counts, all else is told.

A gate takes what a person who may change this says in words; where they say it does not matter. So a task that is
closed there with closing notes, by somebody who is linked to a person here with the right, is that person's evidence.
Closed by a stranger, without a word, or cancelled, it shows nothing: it is recorded, and the change's people are asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.actor import Actor, system_actor
from core.audit import AuditCategory, AuditResult, record
from core.changes import rules, store
from core.changes.catalogue import ChangeCatalogue
from core.changes.events import ChangeEvent
from core.changes.loading import Held, hold, settle_on
from core.changes.raising import Exhibit, show_evidence_in
from core.changes.state import ENDS
from core.changes.tasks import TASK_ENDS, TaskState, TaskStep, state_of
from core.db import Transaction
from core.errors import CountersignError, Forbidden

_RESULTS: Final[Mapping[TaskState, str]] = {TaskState.DONE: rules.PASSED, TaskState.FAILED: "failed"}
_CLOSED: Final[Mapping[TaskState, str]] = {
    TaskState.DONE: "closed",
    TaskState.FAILED: "closed as unsuccessful",
    TaskState.CANCELLED: "cancelled",
}


class UnlinkedAuthor(Forbidden):
    """This account is not linked to anybody here, so what it says is no evidence."""

    code = "changes.unlinked_author"


@dataclass(frozen=True, slots=True)
class TaskHeard:
    """A task as a person left it there. `words` are its closing notes, `system` as people write it."""

    step: TaskStep
    state: TaskState
    words: str
    by: str
    system: str
    number: str
    url: str = ""


async def hear_of_task(
    tx: Transaction, catalogue: ChangeCatalogue, actor: Actor | None, request_id: UUID, heard: TaskHeard
) -> None:
    """The evidence counts, or the trail, the ticket and the change's people know why not.

    `actor` is who the account there is linked to; None: nobody. Nothing follows for a task that is not over there, for
    a step that is as far here already, or where nothing is owed any more.
    """
    change_id = await store.id_of_request(tx, request_id)
    if change_id is None or heard.state not in TASK_ENDS:
        return
    held = await hold(tx, change_id)
    if held.row.request_id != request_id or (held.state in ENDS and held.row.review_state not in ("due", "overdue")):
        return
    gate = heard.step.gate
    if gate is None and state_of(heard.step, held.state) is heard.state:
        return
    is_passed = gate is not None and gate not in rules.missing_gates((gate,), held.evidence)
    if is_passed and heard.state is not TaskState.FAILED:
        return
    if gate is None or heard.state not in _RESULTS or not heard.words.strip():
        await _tell(tx, held, heard, _why(heard))
        return
    error = await _show(tx, catalogue, actor, held, heard)
    if error is not None:
        await _refuse(tx, actor, held, heard, error)


async def _show(
    tx: Transaction, catalogue: ChangeCatalogue, actor: Actor | None, held: Held, heard: TaskHeard
) -> CountersignError | None:
    if actor is None:
        return UnlinkedAuthor(
            f"{heard.by or 'Somebody'} is not linked to anybody in Countersign: this is no evidence.",
            next_step="Show it in Countersign; they can link their account at the console, under My security.",
        )
    words = heard.words.strip()[: rules.SUMMARY_MAX]
    source = {"system": heard.system, "ticket": heard.number}
    exhibit = Exhibit(heard.step.value, words, _RESULTS[heard.state], heard.url, source)
    try:
        async with tx.connection.begin_nested():
            await show_evidence_in(tx, catalogue, actor, held, exhibit)
    except CountersignError as error:
        return error
    return None


async def _refuse(tx: Transaction, actor: Actor | None, held: Held, heard: TaskHeard, error: CountersignError) -> None:
    await record(
        tx,
        actor or system_actor(tx.tenant),
        action=ChangeEvent.EVIDENCE_ADDED,
        resource=held.reference,
        category=AuditCategory.SECURITY,
        subject_id=held.id,
        details={**_about(heard), "code": error.code, "reason": error.sentence()},
        result=AuditResult.DENIED,
    )
    await _tell(tx, held, heard, f"{_what(heard)} {error.sentence()}", also=actor)


async def _tell(tx: Transaction, held: Held, heard: TaskHeard, why: str, *, also: Actor | None = None) -> None:
    row = held.row
    people = {row.requester_id, *([row.implementer_id] if row.implementer_id else [])}
    people |= {also.user} if also is not None and also.user else set()
    details = {**_about(heard), "reason": why, "people": sorted(map(str, people))}
    who, category = system_actor(tx.tenant), AuditCategory.SYSTEM
    await settle_on(tx, who, held, ChangeEvent.TASK_HEARD, values={}, details=details, category=category)


def _about(heard: TaskHeard) -> dict[str, str]:
    return {
        "step": heard.step.value,
        "there": heard.state.value,
        "system": heard.system,
        "ticket": heard.number,
        "by": heard.by,
    }


def _what(heard: TaskHeard) -> str:
    by = f" by {heard.by}" if heard.by else ""
    step = heard.step.value.replace("_", " ")
    return f"Its task {heard.number} ({step}) was {_CLOSED[heard.state]} in {heard.system}{by}."


def _why(heard: TaskHeard) -> str:
    if heard.step.gate is None:
        return f"{_what(heard)} That moves nothing here: say in Countersign how far it is."
    if heard.state is TaskState.CANCELLED:
        return f"{_what(heard)} It is still asked for here: show it in Countersign, or cancel the change."
    return f"{_what(heard)} Without a word that is no evidence: say in Countersign what shows it."
