"""What happens here that a ticket hears of: where it puts the ticket, and how it reads there. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from connectors.itsm.base import CloseCode, TicketPatch, TicketState
from connectors.itsm.telling import Telling
from core.approvals import RequestEvent
from core.emergency import UNJUSTIFIED, EmergencyEvent
from core.outbox import Event
from core.tickets import TicketTask

# Who is asked has changed, which approvals there show and no note tells.
SEATING: Final = frozenset(
    {
        RequestEvent.STAGE_OPENED,
        RequestEvent.STAGE_DECIDED,
        RequestEvent.STAGE_REOPENED,
        RequestEvent.VOTE_UNDONE,
        RequestEvent.ASKED_ALSO,
        RequestEvent.DELEGATED,
        RequestEvent.STAND_IN_ASKED,
        RequestEvent.STAND_IN_ENDED,
    }
)
OF_TICKETS: Final = frozenset({TicketTask.TOUCHED, TicketTask.REPAIR})  # of one system each
EVENTS: Final = frozenset(
    {
        RequestEvent.OPENED,
        RequestEvent.TICKET_ACCEPTED,
        RequestEvent.VOTED,
        RequestEvent.ESCALATED,
        RequestEvent.COMMENTED,
        RequestEvent.APPROVED,
        RequestEvent.REJECTED,
        RequestEvent.AMENDED,
        RequestEvent.WITHDRAWN,
        RequestEvent.EXPIRED,
        RequestEvent.USED,
        RequestEvent.PROGRESSED,
        RequestEvent.DONE,
        RequestEvent.OUTCOME,
        RequestEvent.TICKET_VOTE_UNCOUNTED,
        *SEATING,
        EmergencyEvent.GRANTED,
        EmergencyEvent.USED,
        EmergencyEvent.ENDED,
        EmergencyEvent.EXPIRED,
        EmergencyEvent.REVIEWED,
        *OF_TICKETS,
    }
)
NOTED: Final = frozenset(  # of what happens, what is written on a ticket that is not ours
    {
        RequestEvent.TICKET_ACCEPTED,
        RequestEvent.APPROVED,
        RequestEvent.REJECTED,
        RequestEvent.WITHDRAWN,
        RequestEvent.EXPIRED,
        RequestEvent.USED,
        RequestEvent.PROGRESSED,
        RequestEvent.DONE,
        RequestEvent.OUTCOME,
    }
)
_STANDS: Final[Mapping[str, TicketState]] = {
    RequestEvent.OPENED: TicketState.IN_APPROVAL,
    RequestEvent.TICKET_ACCEPTED: TicketState.IN_APPROVAL,  # opened, as far as anybody is asked
    RequestEvent.APPROVED: TicketState.APPROVED,
    RequestEvent.REJECTED: TicketState.REJECTED,
    RequestEvent.WITHDRAWN: TicketState.CANCELLED,
    RequestEvent.EXPIRED: TicketState.CANCELLED,
    RequestEvent.USED: TicketState.IMPLEMENTING,
    RequestEvent.DONE: TicketState.IMPLEMENTED,
    RequestEvent.OUTCOME: TicketState.CLOSED,
    EmergencyEvent.GRANTED: TicketState.IMPLEMENTING,
    EmergencyEvent.ENDED: TicketState.IMPLEMENTED,
    EmergencyEvent.EXPIRED: TicketState.IMPLEMENTED,
    EmergencyEvent.REVIEWED: TicketState.CLOSED,
}
_ALWAYS_SAID: Final[Mapping[str, str]] = {RequestEvent.COMMENTED: "comment"}  # by the event itself
_DECIDING: Final = frozenset({RequestEvent.APPROVED, RequestEvent.REJECTED})


def stands(event: Event) -> TicketState | None:
    """Where the event puts the ticket; None for one that is only written down."""
    return _STANDS.get(event.type)


def walk_of(events: Sequence[Event], reference: str, note: Telling) -> TicketPatch | None:
    """Where these events put the ticket, as one walk with this note; None if they are only written down."""
    moving = [(target, each) for each in events if (target := stands(each))]
    if not moving:
        return None
    target, last = moving[-1]
    deciding = [each for _target, each in moving if each.type in _DECIDING]
    return TicketPatch(
        key=note.key,
        target=target,
        note=note_of(note.events, reference),
        by=str((deciding[-1] if deciding else last).data.get("by", "")),
        close_code=_close_code(last),
        close_notes=_line(last, reference) if target is TicketState.CLOSED else "",
    )


def _close_code(event: Event) -> CloseCode:
    """How what was done came out: an outcome says it, and the review of a bypass."""
    if event.data.get("status") == "failed" or event.data.get("failed"):
        return CloseCode.UNSUCCESSFUL
    return CloseCode.SUCCESSFUL_WITH_ISSUES if event.data.get("verdict") == UNJUSTIFIED else CloseCode.SUCCESSFUL


def note_of(events: Sequence[Event], reference: str) -> str:
    """The events for people who read the ticket and not our chat, a paragraph each."""
    return "\n\n".join(_line(each, reference) for each in events)


def _line(event: Event, reference: str) -> str:
    data = event.data
    what = event.type.partition(".")[2]
    parts = [f"{reference}: {_spoken(what)}"]
    if data.get("stage"):
        parts.append(f"stage {_spoken(data['stage'])}")
    said = (str(data[key]) for key in ("decision", "status", "kind", "verdict") if data.get(key))
    parts += [_spoken(each) for each in said if each not in (what, _ALWAYS_SAID.get(event.type))]
    parts += [str(data["action"])] if data.get("action") else []
    parts += [f"by {data['by']}"] if data.get("by") else []
    text = data.get("reason") or data.get("text") or data.get("note") or data.get("notes") or data.get("why")
    return " · ".join(parts) + (f"\n{text}" if text else "")


def _spoken(key: str) -> str:
    return str(key).replace("_", " ")
