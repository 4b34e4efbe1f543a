"""Splunk (M3): everything through one HTTP Event Collector, the trail with acknowledgement.

A status of 200 says that events were received, not that they are indexed. Where the token demands acknowledgement we
ask until the indexer says so, and only then is something taken. Events before a bad one are indexed already, so only
what comes after it is sent again.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

from connectors.itsm.answers import retry_after_s
from connectors.itsm.http import Answer, Call, Caller, Limits
from connectors.monitoring.answers import document_of, failure_of, unreadable
from connectors.monitoring.base import (
    Capabilities,
    Connector,
    ConnectorError,
    MonitoringSettings,
    MonitoringSystem,
    NotSent,
    Outcomes,
    OutcomeUnknown,
    Refused,
    Sends,
    Throttled,
)
from connectors.monitoring.sending import Intake, Reading, Sender, is_taken
from connectors.monitoring.signals import AuditLine, Happening, Point
from core.deliveries import Finding, Health

TITLE: Final = "Splunk"
TOTAL_S: Final = 40.0
BODY_MAX_BYTES: Final = 900_000  # Splunk Cloud takes about 1 MB by default
ITEMS_MAX: Final = 1_000
ACK_WITHIN_S: Final = 30.0  # indexing takes seconds; what takes longer is sent again
ACK_EVERY_S: Final = 0.5
BUSY: Final = 9  # codes of the collector's answers
ACK_DISABLED: Final = 14
ABOUT_THE_TOKEN: Final = frozenset({1, 2, 3, 4, 10, 11, 14, 16})  # of settings here or there, and put right by people


class Splunk:
    """One collector. The channel of its acknowledgements is this installation's own, the same at every start."""

    def __init__(self, settings: MonitoringSettings) -> None:
        self._url = f"{settings.url}/services/collector"
        self._settings = settings
        self._channel = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{settings.installation}#splunk"))
        self._headers = {
            "Authorization": f"Splunk {settings.key}",
            "X-Splunk-Request-Channel": self._channel,
            "Content-Type": "application/json",
        }
        self._caller = Caller(TITLE, Limits(settings.connect_s, settings.read_s, TOTAL_S, concurrent=8))
        self._sender = Sender(TITLE, self._caller, Reading(_failure, self._indexed, _before_bad))

    async def check(self) -> Sequence[Finding]:
        """Whether the collector is healthy, knows our token, and acknowledges where we wait for it."""
        try:
            answer = await self._caller.send(Call("GET", f"{self._url}/health", self._headers))
            failure = None if is_taken(answer) else _failure(answer)
            if failure is None and "code" not in document_of(answer):
                failure = unreadable(TITLE)
        except ConnectorError as exc:
            failure = exc
        if failure is not None:
            return (Finding("collector", Health.FAILED, failure.reason, CONNECTOR.hint),)
        healthy = Finding("collector", Health.OK, "The collector is healthy, and knows our token.")
        return (healthy, await self._examined_acks()) if self._settings.acknowledge else (healthy,)

    async def send_events(self, happenings: Sequence[Happening]) -> Outcomes:
        """Events of the source type countersign:event."""
        return await self._send([self._wrapped("countersign:event", each.at, _event(each)) for each in happenings])

    async def send_points(self, points: Sequence[Point]) -> Outcomes:
        """Each a metric event."""
        return await self._send([self._metric(each) for each in points])

    async def send_records(self, lines: Sequence[AuditLine]) -> Outcomes:
        """Records of the trail, of the source type countersign:audit, each with its id."""
        return await self._send([self._wrapped("countersign:audit", each.at, dict(each.record)) for each in lines])

    async def close(self) -> None:
        """No connection is left."""
        await self._caller.close()

    async def _send(self, documents: Sequence[Mapping[str, Any]]) -> Outcomes:
        intake = Intake(f"{self._url}/event", self._headers, ITEMS_MAX, BODY_MAX_BYTES, b"\n".join)
        return await self._sender.send(intake, [_json(each) for each in documents])

    def _wrapped(self, sourcetype: str, at: Any, event: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "time": round(at.timestamp(), 3),
            "host": self._settings.installation,
            "source": "countersign",
            "sourcetype": sourcetype,
            **({"index": self._settings.index} if self._settings.index else {}),
            "event": dict(event),
        }

    def _metric(self, point: Point) -> dict[str, Any]:
        wrapped = self._wrapped("countersign:metric", point.at, {})
        fields = {f"metric_name:{point.name}": point.value, "tenant": point.tenant, **point.tags}
        return {**wrapped, "event": "metric", "fields": fields}

    async def _indexed(self, answer: Answer) -> None:
        """What this answer received is indexed. Raises OutcomeUnknown where nobody says so in time."""
        ack_id = document_of(answer).get("ackId")
        if not self._settings.acknowledge or ack_id is None:
            return
        loop = asyncio.get_running_loop()
        deadline, failed = loop.time() + ACK_WITHIN_S, ""
        while loop.time() < deadline:
            try:
                if await self._is_indexed(int(ack_id)):
                    return
            except ConnectorError as exc:
                failed = f" ({exc.reason})"
            await asyncio.sleep(ACK_EVERY_S)
        raise OutcomeUnknown(f"{TITLE} did not say within {ACK_WITHIN_S:g} s that it has indexed this{failed}.")

    async def _is_indexed(self, ack_id: int) -> bool:
        body = json.dumps({"acks": [ack_id]}).encode()
        url = f"{self._url}/ack?channel={self._channel}"
        answer = await self._caller.send(Call("POST", url, self._headers, body))
        if not is_taken(answer):
            raise _failure(answer) or unreadable(TITLE)
        acks = document_of(answer).get("acks")
        return isinstance(acks, dict) and acks.get(str(ack_id)) is True

    async def _examined_acks(self) -> Finding:
        url = f"{self._url}/ack?channel={self._channel}"
        try:
            answer = await self._caller.send(Call("POST", url, self._headers, b'{"acks":[0]}'))
        except ConnectorError as exc:
            return Finding("acknowledgement", Health.FAILED, exc.reason, CONNECTOR.hint)
        if document_of(answer).get("code") == ACK_DISABLED:
            message = "The token does not acknowledge: what is sent may be lost on the way to the indexer."
            next_step = "Enable indexer acknowledgement for the token, or set splunk.acknowledge to false."
            return Finding("acknowledgement", Health.WARNING, message, next_step)
        return Finding("acknowledgement", Health.OK, "What is sent is acknowledged by the indexer.")


def _event(happening: Happening) -> dict[str, Any]:
    return {
        "event_id": happening.id,
        "tenant_id": happening.tenant,
        "type": happening.type,
        "subject": happening.subject,
        "title": happening.title,
        "text": happening.words,
        "tone": str(happening.tone),
        "timestamp": happening.at.isoformat(),
        "data": dict(happening.attributes),
    }


def _json(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def _failure(answer: Answer) -> ConnectorError | None:
    document = document_of(answer)
    code, text = document.get("code"), str(document.get("text", ""))
    if is_taken(answer):
        return None if code == 0 else unreadable(TITLE)
    if code == BUSY or (answer.status == HTTPStatus.SERVICE_UNAVAILABLE and "retry-after" in answer.headers):
        if "retry-after" in answer.headers:
            return Throttled(f"{TITLE} is busy.", retry_after_s(answer.headers))
        return NotSent(f"{TITLE} is busy.")
    if code in ABOUT_THE_TOKEN:
        return NotSent(f"{TITLE} does not accept our token: {text}.")
    if code == 7:
        return Refused(f"{TITLE} has no such index, or the token may not write to it.", field="index")
    return failure_of(answer, TITLE, said=text, wait_s=retry_after_s)


def _before_bad(answer: Answer) -> int | None:
    number = document_of(answer).get("invalid-event-number")
    return number if isinstance(number, int) and number >= 0 else None


def connect(settings: MonitoringSettings) -> MonitoringSystem:
    """The collector; calls nobody."""
    return Splunk(settings)


CONNECTOR: Final = Connector(
    slug="splunk",
    title=TITLE,
    capabilities=Capabilities(frozenset(Sends), events_together=True),
    connect=connect,
    hint="Compare splunk.url (with its port) and splunk.token with the collector's: docs/connectors/splunk.md.",
)
