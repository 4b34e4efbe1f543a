"""The change registry in the service: what a change hears of its approval."""

from __future__ import annotations

from functools import partial
from typing import Final

from app.container import Service
from core.changes import HEARD, hear_of_request
from core.outbox import Subscription

CHANGES: Final = "changes"


def change_subscriptions(service: Service) -> tuple[Subscription, ...]:
    """What moves changes when their requests are decided."""
    return (Subscription(CHANGES, HEARD, partial(hear_of_request, service.database)),)
