"""/api/v1/otlp: traces by OTLP over HTTP, binary or JSON; spans become samples of service levels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

from core.db import Database
from core.errors import ErrorKind, InvalidInput
from core.sla import Sample, Sampler, SpanFacts, sample_of
from web.api.otlp_protobuf import PROTOBUF
from web.api.otlp_shapes import AttributeIn, PartialSuccessOut, TracesIn, TracesOut
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
