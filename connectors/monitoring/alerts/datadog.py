"""Pure: what a Datadog monitor sends by the template of docs/connectors/datadog.md.

All values are texts. One alert from its start to its end is `$ALERT_CYCLE_KEY`, so that is the key; what a monitor says
of all its groups shares an incident.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from connectors.monitoring.alerts.fields import instant, needed, text, texts
from connectors.monitoring.alerts.told import Told

OVER: Final = frozenset({"recovered", "warn recovered", "no data recovered"})


def read(document: Mapping[str, Any], now: datetime) -> tuple[Told, ...]:
    """The alert. Raises UnreadableMessage."""
    transition, alert_id = needed(document, "transition"), needed(document, "alert_id")
    cycle = text(document.get("cycle"))
    labels = {
        **_tags(text(document.get("tags"))),
        **{name: value for name, value in texts(document).items() if name not in {"body", "title", "link"} and value},
    }
    is_firing = transition.lower() not in OVER
    return (
        Told(
            key=f"{alert_id}:{cycle or text(document.get('scope'))}",
            group=f"monitor {alert_id}",
            is_firing=is_firing,
            title=text(document.get("title")) or f"Monitor {alert_id}",
            words=text(document.get("body")),
            started_at=instant(document, "date", now),
            link=text(document.get("link")),
            labels=labels,
        ),
    )


def _tags(tags: str) -> dict[str, str]:
    """`env:prod,service:pay` as labels; of several values of one name the first counts."""
    found: dict[str, str] = {}
    for tag in tags.split(","):
        name, separator, value = tag.strip().partition(":")
        if separator and name:
            found.setdefault(name, value)
    return found
