"""Our words for what a ticket is and where it stands, whichever system keeps it."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class TicketKind(StrEnum):
    """What a ticket stands for."""

    CHANGE = "change"
    EMERGENCY_CHANGE = "emergency_change"
    INCIDENT = "incident"


class TicketState(StrEnum):
    """Where a ticket stands, in our words. IMPLEMENTED awaits its review (an incident: is resolved)."""

    OPEN = "open"
    IN_APPROVAL = "in_approval"
    APPROVED = "approved"
    REJECTED = "rejected"
    IMPLEMENTING = "implementing"
    IMPLEMENTED = "implemented"
    CLOSED = "closed"
    CANCELLED = "cancelled"


# There is work to be done under such a ticket, or will be.
OPEN_STATES: Final = (TicketState.OPEN, TicketState.IN_APPROVAL, TicketState.APPROVED, TicketState.IMPLEMENTING)
