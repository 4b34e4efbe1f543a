"""Pure: what Alertmanager sends to a webhook receiver (version 4 of its message).

Each alert is taken by its own status: that of the whole is firing if any alert fires. An alert is its fingerprint; an
episode of it began at `startsAt`. Keys that are not known are passed over, as newer releases add some. An alert that
cannot be read is named by its place, and costs no other: Alertmanager sends no message again that was refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from connectors.messages import UnreadableMessage
from connectors.monitoring.alerts.fields import instant, needed, text, texts
from connectors.monitoring.alerts.told import Told

VERSION: Final = "4"
STATUSES: Final = ("firing", "resolved")


def read(document: Mapping[str, Any], now: datetime) -> tuple[Told | UnreadableMessage, ...]:
    """The alerts of the message, and in the place of one that cannot be read, why. Raises UnreadableMessage."""
    alerts = document.get("alerts")
    if document.get("version") != VERSION:
        message = f"It is no Alertmanager message of version {VERSION}."
        raise UnreadableMessage(message, where="version", accepted=(VERSION,))
    if not isinstance(alerts, list):
        raise UnreadableMessage("Its 'alerts' is no list.", where="alerts")
    group = text(document.get("groupKey"))
    return tuple(_read(each, group, now, place=f"alerts/{index}") for index, each in enumerate(alerts))


def _read(alert: Any, group: str, now: datetime, *, place: str) -> Told | UnreadableMessage:
    if not isinstance(alert, Mapping):
        return UnreadableMessage("The alert is no object.", where=place)
    try:
        return _alert(alert, group, now, place=place)
    except UnreadableMessage as exc:
        return UnreadableMessage(exc.message, where=f"{place}/{exc.where}", accepted=exc.accepted)


def _alert(alert: Mapping[str, Any], group: str, now: datetime, *, place: str) -> Told:
    labels, notes = texts(alert.get("labels")), texts(alert.get("annotations"))
    status = needed(alert, "status")
    if status not in STATUSES:
        raise UnreadableMessage(f"'{status[:40]}' is no status of an alert.", where="status", accepted=STATUSES)
    name = labels.get("alertname", "")
    return Told(
        key=needed(alert, "fingerprint"),
        group=group,
        is_firing=status == "firing",
        title=notes.get("summary") or notes.get("title") or name,
        words=notes.get("description") or notes.get("message") or "",
        started_at=instant(alert, "startsAt", now),
        link=text(alert.get("generatorURL")),
        labels={**notes, **labels},
        place=place,
    )
