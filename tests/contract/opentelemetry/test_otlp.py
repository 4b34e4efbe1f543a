"""Our own traces and measures over real HTTP, read by the protocol's own definitions (M5)."""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
from datetime import UTC, datetime

import pytest
from aiohttp import web
from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from connectors.itsm.failures import NotSent, Refused, Throttled
from connectors.opentelemetry import Exporter, ExporterSettings
from core.clock import ManualClock
from core.deliveries import Health
from core.tracing import HELD_MAX, SpanKind, Traces

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
TRACE = "0af7651916cd43dd8448eb211c80319c"

pytestmark = pytest.mark.row("M5")


@contextlib.asynccontextmanager
async def collector(*statuses):
    """A collector that answers with these statuses in turn, then 200; what came, an exporter, its spans and measures."""
    came, answers = [], list(statuses)

    async def take(request):
        came.append((request.match_info["signal"], dict(request.headers), await request.read()))
        return web.json_response({}, status=answers.pop(0) if answers else 200, headers={"Retry-After": "11"})

    app = web.Application()
    app.router.add_post("/v1/{signal}", take)
    runner = web.AppRunner(app, shutdown_timeout=0.5)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    spans, registry = Traces(), CollectorRegistry()
    spans.listen(share=1.0, clock=ManualClock(NOW))
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    settings = ExporterSettings(url, {"api-key": "k"}, who={"service.name": "countersign"})
    exporter = Exporter(settings, spans, registry, ManualClock(NOW))
    yield came, exporter, spans, registry
    spans.stop()
    await exporter.stop()
    await runner.cleanup()


def with_bytes(value):
    """OTLP writes ids in hexadecimal, where protobuf's own JSON has base64."""
    if isinstance(value, dict):
        return {
            key: base64.b64encode(bytes.fromhex(each)).decode()
            if key in {"traceId", "spanId", "parentSpanId"}
            else with_bytes(each)
            for key, each in value.items()
        }
    return [with_bytes(each) for each in value] if isinstance(value, list) else value


def plain(body):
    return json.loads(gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body)


def read(message, body):
    return json_format.ParseDict(with_bytes(plain(body)), message())


async def test_spans_keep_their_trace_their_parent_and_their_time():
    async with collector() as (came, exporter, spans, _registry):
        with spans.span("GET /x", SpanKind.SERVER, parent=f"00-{TRACE}-b7ad6b7169203331-01") as outer:
            outer.attributes["http.response.status_code"] = 200
            with spans.span("deliver datadog", SpanKind.CONSUMER, attempt=1, is_new=True):
                pass
            with contextlib.suppress(ZeroDivisionError), spans.span("fails"):
                raise ZeroDivisionError
        await exporter.send_spans()
    ((signal, headers, body),) = came
    assert (signal, headers["api-key"], headers["Content-Type"]) == ("traces", "k", "application/json")
    request = read(ExportTraceServiceRequest, body)
    first, failed, last = request.resource_spans[0].scope_spans[0].spans
    assert {each.trace_id.hex() for each in (first, failed, last)} == {TRACE}
    assert (last.parent_span_id.hex(), first.parent_span_id, last.kind) == ("b7ad6b7169203331", last.span_id, 2)
    assert last.start_time_unix_nano == int(NOW.timestamp() * 1e9) <= last.end_time_unix_nano
    assert (failed.status.code, first.status.code) == (2, 0)
    assert [each.key for each in first.attributes] == ["attempt", "is_new"]
    assert request.resource_spans[0].resource.attributes[0].value.string_value == "countersign"


async def test_measures_are_what_prometheus_would_read():
    async with collector() as (came, exporter, _spans, registry):
        Counter("countersign_a_total", "a", ["kind"], registry=registry).labels("x").inc(3)
        Gauge("countersign_b", "b", registry=registry).set(2.5)
        measured = Histogram("countersign_c_seconds", "c", registry=registry, buckets=(1, 2))
        for value in (0.5, 1.5, 1.5, 9):
            measured.observe(value)
        await exporter.send_measures()
    request = read(ExportMetricsServiceRequest, came[0][2])
    found = {each.name: each for each in request.resource_metrics[0].scope_metrics[0].metrics}
    (point,) = found["countersign_a_total"].sum.data_points
    assert (point.as_double, point.attributes[0].value.string_value) == (3.0, "x")
    assert (
        found["countersign_a_total"].sum.is_monotonic,
        found["countersign_a_total"].sum.aggregation_temporality,
    ) == (True, 2)
    assert found["countersign_b"].gauge.data_points[0].as_double == 2.5
    (histogram,) = found["countersign_c_seconds"].histogram.data_points
    assert (list(histogram.bucket_counts), list(histogram.explicit_bounds)) == ([1, 2, 1], [1.0, 2.0])
    assert (histogram.count, histogram.sum) == (4, 12.5)


async def test_what_may_be_sent_again_waits_and_what_is_refused_is_gone():
    async with collector(503, 500, 400) as (came, exporter, spans, _registry):
        with spans.span("one"):
            pass
        with pytest.raises(Throttled) as asked:
            await exporter.send_spans()
        assert asked.value.retry_after_s == 11.0
        with pytest.raises(Refused):  # 500 is none of those that OTLP repeats
            await exporter.send_spans()
        with spans.span("two"):
            pass
        with pytest.raises(Refused):
            await exporter.send_spans()
        await exporter.send_spans()
    assert [plain(body)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"] for _, _, body in came] == [
        "one",
        "one",
        "two",
    ]


async def test_nobody_there_is_not_sent_and_a_bound_is_kept():
    spans = Traces()
    with spans.span("before anybody listens") as nothing:
        assert nothing is None
    spans.listen(share=1.0, clock=ManualClock(NOW))
    for _ in range(HELD_MAX + 5):
        with spans.span("x"):
            pass
    exporter = Exporter(ExporterSettings("http://127.0.0.1:9"), spans, CollectorRegistry(), ManualClock(NOW))
    with pytest.raises(NotSent):
        await exporter.send_spans()
    assert (spans.dropped, len(spans.take(HELD_MAX * 2))) == (5, HELD_MAX)
    spans.stop()
    await exporter.stop()


def test_a_share_of_traces_is_the_same_share_in_every_process():
    one, other = Traces(), Traces()
    for each in (one, other):
        each.listen(share=0.3, clock=ManualClock(NOW))
    kept = []
    for number in range(400):
        parent = f"00-{number * 7919:016x}{number * 0x9E3779B97F4A7C15 % 2**64:016x}-b7ad6b7169203331-01"
        with one.span("x", parent=parent) as here, other.span("x", parent=parent) as there:
            assert (here is None) == (there is None)
            kept.append(here is not None)
    assert 60 < sum(kept) < 180


async def test_the_check_sends_nothing_that_counts():
    async with collector() as (came, exporter, _spans, _registry):
        assert [each.health for each in await exporter.check()] == [Health.OK, Health.OK]
    assert [plain(body) for _, _, body in came] == [{"resourceSpans": []}, {"resourceMetrics": []}]
    async with collector(401) as (_came, exporter, _spans, _registry):
        assert [each.health for each in await exporter.check()] == [Health.FAILED, Health.OK]
