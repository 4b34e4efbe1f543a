"""What a walk through a tenant's tickets finds, and what is done about it. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from core.changes import TaskStep

FINDINGS_MAX: Final = 200  # of one walk that are kept in full; all are counted
GONE_MAX: Final = 3  # of one walk that are made again without asking, however few tickets there are
GONE_SHARE: Final = 0.2  # of the tickets walked: beyond that it is more likely that we are not shown them


class Finding(StrEnum):
    """What can be wrong with a ticket."""

    MISSING = "missing"  # gone there, or hidden from us
    DOUBLE = "double"  # another live ticket carries the same key
    STATE = "state"  # it does not stand where it should
    ENDED = "ended"  # closed, cancelled or rejected there, and not by what was decided here
    FIELD = "field"  # a mapped field does not hold what it should
    UNREADABLE = "unreadable"  # the system refuses to show it, or its tasks
    TASK_MISSING = "task_missing"  # a task of it is gone there though its step is not over
    TASK_STATE = "task_state"  # a task of it stands before where it stood already
    TASK_DOUBLE = "task_double"  # another open task of it is of the same step


class Remedy(StrEnum):
    """What is done about it."""

    REPAIR = "repair"  # by us, through the outbox
    ASK = "ask"  # a person has to look


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing found. `here` and `there` are what it should be and what it is.

    `field` names a mapped field, or the step of a task.
    """

    subject_id: UUID
    reference: str
    number: str
    external_id: str
    what: Finding
    remedy: Remedy
    here: str = ""
    there: str = ""
    field: str = ""
    is_known: bool = False  # the walk before found the same

    @property
    def mark(self) -> tuple[str, str, str, str]:
        """By which the same finding is known again."""
        return (str(self.subject_id), self.what, self.field, self.there)

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {name: value if isinstance(value, bool) else str(value) for name, value in asdict(self).items()}


def drift_from_json(found: dict[str, Any]) -> Drift:
    """The inverse of `Drift.to_json`."""
    whole = {
        "subject_id": UUID(found["subject_id"]),
        "what": Finding(found["what"]),
        "remedy": Remedy(found["remedy"]),
    }
    return Drift(**{**found, **whole})


def judged(
    found: Sequence[Drift], *, so_far: Mapping[str, int], walked: int, before: frozenset[tuple[str, str, str, str]]
) -> tuple[Drift, ...]:
    """The findings with what is to be done about each in view of the whole walk. `so_far` counts those before, by kind.

    What we put right the night before and finds itself wrong again is a person's: something there undoes it. Many
    missing tickets are more likely hidden than gone: they are not made again; nor are all the tasks of as many tickets.
    """
    tickets = max(GONE_MAX, GONE_SHARE * walked)
    most = {Finding.MISSING: tickets, Finding.TASK_MISSING: tickets * len(TaskStep)}
    gone = Counter({what: so_far.get(what, 0) for what in most})
    out: list[Drift] = []
    for each in found:
        remedy, is_known = each.remedy, each.mark in before
        if each.what in most:
            gone[each.what] += 1
            if gone[each.what] > most[each.what]:
                remedy = Remedy.ASK
        if is_known:
            remedy = Remedy.ASK
        out.append(replace(each, remedy=remedy, is_known=is_known))
    return tuple(out)
