"""Remedy's statuses by their labels, and what each means in our words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from connectors.itsm.base import TicketState

CHANGE_STATES: Final[Mapping[str, TicketState]] = {
    "Draft": TicketState.OPEN,
    "Request For Authorization": TicketState.IN_APPROVAL,
    "Request For Change": TicketState.IN_APPROVAL,
    "Planning In Progress": TicketState.IN_APPROVAL,
    "Scheduled For Review": TicketState.IN_APPROVAL,
    "Scheduled For Approval": TicketState.IN_APPROVAL,
    "Scheduled": TicketState.APPROVED,
    "Implementation In Progress": TicketState.IMPLEMENTING,
    "Pending": TicketState.OPEN,  # on hold; from where is not told
    "Rejected": TicketState.REJECTED,
    "Completed": TicketState.IMPLEMENTED,
    "Closed": TicketState.CLOSED,
    "Cancelled": TicketState.CANCELLED,
}
INCIDENT_STATES: Final[Mapping[str, TicketState]] = {
    "New": TicketState.OPEN,
    "Assigned": TicketState.OPEN,
    "In Progress": TicketState.IMPLEMENTING,
    "Pending": TicketState.IMPLEMENTING,
    "Resolved": TicketState.IMPLEMENTED,
    "Closed": TicketState.CLOSED,
    "Cancelled": TicketState.CANCELLED,
}
