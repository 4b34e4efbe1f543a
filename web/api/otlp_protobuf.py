"""OTLP in its binary encoding, which collectors and the SDKs send unless they are told otherwise.

Read by the protocol's own definitions. Of attributes only those are taken over that a sample can use: there may be
hundreds of thousands in one message.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTracePartialSuccess,
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from core.sla import is_attribute_read
from web.api.otlp_shapes import (
    AttributeIn,
    ResourceIn,
    ResourceSpansIn,
    ScopeSpansIn,
    SpanIn,
    StatusIn,
    TracesIn,
    TracesOut,
    ValueIn,
)
from web.endpoint import Encoding
from web.errors import Malformed

if TYPE_CHECKING:
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
    from opentelemetry.proto.trace.v1.trace_pb2 import Span


def read(raw: bytes) -> TracesIn:
    """The spans of an ExportTraceServiceRequest. Raises Malformed."""
    message = ExportTraceServiceRequest()
    try:
        message.ParseFromString(raw)
    except DecodeError as exc:
        raise Malformed("The body is no ExportTraceServiceRequest in the binary encoding of OTLP.") from exc
    found = [
        ResourceSpansIn.model_construct(
            resource=ResourceIn.model_construct(attributes=_attributes(each.resource.attributes)),
            scope_spans=[
                ScopeSpansIn.model_construct(spans=[_span(span) for span in scope.spans]) for scope in each.scope_spans
            ],
        )
        for each in message.resource_spans
    ]
    return TracesIn.model_construct(resource_spans=found)


def write(answer: TracesOut) -> bytes:
    """The ExportTraceServiceResponse."""
    said = answer.partialSuccess
    partial = ExportTracePartialSuccess(rejected_spans=said.rejectedSpans, error_message=said.errorMessage)
    written: bytes = ExportTraceServiceResponse(partial_success=partial).SerializeToString()
    return written


def _span(span: Span) -> SpanIn:
    return SpanIn.model_construct(
        kind=span.kind,
        start=span.start_time_unix_nano,
        end=span.end_time_unix_nano,
        attributes=_attributes(span.attributes),
        status=StatusIn.model_construct(code=span.status.code),
    )


def _attributes(attributes: Iterable[KeyValue]) -> list[AttributeIn]:
    return [
        AttributeIn.model_construct(key=each.key, value=_value(each.value))
        for each in attributes
        if is_attribute_read(each.key)
    ]


def _value(value: AnyValue) -> ValueIn:
    match value.WhichOneof("value"):
        case "string_value":
            return ValueIn.model_construct(string_value=value.string_value)
        case "int_value":
            return ValueIn.model_construct(int_value=value.int_value)
        case "bool_value":
            return ValueIn.model_construct(bool_value=value.bool_value)
        case _:
            return ValueIn.model_construct()


PROTOBUF: Final = Encoding(media_type="application/x-protobuf", read=read, write=write)
