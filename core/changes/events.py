"""What goes to the outbox."""

from enum import StrEnum


class ChangeEvent(StrEnum):
    """The closed set of event types of a change, in the order of a life."""

    DRAFTED = "change.drafted"
    REVISED = "change.revised"
    ASSESSED = "change.assessed"
    SUBMITTED = "change.submitted"
    AUTHORISED = "change.authorised"
    TURNED_DOWN = "change.turned_down"
    LAPSED = "change.lapsed"
    EVIDENCE_ADDED = "change.evidence_added"
    SCHEDULED = "change.scheduled"
    STARTED = "change.started"
    BYPASSED = "change.bypassed"  # started under an emergency bypass, with what is owed at the review
    OVERRUN = "change.overrun"  # still being implemented when its time was over
    COMPLETED = "change.completed"
    VALIDATED = "change.validated"
    VALIDATION_FAILED = "change.validation_failed"
    ROLLED_BACK = "change.rolled_back"
    FAILED = "change.failed"
    REVIEW_OVERDUE = "change.review_overdue"
    REVIEWED = "change.reviewed"
    CLOSED = "change.closed"
    CANCELLED = "change.cancelled"
