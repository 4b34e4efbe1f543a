"""The outbox: what happened, written with the change, delivered at least once and in order per subject.

model.py        tables
events.py       Event: what subscribers receive
service.py      emit: writes an event inside the caller's transaction
retry.py        pure: when to try again; breaker.py: when to leave a destination alone
store.py        claims and results; destinations.py: how those that it goes to are
dispatcher.py   the loop that routes and delivers; finishing.py: what was delivered, kept many at a time
sent.py         what each destination took last; turns.py: the pace of calls to one, over all processes
admin.py        list destinations and deliveries, replay and dismiss them
"""

from core.outbox.admin import (
    DELIVERY_STATES,
    DeliveryState,
    DeliveryView,
    DestinationView,
    deliveries_by_hour,
    delivery_states,
    destination_names,
    dismiss,
    dismiss_all,
    list_deliveries,
    list_destinations,
    replay,
    replay_all,
    resume,
)
from core.outbox.breaker import BreakerPolicy, Circuit, Flow
from core.outbox.dispatcher import Dispatcher, Subscription
from core.outbox.events import Event
from core.outbox.retry import Again, Permanent, RetryPolicy, Throttle, asked_wait_s
from core.outbox.sent import Sent, bounded, delivered_event, record_sent, record_told, sent_last
from core.outbox.service import count_events, emit, emit_all, latest_events, latest_references, past_event, past_events
from core.outbox.turns import take_turn

__all__ = [
    "DELIVERY_STATES",
    "Again",
    "BreakerPolicy",
    "Circuit",
    "DeliveryState",
    "DeliveryView",
    "DestinationView",
    "Dispatcher",
    "Event",
    "Flow",
    "Permanent",
    "RetryPolicy",
    "Sent",
    "Subscription",
    "Throttle",
    "asked_wait_s",
    "bounded",
    "count_events",
    "delivered_event",
    "deliveries_by_hour",
    "delivery_states",
    "destination_names",
    "dismiss",
    "dismiss_all",
    "emit",
    "emit_all",
    "latest_events",
    "latest_references",
    "list_deliveries",
    "list_destinations",
    "past_event",
    "past_events",
    "record_sent",
    "record_told",
    "replay",
    "replay_all",
    "resume",
    "sent_last",
    "take_turn",
]
