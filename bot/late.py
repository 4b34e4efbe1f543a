"""What somebody hears of later than it happened: when their quiet hours are over, or elsewhere. Pure.

It comes as it stands by then.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from core.approvals import RequestEvent, RequestView
from core.approvals.views import StageView
from core.ids import EventId, UserId
from core.outbox import Event
from core.preferences import PreferenceEvent

_OUTCOMES: Final = frozenset({RequestEvent.APPROVED, RequestEvent.REJECTED, RequestEvent.EXPIRED})


_TICKET_NEWS: Final = frozenset({RequestEvent.TICKET_MISSING, RequestEvent.TICKET_REFUSED})


def heard_of(event: Event, person: UserId, request: RequestView | None) -> Event:
    """The event that the person hears of: the one that waited or could not be told elsewhere, if it still matters."""
    if not is_late_for(event, person):
        return event
    said = said_in(event)
    return event if said is None or (request and not _matters(said.type, person, request)) else said


def said_in(event: Event) -> Event | None:
    """The event that waited, or that somebody did not hear of where they were to; None if there is none."""
    said = event.data["said"]
    return None if said is None else replace(event, id=EventId(UUID(said["id"])), type=said["type"], data=said["data"])


def is_late_for(event: Event, person: UserId) -> bool:
    """Whether the event is about what the person did not hear of when it happened: then nothing waits again."""
    is_late = event.type in (PreferenceEvent.QUIET_OVER, PreferenceEvent.UNREACHED)
    return is_late and event.data["person"] == str(person)


def times_out_at(person: UserId, request: RequestView) -> datetime | None:
    """When the first stage times out on which the person is asked."""
    return min((stage.due_at for stage in _asked_on(person, request) if stage.due_at), default=None)


def _matters(kind: str, person: UserId, request: RequestView) -> bool:
    if kind in _OUTCOMES:
        return kind == f"request.{request.status}"
    if kind in _TICKET_NEWS and request.requester.id == person:
        return request.ticket is not None and f"request.ticket_{request.ticket.standing}" == kind
    if request.status != "pending":
        return False
    if kind == RequestEvent.OUT_OF_REACH:
        return True
    if kind == RequestEvent.COMMENTED:  # a question to the requester
        talk = [comment.kind for comment in request.comments if comment.kind != "comment"]
        return bool(talk) and talk[-1] == "question"
    is_closed = kind == RequestEvent.TICKET_CLOSED and person == request.requester.id
    return is_closed or bool(_asked_on(person, request))


def _asked_on(person: UserId, request: RequestView) -> list[StageView]:
    """The stages that wait for the person's vote."""
    if request.status != "pending":
        return []
    return [
        stage
        for stage in request.stages
        if stage.status == "open"
        and any(each.id == person for each in stage.approvers)
        and all(person not in (vote.voter.id, vote.on_behalf_of and vote.on_behalf_of.id) for vote in stage.votes)
    ]
