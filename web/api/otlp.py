"""/api/v1/otlp: traces by OTLP over HTTP, binary or JSON; spans become samples of service levels."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from core.db import Database
from core.errors import ErrorKind, InvalidInput
from core.sla import Sample, Sampler, SpanFacts, sample_of
from web.api.otlp_protobuf import PROTOBUF
from web.api.otlp_shapes import AttributeIn, PartialSuccessOut, SpanIn, TracesIn, TracesOut, UnreadSpan
from web.endpoint import Call, Method, endpoint

_BODY_MAX: Final = 8 * 1024 * 1024
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_REASONS_SHOWN: Final = 3


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
        encodings=(PROTOBUF,),
        is_packed_read=True,
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
        for span, resource in _spans(body):
            try:
                found = sample_of(_facts(span, resource), now=now)
            except InvalidInput as exc:
                refused.append(f"{exc.where}: {exc.message}")
            else:
                if found is not None:
                    samples.append(found)
        return samples, refused


def _spans(body: TracesIn) -> Iterator[tuple[SpanIn, Mapping[str, str]]]:
    """Each with the attributes of its resource."""
    for each in body.resource_spans:
        common = _texts(each.resource.attributes)
        for scope in each.scope_spans:
            for span in scope.spans:
                yield span, common


def _facts(span: SpanIn, resource: Mapping[str, str]) -> SpanFacts:
    """What is read of the span. Raises InvalidInput for one that is none."""
    if isinstance(span, UnreadSpan):
        raise InvalidInput(span.reason, where=span.field)
    attributes = {**resource, **_texts(span.attributes)}
    return SpanFacts(span.kind, _instant(span.start), _instant(span.end), span.status.code, attributes)


def _texts(attributes: Sequence[AttributeIn]) -> dict[str, str]:
    return {each.key: text for each in attributes if (text := each.value.text) is not None}


def _instant(nanoseconds: str | int) -> datetime | None:
    """None for what the protocol calls unknown."""
    return None if int(nanoseconds) == 0 else _EPOCH + timedelta(microseconds=int(nanoseconds) // 1000)
