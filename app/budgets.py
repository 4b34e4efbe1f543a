"""Budgets in the service: what they hear of the requests about them."""

from __future__ import annotations

from functools import partial
from typing import Final

from app.container import Service
from core.budgets import HEARD, hear_of_request
from core.outbox import Subscription

BUDGETS: Final = "budgets"


def connect_budgets(service: Service) -> None:
    """Budgets hear of what becomes of the raises that were asked for."""
    service.subscriptions.append(Subscription(BUDGETS, HEARD, partial(hear_of_request, service.database)))
