"""What rules can listen to, and what they can speak of then. `docs/automation.md` shows the same tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from core.approvals import RequestEvent
from core.changes import ChangeEvent
from core.conditions import Variables, Vocabulary
from core.emergency import EmergencyEvent
from core.incidents import IncidentEvent
from core.links import TicketEvent
from core.named_tickets import TicketKind
from core.rollouts import RolloutEvent

_EVERY: Final = ("event", "tenant", "time")
_ABOUT: Final[Mapping[str, tuple[str, ...]]] = {
    "request": (*_EVERY, "request", "agent", "requester"),
    "bypass": (*_EVERY, "bypass", "requester"),
    "change": (*_EVERY, "change", "requester"),
    "rollout": (*_EVERY, "rollout", "change", "requester"),  # of a drill there is no change
    "incident": (*_EVERY, "incident"),
    # A ticket stands for a request, a bypass, an incident, or for itself if a rule made it.
    "ticket": (*_EVERY, "ticket", "request", "agent", "requester", "bypass", "incident"),
}
# Of what kind the ticket is that such an event is about, or whose subject it stands for.
_KINDS: Final[Mapping[str, tuple[TicketKind, ...]]] = {
    "request": (TicketKind.CHANGE,),
    "bypass": (TicketKind.EMERGENCY_CHANGE,),
    "change": (TicketKind.CHANGE,),  # that of its approval
    "rollout": (TicketKind.CHANGE,),
    "incident": (TicketKind.INCIDENT,),
    "ticket": tuple(TicketKind),
}
_UNHEARD: Final = frozenset(
    {
        RequestEvent.TICKET_CHANGED,
        RequestEvent.TICKET_NOTED,
        EmergencyEvent.TICKET_CHANGED,
        EmergencyEvent.COUNTED_DOWN,  # the clock, not a happening
        RolloutEvent.LOOK_DUE,  # likewise
        IncidentEvent.TICKET_CHANGED,
    }
)

# Every event that a rule can name. Those of tickets that are told of a request or bypass have names of their own.
TRIGGERS: Final[tuple[str, ...]] = tuple(
    str(event)
    for events in (RequestEvent, EmergencyEvent, ChangeEvent, RolloutEvent, IncidentEvent, TicketEvent)
    for event in events
    if event not in _UNHEARD
)

EXAMPLES: Final[Variables] = {
    "event": {
        "type": "request.commented",
        "at": "2026-03-02T09:00:00Z",
        "by": "lee@example.com",  # who did it, where that is known
        "stage": "security_review",
        "decision": "approve",
        "reason": "Checked.",
        "text": "Which data does it read?",  # what was written
    },
    "request": {
        "reference": "REQ-1042",
        "action": "agent.create",
        "resource": "invoice-helper",
        "justification": "Month-end close",
        "status": "pending",
        "policy": "agent_creation",
        "risk": "low",
        "revision": 1,
    },
    "agent": {
        "name": "invoice-helper",
        "sponsor": "dana@example.com",
        "owner": "lee@example.com",
        "business_service": "Payments",
        "attributes": {"environment": "production"},
    },
    "requester": {
        "email": "dana@example.com",
        "name": "Dana",
        "title": "Developer",
        "roles": ["agent_developer"],
        "groups": ["payments"],
        "time_zone": "Europe/Zurich",
        "manager": "pat@example.com",
    },
    "bypass": {
        "reference": "BYP-3",
        "action": "agent.deploy",
        "resource": "invoice-helper",
        "justification": "Payments stand still",
        "status": "active",
        "risk": "high",
        "expires_at": "2026-03-02T13:00:00Z",
    },
    "change": {
        "reference": "CHG-7",
        "title": "Raise the limit of invoices",
        "type": "normal",
        "state": "implement",
        "risk": "medium",
        "resources": ["invoice-helper"],
        "request": "REQ-1042",  # of its approval
        "starts_at": "2026-03-02T22:00:00Z",
        "ends_at": "2026-03-02T23:00:00Z",
        "review": "due",
    },
    "rollout": {
        "kind": "change",  # or drill
        "reference": "CHG-7",
        "state": "rolling_back",
        "progress": 40,
        "environment": "production",
        "reasons": ["error_rate is 0.09, above 0.05"],
    },
    "incident": {
        "reference": "INC-1012",
        "title": "Payments answer too slowly",
        "severity": "high",
        "state": "open",
        "service": "agent:payer",  # as it was named
        "business_service": "Payments",
        "source": "sla",
        "assignee": "lee@example.com",
    },
    "ticket": {
        "system": "jira",
        "number": "OPS-12",
        "kind": "change",
        "state": "Waiting for Approval",  # in the system's own words
        "url": "https://jira.example.com/browse/OPS-12",
        "by": "lee",  # their name there, which proves nobody's identity here
        "text": "The freeze begins on Friday.",
        "ours": False,  # the last hand was our own account
    },
    "tenant": {"id": "enterprise-corp", "compliance": ["GDPR"]},
    "time": {"date": "2026-03-02", "weekday": "monday", "hour": 9, "working_hours": True},
}
VOCABULARY: Final = Vocabulary(EXAMPLES)


def subjects_of(triggers: Sequence[str]) -> tuple[str, ...]:
    """What can be spoken of whichever of these events it was: what is there for one of them at least."""
    found = (subject for trigger in triggers for subject in _ABOUT.get(trigger.partition(".")[0], _EVERY))
    return tuple(dict.fromkeys(found)) or tuple(EXAMPLES)


def kinds_of(trigger: str) -> tuple[TicketKind, ...]:
    """Of which kinds the ticket of such an event can be."""
    return _KINDS.get(trigger.partition(".")[0], tuple(TicketKind))


def is_about(trigger: str, kind: str) -> bool:
    """Whether the event is one of a request, a bypass, an incident or a ticket."""
    return trigger.partition(".")[0] == kind
