"""What goes to the outbox."""

from enum import StrEnum


class DrillEvent(StrEnum):
    """The closed set of event types of a rollback drill."""

    DUE = "drill.due"
    PASSED = "drill.passed"
    FAILED = "drill.failed"


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
    SENT_BACK = "change.sent_back"  # its new time needs more approval: those who decide are asked again
    STARTED = "change.started"
    BYPASSED = "change.bypassed"  # started under an emergency bypass, with what is owed at the review
    OVERRUN = "change.overrun"  # still being implemented when its time was over
    COMPLETED = "change.completed"
    VALIDATED = "change.validated"
    VALIDATION_FAILED = "change.validation_failed"
    ROLLBACK_ASKED = "change.rollback_asked"  # of those who decide about it
    ROLLBACK_DECLINED = "change.rollback_declined"
    ROLLBACK_STARTED = "change.rollback_started"  # the platform undoes it
    ROLLBACK_FAILED = "change.rollback_failed"
    ROLLED_BACK = "change.rolled_back"
    RECOVERED = "change.recovered"  # after a rollback everything works again
    RECOVERY_FAILED = "change.recovery_failed"  # it does not: the change is open again
    PROGRESSED = "change.progressed"  # the platform is so far, or a check was made
    ROLLOUT_FAILED = "change.rollout_failed"  # and stays as it is until people decide
    UNDONE_LATE = "change.undone_late"  # there, after it was over here
    WENT_SILENT = "change.went_silent"  # the platform says nothing any more
    HEARD_AGAIN = "change.heard_again"  # and the alarm that said so is over
    ALARM_REPEATED = "change.alarm_repeated"  # nobody has acknowledged it
    ACKNOWLEDGED = "change.acknowledged"
    TICKET_ENDED = "change.ticket_ended"  # in its system, while it is not over here
    TASK_HEARD = (
        "change.task_heard"  # of a task of its ticket, touched in its system in a way that decides nothing here
    )
    FAILED = "change.failed"
    REVIEW_OVERDUE = "change.review_overdue"
    REVIEWED = "change.reviewed"
    CLOSED = "change.closed"
    CANCELLED = "change.cancelled"
