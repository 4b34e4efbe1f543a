"""Stages that nobody could ever decide, whoever works there: refused when the policy is loaded (P6, X5). Pure.

Only what no tenant could satisfy is a fault here; whom a role means is known per tenant (holding.py), and an empty role
is asked above at run time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from core.approvals.asking import MANAGER, NAMED_BY_REQUEST, PERSON, WHERE, asked_title
from core.approvals.policy import StagePolicy
from core.approvals.quorum import PerGroup, Quorum, unfilled
from core.conditions import PEOPLE_SUBJECTS, Facts, compile_condition

_NOTHING: Final = Facts({})


def is_one_person(key: str) -> bool:
    """Whether one person at most is meant, whoever works there."""
    return key.startswith(PERSON) or key == MANAGER or key in NAMED_BY_REQUEST


def fits_nobody(key: str) -> bool:
    """Whether it is a condition on people that names nothing of them and is false."""
    if not key.startswith(WHERE):
        return False
    condition = compile_condition(key.removeprefix(WHERE), subjects=PEOPLE_SUBJECTS)
    return not condition.paths and not condition.find(_NOTHING, in_doubt=True).holds


def quorum_fault(approvers: Sequence[str], quorum: Quorum) -> str | None:
    """Why so many approvals can never come together; None if they can."""
    if isinstance(quorum, PerGroup):
        crowded = next(((key, count) for key, count in quorum.shares if count > 1 and is_one_person(key)), None)
        if crowded is None:
            return None
        return f"{asked_title(crowded[0])} is one person and gives one approval; here are {crowded[1]}."
    if not isinstance(quorum, int) or not approvers or not all(map(is_one_person, approvers)):
        return None
    if quorum <= len(approvers):
        return None
    named = "one person is" if len(approvers) == 1 else f"{len(approvers)} people are"
    return f"{quorum} approvals can never come together: {named} named."


def undecidable(stages: Sequence[StagePolicy]) -> str | None:
    """The key of a stage whose people are all needed for other ones, if nobody decides two (R7); None if all is well.

    Stages with a condition may exclude each other, so each is only held against those without.
    """
    always = [stage for stage in stages if stage.when is None]
    sets = [always, *([*always, stage] for stage in stages if stage.when is not None)]
    return next((key for each in sets if (key := _left_over(each)) is not None), None)


def _left_over(stages: Sequence[StagePolicy]) -> str | None:
    places = [place for stage in stages for place in _places(stage)]
    slots = [f"{index}" for index in range(len(places))]
    eligible = {slot: people for slot, (_key, people) in zip(slots, places, strict=True)}
    return next((places[index][0] for index in unfilled(slots, eligible)), None)


def _places(stage: StagePolicy) -> Iterator[tuple[str, frozenset[str]]]:
    """Each approval that the stage needs of people named by address, and whose it may be."""
    if not all(key.startswith(PERSON) for key in stage.approvers):
        return
    if isinstance(stage.quorum, PerGroup):
        yield from ((stage.key, frozenset({key})) for key, count in stage.quorum.shares for _ in range(count))
        return
    needed = len(stage.approvers) if stage.quorum == "all" else stage.quorum
    yield from ((stage.key, frozenset(stage.approvers)) for _ in range(needed))
