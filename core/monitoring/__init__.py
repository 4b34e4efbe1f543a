"""What monitoring systems are told of governance, and what has come from them already (M1 to M5).

Connectors send it; here is what is sent, and how far everything is, so that nothing is left out over restarts.

events.py      which events are told of, and the two that only monitoring hears of
model.py       tables: marks of what was handed to the outbox; messages that came
rules.py       pure: when records of the trail are complete up to a position
store.py       SQL
measuring.py   once a minute: counts and standings of a tenant, as one event
exporting.py   records of the trail, in batches, as events
coming.py      a message is taken once
polling.py     the clock of the two
"""

from core.monitoring.coming import is_new, purge_messages
from core.monitoring.events import AUDIT_DUE, EXPORTED, MEASURED, reference_of
from core.monitoring.exporting import audit_batch, export_audit
from core.monitoring.measuring import Measured, MeasuredPoint, measure, measured_points
from core.monitoring.polling import MonitoringPoller, Wanted

__all__ = [
    "AUDIT_DUE",
    "EXPORTED",
    "MEASURED",
    "Measured",
    "MeasuredPoint",
    "MonitoringPoller",
    "Wanted",
    "audit_batch",
    "export_audit",
    "is_new",
    "measure",
    "measured_points",
    "purge_messages",
    "reference_of",
]
