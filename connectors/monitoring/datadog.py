"""Datadog (M1): metrics as series, happenings as events, the trail as logs.

Its intakes take the API key alone. They know no repetition: a count that came twice counts twice, so counts are sent
once for each minute, from the outbox; an event carries our id as a tag and is grouped by its subject.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from connectors.itsm.answers import bounded_wait_s
from connectors.itsm.http import Answer, Call, Caller, Limits
from connectors.monitoring.answers import document_of, failure_of, unreadable
from connectors.monitoring.base import (
    Capabilities,
    Connector,
    ConnectorError,
    MonitoringSettings,
    MonitoringSystem,
    Outcomes,
    Sends,
)
from connectors.monitoring.sending import Intake, Reading, Sender, is_taken
from connectors.monitoring.signals import AuditLine, Happening, Point, PointKind
from core.deliveries import Finding, Health

TITLE: Final = "Datadog"
TOTAL_S: Final = 40.0
SERIES_MAX_BYTES: Final = 500_000  # 512,000 in "Submit metrics" v2, as sent
LOGS_MAX_BYTES: Final = 4_500_000  # 5 MB in "Send logs"
LOGS_MAX_ITEMS: Final = 1000
EVENT_MAX_BYTES: Final = 100_000
EVENT_TEXT_MAX: Final = 4000  # characters
TAG_MAX: Final = 200  # characters; longer ones are cut there
COUNT: Final = 1
GAUGE: Final = 3


class Datadog:
    """One organisation."""

    def __init__(self, settings: MonitoringSettings) -> None:
        self._url = settings.url
        self._logs = settings.logs_url or settings.url
        self._headers = {"DD-API-KEY": settings.key, "Content-Type": "application/json", "Accept": "application/json"}
        self._caller = Caller(TITLE, Limits(settings.connect_s, settings.read_s, TOTAL_S, concurrent=8))
        self._sender = Sender(TITLE, self._caller, Reading(_failure))

    async def check(self) -> Sequence[Finding]:
        """Whether it answers and knows our key."""
        try:
            answer = await self._caller.send(Call("GET", f"{self._url}/api/v1/validate", self._headers))
            failure = None if is_taken(answer) else _failure(answer)
            if failure is None and document_of(answer).get("valid") is not True:
                failure = unreadable(TITLE)
        except ConnectorError as exc:
            failure = exc
        if failure is None:
            return (Finding("key", Health.OK, "It answers, and knows our API key."),)
        return (Finding("key", Health.FAILED, failure.reason, CONNECTOR.hint),)

    async def send_events(self, happenings: Sequence[Happening]) -> Outcomes:
        """One call for each: its API takes no more."""
        intake = Intake(f"{self._url}/api/v1/events", self._headers, 1, EVENT_MAX_BYTES, lambda items: items[0])
        return await self._sender.send(intake, [_json(_event(each)) for each in happenings])

    async def send_points(self, points: Sequence[Point]) -> Outcomes:
        """Counts and gauges as series."""
        intake = Intake(f"{self._url}/api/v2/series", self._headers, 5_000, SERIES_MAX_BYTES, _series)
        return await self._sender.send(intake, [_json(_point(each)) for each in points])

    async def send_records(self, lines: Sequence[AuditLine]) -> Outcomes:
        """Records of the trail as logs."""
        intake = Intake(f"{self._logs}/api/v2/logs", self._headers, LOGS_MAX_ITEMS, LOGS_MAX_BYTES, _array)
        return await self._sender.send(intake, [_json(_log(each)) for each in lines])

    async def close(self) -> None:
        """No connection is left."""
        await self._caller.close()


def _event(happening: Happening) -> dict[str, Any]:
    return {
        "title": happening.title,
        "text": f"{happening.words}\n\n{_listed(happening.attributes)}"[:EVENT_TEXT_MAX],
        "date_happened": int(happening.at.timestamp()),
        "alert_type": str(happening.tone),
        "priority": "normal",
        "aggregation_key": happening.subject[:100],  # characters; "Post an event"
        "source_type_name": "countersign",
        "tags": _tags({"tenant": happening.tenant, "type": happening.type, "event_id": happening.id}),
    }


def _point(point: Point) -> dict[str, Any]:
    return {
        "metric": point.name,
        "type": COUNT if point.kind is PointKind.COUNT else GAUGE,
        "interval": point.interval_s,
        "points": [{"timestamp": int(point.at.timestamp()), "value": point.value}],
        "tags": _tags({"tenant": point.tenant, **point.tags}),
    }


def _log(line: AuditLine) -> dict[str, Any]:
    return {
        "ddsource": "countersign",
        "service": "countersign",
        "ddtags": ",".join(_tags({"tenant": line.tenant, "event_id": line.id})),
        "timestamp": int(line.at.timestamp() * 1000),
        "message": json.dumps(dict(line.record), ensure_ascii=False, separators=(",", ":")),
    }


def _tags(tags: Mapping[str, str]) -> list[str]:
    return [f"{name}:{value}"[:TAG_MAX].lower().replace(",", "_") for name, value in tags.items()]


def _listed(attributes: Mapping[str, object]) -> str:
    return "\n".join(f"{name}: {value}" for name, value in attributes.items() if name != "text")


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _array(items: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


def _series(items: Sequence[bytes]) -> bytes:
    return b'{"series":' + _array(items) + b"}"


def _failure(answer: Answer) -> ConnectorError | None:
    document = document_of(answer)
    if is_taken(answer):
        errors = document.get("errors")
        is_own = answer.status == HTTPStatus.ACCEPTED and not errors
        return None if is_own else unreadable(TITLE)
    errors = document.get("errors")
    said = "; ".join(map(str, errors)) if isinstance(errors, list) else ""
    return failure_of(answer, TITLE, said=said, wait_s=_wait_s)


def _wait_s(headers: Mapping[str, str]) -> float:
    """X-RateLimit-Reset: seconds until the window begins anew. There is no Retry-After."""
    text = headers.get("x-ratelimit-reset", "")
    return bounded_wait_s(float(text) if text.isascii() and text.isdecimal() else None)


def connect(settings: MonitoringSettings) -> MonitoringSystem:
    """The organisation; calls nobody."""
    return Datadog(settings)


CONNECTOR: Final = Connector(
    slug="datadog",
    title=TITLE,
    capabilities=Capabilities(frozenset(Sends), events_together=False),
    connect=connect,
    hint="Compare datadog.url with your site and datadog.api_key with its API keys: docs/connectors/datadog.md.",
)
