"""Where a subject's ticket should stand, and whether it does. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from connectors.itsm.base import TicketState
from core.approvals import RequestView
from core.emergency import BypassView

_ORDER: Final = (
    TicketState.OPEN,
    TicketState.IN_APPROVAL,
    TicketState.APPROVED,
    TicketState.IMPLEMENTING,
    TicketState.IMPLEMENTED,
    TicketState.CLOSED,
)
ENDED: Final = frozenset({TicketState.REJECTED, TicketState.CANCELLED})
AFTER_APPROVAL: Final = frozenset({TicketState.IMPLEMENTING, TicketState.IMPLEMENTED, TicketState.CLOSED})
_OF_REQUESTS: Final[Mapping[str, TicketState]] = {
    "pending": TicketState.IN_APPROVAL,
    "approved": TicketState.APPROVED,
    "rejected": TicketState.REJECTED,
    "withdrawn": TicketState.CANCELLED,
    "expired": TicketState.CANCELLED,
}


class Stand(StrEnum):
    """How a ticket stands to where it should."""

    RIGHT = "right"  # there, or beyond
    BEHIND = "behind"  # we may move it on
    ENDED = "ended"  # closed, cancelled or rejected there, and not by what was decided here


def target_of(subject: RequestView | BypassView) -> TicketState:
    """Where the subject's ticket should stand at least."""
    if isinstance(subject, BypassView):
        if subject.status == "active":
            return TicketState.IMPLEMENTING
        return TicketState.CLOSED if subject.review_status == "done" else TicketState.IMPLEMENTED
    if subject.status == "approved" and subject.used:
        return TicketState.IMPLEMENTING
    return _OF_REQUESTS[subject.status]


def stand(state: TicketState, target: TicketState) -> Stand:
    """How a ticket in this state stands to its target."""
    if target in ENDED:
        return Stand.RIGHT if state in ENDED or state is TicketState.CLOSED else Stand.BEHIND
    is_early = _ORDER.index(target) < _ORDER.index(TicketState.IMPLEMENTING)
    if state in ENDED or (state is TicketState.CLOSED and is_early):
        return Stand.ENDED
    return Stand.RIGHT if _ORDER.index(state) >= _ORDER.index(target) else Stand.BEHIND
