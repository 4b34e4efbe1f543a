"""What goes to the outbox: one event for each action, so that each is delivered, repeated and buried by itself."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from core.automation.values import ActionKind

SUBJECT: Final = "automation"  # automation:<effect>, or of what administrators are told automation:<run>


class AutomationEvent(StrEnum):
    """The types whose names are known beforehand; those of tickets are named by their system."""

    HERE = "automation.here"
    NOTIFY = "automation.notify"
    WEBHOOK = "automation.webhook"
    TROUBLE = "automation.trouble"  # a rule was stopped or suppressed: administrators are told


def ticket_event(system: str) -> str:
    """The type of what is done in that ticket system."""
    return f"automation.ticket.{system}"


def event_for(kind: ActionKind, system: str) -> str:
    """By which event an action goes; `system` is empty for what is done on a request here."""
    match kind:
        case ActionKind.NOTIFY:
            return AutomationEvent.NOTIFY
        case ActionKind.CALL_WEBHOOK:
            return AutomationEvent.WEBHOOK
        case ActionKind.OPEN_APPROVAL:
            return AutomationEvent.HERE
        case ActionKind.CREATE_TICKET | ActionKind.UPDATE_TICKET | ActionKind.TRANSITION:
            return ticket_event(system)
        case ActionKind.COMMENT:
            return ticket_event(system) if system else AutomationEvent.HERE
