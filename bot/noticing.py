"""Whom an event concerns, so that they are told of it and do not only see an edit. Pure."""

from __future__ import annotations

from uuid import UUID

from core.approvals import RequestEvent
from core.changes import ChangeEvent
from core.emergency import EmergencyEvent
from core.ids import UserId
from core.outbox import Event
from core.preferences import PreferenceEvent


def to_be_noticed(event: Event, *, requester: UserId, management: frozenset[UserId]) -> frozenset[UserId]:
    """Whom the event concerns so much that an edit is not enough: people asked, and the requester of the outcome.

    `management`: who answers for a bypass.
    """
    data = event.data
    match event.type:
        case RequestEvent.APPROVED | RequestEvent.REJECTED | RequestEvent.EXPIRED | EmergencyEvent.EXPIRED:
            return frozenset({requester})
        case (
            EmergencyEvent.UNACKNOWLEDGED
            | EmergencyEvent.ESCALATED
            | EmergencyEvent.REVIEW_REMINDED
            | EmergencyEvent.REVIEW_OVERDUE
            | EmergencyEvent.EXTENSION_ASKED
        ):
            return management
        case (
            ChangeEvent.AUTHORISED
            | ChangeEvent.TURNED_DOWN
            | ChangeEvent.LAPSED
            | ChangeEvent.OVERRUN
            | ChangeEvent.REVIEW_OVERDUE
            | ChangeEvent.ROLLBACK_STARTED
            | ChangeEvent.ROLLBACK_DECLINED
            | ChangeEvent.ROLLED_BACK
            | ChangeEvent.RECOVERED
        ):
            return frozenset({requester})
        case EmergencyEvent.EXTENDED | EmergencyEvent.EXTENSION_DECLINED:
            return frozenset({requester})
        case EmergencyEvent.REMEDIATION_DUE:
            return frozenset({UserId(UUID(data["owner"]))})
        case RequestEvent.OUT_OF_REACH | RequestEvent.TICKET_MISSING | RequestEvent.TICKET_REFUSED:
            return frozenset({requester})
        case RequestEvent.COMMENTED:
            return frozenset({requester}) if data.get("kind") == "question" else frozenset()
        case (
            RequestEvent.REMINDED
            | RequestEvent.NUDGED
            | RequestEvent.TICKET_CLOSED
            | RequestEvent.TICKET_VOTE_UNCOUNTED
            | RequestEvent.ESCALATED
            | RequestEvent.DELEGATED
            | RequestEvent.STAND_IN_ASKED
            | RequestEvent.STAND_IN_ENDED
            | ChangeEvent.ROLLOUT_FAILED
            | ChangeEvent.RECOVERY_FAILED
            | ChangeEvent.WENT_SILENT
            | ChangeEvent.ALARM_REPEATED
            | ChangeEvent.TICKET_ENDED
            | RequestEvent.TICKET_ENDED
        ):
            return spoken_of(event)
        case _:
            return frozenset()


def spoken_of(event: Event) -> frozenset[UserId]:
    """The people whom an event asks, reminds or seats."""
    match event.type:
        case (
            RequestEvent.REMINDED
            | RequestEvent.NUDGED
            | RequestEvent.ESCALATED
            | RequestEvent.ASKED_ALSO
            | RequestEvent.TICKET_CLOSED
            | RequestEvent.TICKET_VOTE_UNCOUNTED
            | ChangeEvent.ROLLOUT_FAILED
            | ChangeEvent.RECOVERY_FAILED
            | ChangeEvent.WENT_SILENT
            | ChangeEvent.ALARM_REPEATED
            | ChangeEvent.TICKET_ENDED
            | RequestEvent.TICKET_ENDED
        ):
            return frozenset(UserId(UUID(person)) for person in event.data.get("people", ()))
        case RequestEvent.DELEGATED | RequestEvent.STAND_IN_ASKED | RequestEvent.STAND_IN_ENDED:
            return frozenset({UserId(UUID(event.data["to"]))})
        case PreferenceEvent.QUIET_OVER | PreferenceEvent.UNREACHED:
            return frozenset({UserId(UUID(event.data["person"]))})
        case _:
            return frozenset()
