"""/api/v1/otlp: traces by OTLP over HTTP, in its JSON encoding; spans become samples of service levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

from pydantic import Field

from core.db import Database
from core.errors import ErrorKind, InvalidInput
from core.sla import SAMPLES_MAX, Sample, Sampler, SpanFacts, sample_of
from web.endpoint import Call, Method, endpoint
from web.schema import OpenInput, Output

_BODY_MAX: Final = 8 * 1024 * 1024
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_REASONS_SHOWN: Final = 3
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

    code: Annotated[int, Field(ge=0, le=100)] = 0  # 2: error


class SpanIn(OpenInput):
    """A span."""

    kind: Annotated[int, Field(ge=0, le=100)] = 0  # 2: server, 5: consumer
    start: Annotated[Nanoseconds, Field(alias="startTimeUnixNano")] = 0
    end: Annotated[Nanoseconds, Field(alias="endTimeUnixNano")] = 0
    attributes: Annotated[list[AttributeIn], Field(default_factory=list, max_length=1000)]
    status: Annotated[StatusIn, Field(default_factory=StatusIn)]


class ScopeSpansIn(OpenInput):
    """Spans of one instrumentation."""

    spans: Annotated[list[SpanIn], Field(default_factory=list, max_length=SAMPLES_MAX)]


class ResourceIn(OpenInput):
    """What the spans come from; `service.name` among its attributes is the service."""

    attributes: Annotated[list[AttributeIn], Field(default_factory=list, max_length=1000)]


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


class Otlp:
    """What OpenTelemetry tells."""

    def __init__(self, database: Database, sampler: Sampler) -> None:
        self._database = database
        self._sampler = sampler

    @endpoint(
        Method.POST,
        "/api/v1/otlp/v1/traces",
        summary="Take samples from spans",
        tags=("service levels",),
        errors=(ErrorKind.FORBIDDEN, ErrorKind.LIMITED),
        permission="deploy_agents",
        body_limit_bytes=_BODY_MAX,
    )
    async def traces(self, call: Call[TracesIn, None, None]) -> TracesOut:
        """Spans of kind server and consumer are samples, durable when the answer comes; other spans are passed over."""
        samples, refused = self._samples(call.body)
        await self._sampler.take(call.actor, samples)
        words = " ".join(dict.fromkeys(refused[:_REASONS_SHOWN]))
        return TracesOut(partialSuccess=PartialSuccessOut(rejectedSpans=len(refused), errorMessage=words))

    def _samples(self, body: TracesIn) -> tuple[Sequence[Sample], Sequence[str]]:
        now = self._database.clock.now()
        samples: list[Sample] = []
        refused: list[str] = []
        for span in _spans(body):
            try:
                found = sample_of(span, now=now)
            except InvalidInput as exc:
                refused.append(f"{exc.where}: {exc.message}")
            else:
                if found is not None:
                    samples.append(found)
        return samples, refused


def _spans(body: TracesIn) -> Iterator[SpanFacts]:
    for each in body.resource_spans:
        common = _texts(each.resource.attributes)
        for scope in each.scope_spans:
            for span in scope.spans:
                attributes = common | _texts(span.attributes)
                yield SpanFacts(span.kind, _instant(span.start), _instant(span.end), span.status.code, attributes)


def _texts(attributes: Sequence[AttributeIn]) -> dict[str, str]:
    return {each.key: text for each in attributes if (text := each.value.text) is not None}


def _instant(nanoseconds: str | int) -> datetime:
    return _EPOCH + timedelta(microseconds=int(nanoseconds) // 1000)
