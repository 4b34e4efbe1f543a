"""What every ticket should be, by what the product says has happened, against what its system keeps.

Says nothing of how the product does it: it reads the events that were committed, and compares tickets field by field.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from bench.soak_systems import Kept

_WORDS: Final = re.compile(r"\[soak-\d+/\d+\]")  # what somebody said, once in the whole soak
WRITTEN: Final = frozenset(
    {
        "request.opened", "request.voted", "request.commented", "request.approved", "request.rejected",
        "request.withdrawn", "request.used", "request.outcome", "bypass.granted", "bypass.ended", "bypass.reviewed",
    }
)  # fmt: skip
DECIDED: Final = frozenset({"request.approved", "request.rejected"})
ENDED: Final = DECIDED | {"request.withdrawn", "request.used", "request.outcome"}
ANSWERS: Final[Mapping[str, str]] = {"approve": "granted", "reject": "refused"}


@dataclass(frozen=True, slots=True)
class Happened:
    """One event of a subject: its type, and the words in it that nobody else said."""

    type: str
    words: tuple[str, ...]
    by: str = ""  # e-mail of who did it
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """A request or bypass with everything that has happened to it, in order, and the ticket that we believe it has."""

    key: str
    reference: str
    name: str
    justification: str
    happened: tuple[Happened, ...]
    number: str
    state: str


def words_of(data: Mapping[str, Any]) -> tuple[str, ...]:
    """What people said in an event's data."""
    said = data.get("reason") or data.get("text") or data.get("note") or data.get("notes") or ""
    return tuple(_WORDS.findall(str(said)))


def faults_of(
    subjects: Sequence[Subject], kept: Mapping[str, Sequence[Kept]], states: Mapping[str, str]
) -> Iterator[str]:
    """Everything that is not as it should be, in one sentence each. `states`: event type -> where tickets stand."""
    known = {subject.key for subject in subjects}
    for key in kept:
        if key and key not in known:
            yield f"{kept[key][0].number} stands for nothing of ours ({key})"
    for subject in subjects:
        found = kept.get(subject.key, ())
        if len(found) != 1:
            yield f"{subject.reference} ({subject.key}) has {len(found)} tickets"
            continue
        yield from _different(subject, found[0], states)


def _different(subject: Subject, kept: Kept, states: Mapping[str, str]) -> Iterator[str]:
    what = f"{subject.reference} {kept.number}"
    moves = [one.type for one in subject.happened if one.type in states]
    expected = states[moves[-1]]
    for field, have, want in (
        ("state", kept.state, expected),
        ("number as we know it", subject.number, kept.number),
        ("state as we know it", subject.state, kept.state),
    ):
        if have not in want.split(" or "):
            yield f"{what}: {field} is {have!r} and should be {want!r}"
    if not kept.summary.startswith(f"{subject.reference}: ") or subject.name not in kept.summary:
        yield f"{what}: summary is {kept.summary!r}"
    if subject.justification not in kept.description:
        yield f"{what}: description is {kept.description!r}"
    yield from _wrongly_noted(subject, kept, what)
    yield from _wrongly_attached(subject, kept, what)
    yield from _wrongly_asked(subject, kept, what)


def _wrongly_noted(subject: Subject, kept: Kept, what: str) -> Iterator[str]:
    """Each thing that happened is written down once, and in order."""
    text = "\n".join(kept.notes)
    said = [word for one in subject.happened for word in one.words]
    noted = _WORDS.findall(text)
    if noted != said:
        missing, doubled = Counter(said) - Counter(noted), Counter(noted) - Counter(said)
        how = "in another order" if not missing and not doubled else f"missing {[*missing]}, doubled {[*doubled]}"
        yield f"{what}: what was said is noted {how}"
    lines = Counter(re.findall(rf"^{re.escape(subject.reference)}: ([a-z ]+)", text, re.MULTILINE))
    wanted = Counter(one.type.partition(".")[2].replace("_", " ") for one in subject.happened)
    if Counter({line.strip(): count for line, count in lines.items()}) != wanted:
        yield f"{what}: noted {dict(lines)}, happened {dict(wanted)}"


def _wrongly_attached(subject: Subject, kept: Kept, what: str) -> Iterator[str]:
    """The record of a decision hangs there once, as soon as there was one."""
    is_decided = any(one.type in DECIDED for one in subject.happened)
    wanted = (f"{subject.reference}-decision.json",) if is_decided else ()
    if kept.files != wanted:
        yield f"{what}: files are {kept.files} and should be {wanted}"


def _wrongly_asked(subject: Subject, kept: Kept, what: str) -> Iterator[str]:
    """Nobody is asked once all is decided, nor twice at a time, and nobody is said to have answered who has not."""
    waiting = [who for who, state in kept.asked if state == "waiting"]
    if waiting and any(one.type in ENDED for one in subject.happened):
        yield f"{what}: {waiting} are still asked"
    if len(waiting) != len(set(waiting)):
        yield f"{what}: asked twice at a time: {waiting}"
    votes = {(one.by, ANSWERS[one.decision]) for one in subject.happened if one.decision in ANSWERS}
    if said := {(who, state) for who, state in kept.asked if state in ANSWERS.values()} - votes:
        yield f"{what}: {sorted(said)} is said there and was not voted"
