"""The ticket that a request names, as we know it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core.links import SYSTEM_TITLES
from core.named_tickets.facts import TicketFacts


class Standing(StrEnum):
    """Whether the ticket stands for its request."""

    MISSING = "missing"  # none is named yet
    ASKED = "asked"  # its system is being asked
    HOLDS = "holds"
    REFUSED = "refused"  # not, and `reasons` say why


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedTicket:
    """The ticket that a request needs. Without one (MISSING) system and number are empty.

    `accepted_at` is when one was found right for the request as it is asked now: from then on people are asked.
    `checked_at` is when its system answered last. `stood_until` is the end of its window when it last stood for the
    request; one that takes its place after people have decided stands no longer than that (`at_most_until`).
    """

    request_id: UUID
    system: str = ""
    number: str = ""
    standing: Standing = Standing.MISSING
    reasons: tuple[str, ...] = ()
    facts: TicketFacts | None = None
    holds_from: datetime | None = None
    holds_until: datetime | None = None
    checked_at: datetime | None = None
    accepted_at: datetime | None = None
    stood_until: datetime | None = None
    at_most_until: datetime | None = None

    @property
    def title(self) -> str:
        """Its system as people call it."""
        return SYSTEM_TITLES.get(self.system, self.system)

    @property
    def url(self) -> str:
        """Its page for people; empty until its system has shown it."""
        return self.facts.url if self.facts else ""

    @property
    def is_awaited(self) -> bool:
        """Whether nobody is asked yet because no ticket was found right."""
        return self.accepted_at is None

    def is_called(self, system: str, number: str) -> bool:
        """Whether this is that ticket, whatever the case of its number."""
        return (self.system, self.number.casefold()) == (system, number.casefold())
