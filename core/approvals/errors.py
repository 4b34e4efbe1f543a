"""What can go wrong with an approval request, for people."""

from __future__ import annotations

from datetime import datetime

from core.errors import Conflict, Forbidden, InvalidInput, LimitExceeded, NotFound
from core.ids import UserId


class UnknownRequest(NotFound):
    """There is no such request here."""

    code = "approvals.unknown_request"


class AlreadyDecided(Conflict):
    """The request is decided already."""

    code = "approvals.already_decided"

    def __init__(self, message: str | None = None, *, by: UserId | None = None, at: datetime | None = None) -> None:
        """`by` and `at`: whose vote decided and when; None where no vote did (withdrawn, expired)."""
        super().__init__(message)
        self.by, self.at = by, at


class NotApproved(Conflict):
    """The request is not approved."""

    code = "approvals.not_approved"


class StageAlreadyDecided(Conflict):
    """The stage is decided already."""

    code = "approvals.stage_already_decided"


class AlreadyVoted(Conflict):
    """You have voted on this stage already."""

    code = "approvals.already_voted"


class StaleDigest(Conflict):
    """The request has changed since you looked at it."""

    code = "approvals.stale_digest"


class OwnRequest(Forbidden):
    """Nobody approves their own request."""

    code = "approvals.own_request"


class NotAnApprover(Forbidden):
    """You are not asked to decide on this."""

    code = "approvals.not_an_approver"


class VotedOnAnotherStage(Forbidden):
    """Nobody decides two stages of one request."""

    code = "approvals.voted_on_another_stage"


class NotYourRequest(Forbidden):
    """Only the person who asked can do this."""

    code = "approvals.not_your_request"


class NotOver(Conflict):
    """The request is not over, so it cannot be asked again."""

    code = "approvals.not_over"


class NothingToUndo(Conflict):
    """There is no vote of yours that could be taken back."""

    code = "approvals.nothing_to_undo"


class TooLateToUndo(Conflict):
    """This vote cannot be taken back any more."""

    code = "approvals.too_late_to_undo"


class InvalidVote(InvalidInput):
    """The vote cannot be counted."""

    code = "approvals.invalid_vote"


class InvalidRequest(InvalidInput):
    """The request cannot be opened like this."""

    code = "approvals.invalid_request"


class OtherPolicy(Conflict):
    """Another policy would decide about the changed request."""

    code = "approvals.other_policy"


class InvalidSuggestion(InvalidRequest):
    """Somebody is suggested as an approver whom no stage asks."""

    code = "approvals.invalid_suggestion"


class NobodyToAsk(Conflict):
    """There is nobody who could decide this."""

    code = "approvals.nobody_to_ask"


class NobodyToNudge(Conflict):
    """Everybody who is asked has voted."""

    code = "approvals.nobody_to_nudge"


class AnswerAwaited(NobodyToNudge):
    """The request waits for its requester's answer to a question."""

    code = "approvals.answer_awaited"


class NudgedAlready(LimitExceeded):
    """The people who are asked were nudged within the last hour."""

    code = "approvals.nudged_already"


class InvalidTicket(InvalidRequest):
    """No such ticket can be meant."""

    code = "approvals.invalid_ticket"


class NoTicketNeeded(Conflict):
    """The request needs no ticket."""

    code = "approvals.no_ticket_needed"


class TicketDoesNotHold(Conflict):
    """The ticket that the request rests on does not stand for it."""

    code = "approvals.ticket_does_not_hold"


class TicketStands(Conflict):
    """Another ticket can be named once this one has fallen."""

    code = "approvals.ticket_stands"

    def __init__(self, message: str) -> None:
        super().__init__(
            message, where="ticket", next_step="Have its window moved there, or ask anew with the other one."
        )


class CannotDelegate(InvalidInput):
    """This person cannot take your place."""

    code = "approvals.cannot_delegate"
