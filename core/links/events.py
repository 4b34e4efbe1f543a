"""What goes to the outbox of any ticket, whatever it stands for: what rules of workflow automation listen to (N5)."""

from enum import StrEnum


class TicketEvent(StrEnum):
    """The closed set. Its data say whether the last hand was our own account (`ours`)."""

    CREATED = "ticket.created"  # by us: every ticket that we know of is one that we made
    CHANGED = "ticket.changed"
    COMMENTED = "ticket.commented"  # by somebody there
    CLOSED = "ticket.closed"  # there
