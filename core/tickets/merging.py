"""What follows for one mapped field from how it stands here and there, and from what both last agreed on. Pure.

The present decides, never the order in which news came: whoever looks twice, late or in another order finds the same.
What a system shows after our own write is what it makes of our value (it trims, shortens, spells its own way), and is
agreed as it shows it: from then on only a value other than that one is somebody's change.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

PUT_BACK_MAX: Final = 3  # times that one value of ours is put back before a person must look: something there fights us


class Direction(StrEnum):
    """Which way a field's changes travel."""

    OUT = "out"
    IN = "in"
    BOTH = "both"
    NONE = "none"


class Owner(StrEnum):
    """Whose value stands when both sides have changed it, and what becomes of a change that cannot be taken over."""

    OURS = "ours"
    THEIRS = "theirs"
    LATEST = "latest"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One mapped field by that system's name. `fact` is our fact that a change there becomes, if it may become one."""

    field: str
    direction: Direction
    owner: Owner
    fact: str | None = None
    words: tuple[tuple[str, str], ...] = ()  # (theirs, ours), where the two sides name values differently

    def ours(self, value: str) -> str:
        """Their value in our words."""
        return next((ours for theirs, ours in self.words if same(theirs, value)), value)

    @property
    def may_write(self) -> bool:
        """Whether our changes go there."""
        return self.direction in {Direction.OUT, Direction.BOTH}

    @property
    def may_take(self) -> bool:
        """Whether changes there come here."""
        return self.direction in {Direction.IN, Direction.BOTH} and self.fact is not None


@dataclass(frozen=True, slots=True)
class Side:
    """A field's value on one side: since when at the earliest, at which version of what it belongs to."""

    value: str
    at: datetime
    version: int


@dataclass(frozen=True, slots=True)
class Agreed:
    """What both sides last agreed on: our value, what it reads there (and its hash), each side's version then.

    `is_pending`: ours was sent, and how it reads there is not known yet. `declined` is the hash of a value there that
    could not be taken over. `put_back` counts how often this value of ours was put back.
    """

    sent: str
    seen: str
    here_version: int
    there_version: int
    is_ours: bool = True  # the origin: whether the last value that travelled was ours
    is_pending: bool = False
    declined: str = ""
    put_back: int = 0

    @property
    def seen_hash(self) -> str:
        """What stands for the value that was seen."""
        return digest(self.seen)


class Verdict(StrEnum):
    """What a field needs."""

    NOTHING = "nothing"
    WRITE = "write"  # ours, there
    TAKE = "take"  # theirs, here
    ASK = "ask"  # they differ, and neither may be put right by us


@dataclass(frozen=True, slots=True)
class Outcome:
    """What follows. `agreed` is what is known from now on; `is_conflict`: both had changed, and the owner decided."""

    verdict: Verdict
    agreed: Agreed
    is_conflict: bool = False
    is_declined: bool = False  # somebody's change there is not taken over, and is to be told once


def merge(rule: FieldRule, agreed: Agreed | None, here: Side, there: Side, *, may_take: bool, is_ours: bool) -> Outcome:
    """What the field needs now.

    `may_take`: the request can still be changed by what happens there. `is_ours`: the last hand on the ticket was our
    own account. Old news (a version there below the one already seen) changes nothing.
    """
    if agreed is None:
        return _first(rule, here, there, may_take=may_take)
    if rule.direction is Direction.NONE or there.version < agreed.there_version:
        return Outcome(Verdict.NOTHING, agreed)
    known = _echoed(agreed, there, is_ours=is_ours)
    changed_here, changed_there = not same(here.value, known.sent), not same(there.value, known.seen)
    if same(here.value, there.value):
        return Outcome(Verdict.NOTHING, _agree(known, here, there))
    if not (changed_here or changed_there):
        # What was about to be sent when we were interrupted is sent now.
        return Outcome(Verdict.WRITE, known) if known.is_pending else Outcome(Verdict.NOTHING, _moved(known, there))
    if changed_here and changed_there:
        return _both(rule, known, here, there, may_take=may_take)
    if changed_here:
        return _out(rule, known, there)
    return _in(rule, known, there, may_take=may_take)


def sent(agreed: Agreed, here: Side) -> Agreed:
    """What is known from just before our value is written there."""
    return replace(agreed, sent=here.value, here_version=here.version, is_pending=True, is_ours=True)


def settled(agreed: Agreed, there: Side) -> Agreed:
    """What is known once the system has shown what it made of our value."""
    return replace(agreed, seen=there.value, there_version=there.version, is_pending=False, declined="")


def taken(here: Side, there: Side) -> Agreed:
    """What is known once their value was taken over and ours reads as `here`."""
    return Agreed(here.value, there.value, here.version, there.version, is_ours=False)


def same(one: str, other: str) -> bool:
    """Whether two values say the same; blanks at the ends and their number between words say nothing."""
    return one.split() == other.split()


def digest(value: str) -> str:
    """What stands for a value where it need not be read: equal for values that say the same."""
    return hashlib.sha256(" ".join(value.split()).encode()).hexdigest()


def _first(rule: FieldRule, here: Side, there: Side, *, may_take: bool) -> Outcome:
    """Nothing was agreed yet: a blank side is filled, a ticket of ours that shows something else was written so."""
    start = Agreed(here.value, there.value, here.version, there.version)
    if rule.direction is Direction.NONE or same(here.value, there.value):
        return Outcome(Verdict.NOTHING, start)
    never = replace(start, sent="", seen="")
    if not here.value.strip() and not rule.may_take:
        return Outcome(Verdict.NOTHING, start)  # whatever a form puts there by itself is not ours to empty
    if not there.value.strip():
        return _out(rule, never, there)
    if not here.value.strip() or not rule.may_write:
        return _in(rule, never, there, may_take=may_take)
    if not rule.may_take:
        return _out(rule, never, there)
    return replace(_both(rule, never, here, there, may_take=may_take), is_conflict=False)  # nobody has changed any yet


def _echoed(agreed: Agreed, there: Side, *, is_ours: bool) -> Agreed:
    """With a write under way: what stands there is what became of it, unless another hand than ours was at it since."""
    if not agreed.is_pending or same(there.value, agreed.seen):
        return agreed
    if is_ours or same(there.value, agreed.sent):
        return settled(agreed, there)
    return agreed


def _agree(known: Agreed, here: Side, there: Side) -> Agreed:
    return Agreed(here.value, there.value, here.version, there.version, is_ours=known.is_ours, put_back=known.put_back)


def _moved(known: Agreed, there: Side) -> Agreed:
    """The ticket has gone on, the field has not."""
    return replace(known, there_version=there.version)


def _out(rule: FieldRule, known: Agreed, there: Side) -> Outcome:
    """Only ours has changed."""
    if not rule.may_write:
        return Outcome(Verdict.NOTHING, _moved(known, there))
    return Outcome(Verdict.WRITE, replace(_moved(known, there), seen=there.value, put_back=0, declined=""))


def _in(rule: FieldRule, known: Agreed, there: Side, *, may_take: bool) -> Outcome:
    """Only theirs has changed. What cannot be taken over is put back where the value is ours to say."""
    was_declined = known.declined == digest(there.value)
    if rule.may_take and may_take and not was_declined:
        return Outcome(Verdict.TAKE, known)
    tells = not was_declined
    after = replace(_moved(known, there), declined=digest(there.value))
    if rule.may_write and (rule.owner is not Owner.THEIRS or rule.direction is Direction.OUT):
        if known.put_back >= PUT_BACK_MAX:
            return Outcome(Verdict.ASK, after, is_declined=tells)
        # Their value counts as seen: interrupted now, we go on with putting ours back.
        return Outcome(Verdict.WRITE, replace(after, seen=there.value, put_back=known.put_back + 1), is_declined=tells)
    return Outcome(Verdict.ASK, after, is_declined=tells)


def _both(rule: FieldRule, known: Agreed, here: Side, there: Side, *, may_take: bool) -> Outcome:
    """Both have changed, to different values: the owner's stands."""
    is_news = known.declined != digest(there.value)
    theirs = rule.owner is Owner.THEIRS or (rule.owner is Owner.LATEST and _is_later(known, here, there))
    if rule.may_take and (theirs or not rule.may_write):
        return replace(_in(rule, known, there, may_take=may_take), is_conflict=is_news)
    return replace(_out(rule, known, there), is_conflict=rule.may_write and is_news)


def _is_later(known: Agreed, here: Side, there: Side) -> bool:
    """Whether theirs is the later change; of the same instant, the side with more versions since; else ours."""
    if here.at != there.at:
        return there.at > here.at
    return there.version - known.there_version > here.version - known.here_version
