"""Monitoring systems: what they are told of governance, and alerts that they tell of (M1 to M5).

base.py         the protocol, and how a system is declared
signals.py      pure: happenings, measured values, lines of the trail
sending.py      many things to one intake, within its limits; what became of each
answers.py      what a status means
gathering.py    what waits together goes together
datadog.py, newrelic.py, splunk.py, webhooks.py   one system each; registry.py lists them
subscriber.py   what the outbox has for them
alerts/         the other way
prometheus/     what services did, by query
"""

from connectors.monitoring.base import MonitoringSettings, Sends
from connectors.monitoring.registry import CONNECTORS
from connectors.monitoring.subscriber import PLACES, TYPES, MonitoringDesk, TenantMonitoring

__all__ = ["CONNECTORS", "PLACES", "TYPES", "MonitoringDesk", "MonitoringSettings", "Sends", "TenantMonitoring"]
