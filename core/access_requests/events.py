"""What goes to the outbox, and what is listened for."""

from enum import StrEnum
from typing import Final

from core.approvals import RequestEvent


class AccessRequestEvent(StrEnum):
    """The closed set of event types of a task."""

    ENDED = "access_request.ended"  # once for each task that somebody wants to be told of


# The request's events at which its tasks come to their end.
ENDINGS: Final = frozenset({RequestEvent.APPROVED, RequestEvent.REJECTED, RequestEvent.WITHDRAWN, RequestEvent.EXPIRED})
