"""What monitoring systems are told, before any of them has its own shape for it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from core.outbox import Event

TITLE_MAX: Final = 200  # characters
WORDS_MAX: Final = 2_000
ATTRIBUTES_MAX: Final = 40


class Tone(StrEnum):
    """How an event is to be looked at."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"
    SUCCESS = "success"


class PointKind(StrEnum):
    """What a measured value is."""

    COUNT = "count"  # so many in the interval
    GAUGE = "gauge"  # so it stands at the end of the interval


@dataclass(frozen=True, slots=True)
class Happening:
    """Something of governance that happened. `id` is the same at every attempt, so that a repetition is known."""

    id: str
    tenant: str
    type: str
    subject: str
    title: str
    words: str
    tone: Tone
    at: datetime
    attributes: Mapping[str, str | int | float | bool] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Point:
    """One measured value of one tenant over `interval_s` seconds that end `at`."""

    name: str
    kind: PointKind
    value: float
    at: datetime
    interval_s: int
    tenant: str
    tags: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class AuditLine:
    """A record of the trail as the framework writes it; `id` is the record's own."""

    id: str
    tenant: str
    at: datetime
    record: Mapping[str, Any]


_TONES: Final = {
    "incident.opened": Tone.ERROR,
    "incident.reopened": Tone.ERROR,
    "incident.alert_fired": Tone.WARNING,
    "incident.severity_changed": Tone.WARNING,
    "incident.resolved": Tone.SUCCESS,
    "bypass.granted": Tone.WARNING,
    "bypass.review_overdue": Tone.ERROR,
    "change.rolled_back": Tone.ERROR,
    "change.rollback_failed": Tone.ERROR,
    "change.recovery_failed": Tone.ERROR,
    "change.validation_failed": Tone.WARNING,
    "change.overrun": Tone.WARNING,
    "change.validated": Tone.SUCCESS,
    "change.recovered": Tone.SUCCESS,
    "drill.failed": Tone.WARNING,
    "request.approved": Tone.SUCCESS,
    "request.rejected": Tone.WARNING,
    "request.expired": Tone.WARNING,
    "sla.alerted": Tone.ERROR,
    "sla.alert_changed": Tone.WARNING,
    "sla.recovered": Tone.SUCCESS,
    "budget.threshold_reached": Tone.WARNING,
    "budget.forecast_exceeded": Tone.WARNING,
    "budget.throttled": Tone.ERROR,
}


def happening_of(event: Event, *, reference: str = "") -> Happening:
    """What is told of an event. `reference` is how people call its subject (REQ-1042), where the event does not say."""
    data = event.data
    called = str(data.get("reference") or reference)
    what = _words_of(event.type)
    about = str(data.get("title") or "")
    title = " ".join(part for part in (called, what) if part) + (f": {about}" if about else "")
    attributes: dict[str, str | int | float | bool] = {}
    for name, value in data.items():
        if name != "origin" and isinstance(value, str | int | float | bool) and len(attributes) < ATTRIBUTES_MAX:
            attributes[name] = value[:WORDS_MAX] if isinstance(value, str) else value
    return Happening(
        id=str(event.id),
        tenant=str(event.tenant),
        type=event.type,
        subject=called or event.subject,
        title=title[:TITLE_MAX],
        words=str(data.get("text") or data.get("words") or data.get("reason") or what)[:WORDS_MAX],
        tone=_TONES.get(event.type, Tone.INFO),
        at=event.occurred_at,
        attributes=attributes,
    )


def _words_of(type_: str) -> str:
    """`incident.alert_fired` as `incident alert fired`."""
    return type_.replace(".", " ").replace("_", " ")
