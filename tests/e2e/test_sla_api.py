"""Service levels over HTTP, as another program drives them (S1, S2)."""

from __future__ import annotations

import secrets
import time
from datetime import UTC, datetime, timedelta

import pytest
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, StatusCode

from tests.product import until

SLA = "/api/v1/sla"


def call(product, method, path, *, role="agent_operator", status=200, **kwargs):
    answer = product.call(method, f"{SLA}{path}", role=role, **kwargs)
    assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
    return answer.json() if "json" in answer.headers.get("Content-Type", "") else answer


def samples(service, count, *, failing=0, seconds=0.2):
    now = datetime.now(UTC)
    return [
        {
            "service": service,
            "time": (now - timedelta(seconds=10 * index)).isoformat(),
            "response_time": seconds * (1 + index / count),
            "success": index >= failing,
        }
        for index in range(count)
    ]


@pytest.mark.row("S2")
def test_samples_are_seen_in_the_status_at_once(product):
    service = f"shop-{secrets.token_hex(4)}"
    given = samples(service, 200, failing=10)
    assert call(product, "POST", "/samples", status=202, json={"samples": given}) == {"accepted": 200}
    found = call(product, "GET", "/status", params={"service": service})
    times = sorted(each["response_time"] for each in given)
    rank = 0.95 * 199
    wanted = times[int(rank)] + (times[int(rank) + 1] - times[int(rank)]) * (rank - int(rank))
    assert found["response_time_p95"] == pytest.approx(wanted, rel=1e-9)
    assert (found["samples"], found["success_rate"], found["error_rate"]) == (200, 0.95, 0.05)
    assert found["throughput_per_minute"] == pytest.approx(6, rel=0.1)
    assert 0.9 < found["availability"] < 1
    (error_rate,) = [each for each in found["objectives"] if each["name"] == "error_rate"]
    assert (error_rate["state"], error_rate["budget"]["allowed"], error_rate["budget"]["spent"]) == (
        "breached", pytest.approx(2), 10,
    )  # fmt: skip
    assert "budget is gone: 10 of 2 failures" in error_rate["words"]
    listed = call(product, "GET", "/services", params={"limit": 200})["items"]
    assert service in [each["service"] for each in listed]


def test_each_sample_that_cannot_be_taken_is_pointed_at_and_none_is(product):
    service = f"shop-{secrets.token_hex(4)}"
    given = samples(service, 5)
    given[1]["response_time"] = "fast"
    given[3]["time"] = "yesterday"
    refused = call(product, "POST", "/samples", status=422, json={"samples": given})
    assert refused["errors"][0]["pointer"] == "#/samples/1/response_time"
    given = samples(service, 5)
    given[2]["time"] = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
    given[4]["time"] = "2020-01-01T00:00:00Z"
    refused = call(product, "POST", "/samples", status=422, json={"samples": given})
    assert [each["pointer"] for each in refused["errors"]] == ["#/samples/2/time", "#/samples/4/time"]
    given = samples(service, 2)
    given[1]["service"] = "line\nbreak"
    refused = call(product, "POST", "/samples", status=422, json={"samples": given})
    assert [each["pointer"] for each in refused["errors"]] == ["#/samples/1/service"]
    given[1] |= {"service": service, "labels": {"region": "eu", "1st": "x"}}
    given[0]["labels"] = {"region": "e\nu"}
    refused = call(product, "POST", "/samples", status=422, json={"samples": given})
    assert [each["pointer"] for each in refused["errors"]] == ["#/samples/0/labels/region", "#/samples/1/labels"]
    call(product, "POST", "/samples", role="audit_reviewer", status=403, json={"samples": samples(service, 2)})
    nobody = call(product, "GET", "/status", status=404, params={"service": service})
    assert "No sample of" in nobody["detail"]


@pytest.mark.row("S2", "S5", "M5")
def test_spans_of_a_service_are_its_samples_and_what_cannot_be_taken_is_counted(product):
    service = f"shop-{secrets.token_hex(4)}"
    now = int(datetime.now(UTC).timestamp() * 1e9)
    span = {"kind": 2, "startTimeUnixNano": str(now - 250_000_000), "endTimeUnixNano": str(now)}
    spans = [span, {**span, "status": {"code": 2}}, {**span, "kind": 3}, {**span, "endTimeUnixNano": str(now // 2)}]
    spans.append({**span, "endTimeUnixNano": "abc"})
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    body = {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": spans}]}]}
    answer = product.call("POST", "/api/v1/otlp/v1/traces", role="agent_operator", json=body)
    assert (answer.status_code, answer.json()["partialSuccess"]["rejectedSpans"]) == (200, 2), answer.text
    found = call(product, "GET", "/status", params={"service": service})
    assert (found["samples"], found["failed"], found["response_time_p95"]) == (2, 1, 0.25)
    refused = product.call("POST", "/api/v1/otlp/v1/traces", role="audit_reviewer", json=body)
    assert refused.status_code == 403


@pytest.mark.row("S2", "M5")
@pytest.mark.parametrize("compression", Compression)
def test_the_client_of_opentelemetry_sends_as_it_is_used_to(product, compression):
    service = f"shop-{secrets.token_hex(4)}"
    token = product.people[product.email("agent_operator")]["token"]
    exporter = OTLPSpanExporter(
        f"{product.status['base_url']}/api/v1/otlp/v1/traces",
        headers={"Authorization": f"Bearer {token}"},
        compression=compression,
    )
    provider = TracerProvider(resource=Resource({"service.name": service, "service.version": "3"}))
    provider.add_span_processor(BatchSpanProcessor(exporter))
    tracer, now = provider.get_tracer("shop"), time.time_ns()
    for number in range(20):
        span = tracer.start_span("POST /pay", kind=SpanKind.SERVER, start_time=now - 250_000_000)
        span.set_status(StatusCode.ERROR if number < 5 else StatusCode.OK)
        span.end(now)
    provider.shutdown()
    found = call(product, "GET", "/status", params={"service": service})
    assert (found["samples"], found["failed"], found["response_time_p95"]) == (20, 5, 0.25)


@pytest.mark.row("S1")
def test_an_objective_lives_and_travels_as_openslo(product):
    service = f"shop-{secrets.token_hex(4)}"
    body = {"name": "fast", "service": service, "metric": "response_time", "target": "< 300 ms", "window": "rolling 7d"}
    made = call(product, "POST", "/objectives", role="meta_agent_manager", status=201, json=body)
    path = f"/objectives/{made['id']}"
    wrong = call(product, "PATCH", path, role="meta_agent_manager", status=422, json={"target": "quick"})
    assert wrong["errors"][0]["accepted"] == ["< 2 seconds", "<= 500 ms"]
    changed = call(product, "PATCH", path, role="meta_agent_manager", json={"target": "<= 250 ms"})
    assert (changed["words"], changed["version"]) == ("95% of response times <= 250ms", 2)
    text = call(product, "GET", "/objectives/openslo", params={"service": service}).text
    other = text.replace(service, f"{service}-copy")
    found = call(product, "POST", "/objectives/openslo", role="meta_agent_manager", json={"document": other})
    assert f"{service}-copy" in {each["service"] for each in found["created"]}
    assert call(product, "DELETE", path, role="meta_agent_manager", status=204) is not None
    call(product, "GET", path, status=404)
    defaults = call(product, "GET", "/objectives", params={"service": "*"})["items"]
    assert {each["name"] for each in defaults} >= {"availability", "response_time", "error_rate"}


@pytest.mark.row("S3")
def test_an_alert_is_listed_as_it_fires_and_a_filter_that_nothing_has_says_what_would(product):
    service = f"shop-{secrets.token_hex(4)}"
    call(product, "POST", "/samples", status=202, json={"samples": samples(service, 200, failing=20)})
    wanted = {"service": service, "state": "firing", "limit": 1}
    critical = {"service": service, "severity": "critical"}
    fast, *_ = until(lambda: call(product, "GET", "/alerts", params=critical)["items"], "its alert")
    assert (fast["service"], fast["severity"], fast["resolved_at"]) == (service, "critical", None)
    (alert,) = call(product, "GET", "/alerts", params=wanted)["items"]
    cursor = call(product, "GET", "/alerts", params=wanted)["next_cursor"]
    (other,) = call(product, "GET", "/alerts", params={**wanted, "cursor": cursor})["items"]
    assert other["id"] != alert["id"]
    refused = call(product, "GET", "/alerts", status=422, params={"severity": "bad"})
    assert refused["errors"][0]["accepted"] == ["critical", "high", "medium", "low"]


@pytest.mark.row("S6", "S8", "S9", "S10")
def test_reports_credits_and_a_plan_from_draft_to_end(product):
    service = f"shop-{secrets.token_hex(4)}"
    call(product, "POST", "/samples", status=202, json={"samples": samples(service, 200, failing=10)})
    month = {"period": f"{datetime.now(UTC):%Y-%m}", "service": service}
    (credit,) = call(product, "GET", "/credits", params=month)["items"]
    assert (credit["is_over"], credit["promised"], credit["amount"]) == (False, 0.999, None)
    for kind, head in (("pdf", b"%PDF-"), ("html", b"<!doctype html>"), ("csv", b"For,")):
        answer = call(product, "GET", "/reports/customer", params={**month, "format": kind})
        assert answer.content.startswith(head), answer.text[:200]
    refused = call(product, "GET", "/reports/customer", status=422, params={"format": "docx"})
    assert refused["errors"][0]["accepted"] == ["html", "pdf", "csv"]
    assert call(product, "GET", f"/services/{service}/trends")["service"] == service
    plan = call(product, "POST", "/plans", role="meta_agent_manager", status=201, json={"service": service})
    assert plan["findings"]
    assert call(product, "POST", f"/plans/{plan['id']}/adopt", role="meta_agent_manager")["state"] == "adopted"
    body = {"owner": product.email("agent_operator"), "due_at": (datetime.now(UTC) + timedelta(days=3)).isoformat()}
    action = plan["actions"][0]["id"]
    assert call(product, "POST", f"/actions/{action}/owner", role="meta_agent_manager", json=body)["owner"]
    done = call(product, "POST", f"/actions/{action}/end", role="agent_operator", json={"state": "done"})
    assert (done["state"], done["effect"]["verdict"]) == ("done", "too_early")
    ended = call(product, "POST", f"/plans/{plan['id']}/end", role="meta_agent_manager", json={"state": "done"})
    assert (ended["state"], call(product, "GET", "/plans", params={"service": service})["items"][0]["id"]) == (
        "done", plan["id"],
    )  # fmt: skip
