"""The outbox: what happened, written with the change, delivered at least once and in order per subject.

model.py        tables
events.py       Event: what subscribers receive
service.py      emit: writes an event inside the caller's transaction
retry.py        pure: when to try again
store.py        claims, results, listing
dispatcher.py   the loop that routes and delivers
admin.py        list and replay deliveries
"""

from core.outbox.admin import DeliveryView, list_deliveries, replay
from core.outbox.dispatcher import Dispatcher, Subscription
from core.outbox.events import Event
from core.outbox.retry import Permanent, RetryPolicy, Throttle
from core.outbox.service import emit, latest_events

__all__ = [
    "DeliveryView",
    "Dispatcher",
    "Event",
    "Permanent",
    "RetryPolicy",
    "Subscription",
    "Throttle",
    "emit",
    "latest_events",
    "list_deliveries",
    "replay",
]
