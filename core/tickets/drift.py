"""What a walk through a tenant's tickets finds, and what is done about it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

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
    UNREADABLE = "unreadable"  # the system refuses to show it


class Remedy(StrEnum):
    """What is done about it."""

    REPAIR = "repair"  # by us, through the outbox
    ASK = "ask"  # a person has to look


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing found. `here` and `there` are what it should be and what it is; `field` names a mapped field."""

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
    found: Sequence[Drift], *, gone_so_far: int, walked: int, before: frozenset[tuple[str, str, str, str]]
) -> tuple[Drift, ...]:
    """The findings with what is to be done about each in view of the whole walk.

    What we put right the night before and finds itself wrong again is a person's: something there undoes it. Many
    missing tickets are more likely hidden than gone: they are not made again.
    """
    gone = gone_so_far
    out: list[Drift] = []
    for each in found:
        remedy, is_known = each.remedy, each.mark in before
        if each.what is Finding.MISSING:
            gone += 1
            if gone > max(GONE_MAX, GONE_SHARE * walked):
                remedy = Remedy.ASK
        if is_known:
            remedy = Remedy.ASK
        out.append(replace(each, remedy=remedy, is_known=is_known))
    return tuple(out)
