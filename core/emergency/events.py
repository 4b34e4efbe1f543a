"""What goes to the outbox."""

from enum import StrEnum


class EmergencyEvent(StrEnum):
    """The closed set of event types of a bypass."""

    GRANTED = "bypass.granted"
    COUNTED_DOWN = "bypass.counted_down"  # so much less of its time is left that its message says so
    EXTENSION_ASKED = "bypass.extension_asked"
    EXTENDED = "bypass.extended"
    EXTENSION_DECLINED = "bypass.extension_declined"
    ENDED = "bypass.ended"
    EXPIRED = "bypass.expired"
    ACKNOWLEDGED = "bypass.acknowledged"
    UNACKNOWLEDGED = "bypass.unacknowledged"  # nobody has acknowledged in time: tell them again
    ESCALATED = "bypass.escalated"  # nor after several reminders: the next level is told
    USED = "bypass.used"
    REVIEW_REMINDED = "bypass.review_reminded"
    REVIEW_OVERDUE = "bypass.review_overdue"
    REVIEWED = "bypass.reviewed"
    REMEDIATION_DUE = "bypass.remediation_due"
    REMEDIATION_CLOSED = "bypass.remediation_closed"
    TICKET_CHANGED = "bypass.ticket_changed"
