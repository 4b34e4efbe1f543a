"""New Relic (M2): metrics by the Metric API, happenings as custom events, the trail as logs.

The metric and log APIs accept what they have not yet looked at: what they cannot use shows up there as an
NrIntegrationError. A payload that comes again is recognised by its `x-request-id`, which is therefore made of what it
holds.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from connectors.itsm.answers import retry_after_s
from connectors.itsm.http import Answer, Caller, Limits
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

TITLE: Final = "New Relic"
TOTAL_S: Final = 40.0
POST_MAX_BYTES: Final = 950_000  # 10^6 as sent
ITEMS_MAX: Final = 2_000
VALUE_MAX: Final = 4_000  # 4,096 characters of an attribute
EVENT_TYPE: Final = "CountersignEvent"


class NewRelic:
    """One account."""

    def __init__(self, settings: MonitoringSettings) -> None:
        self._url = settings.url
        self._logs = settings.logs_url or settings.url
        events = settings.events_url or settings.url
        self._events = f"{events}/v1/accounts/{settings.account}/events"
        self._headers = {"Api-Key": settings.key, "Content-Type": "application/json"}
        self._caller = Caller(TITLE, Limits(settings.connect_s, settings.read_s, TOTAL_S, concurrent=8))
        self._sender = Sender(TITLE, self._caller, Reading(_failure))

    async def check(self) -> Sequence[Finding]:
        """Whether both hosts answer and know our key: an empty list of each kind changes nothing there."""
        findings = []
        for subject, url in (("metrics", f"{self._url}/metric/v1"), ("events", self._events)):
            nothing = Intake(url, self._headers, 1, POST_MAX_BYTES, lambda _items: b"[]")
            (outcome,) = await self._sender.send(nothing, [b""])
            if outcome is None:
                findings.append(Finding(subject, Health.OK, "It answers, and knows our licence key."))
            else:
                findings.append(Finding(subject, Health.FAILED, outcome.reason, CONNECTOR.hint))
        return findings

    async def send_events(self, happenings: Sequence[Happening]) -> Outcomes:
        """Custom events of the type CountersignEvent."""
        intake = Intake(self._events, self._headers, ITEMS_MAX, POST_MAX_BYTES, _array)
        return await self._sender.send(intake, [_json(_event(each)) for each in happenings])

    async def send_points(self, points: Sequence[Point]) -> Outcomes:
        """Counts with their interval, and gauges."""
        url = f"{self._url}/metric/v1"
        intake = Intake(url, self._headers, ITEMS_MAX, POST_MAX_BYTES, _block("metrics"), _request_id)
        return await self._sender.send(intake, [_json(_metric(each)) for each in points])

    async def send_records(self, lines: Sequence[AuditLine]) -> Outcomes:
        """Records of the trail as logs."""
        url = f"{self._logs}/log/v1"
        intake = Intake(url, self._headers, ITEMS_MAX, POST_MAX_BYTES, _block("logs"), _request_id)
        return await self._sender.send(intake, [_json(_log(each)) for each in lines])

    async def close(self) -> None:
        """No connection is left."""
        await self._caller.close()


def _event(happening: Happening) -> dict[str, Any]:
    own = {
        "eventType": EVENT_TYPE,
        "timestamp": int(happening.at.timestamp()),
        "eventId": happening.id,
        "tenant": happening.tenant,
        "type": happening.type,
        "subject": happening.subject,
        "title": happening.title,
        "tone": str(happening.tone),
    }
    more = {f"data.{name}": _flat(value) for name, value in happening.attributes.items()}
    return {**more, **own}


def _metric(point: Point) -> dict[str, Any]:
    return {
        "name": point.name,
        "type": str(point.kind),
        "value": point.value,
        "timestamp": int(point.at.timestamp() * 1000) - point.interval_s * 1000 * (point.kind is PointKind.COUNT),
        **({"interval.ms": point.interval_s * 1000} if point.kind is PointKind.COUNT else {}),
        "attributes": {"tenant": point.tenant, **point.tags},
    }


def _log(line: AuditLine) -> dict[str, Any]:
    record = line.record
    kept = ("action", "resource", "result", "category", "user_id")
    return {
        "timestamp": int(line.at.timestamp() * 1000),
        "message": json.dumps(dict(record), ensure_ascii=False, separators=(",", ":")),
        "attributes": {
            "logtype": "countersign.audit",
            "tenant": line.tenant,
            "event_id": line.id,
            **{name: _flat(record[name]) for name in kept if name in record},
        },
    }


def _flat(value: object) -> str | int | float:
    """Attributes are texts and numbers."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return str(value).lower() if isinstance(value, bool) else str(value)[:VALUE_MAX]


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _array(items: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


def _block(name: str) -> Any:
    def join(items: Sequence[bytes]) -> bytes:
        return b'[{"' + name.encode() + b'":' + _array(items) + b"}]"

    return join


def _request_id(body: bytes) -> dict[str, str]:
    return {"x-request-id": str(uuid.UUID(bytes=hashlib.sha256(body).digest()[:16], version=4))}


def _failure(answer: Answer) -> ConnectorError | None:
    document = document_of(answer)
    if is_taken(answer):
        is_own = document.get("success") is True or (answer.status == HTTPStatus.ACCEPTED and "requestId" in document)
        return None if is_own else unreadable(TITLE)
    return failure_of(answer, TITLE, said=str(document.get("error", "")), wait_s=retry_after_s)


def connect(settings: MonitoringSettings) -> MonitoringSystem:
    """The account; calls nobody."""
    return NewRelic(settings)


CONNECTOR: Final = Connector(
    slug="newrelic",
    title=TITLE,
    capabilities=Capabilities(frozenset(Sends), events_together=True),
    connect=connect,
    hint="Compare newrelic.license_key, newrelic.account and the region of its addresses: docs/connectors/newrelic.md.",
)
