"""Pure: an alert of any other system, as a CloudEvent in structured form (docs/connectors/webhooks.md).

`data` is `{key?, state, severity?, title, service?, text?, started_at?, link?, group?, labels?}`; without a key the
event's subject names the alert.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from connectors.messages import UnreadableMessage
from connectors.monitoring.alerts.fields import instant, needed, text, texts
from connectors.monitoring.alerts.told import Told

VERSION: Final = "1.0"
STATES: Final = ("firing", "resolved")
DATA: Final = frozenset({"state", "title", "started_at"})  # what is looked for within `data`


def read(document: Mapping[str, Any], now: datetime) -> tuple[Told, ...]:
    """The alert. Raises UnreadableMessage."""
    if document.get("specversion") != VERSION:
        message = f"It is no CloudEvent of version {VERSION}."
        raise UnreadableMessage(message, where="specversion", accepted=(VERSION,))
    for name in ("id", "source", "type"):
        needed(document, name)
    data = document.get("data")
    if not isinstance(data, Mapping):
        raise UnreadableMessage("Its 'data' is no object.", where="data")
    try:
        return (_alert(document, data, now),)
    except UnreadableMessage as exc:
        place = f"data/{exc.where}" if exc.where in DATA else exc.where
        raise UnreadableMessage(exc.message, where=place, accepted=exc.accepted) from None


def _alert(document: Mapping[str, Any], data: Mapping[str, Any], now: datetime) -> Told:
    state = needed(data, "state").lower()
    if state not in STATES:
        raise UnreadableMessage(f"'{state[:40]}' is no state of an alert.", where="state", accepted=STATES)
    key = text(data.get("key")) or needed(document, "subject")
    own = {name: text(data.get(name)) for name in ("severity", "service") if text(data.get(name))}
    return Told(
        key=f"{needed(document, 'source')}:{key}",
        group=text(data.get("group")),
        is_firing=state == "firing",
        title=needed(data, "title"),
        words=text(data.get("text")),
        started_at=instant(data, "started_at", instant(document, "time", now)),
        link=text(data.get("link")),
        labels={**texts(data.get("labels")), **own, "source": needed(document, "source")},
    )


def message_id(document: Mapping[str, Any]) -> str:
    """A CloudEvent is its source and its id."""
    return f"{text(document.get('source'))} {text(document.get('id'))}"
