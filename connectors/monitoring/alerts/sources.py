"""The monitoring systems whose alerts are understood, by the name that they have in addresses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final, Protocol

from connectors.messages import UnreadableMessage
from connectors.monitoring.alerts import alertmanager, cloudevents, datadog, newrelic, splunk
from connectors.monitoring.alerts.proofs import is_signed, shows_secret
from connectors.monitoring.alerts.told import Told


class Proof(Protocol):
    """Whether a message proves where it comes from."""

    def __call__(self, headers: Mapping[str, str], body: bytes, /, *, secret: str, now: datetime) -> str:
        """The message's own id, or nothing. Raises WebhookRejected."""
        ...


def _no_id(_document: Mapping[str, Any]) -> str:
    return ""


@dataclass(frozen=True, slots=True)
class AlertSource:
    """One kind of system. `message_id` names a message that is to be taken once; empty where repetitions do no harm."""

    slug: str
    title: str
    read: Callable[[Mapping[str, Any], datetime], tuple[Told | UnreadableMessage, ...]]
    proof: Proof = shows_secret
    message_id: Callable[[Mapping[str, Any]], str] = _no_id


SOURCES: Final[Mapping[str, AlertSource]] = MappingProxyType(
    {
        each.slug: each
        for each in (
            AlertSource("alertmanager", "Alertmanager", alertmanager.read),
            AlertSource("datadog", "Datadog", datadog.read),
            AlertSource("newrelic", "New Relic", newrelic.read),
            AlertSource("splunk", "Splunk", splunk.read, message_id=splunk.message_id),
            AlertSource("webhooks", "Webhooks", cloudevents.read, is_signed, cloudevents.message_id),
        )
    }
)
