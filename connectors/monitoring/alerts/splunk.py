"""Pure: what the webhook action of a Splunk alert sends: the first row of its search, every value a text.

A run of the search is its `sid`, which is taken once. An alert says when it fires and never that it is over: a second
search may say so in a column `state` (docs/connectors/splunk.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from connectors.messages import UnreadableMessage
from connectors.monitoring.alerts.fields import needed, text, texts
from connectors.monitoring.alerts.told import Told

OVER: Final = frozenset({"resolved", "ok", "closed", "recovered"})
_RUN_AT: Final = re.compile(r"_at_(\d{9,10})(?:\D|\Z)")


def read(document: Mapping[str, Any], now: datetime) -> tuple[Told, ...]:
    """The alert. Raises UnreadableMessage."""
    row = document.get("result")
    if not isinstance(row, Mapping):
        raise UnreadableMessage("Its 'result' is no object.", where="result")
    sid, name = needed(document, "sid"), text(document.get("search_name")) or "search"
    labels = texts(row)
    found = _RUN_AT.search(sid)
    return (
        Told(
            key=labels.get("alert_key") or name,
            group=name,
            is_firing=labels.get("state", "").lower() not in OVER,
            title=labels.get("title") or name,
            words=labels.get("description") or labels.get("message") or labels.get("_raw", ""),
            started_at=datetime.fromtimestamp(int(found[1]), UTC) if found else now,
            link=text(document.get("results_link")),
            labels={**labels, "search_name": name, "app": text(document.get("app"))},
        ),
    )


def message_id(document: Mapping[str, Any]) -> str:
    """The run of the search."""
    return text(document.get("sid"))
