"""Any other system (M5): CloudEvents 1.0 to one address, signed as Standard Webhooks ask.

Happenings come one by one; measured values of one interval together; records of the trail as a CloudEvents batch. The
`webhook-id` is the event's own, or follows from what is sent, so that a repetition is known by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from connectors.callbacks.signing import signed
from connectors.itsm.answers import retry_after_s
from connectors.itsm.http import Answer, Caller, Limits
from connectors.monitoring.answers import document_of, failure_of
from connectors.monitoring.base import (
    Capabilities,
    Connector,
    ConnectorError,
    MonitoringSettings,
    MonitoringSystem,
    NotSent,
    Outcomes,
    Refused,
    Sends,
    Throttled,
)
from connectors.monitoring.sending import Intake, Reading, Sender, is_taken
from connectors.monitoring.signals import AuditLine, Happening, Point
from core.deliveries import Finding, Health

TITLE: Final = "The webhook"
TOTAL_S: Final = 30.0
BODY_MAX_BYTES: Final = 250_000
ITEMS_MAX: Final = 500
ONE: Final = "application/cloudevents+json"  # CloudEvents, HTTP binding 1.0.2, structured mode
MANY: Final = "application/cloudevents-batch+json"
PING: Final = "countersign.test"


class Webhooks:
    """One address."""

    def __init__(self, settings: MonitoringSettings) -> None:
        self._settings = settings
        self._caller = Caller(TITLE, Limits(settings.connect_s, settings.read_s, TOTAL_S, concurrent=8))
        self._sender = Sender(TITLE, self._caller, Reading(_failure))

    async def check(self) -> Sequence[Finding]:
        """Whether the address takes an event of the type countersign.test."""
        at = self._settings.now()
        ping = self._cloud_event(f"test-{int(at.timestamp())}", PING, "test", at.isoformat(), {})
        (outcome,) = await self._one_by_one([ping])
        if outcome is None:
            return (Finding("address", Health.OK, "It took a signed test event."),)
        return (Finding("address", Health.FAILED, outcome.reason, CONNECTOR.hint),)

    async def send_events(self, happenings: Sequence[Happening]) -> Outcomes:
        """Each a CloudEvent of its own type and id."""
        return await self._one_by_one([self._of_happening(each) for each in happenings])

    async def send_points(self, points: Sequence[Point]) -> Outcomes:
        """All that ended at one instant as one CloudEvent."""
        if not points:
            return []
        last = max(each.at for each in points).isoformat()
        data = {"points": [_point(each) for each in points]}
        identity = hashlib.sha256(_json(data)).hexdigest()[:32]
        whole = self._cloud_event(identity, "countersign.measured", "metrics", last, data)
        (outcome,) = await self._one_by_one([whole])
        return [outcome] * len(points)

    async def send_records(self, lines: Sequence[AuditLine]) -> Outcomes:
        """Each a CloudEvent with the record's id, many in one batch."""
        events = [
            self._cloud_event(each.id, "countersign.audit.recorded", each.id, each.at.isoformat(), dict(each.record))
            for each in lines
        ]
        intake = self._intake(MANY, ITEMS_MAX, _array, lambda body: hashlib.sha256(body).hexdigest()[:32])
        return await self._sender.send(intake, [_json(each) for each in events])

    async def close(self) -> None:
        """No connection is left."""
        await self._caller.close()

    async def _one_by_one(self, events: Sequence[Mapping[str, Any]]) -> Outcomes:
        intake = self._intake(ONE, 1, lambda items: items[0], lambda body: str(json.loads(body)["id"]))
        return await self._sender.send(intake, [_json(each) for each in events])

    def _intake(
        self, content_type: str, items_max: int, join: Callable[[Sequence[bytes]], bytes], name: Callable[[bytes], str]
    ) -> Intake:
        def marks(body: bytes) -> Mapping[str, str]:
            return signed(name(body), body, [self._settings.key], at=self._settings.now())

        headers = {"Content-Type": content_type, "Accept": "application/json"}
        return Intake(self._settings.url, headers, items_max, BODY_MAX_BYTES, join, marks, is_packed=False)

    def _of_happening(self, happening: Happening) -> dict[str, Any]:
        data = {
            "tenant": happening.tenant,
            "title": happening.title,
            "text": happening.words,
            "tone": str(happening.tone),
            **{name: value for name, value in happening.attributes.items() if name not in {"title", "text"}},
        }
        type_ = f"countersign.{happening.type}"
        return self._cloud_event(happening.id, type_, happening.subject, happening.at.isoformat(), data)

    def _cloud_event(self, id_: str, type_: str, subject: str, at: str, data: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "specversion": "1.0",
            "id": id_,
            "source": self._settings.installation,
            "type": type_,
            "subject": subject,
            "time": at,
            "datacontenttype": "application/json",
            "data": dict(data),
        }


def _point(point: Point) -> dict[str, Any]:
    return {
        "name": point.name,
        "kind": str(point.kind),
        "value": point.value,
        "at": point.at.isoformat(),
        "interval_s": point.interval_s,
        "tags": {"tenant": point.tenant, **point.tags},
    }


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _array(items: Sequence[bytes]) -> bytes:
    return b"[" + b",".join(items) + b"]"


def _failure(answer: Answer) -> ConnectorError | None:
    """Any answer of success will do; 410 asks for nothing more, 502 and 504 ask to slow down (Standard Webhooks)."""
    if is_taken(answer):
        return None
    if answer.status == HTTPStatus.GONE:
        return Refused("The webhook answered 410: it wants no more.")
    if answer.status in (HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT):
        return NotSent(f"{TITLE} is not there at present (status {answer.status}).")
    if answer.status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in answer.headers:
        return Throttled(f"{TITLE} asks to wait.", retry_after_s(answer.headers))
    document = document_of(answer)
    said = document.get("detail") or document.get("error")
    return failure_of(answer, TITLE, said=said if isinstance(said, str) else "", wait_s=retry_after_s)


def connect(settings: MonitoringSettings) -> MonitoringSystem:
    """The address; calls nobody."""
    return Webhooks(settings)


CONNECTOR: Final = Connector(
    slug="webhooks",
    title="Webhooks (CloudEvents)",
    capabilities=Capabilities(frozenset(Sends), events_together=False),
    connect=connect,
    hint="Compare webhooks.url and webhooks.secret with the receiver's: docs/connectors/webhooks.md.",
)
