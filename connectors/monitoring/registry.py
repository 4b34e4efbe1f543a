"""The monitoring systems that can be connected, by name and one by one: nothing is scanned for."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from connectors.monitoring.base import Connector
from connectors.monitoring.datadog import CONNECTOR as DATADOG
from connectors.monitoring.newrelic import CONNECTOR as NEWRELIC
from connectors.monitoring.splunk import CONNECTOR as SPLUNK
from connectors.monitoring.webhooks import CONNECTOR as WEBHOOKS

CONNECTORS: Final[Mapping[str, Connector]] = MappingProxyType(
    {each.slug: each for each in (DATADOG, NEWRELIC, SPLUNK, WEBHOOKS)}
)
