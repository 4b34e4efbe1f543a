"""The demo's monitoring systems: which tenant tells which, and how their alerts come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app import demo_world as world

HOOKED: Final = ("datadog", "newrelic", "splunk")
HEADER: Final = "X-Countersign-Secret"


def environ(systems: Mapping[str, Any], secret: str) -> dict[str, str]:
    """What the product is told of them. `secret` is what their alerts show."""
    datadog, newrelic, splunk = (systems[name] for name in HOOKED)
    return {
        **{f"COUNTERSIGN_{name.upper()}__SENDS": "events,metrics,audit" for name in HOOKED},
        "COUNTERSIGN_DATADOG__TENANT": world.TENANT,
        "COUNTERSIGN_DATADOG__URL": datadog["url"],
        "COUNTERSIGN_DATADOG__API_KEY": datadog["api_key"],
        "COUNTERSIGN_DATADOG__HOOK_SECRET": secret,
        "COUNTERSIGN_SPLUNK__TENANT": world.TENANT,
        "COUNTERSIGN_SPLUNK__URL": splunk["url"],
        "COUNTERSIGN_SPLUNK__TOKEN": splunk["token"],
        "COUNTERSIGN_SPLUNK__HOOK_SECRET": secret,
        "COUNTERSIGN_NEWRELIC__TENANT": world.TENANT,
        "COUNTERSIGN_NEWRELIC__URL": newrelic["url"],
        "COUNTERSIGN_NEWRELIC__LICENSE_KEY": newrelic["license_key"],
        "COUNTERSIGN_NEWRELIC__ACCOUNT": newrelic["account"],
        "COUNTERSIGN_NEWRELIC__HOOK_SECRET": secret,
        "COUNTERSIGN_ALERTMANAGER__TENANT": world.TENANT,
        "COUNTERSIGN_ALERTMANAGER__HOOK_SECRET": secret,
    }


def hooks(product: str, secret: str) -> dict[str, dict[str, Any]]:
    """What each simulated system is set to, so that its alerts come here: as their administrators would."""
    shown = {"webhook_headers": {HEADER: secret}}
    return {
        "datadog": {"webhook_url": f"{product}/hooks/datadog/{world.TENANT}", **shown},
        "newrelic": {"webhook_url": f"{product}/hooks/newrelic/{world.TENANT}", **shown},
        "splunk": {"webhook_url": f"{product}/hooks/splunk/{world.TENANT}/{secret}"},
    }


def alertmanager(product: str, secret: str) -> dict[str, str]:
    """Where an Alertmanager of one's own can send, and what it shows."""
    return {
        "url": f"{product}/hooks/alertmanager/{world.TENANT}",
        "bearer_token": secret,
        "metrics": f"{product}/metrics",
    }
