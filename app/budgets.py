"""Budgets in the service: what they hear of the requests about them, and of their own alerts."""

from __future__ import annotations

from functools import partial
from typing import Final

from app.container import Service
from core.budgets import ALERTS, HEARD, hear_of_request, keep_current
from core.outbox import Subscription

BUDGETS: Final = "budgets"
SHOWN: Final = "budgets_shown"


def connect_budgets(service: Service) -> None:
    """Budgets hear of what becomes of the raises that were asked for; what was told of once is kept current."""
    service.subscriptions += [
        Subscription(BUDGETS, HEARD, partial(hear_of_request, service.database)),
        Subscription(SHOWN, ALERTS, partial(keep_current, service.database)),
    ]
