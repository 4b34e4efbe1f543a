"""Whether a ticket is what a policy asks for, and whether a grant that rests on one holds at this moment. Pure.

A ticket (X6) names somebody by an e-mail address or login that equals theirs, and a resource by a configuration item,
service or label of its name, or by its name as a whole word of the ticket's summary or description.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.named_tickets.facts import Desk, TicketFacts
from core.named_tickets.needs import MustName, TicketNeed, Window, listed
from core.named_tickets.ticket import NamedTicket, Standing

HOLDS_AGAIN: Final = "It can be used once its ticket stands again, or whoever asked names another."
FRESH_FOR: Final = timedelta(minutes=15)  # what a system said of a ticket is relied on for so long
NUMBER_MAX: Final = 100  # characters
_MEMBERS: Final = ("system", "number")  # of a ticket that is written as an object
_EXAMPLES: Final = ('"CHG0030001"', '{"system": "servicenow", "number": "CHG0030001"}')
_NUMBER: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/#-]*\Z")


@dataclass(frozen=True, slots=True)
class Asked:
    """For whom a grant is asked, and of what."""

    requester_email: str
    resource: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the ticket stands for the request. `reasons` say in words what is wrong with it; none if it holds.

    Where the ticket's window bounds the grant, it holds from `holds_from` (None: at once) until `holds_until`.
    """

    reasons: tuple[str, ...]
    holds_from: datetime | None = None
    holds_until: datetime | None = None

    @property
    def holds(self) -> bool:
        """Whether nothing is wrong."""
        return not self.reasons


@dataclass(frozen=True, slots=True)
class Barrier:
    """Why an approval that rests on a ticket cannot be used now."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Reading:
    """A ticket as somebody wrote it down, read: which system it is in, and its number; or what is wrong with it.

    `where` is the member that is wrong, of a ticket that was written as an object.
    """

    system: str = ""
    number: str = ""
    problem: str = ""
    accepted: tuple[str, ...] = ()
    where: str = ""


def ticket_verdict(
    need: TicketNeed, facts: TicketFacts | None, asked: Asked, *, number: str, title: str, now: datetime
) -> Verdict:
    """What the facts mean under the need; `facts` is None where the system, called `title`, knows no such ticket."""
    if facts is None:
        return Verdict((f"{title} has no ticket {number}, or does not show it to our account.",))
    faults = [*_kind_and_state(need, facts), *_names(need, facts, asked)]
    if need.window is not Window.BOUNDS_GRANT:
        return Verdict(tuple(faults))
    faults += _window(facts, now)
    return Verdict(tuple(faults), facts.starts_at, facts.ends_at)


def suspension(ticket: NamedTicket) -> str:
    """Why a grant that rests on the ticket is suspended, and what lets it be used again; empty if it is not."""
    if ticket.standing is Standing.HOLDS:
        return ""
    if ticket.reasons:
        return f"{' '.join(ticket.reasons)} {HOLDS_AGAIN}"
    return f"Whether {ticket.number} in {ticket.title} stands for it is being asked."


def barrier(ticket: NamedTicket, *, now: datetime) -> Barrier | None:
    """Why a grant that rests on the ticket cannot be used now; None if it can."""
    name = f"{ticket.number} in {ticket.title}"
    if why := suspension(ticket):
        return Barrier("approvals.ticket_fell", f"The approval is suspended. {why}")
    if ticket.holds_until is not None and now >= ticket.holds_until:
        return Barrier("approvals.window_over", f"The window of {name} ended at {in_words(ticket.holds_until)}.")
    if ticket.holds_from is not None and now < ticket.holds_from:
        return Barrier("approvals.window_not_begun", f"The window of {name} begins at {in_words(ticket.holds_from)}.")
    if ticket.checked_at is None or now - ticket.checked_at > FRESH_FOR:
        since = f" since {in_words(ticket.checked_at)}" if ticket.checked_at else ""
        message = f"{ticket.title} has not confirmed {ticket.number}{since}, so the approval cannot be used now."
        return Barrier("approvals.ticket_unconfirmed", message)
    return None


def read_ticket(value: object, need: TicketNeed, desks: Iterable[Desk]) -> Reading:
    """The ticket that was meant: `CHG0030001`, `servicenow:CHG0030001` or `{"system": …, "number": …}`."""
    eligible = {desk.slug: desk for desk in desks if not need.systems or desk.slug in need.systems}
    if not eligible:
        where = listed(need.systems) or "a ticket system"
        return Reading(problem=f"The policy asks for a ticket in {where}, and none is connected.")
    if wrong := _misshapen(value):
        return wrong
    system, number = _parts(value)
    if system and system not in eligible:
        return Reading(problem=f"A ticket in '{system}' does not count here.", accepted=tuple(eligible))
    if not _NUMBER.match(number) or len(number) > NUMBER_MAX:
        return Reading(problem="This is not the number of a ticket.", accepted=_EXAMPLES)
    if not system and len(eligible) > 1:
        accepted = tuple(f"{slug}:{number}" for slug in eligible)
        return Reading(problem=f"In which system is {number}?", accepted=accepted)
    return Reading(system or next(iter(eligible)), number)


def in_words(at: datetime) -> str:
    """The instant as people read it: 2026-03-02 14:00 UTC."""
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _misshapen(value: object) -> Reading | None:
    """What is wrong with how it is written; None for text, or an object of texts with the members that there are."""
    if isinstance(value, str):
        return None
    if not isinstance(value, Mapping):
        return Reading(problem="The ticket is neither text nor an object.", accepted=_EXAMPLES)
    strange = next((str(key) for key in value if key not in _MEMBERS), None)
    if strange is not None:
        return Reading(problem=f"A ticket has no '{strange}'.", accepted=_MEMBERS, where=strange)
    wrong = next((key for key in _MEMBERS if not isinstance(value.get(key, ""), str)), None)
    if wrong is not None:
        return Reading(problem=f"The ticket's {wrong} is not text.", accepted=_EXAMPLES, where=wrong)
    return None


def _parts(value: object) -> tuple[str, str]:
    """The system, "" where none is named, and the number. What stands before a colon is a system, whichever it is."""
    if isinstance(value, Mapping):
        return str(value.get("system") or "").strip().lower(), str(value.get("number") or "").strip()
    before, colon, after = str(value).strip().partition(":")
    return (before.strip().lower(), after.strip()) if colon else ("", before)


def _kind_and_state(need: TicketNeed, facts: TicketFacts) -> Iterable[str]:
    if need.kinds and facts.kind not in need.kinds:
        kind = listed((facts.kind,)) if facts.kind else "something else"
        yield f"{facts.number} must be: {listed(need.kinds)}; it is: {kind}."
    if facts.state not in need.states:
        own = f" ({facts.label})" if facts.label and facts.label.lower() != facts.state else ""
        yield f"{facts.number} is {listed((facts.state,))}{own}; it must be: {listed(need.states)}."


def _names(need: TicketNeed, facts: TicketFacts, asked: Asked) -> Iterable[str]:
    if MustName.REQUESTER in need.names:
        named = {one.strip().casefold() for one in facts.requesters}
        if asked.requester_email.casefold() not in named:
            yield f"{facts.number} does not name {asked.requester_email} as its requester."
    if MustName.RESOURCE in need.names and not _is_about(facts, asked.resource):
        yield f"{facts.number} does not name the agent {asked.resource}."


def _is_about(facts: TicketFacts, resource: str) -> bool:
    name = resource.strip().casefold()
    if name in {one.strip().casefold() for one in facts.resources}:
        return True
    # A whole word: `bot` is not named by `robot`, nor `invoice` by `invoice-reader`.
    return re.search(rf"(?<![\w.-]){re.escape(name)}(?!-?\w)(?!\.\w)", facts.text.casefold()) is not None


def _window(facts: TicketFacts, now: datetime) -> Iterable[str]:
    if facts.ends_at is None:
        yield f"{facts.number} has no planned end, and its window is to bound the grant."
    elif facts.starts_at is not None and facts.starts_at >= facts.ends_at:
        yield f"The window of {facts.number} ends before it begins."
    elif facts.ends_at <= now:
        yield f"The window of {facts.number} ended at {in_words(facts.ends_at)}."
