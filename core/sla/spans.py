"""Samples from spans of traces, as OpenTelemetry tells of them. Pure (S2).

A span of kind server or consumer is an operation of the service that its resource names; other spans are what that
operation did in turn, and no samples. Only a few of a span's attributes become labels, those that few values have.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from core.errors import InvalidInput
from core.sla.labelling import LABELS_MAX, VALUE_MAX, is_name
from core.sla.sample_store import Sample
from core.sla.sampling import check_sample

SERVER: Final = 2  # span kinds (opentelemetry-proto, trace.proto)
CONSUMER: Final = 5
ERROR: Final = 2  # status code
SERVICE_NAME: Final = "service.name"
BEGAN: Final = "startTimeUnixNano"
ENDED: Final = "endTimeUnixNano"
_PLACES: Final[Mapping[str, str]] = {"service": SERVICE_NAME, "time": ENDED, "response_time": BEGAN}  # of a sample
OURS: Final = "countersign.label."  # whoever sets such an attribute names a label
ATTRIBUTES: Final[Mapping[str, str]] = {  # semantic conventions -> label; of two for one label the first counts
    "service.version": "version",
    "cloud.region": "region",
    "deployment.environment.name": "environment",
    "deployment.environment": "environment",
    "http.route": "endpoint",
    "rpc.method": "endpoint",
    "messaging.destination.name": "endpoint",
    "gen_ai.agent.name": "agent",
}


@dataclass(frozen=True, slots=True)
class SpanFacts:
    """What is read of a span; `attributes` are those of its resource and its own, which go before."""

    kind: int
    began_at: datetime | None
    ended_at: datetime | None
    status: int
    attributes: Mapping[str, str]


def sample_of(span: SpanFacts, *, now: datetime) -> Sample | None:
    """The sample that the span is; None if it is none. Raises InvalidInput naming what cannot be taken."""
    if span.kind not in (SERVER, CONSUMER):
        return None
    service = span.attributes.get(SERVICE_NAME)
    if service is None:
        raise InvalidInput("Its resource has no service.name.", where=SERVICE_NAME)
    if span.began_at is None:
        raise InvalidInput("It does not say when it began.", where=BEGAN)
    if span.ended_at is None:
        raise InvalidInput("It does not say when it ended.", where=ENDED)
    if span.ended_at < span.began_at:
        raise InvalidInput("It ended before it began.", where=ENDED)
    try:
        return check_sample(
            service,
            span.ended_at,
            (span.ended_at - span.began_at).total_seconds(),
            success=span.status != ERROR,
            labels=labels_of(span.attributes),
            now=now,
        )
    except InvalidInput as exc:
        raise InvalidInput(exc.message, where=_PLACES.get(exc.where or "", exc.where), accepted=exc.accepted) from exc


def is_attribute_read(key: str) -> bool:
    """Whether a sample can have anything of an attribute of this name."""
    return key == SERVICE_NAME or key in ATTRIBUTES or key.startswith(OURS)


def labels_of(attributes: Mapping[str, str]) -> dict[str, str]:
    """The labels in the attributes; what is no name or value of a label is left out, and a long value is cut."""
    found: dict[str, str] = {}
    for key, value in attributes.items():
        if key.startswith(OURS):
            found[key.removeprefix(OURS)] = value
    for key, label in ATTRIBUTES.items():
        if key in attributes:
            found.setdefault(label, attributes[key])
    fit = {
        label: value[:VALUE_MAX]
        for label, value in found.items()
        if is_name(label) and value.strip() and value.isprintable()
    }
    return dict(list(fit.items())[:LABELS_MAX])
