"""Pure: spans and measures as OTLP writes them in JSON: camelCase, 64-bit integers as texts, ids in hexadecimal."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from prometheus_client.metrics_core import Metric
from prometheus_client.samples import Sample

from core.tracing import Span, Value

SCOPE: Final = {"name": "countersign"}
CUMULATIVE: Final = 2
FAILED: Final = 2  # status codes of a span
INFINITE: Final = "+Inf"


def resource(attributes: Mapping[str, Value]) -> dict[str, Any]:
    """Who speaks."""
    return {"attributes": attributes_of(attributes)}


def traces(spans: Sequence[Span], who: Mapping[str, Any]) -> dict[str, Any]:
    """The body of /v1/traces."""
    return {"resourceSpans": [{"resource": who, "scopeSpans": [{"scope": SCOPE, "spans": [_span(s) for s in spans]}]}]}


def metrics(families: Iterable[Metric], who: Mapping[str, Any], *, began_ns: int, now_ns: int) -> dict[str, Any]:
    """The body of /v1/metrics: counters as cumulative sums since the process began, gauges, histograms."""
    times = {"startTimeUnixNano": str(began_ns), "timeUnixNano": str(now_ns)}
    found = [each for family in families if (each := _metric(family, times)) is not None]
    return {"resourceMetrics": [{"resource": who, "scopeMetrics": [{"scope": SCOPE, "metrics": found}]}]}


def attributes_of(values: Mapping[str, Value]) -> list[dict[str, Any]]:
    """Each with its kind of value."""
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def _value(value: Value) -> dict[str, Any]:
    match value:
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case _:
            return {"stringValue": value}


def _span(span: Span) -> dict[str, Any]:
    return {
        "traceId": span.trace_id,
        "spanId": span.span_id,
        **({"parentSpanId": span.parent_id} if span.parent_id else {}),
        "name": span.name,
        "kind": int(span.kind),
        "startTimeUnixNano": str(span.began_ns),
        "endTimeUnixNano": str(span.ended_ns),
        "attributes": attributes_of(span.attributes),
        **({"status": {"code": FAILED}} if span.has_failed else {}),
    }


def _metric(family: Metric, times: Mapping[str, str]) -> dict[str, Any] | None:
    named = {"name": family.name, "description": family.documentation}
    match family.type:
        case "counter":
            points = [_point(each, times) for each in family.samples if each.name.endswith("_total")]
            data = {"aggregationTemporality": CUMULATIVE, "isMonotonic": True, "dataPoints": points}
            return {**named, "name": f"{family.name}_total", "sum": data} if points else None
        case "gauge":
            points = [_point(each, times) for each in family.samples]
            return {**named, "gauge": {"dataPoints": points}} if points else None
        case "histogram":
            points = _histograms(family.samples, times)
            data = {"aggregationTemporality": CUMULATIVE, "dataPoints": points}
            return {**named, "histogram": data} if points else None
        case _:
            return None


def _point(sample: Sample, times: Mapping[str, str]) -> dict[str, Any]:
    return {"attributes": attributes_of(sample.labels), **times, "asDouble": float(sample.value)}


def _histograms(samples: Sequence[Sample], times: Mapping[str, str]) -> list[dict[str, Any]]:
    """One point for each set of labels; Prometheus adds buckets up, OTLP does not."""
    buckets: dict[tuple[tuple[str, str], ...], list[tuple[str, float]]] = defaultdict(list)
    sums: dict[tuple[tuple[str, str], ...], float] = {}
    for each in samples:
        labels = tuple((key, value) for key, value in each.labels.items() if key != "le")
        if each.name.endswith("_bucket"):
            buckets[labels].append((each.labels["le"], float(each.value)))
        elif each.name.endswith("_sum"):
            sums[labels] = float(each.value)
    return [
        {
            "attributes": attributes_of(dict(labels)),
            **times,
            "count": str(int(found[-1][1])),
            "sum": sums.get(labels, 0.0),
            "bucketCounts": [
                str(int(upto - before)) for (_, upto), before in zip(found, [0.0, *(b for _, b in found)], strict=False)
            ],
            "explicitBounds": [float(bound) for bound, _ in found if bound != INFINITE],
        }
        for labels, found in buckets.items()
    ]
