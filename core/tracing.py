"""Spans of our own work, for whoever collects them. Nothing is kept while nobody does, and never more than a bound.

A span is one piece of work with its time; those that belong together have one trace, also across systems (W3C Trace
Context). What is lost when the collector is away is lost: traces help to understand, and prove nothing.
"""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from core.clock import Clock, SystemClock

HELD_MAX: Final = 10_000  # spans that wait to be collected; further ones are dropped, and counted
_PARENT: Final = re.compile(r"00-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}\Z")
_present: ContextVar[tuple[str, str] | None] = ContextVar("countersign_span", default=None)

Value = str | int | float | bool


class SpanKind(IntEnum):
    """What a span is to its neighbours; the numbers are those of OpenTelemetry."""

    INTERNAL = 1
    SERVER = 2
    CLIENT = 3
    CONSUMER = 5


@dataclass(slots=True)
class Span:
    """One piece of work. Times are nanoseconds since 1970."""

    name: str
    kind: SpanKind
    trace_id: str
    span_id: str
    parent_id: str
    began_ns: int
    ended_ns: int = 0
    attributes: dict[str, Value] = field(default_factory=dict)
    has_failed: bool = False


class Traces:
    """Where spans wait until they are collected. `share` of the traces that begin here is kept, from 0 to 1."""

    def __init__(self) -> None:
        self._share: float | None = None
        self._clock: Clock = SystemClock()
        self._waiting: deque[Span] = deque()
        self.dropped = 0

    def listen(self, *, share: float, clock: Clock) -> None:
        """From now on spans are kept."""
        self._share, self._clock = share, clock

    def stop(self) -> None:
        """Spans are no longer kept."""
        self._share = None
        self._waiting.clear()

    def take(self, limit: int) -> list[Span]:
        """The oldest that wait; they do not wait any more."""
        return [self._waiting.popleft() for _ in range(min(limit, len(self._waiting)))]

    def give_back(self, spans: list[Span]) -> None:
        """They wait again, before all others, as far as there is room."""
        self._waiting.extendleft(reversed(spans[-max(0, HELD_MAX - len(self._waiting)) :]))

    @contextmanager
    def span(
        self, name: str, kind: SpanKind = SpanKind.INTERNAL, *, parent: str = "", **attributes: Value
    ) -> Iterator[Span | None]:
        """The body is a span, unless nobody collects them; an exception that leaves it makes it a failed one.

        `parent` is a `traceparent` header; without one, the span around this one is the parent.
        """
        share = self._share
        if share is None:
            yield None
            return
        given = _PARENT.match(parent)
        above = (given[1], given[2]) if given else _present.get()
        trace_id = above[0] if above else os.urandom(16).hex()
        if not _is_kept(trace_id, share):
            yield None
            return
        began_ns, start_ns = int(self._clock.now().timestamp() * 1e9), time.perf_counter_ns()
        span = Span(name, kind, trace_id, os.urandom(8).hex(), above[1] if above else "", began_ns)
        span.attributes.update(attributes)
        token = _present.set((trace_id, span.span_id))
        try:
            yield span
        except BaseException:
            span.has_failed = True
            raise
        finally:
            _present.reset(token)
            span.ended_ns = began_ns + time.perf_counter_ns() - start_ns
            self._keep(span)

    def _keep(self, span: Span) -> None:
        if self._share is None:
            return
        if len(self._waiting) >= HELD_MAX:
            self.dropped += 1
        else:
            self._waiting.append(span)


TRACES: Final = Traces()  # of this process, as its measures are


def _is_kept(trace_id: str, share: float) -> bool:
    """The same answer for all spans of a trace, in every process (TraceIdRatioBased)."""
    return int(trace_id[16:], 16) < share * 2**64
