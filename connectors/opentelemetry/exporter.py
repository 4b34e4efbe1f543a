"""Sends spans every few seconds and measures every minute to one collector (OTLP/HTTP)."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

import structlog
from prometheus_client import CollectorRegistry, Counter

from connectors.itsm.answers import retry_after_s
from connectors.itsm.failures import ConnectorError, NotSent, Refused, Throttled
from connectors.itsm.http import Call, Caller, Limits
from connectors.opentelemetry.encoding import metrics, resource, traces
from core.clock import Clock
from core.deliveries import Finding, Health
from core.tracing import Traces

TITLE: Final = "The OpenTelemetry collector"
SPANS_EVERY_S: Final = 5.0
MEASURES_EVERY_S: Final = 60.0
SPANS_MAX: Final = 1_000  # in one call
AGAIN: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)  # OTLP, "Retryable response codes": these alone
SENT = Counter("countersign_otlp_sent_total", "Calls to the OpenTelemetry collector", ["signal", "result"])

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ExporterSettings:
    """Where the collector is and what it is shown."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    sends_traces: bool = True
    sends_metrics: bool = True
    who: Mapping[str, str] = field(default_factory=dict)  # service.name and the like


class Exporter:
    """Runs in every process until stopped: what it has not sent by then is gone."""

    def __init__(self, settings: ExporterSettings, spans: Traces, registry: CollectorRegistry, clock: Clock) -> None:
        self._settings = settings
        self._spans = spans
        self._registry = registry
        self._clock = clock
        self._began_ns = self._now_ns()
        self._caller = Caller(TITLE, Limits(5.0, 10.0, 20.0, concurrent=2))
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """From now on."""
        if self._settings.sends_traces:
            self._tasks.append(asyncio.create_task(self._repeat(self.send_spans, SPANS_EVERY_S), name="otlp-spans"))
        if self._settings.sends_metrics:
            task = asyncio.create_task(self._repeat(self.send_measures, MEASURES_EVERY_S), name="otlp-measures")
            self._tasks.append(task)

    async def stop(self) -> None:
        """Nothing is sent any more, and no connection is left."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._settings.sends_traces:
            with suppress(ConnectorError):
                await self.send_spans()
        await self._caller.close()

    async def check(self) -> Sequence[Finding]:
        """Whether the collector takes an empty message of each kind."""
        findings = []
        for signal, is_sent in (("traces", self._settings.sends_traces), ("metrics", self._settings.sends_metrics)):
            if not is_sent:
                continue
            try:
                await self._post(signal, {f"resource{'Spans' if signal == 'traces' else 'Metrics'}": []})
            except ConnectorError as exc:
                next_step = "Compare otlp.url and otlp.token with the collector's: docs/connectors/opentelemetry.md."
                findings.append(Finding(signal, Health.FAILED, exc.reason, next_step))
            else:
                findings.append(Finding(signal, Health.OK, "It takes what we send."))
        return tuple(findings)

    async def send_spans(self) -> None:
        """Those that wait are there. Raises a ConnectorError; what may be sent again waits then."""
        while spans := self._spans.take(SPANS_MAX):
            try:
                await self._post("traces", traces(spans, resource(self._settings.who)))
            except Refused:
                raise
            except ConnectorError:
                self._spans.give_back(spans)
                raise

    async def send_measures(self) -> None:
        """They are there as they stand now. Raises a ConnectorError; the next ones say the same and more."""
        who = resource(self._settings.who)
        document = metrics(self._registry.collect(), who, began_ns=self._began_ns, now_ns=self._now_ns())
        await self._post("metrics", document)

    async def _post(self, signal: str, document: Mapping[str, Any]) -> None:
        headers = {
            "Content-Type": "application/json",
            "Content-Encoding": "gzip",
            "User-Agent": "Countersign",
            **self._settings.headers,
        }
        body = gzip.compress(json.dumps(document, separators=(",", ":")).encode())
        answer = await self._caller.send(Call("POST", f"{self._settings.url}/v1/{signal}", headers, body, writes=True))
        if HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
            return
        if answer.status in AGAIN:
            if "retry-after" in answer.headers:
                raise Throttled(f"{TITLE} asks to wait.", retry_after_s(answer.headers))
            raise NotSent(f"{TITLE} takes nothing at present (status {answer.status}).")
        raise Refused(f"{TITLE} refused this with status {answer.status}.")

    async def _repeat(self, send: Any, every_s: float) -> None:
        signal = "traces" if send == self.send_spans else "metrics"
        wait_s = every_s
        while True:
            await asyncio.sleep(wait_s)
            wait_s = every_s
            try:
                await send()
            except Throttled as exc:
                wait_s = max(every_s, exc.retry_after_s)
                SENT.labels(signal, "throttled").inc()
            except ConnectorError as exc:
                SENT.labels(signal, "failed").inc()
                log.warning("otlp_not_sent", signal=signal, reason=exc.reason)
            except Exception:
                log.exception("otlp_broken", signal=signal)
            else:
                SENT.labels(signal, "done").inc()

    def _now_ns(self) -> int:
        return int(self._clock.now().timestamp() * 1e9)
