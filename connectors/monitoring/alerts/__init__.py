"""Alerts of monitoring systems open, update and resolve incidents (M1 to M5).

told.py          an alert as a system told of it, before anything is made of it
fields.py        pure: texts and instants out of what others send
alertmanager.py, datadog.py, newrelic.py, splunk.py, cloudevents.py   pure: one message -> alerts
mapping.py       pure: severity, service, title, group of an incident, out of what was told
mapping_file.py  YAML -> mapping
proofs.py        how a message proves where it comes from
door.py          a message that came: proven, read, mapped, taken
"""

from connectors.monitoring.alerts.door import AlertDoor
from connectors.monitoring.alerts.mapping import AlertMapping
from connectors.monitoring.alerts.mapping_file import load_alert_mapping
from connectors.monitoring.alerts.sources import SOURCES, AlertSource

__all__ = ["SOURCES", "AlertDoor", "AlertMapping", "AlertSource", "load_alert_mapping"]
