"""What OpenTelemetry sends, by the protocol's own definitions, is what we read (S2, M5)."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest
from google.protobuf.json_format import MessageToDict, ParseDict
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from core.clock import ManualClock
from web.api.otlp import Otlp
from web.api.otlp_protobuf import read, write
from web.api.otlp_shapes import PartialSuccessOut, TracesIn, TracesOut
from web.endpoint import endpoints_of
from web.errors import Malformed


def attribute(key, **value):
    return KeyValue(key=key, value=AnyValue(**value))


def request():
    message = ExportTraceServiceRequest()
    resource = message.resource_spans.add()
    resource.resource.attributes.append(attribute("service.name", string_value="payments"))
    resource.scope_spans.add().spans.append(
        Span(
            trace_id=bytes(16),
            span_id=bytes(8),
            name="POST /pay",
            kind=Span.SPAN_KIND_SERVER,
            start_time_unix_nano=1_772_443_800_000_000_000,
            end_time_unix_nano=1_772_443_800_250_000_000,
            attributes=[
                attribute("http.response.status_code", int_value=500),
                attribute("cached", bool_value=False),
                attribute("tags", array_value=ArrayValue(values=[AnyValue(string_value="x")])),
            ],
            status=Status(code=Status.STATUS_CODE_ERROR),
        )
    )
    return message


@pytest.mark.row("S2", "M5")
def test_a_request_in_its_json_encoding_is_read_with_everything_that_samples_need():
    written = MessageToDict(request(), use_integers_for_enums=True)
    (resource,) = TracesIn.model_validate(written).resource_spans
    (span,) = resource.scope_spans[0].spans
    assert (span.kind, span.status.code, int(span.end) - int(span.start)) == (2, 2, 250_000_000)
    assert [(each.key, each.value.text) for each in resource.resource.attributes] == [("service.name", "payments")]
    assert [(each.key, each.value.text) for each in span.attributes] == [
        ("http.response.status_code", "500"), ("cached", "false"), ("tags", None),
    ]  # fmt: skip


@pytest.mark.row("S2", "M5")
def test_a_request_in_its_binary_encoding_says_the_same_of_what_a_sample_can_use():
    (resource,) = read(request().SerializeToString()).resource_spans
    (span,) = resource.scope_spans[0].spans
    assert (span.kind, span.status.code, span.end - span.start) == (2, 2, 250_000_000)
    assert [(each.key, each.value.text) for each in resource.resource.attributes] == [("service.name", "payments")]
    assert span.attributes == []
    spoken = request()
    own = spoken.resource_spans[0].scope_spans[0].spans[0].attributes
    own.extend([attribute("countersign.label.paid", bool_value=True), attribute("service.version", int_value=3)])
    own.append(attribute("cloud.region", double_value=0.5))
    (span,) = read(spoken.SerializeToString()).resource_spans[0].scope_spans[0].spans
    assert [(each.key, each.value.text) for each in span.attributes] == [
        ("countersign.label.paid", "true"), ("service.version", "3"), ("cloud.region", None),
    ]  # fmt: skip


@pytest.mark.row("S2", "X9")
def test_what_is_no_message_of_the_protocol_is_refused():
    assert read(b"").resource_spans == []
    for wrong in (b"{}", b"\xff" * 20, request().SerializeToString()[:-1]):
        with pytest.raises(Malformed, match="binary encoding of OTLP"):
            read(wrong)


@pytest.mark.row("S2")
def test_what_is_wrong_with_one_span_is_no_reason_to_refuse_the_others():
    long = request()
    span = long.resource_spans[0].scope_spans[0].spans[0]
    span.attributes.append(attribute("k" * 300, string_value="a prompt " * 5000))
    span.ClearField("start_time_unix_nano")
    (resource,) = TracesIn.model_validate(MessageToDict(long, use_integers_for_enums=True)).resource_spans
    assert resource.scope_spans[0].spans[0].start == 0  # of which no sample is made


SPAN = {"kind": 2, "startTimeUnixNano": "1772443800000000000", "endTimeUnixNano": "1772443800250000000"}
STRANGE = (
    ({**SPAN, "endTimeUnixNano": "abc"}, "endTimeUnixNano"),
    ({**SPAN, "startTimeUnixNano": -1}, "startTimeUnixNano"),
    ({**SPAN, "endTimeUnixNano": "9" * 19}, "endTimeUnixNano"),
    ({**SPAN, "kind": "server"}, "kind"),
    ({**SPAN, "status": {"code": "x"}}, "status/code"),
    ({**SPAN, "attributes": [{"value": {"stringValue": "x"}}]}, "attributes/0/key"),
    (5, "span"),
    ({"kind": 2, "endTimeUnixNano": SPAN["endTimeUnixNano"]}, "startTimeUnixNano"),
    ({**SPAN, "endTimeUnixNano": "1"}, "endTimeUnixNano"),
)


class Taking:
    """A database's clock, and a sampler that keeps what it is given."""

    def __init__(self):
        self.clock, self.taken = ManualClock(datetime(2026, 3, 2, 9, 31, tzinfo=UTC)), []

    async def take(self, _actor, samples):
        self.taken += samples


@pytest.mark.row("S2", "M5")
@pytest.mark.parametrize(("strange", "where"), STRANGE)
async def test_a_span_that_cannot_be_read_costs_no_other_and_the_answer_names_it(strange, where):
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": "payments"}}]}
    spans = {"resource": resource, "scopeSpans": [{"spans": [strange, SPAN]}]}
    taking = Taking()
    (traces,) = endpoints_of(Otlp(taking, taking))
    body = TracesIn.model_validate({"resourceSpans": [spans]})
    answer = (await traces.handler(SimpleNamespace(body=body, actor=None))).partialSuccess
    assert [(each.service, each.response_time) for each in taking.taken] == [("payments", 0.25)]
    assert answer.rejectedSpans == 1
    assert answer.errorMessage.startswith(f"{where}: ")


def test_the_answer_is_one_that_the_protocol_knows():
    answer = TracesOut(partialSuccess=PartialSuccessOut(rejectedSpans=3, errorMessage="time: It is old."))
    found = ParseDict(answer.model_dump(), ExportTraceServiceResponse())
    assert (found.partial_success.rejected_spans, found.partial_success.error_message) == (3, "time: It is old.")
    assert ExportTraceServiceResponse.FromString(write(answer)) == found
