"""Who is told that an access request is over, where the AuthZEN profile is spoken."""

from __future__ import annotations

from typing import Final

from app.container import Service
from connectors.callbacks import Callbacks
from core.access_requests import ENDINGS, AccessRequestEvent, settle_tasks
from core.outbox import BreakerPolicy, Event, RetryPolicy, Subscription
from web.api.authzen import REQUESTS_PATH

TASKS: Final = "access_tasks"
CALLBACKS: Final = "callbacks"
# Many addresses of many owners stand behind this one destination: that some fail says nothing of the others.
_NEVER_OPEN: Final = BreakerPolicy(failures=1_000_000_000)


def callback_subscriptions(service: Service) -> list[Subscription]:
    """Tasks end with their requests, and their callbacks hear of it: one delivery for each task."""
    settings, database = service.settings.authzen, service.database
    if not settings.has_access_requests:
        return []

    async def settle(event: Event) -> None:
        await settle_tasks(database, event)

    notices = Callbacks(database, service.settings.base_url + REQUESTS_PATH, settings.internal_callbacks)
    return [
        Subscription(TASKS, frozenset(map(str, ENDINGS)), settle),
        Subscription(
            CALLBACKS,
            frozenset({str(AccessRequestEvent.ENDED)}),
            notices.deliver,
            RetryPolicy(timeout_s=30.0),
            _NEVER_OPEN,
        ),
    ]
