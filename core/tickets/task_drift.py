"""What is wrong with the child records of a ticket, as its system lists them. Pure.

Only what is known of them is held against what is there: a step that has no place in that system was never shown. A
record that is over there is never wrong; whoever ended it is heard. Nor is one that is further than it was shown:
people may begin before we do.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core.changes import TASK_ENDS, TaskState, TaskStep
from core.tickets.drift import Finding
from core.tickets.task_store import KnownTask
from core.tickets.values import ToldTask

_RANK: Final[Mapping[TaskState, int]] = {TaskState.OPEN: 0, TaskState.WORKING: 1, **dict.fromkeys(TASK_ENDS, 2)}


@dataclass(frozen=True, slots=True)
class Astray:
    """One thing that is wrong. `here` and `there` are what it should be and what it is, in words."""

    what: Finding
    step: TaskStep
    here: str
    there: str = ""


def key_of(subject: UUID, step: TaskStep) -> str:
    """Our key of the record of this step."""
    return f"{subject}:{step}"


def astray(
    known: Iterable[KnownTask], told: Sequence[ToldTask], wanted: Mapping[TaskStep, TaskState] | None = None
) -> tuple[Astray, ...]:
    """What is wrong with the records of one ticket, step by step. `known` is as of before they were listed.

    `wanted` is the state that the change's steps have; without it, what could be wrong whatever they have.
    """
    there = {each.external_id: each for each in told}
    found: list[Astray] = []
    for each in sorted(known, key=lambda one: tuple(TaskStep).index(one.step)):
        shall = wanted.get(each.step, TaskState.CANCELLED) if wanted is not None else None
        found += _double(each, told)
        if (now := there.get(each.task_id)) is not None:
            found += _behind(each, now, shall)
        elif each.state not in TASK_ENDS and shall not in TASK_ENDS:
            found.append(Astray(Finding.TASK_MISSING, each.step, f"{each.number} {shall or each.shown}"))
    return tuple(found)


def unheard(known: Iterable[KnownTask], told: Iterable[ToldTask]) -> tuple[ToldTask, ...]:
    """Those that stand otherwise than they were last seen, and not from before that."""
    seen = {each.task_id: each for each in known}
    return tuple(
        each
        for each in told
        if (was := seen.get(each.external_id)) is not None
        and each.version >= was.version
        and each.state is not was.state
    )


def _behind(known: KnownTask, now: ToldTask, shall: TaskState | None) -> list[Astray]:
    """It stands before where it stood already, and before where it should stand: what is on its way is not late."""
    stood = known.state if known.state in TASK_ENDS else known.shown
    least = min(_RANK[stood], _RANK[shall if shall is not None else stood])
    if now.version < known.version or _RANK[now.state] >= least:
        return []
    return [Astray(Finding.TASK_STATE, known.step, f"{now.number} {shall or stood}", now.label)]


def _double(known: KnownTask, told: Sequence[ToldTask]) -> list[Astray]:
    """More than one is open under its key."""
    key = key_of(known.subject_id, known.step)
    live = [each for each in told if each.key == key and each.state not in TASK_ENDS]
    counts = next((each for each in live if each.external_id == known.task_id), live[0] if live else None)
    others = ", ".join(each.number for each in live if each is not counts)
    return [Astray(Finding.TASK_DOUBLE, known.step, counts.number, others)] if counts is not None and others else []
