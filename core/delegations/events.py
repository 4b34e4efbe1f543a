"""What goes to the outbox."""

from enum import StrEnum


class DelegationEvent(StrEnum):
    """The closed set of event types of a delegation, in the order of a life."""

    CREATED = "delegation.created"
    STARTED = "delegation.started"
    ENDED = "delegation.ended"
