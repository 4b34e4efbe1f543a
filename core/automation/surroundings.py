"""What a rule is read against: the ticket systems that it may name, and which of their fields it may write."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from core.named_tickets import TicketKind

WhyNot = Callable[[TicketKind, str], str]  # kind of ticket, field -> why no rule may write it; empty: one may
CheckUrl = Callable[[str], object]  # raises CountersignError for an address that is none


def _nothing_against(_kind: TicketKind, _field: str) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class KnownSystem:
    """A ticket system with the `kinds` of tickets that rules can make there.

    `fields` are the names of those that can be written; None: the system alone knows them.
    """

    kinds: tuple[str, ...]
    fields: tuple[str, ...] | None = None
    why_not: WhyNot = _nothing_against

    def refusals(self, kinds: tuple[TicketKind, ...], field: str) -> list[str]:
        """For each of these kinds that its tickets can be of, why no rule may write the field; empty: one may."""
        # Emergency changes stand for bypasses: there are some wherever there are tickets of ours.
        its = [kind for kind in kinds if kind in self.kinds or kind is TicketKind.EMERGENCY_CHANGE]
        return [self.why_not(kind, field) for kind in its]


Systems = Mapping[str, KnownSystem]  # by name


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The tenant's ticket systems, None if they are not known, so that any name is taken; and what an address is."""

    systems: Systems | None
    check_url: CheckUrl
