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
    PROGRESSED = "request.progressed"  # what was approved is being done: so much for those who follow its ticket
    DONE = "request.done"  # it is done, and it is looked at whether it works
    OUTCOME = "request.outcome"
    TICKET_CHANGED = "request.ticket_changed"
    TICKET_NOTED = "request.ticket_noted"  # somebody wrote on the ticket, in its system
    TICKET_FIELD = "request.ticket_field"  # a mapped field was changed on both sides, or cannot be taken over
    TICKET_MISSING = "request.ticket_missing"  # its policy asks for one, and none is named
    TICKET_NAMED = "request.ticket_named"  # its system is to be asked about it
    TICKET_CHECK = "request.ticket_check"  # its system is to be asked again
    TICKET_ACCEPTED = "request.ticket_accepted"  # it stands for the request, which goes on
    TICKET_REFUSED = "request.ticket_refused"  # it does not, or does no longer
    TICKET_RESTORED = "request.ticket_restored"  # it does again
    TICKET_CLOSED = "request.ticket_closed"  # there, with nothing decided here
    TICKET_ENDED = "request.ticket_ended"  # there, while what was approved is not reported done here
    TICKET_VOTE_UNCOUNTED = "request.ticket_vote_uncounted"  # somebody decided there, which is no vote here
