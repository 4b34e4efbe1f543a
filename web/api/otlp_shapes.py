"""What OTLP's traces look like in its JSON encoding, as far as samples need them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from core.sla import SAMPLES_MAX
from web.faults import body_faults
from web.schema import OpenInput, Output

Nanoseconds = (
    Annotated[str, Field(pattern=r"^[0-9]{1,18}$|^[0-8][0-9]{18}$", description="since the epoch")]
    | Annotated[int, Field(ge=0, lt=9 * 10**18)]
)


class ValueIn(OpenInput):
    """A value of an attribute; lists and maps are passed over."""

    string_value: Annotated[str | None, Field(alias="stringValue")] = None
    int_value: Annotated[str | int | None, Field(alias="intValue")] = None
    bool_value: Annotated[bool | None, Field(alias="boolValue")] = None

    @property
    def text(self) -> str | None:
        """As text; None for what has none."""
        if self.string_value is not None:
            return self.string_value
        if self.int_value is not None:
            return str(self.int_value)[:20]
        return None if self.bool_value is None else str(self.bool_value).lower()


class AttributeIn(OpenInput):
    """An attribute."""

    key: str
    value: Annotated[ValueIn, Field(default_factory=ValueIn)]


class StatusIn(OpenInput):
    """How a span ended."""

    code: int = 0  # 2: error


class SpanIn(OpenInput):
    """A span."""

    kind: int = 0  # 2: server, 5: consumer
    start: Annotated[Nanoseconds, Field(alias="startTimeUnixNano")] = 0
    end: Annotated[Nanoseconds, Field(alias="endTimeUnixNano")] = 0
    attributes: Annotated[list[AttributeIn], Field(default_factory=list)]
    status: Annotated[StatusIn, Field(default_factory=StatusIn)]


class UnreadSpan(SpanIn):
    """A span that is none: it costs no other."""

    field: str
    reason: str


def _span_or_why(value: object, read: ValidatorFunctionWrapHandler) -> SpanIn:
    try:
        found: SpanIn = read(value)
    except ValidationError as exc:
        fault = body_faults(exc, value=value if isinstance(value, dict) else None, schema={})[0]
        field = fault.name.removeprefix("#").removeprefix("/") or "span"
        return UnreadSpan.model_construct(field=field, reason=fault.detail, attributes=[], status=StatusIn())
    return found


class ScopeSpansIn(OpenInput):
    """Spans of one instrumentation."""

    spans: Annotated[
        list[Annotated[SpanIn, WrapValidator(_span_or_why)]], Field(default_factory=list, max_length=SAMPLES_MAX)
    ]


class ResourceIn(OpenInput):
    """What the spans come from; `service.name` among its attributes is the service."""

    attributes: Annotated[list[AttributeIn], Field(default_factory=list)]


class ResourceSpansIn(OpenInput):
    """Spans of one resource."""

    resource: Annotated[ResourceIn, Field(default_factory=ResourceIn)]
    scope_spans: Annotated[list[ScopeSpansIn], Field(alias="scopeSpans", default_factory=list, max_length=SAMPLES_MAX)]


class TracesIn(OpenInput):
    """An ExportTraceServiceRequest."""

    resource_spans: Annotated[
        list[ResourceSpansIn], Field(alias="resourceSpans", default_factory=list, max_length=SAMPLES_MAX)
    ]


class PartialSuccessOut(Output):
    """How many spans were not taken, and why the first of them were not. No spans and no words: all were."""

    rejectedSpans: int = 0  # noqa: N815  OTLP's names
    errorMessage: str = ""  # noqa: N815


class TracesOut(Output):
    """An ExportTraceServiceResponse."""

    partialSuccess: PartialSuccessOut  # noqa: N815
