"""The OpenTelemetry collector that this installation tells of itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from config.errors import SettingsError
from config.fields import HttpUrl, Secret, Section, clear_text, missing


class OtlpSettings(Section):
    """OTLP over HTTP; on once the collector's address is given (docs/connectors/opentelemetry.md)."""

    url: HttpUrl | None = None  # http://127.0.0.1:4318; /v1/traces and /v1/metrics stand below it
    token: Secret | None = None  # shown in `shown_in`, where the collector asks for one
    shown_in: Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")] = "Authorization"
    traces: bool = True
    metrics: bool = True
    share: Annotated[float, Field(ge=0, le=1)] = 1.0  # of the traces that begin here
    service: Annotated[str, Field(min_length=1, max_length=200)] = "countersign"  # service.name


def otlp_contradictions(otlp: OtlpSettings) -> Iterator[SettingsError]:
    """What the section contradicts."""
    if otlp.url is not None and otlp.token is not None:
        yield from clear_text("otlp.url", otlp.url)
    if otlp.token is not None and otlp.url is None:
        yield missing("otlp.url", "'otlp.token' is given")
