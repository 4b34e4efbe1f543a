"""Incidents in the service: what is suspected of them is kept."""

from __future__ import annotations

from functools import partial
from typing import Final

from app.container import Service
from core.outbox import Subscription
from core.suspects import HEARD, keep_likeliest

SUSPECTS: Final = "suspects"


def connect_incidents(service: Service) -> None:
    """Each incident knows who was suspected of it first."""
    service.subscriptions.append(Subscription(SUSPECTS, HEARD, partial(keep_likeliest, service.database)))
