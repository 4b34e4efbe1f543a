"""Pure: what Alertmanager sends to a webhook receiver (version 4 of its message).

Each alert is taken by its own status: that of the whole is firing if any alert fires. An alert is its fingerprint; an
episode of it began at `startsAt`. Keys that are not known are passed over, as newer releases add some.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from connectors.monitoring.alerts.fields import instant, needed, text, texts
from connectors.monitoring.alerts.told import Told, UnreadableMessage

VERSION: Final = "4"


def read(document: Mapping[str, Any], now: datetime) -> tuple[Told, ...]:
    """The alerts of the message. Raises UnreadableMessage."""
    alerts = document.get("alerts")
    if document.get("version") != VERSION or not isinstance(alerts, list):
        raise UnreadableMessage(f"It is no Alertmanager message of version {VERSION}.")
    group = text(document.get("groupKey"))
    return tuple(_alert(each, group, now) for each in alerts)


def _alert(alert: Any, group: str, now: datetime) -> Told:
    if not isinstance(alert, Mapping):
        raise UnreadableMessage("One of its alerts is no object.")
    labels, notes = texts(alert.get("labels")), texts(alert.get("annotations"))
    status = needed(alert, "status")
    if status not in {"firing", "resolved"}:
        raise UnreadableMessage(f"'{status[:40]}' is no status of an alert.")
    name = labels.get("alertname", "")
    return Told(
        key=needed(alert, "fingerprint"),
        group=group,
        is_firing=status == "firing",
        title=notes.get("summary") or notes.get("title") or name,
        words=notes.get("description") or notes.get("message") or "",
        started_at=instant(alert.get("startsAt"), now),
        link=text(alert.get("generatorURL")),
        labels={**notes, **labels},
    )
