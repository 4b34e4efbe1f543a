"""What goes to the outbox."""

from enum import StrEnum


class EmergencyEvent(StrEnum):
    """The closed set of event types of a bypass."""

    GRANTED = "bypass.granted"
    ENDED = "bypass.ended"
    EXPIRED = "bypass.expired"
    ACKNOWLEDGED = "bypass.acknowledged"
    UNACKNOWLEDGED = "bypass.unacknowledged"  # nobody has acknowledged in time: tell them again
    USED = "bypass.used"
    REVIEW_OVERDUE = "bypass.review_overdue"
    REVIEWED = "bypass.reviewed"
    TICKET_CHANGED = "bypass.ticket_changed"
