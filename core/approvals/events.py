"""What goes to the outbox."""

from enum import StrEnum


class RequestEvent(StrEnum):
    """The closed set of event types of a request, in the order of a life."""

    OPENED = "request.opened"
    STAGE_OPENED = "request.stage_opened"
    VOTED = "request.voted"
    VOTE_UNDONE = "request.vote_undone"
    STAGE_DECIDED = "request.stage_decided"
    STAGE_REOPENED = "request.stage_reopened"
    PAUSED = "request.paused"
    RESUMED = "request.resumed"
    ASKED_ALSO = "request.asked_also"
    OUT_OF_REACH = "request.out_of_reach"  # a stage will find nobody left who may decide it
    REMINDED = "request.reminded"
    NUDGED = "request.nudged"
    ESCALATED = "request.escalated"
    DELEGATED = "request.delegated"
    STAND_IN_ASKED = "request.stand_in_asked"
    STAND_IN_ENDED = "request.stand_in_ended"
    ABSENT_ASKED = "request.absent_asked"  # nobody who stands in for them may decide it
    COMMENTED = "request.commented"
    AMENDED = "request.amended"
    APPROVED = "request.approved"
    REJECTED = "request.rejected"
    WITHDRAWN = "request.withdrawn"
    EXPIRED = "request.expired"
    USED = "request.used"
    OUTCOME = "request.outcome"
    TICKET_CHANGED = "request.ticket_changed"
