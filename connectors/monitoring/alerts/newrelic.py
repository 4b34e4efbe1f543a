"""Pure: what a New Relic workflow sends about an issue by its default template. An issue is its id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from connectors.messages import UnreadableMessage
from connectors.monitoring.alerts.fields import instant, needed, text, texts
from connectors.monitoring.alerts.told import Told

FIRING: Final = ("CREATED", "ACTIVATED", "ACKNOWLEDGED")
OVER: Final = "CLOSED"
LONG: Final = frozenset({"title", "issueUrl", "id"})


def read(document: Mapping[str, Any], now: datetime) -> tuple[Told, ...]:
    """The alert. Raises UnreadableMessage."""
    issue = text(document.get("id")) or needed(document, "issueId")
    state = needed(document, "state").upper()
    if state != OVER and state not in FIRING:
        message = f"'{state[:40]}' is no state of an issue."
        raise UnreadableMessage(message, where="state", accepted=(*FIRING, OVER))
    labels = {name: value for name, value in texts(document).items() if value and name not in LONG}
    conditions = text(document.get("alertConditionNames"))
    return (
        Told(
            key=issue,
            is_firing=state != OVER,
            title=text(document.get("title")) or conditions or f"Issue {issue}",
            words=" · ".join(part for part in (text(document.get("alertPolicyNames")), conditions) if part),
            started_at=instant(document, "createdAt", now),
            link=text(document.get("issueUrl")),
            labels=labels,
        ),
    )
