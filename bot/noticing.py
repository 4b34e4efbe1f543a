"""Whom an event concerns, so that they are told of it and do not only see an edit. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from core.approvals import RequestEvent
from core.changes import ChangeEvent
from core.emergency import EmergencyEvent
from core.ids import UserId
from core.incidents import IncidentEvent
from core.outbox import Event
from core.preferences import PreferenceEvent

_FOR_THE_REQUESTER: Final = frozenset(
    {
        RequestEvent.APPROVED,
        RequestEvent.REJECTED,
        RequestEvent.EXPIRED,
        RequestEvent.OUT_OF_REACH,
        RequestEvent.TICKET_MISSING,
        RequestEvent.TICKET_REFUSED,
        EmergencyEvent.EXPIRED,
        EmergencyEvent.EXTENDED,
        EmergencyEvent.EXTENSION_DECLINED,
        ChangeEvent.AUTHORISED,
        ChangeEvent.TURNED_DOWN,
        ChangeEvent.LAPSED,
        ChangeEvent.SENT_BACK,
        ChangeEvent.OVERRUN,
        ChangeEvent.REVIEW_OVERDUE,
        ChangeEvent.ROLLBACK_STARTED,
        ChangeEvent.ROLLBACK_DECLINED,
        ChangeEvent.ROLLED_BACK,
        ChangeEvent.RECOVERED,
        IncidentEvent.ACKNOWLEDGED,
    }
)
_FOR_MANAGEMENT: Final = frozenset(
    {
        EmergencyEvent.UNACKNOWLEDGED,
        EmergencyEvent.ESCALATED,
        EmergencyEvent.REVIEW_REMINDED,
        EmergencyEvent.REVIEW_OVERDUE,
        EmergencyEvent.EXTENSION_ASKED,
    }
)
_FOR_BOTH: Final = frozenset({IncidentEvent.UPDATED, IncidentEvent.RESOLVED})
# Events that say whom they ask, remind or seat: several `people`, or one under the name given here.
_OF_PEOPLE: Final = frozenset(
    {
        RequestEvent.REMINDED,
        RequestEvent.NUDGED,
        RequestEvent.ESCALATED,
        RequestEvent.ASKED_ALSO,
        RequestEvent.TICKET_CLOSED,
        RequestEvent.TICKET_VOTE_UNCOUNTED,
        RequestEvent.TICKET_ENDED,
        ChangeEvent.ROLLOUT_FAILED,
        ChangeEvent.UNDONE_LATE,
        ChangeEvent.RECOVERY_FAILED,
        ChangeEvent.WENT_SILENT,
        ChangeEvent.HEARD_AGAIN,
        ChangeEvent.ALARM_REPEATED,
        ChangeEvent.TICKET_ENDED,
        ChangeEvent.TASK_HEARD,
        IncidentEvent.PAGED,
        IncidentEvent.PAGE_REPEATED,
        IncidentEvent.RELEASED,
        IncidentEvent.REOPENED,
        IncidentEvent.ASSIGNED,
        IncidentEvent.ROLE_GIVEN,
        IncidentEvent.UPDATE_DUE,
        IncidentEvent.REVIEW_OVERDUE,
        IncidentEvent.FOLLOW_UP_ADDED,
        IncidentEvent.FOLLOW_UP_CHANGED,
        IncidentEvent.FOLLOW_UP_DUE,
    }
)
_OF_ONE: Final[Mapping[str, str]] = {
    RequestEvent.DELEGATED: "to",
    RequestEvent.STAND_IN_ASKED: "to",
    RequestEvent.STAND_IN_ENDED: "to",
    PreferenceEvent.QUIET_OVER: "person",
    PreferenceEvent.UNREACHED: "person",
}
# Whom these speak of gets a message of their own anyway.
_ONLY_MENTIONED: Final = frozenset({RequestEvent.ASKED_ALSO, PreferenceEvent.QUIET_OVER, PreferenceEvent.UNREACHED})


def to_be_noticed(event: Event, *, requester: UserId, management: frozenset[UserId]) -> frozenset[UserId]:
    """Whom the event concerns so much that an edit is not enough: people asked, and the requester of the outcome.

    `management`: who answers for a bypass, or has a stake in an incident.
    """
    if event.type in _FOR_THE_REQUESTER:
        return frozenset({requester})
    if event.type in _FOR_MANAGEMENT:
        return management
    if event.type in _FOR_BOTH:
        return management | {requester}
    match event.type:
        case EmergencyEvent.REMEDIATION_DUE:
            return frozenset({UserId(UUID(event.data["owner"]))})
        case RequestEvent.COMMENTED:
            return frozenset({requester}) if event.data.get("kind") == "question" else frozenset()
        case _:
            return frozenset() if event.type in _ONLY_MENTIONED else spoken_of(event)


def spoken_of(event: Event) -> frozenset[UserId]:
    """The people whom an event asks, reminds or seats."""
    if event.type in _OF_PEOPLE:
        return frozenset(UserId(UUID(person)) for person in event.data.get("people", ()))
    if name := _OF_ONE.get(event.type):
        return frozenset({UserId(UUID(event.data[name]))})
    return frozenset()
