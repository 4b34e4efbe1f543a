"""To which cost centre a cost belongs, on which day. Pure (C10)."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import groupby
from typing import Final

from core.costs import Bearer

UNASSIGNED: Final = ""


class SubjectKind(StrEnum):
    """What is assigned to a cost centre."""

    PROJECT = "project"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class Turn:
    """From this day on, until its next turn, the subject's costs belong to the centre; UNASSIGNED: to none."""

    kind: SubjectKind
    subject: str
    starts_on: date
    code: str


def bearers_of(turns: Iterable[Turn]) -> tuple[Bearer, ...]:
    """The same as spans of days that do not meet, as costs are grouped by them."""
    found: list[Bearer] = []
    for (kind, subject), own in groupby(sorted(turns, key=_by_subject), key=lambda each: (each.kind, each.subject)):
        said = list(own)
        project, agent = ("", subject) if kind is SubjectKind.AGENT else (subject, "")
        ends = [*(each.starts_on for each in said[1:]), None]
        found += [Bearer(project, agent, each.starts_on, end, each.code) for each, end in zip(said, ends, strict=True)]
    return tuple(found)


class Assignments:
    """All turns of a tenant. What is said of an agent goes before what is said of its project."""

    def __init__(self, turns: Iterable[Turn]) -> None:
        self._turns: dict[tuple[SubjectKind, str], list[Turn]] = defaultdict(list)
        for turn in sorted(turns, key=lambda each: each.starts_on):
            self._turns[turn.kind, turn.subject].append(turn)

    def centre_of(self, project: str, agent: str, *, on: date) -> str:
        """The code of the centre that bears this cost, or UNASSIGNED."""
        return self._code(SubjectKind.AGENT, agent, on) or self._code(SubjectKind.PROJECT, project, on)

    def _code(self, kind: SubjectKind, subject: str, on: date) -> str:
        turns = self._turns.get((kind, subject), [])
        at = bisect_right(turns, on, key=lambda each: each.starts_on)
        return turns[at - 1].code if subject and at else UNASSIGNED


def _by_subject(turn: Turn) -> tuple[str, str, date]:
    return turn.kind, turn.subject, turn.starts_on
