"""Around every request, whichever room answers it: an id, a log line, a measure, safe headers, problems."""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

import structlog
from aiohttp import web
from aiohttp.typedefs import Middleware

from core.errors import CountersignError
from core.ids import uuid7
from core.tracing import TRACES, Span, SpanKind
from web.auth import client_of
from web.metrics import HttpMetrics, route_of
from web.problems import error_response, internal_problem, problem_response, refusal_response

CORRELATION_HEADER: Final = "X-Request-Id"
_CORRELATION: Final = web.RequestKey("correlation_id", str)
_SANE_ID: Final = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")
_WITHOUT_BODY: Final = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_QUIET_ROUTES: Final = frozenset({"/healthz", "/readyz", "/metrics"})  # asked every few seconds, by machines

# A page that needs more sets its own policy; see web.docs_page.
SAFE_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
_HSTS: Final = "max-age=31536000; includeSubDomains"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
PrepareHook = Callable[[web.Request, web.StreamResponse], Awaitable[None]]

log = structlog.get_logger(__name__)


def correlation_id_of(request: web.Request) -> str:
    """The id under which everything about this request is logged: the caller's own if it is sane, else a new one."""
    if _CORRELATION in request:
        return request[_CORRELATION]
    offered = request.headers.get(CORRELATION_HEADER, "")
    chosen = offered if _SANE_ID.fullmatch(offered) else str(uuid7())
    request[_CORRELATION] = chosen
    return chosen


def observing(metrics: HttpMetrics, *, trusted_proxies: int) -> Middleware:
    """Every request is logged once and measured, and its id is bound to the log context. Stands outermost."""

    @web.middleware
    async def observe(request: web.Request, handler: Handler) -> web.StreamResponse:
        # one task serves a connection's requests in turn: what the previous one bound is still there
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(correlation_id=correlation_id_of(request))
        start = time.perf_counter()
        parent, route = request.headers.get("traceparent", ""), route_of(request)
        with TRACES.span(f"{request.method} {route}", SpanKind.SERVER, parent=parent) as span:
            try:
                response = await handler(request)
            except web.HTTPException as redirect:  # `problems` lets nothing else through
                _served(request, redirect.status, start)
                _tell(span, request, redirect.status)
                raise
            _served(request, response.status, start)
            _tell(span, request, response.status)
            return response

    def _tell(span: Span | None, request: web.Request, status: int) -> None:
        """By the names of OpenTelemetry's semantic conventions; never an address with ids or secrets in it."""
        if span is None:
            return
        span.attributes |= {
            "http.request.method": request.method,
            "http.route": route_of(request),
            "http.response.status_code": status,
            "countersign.correlation_id": correlation_id_of(request),
        }
        span.has_failed = status >= HTTPStatus.INTERNAL_SERVER_ERROR

    def _served(request: web.Request, status: int, start: float) -> None:
        seconds = time.perf_counter() - start
        route = route_of(request)
        metrics.observe(request, status=status, seconds=seconds)
        write = log.debug if route in _QUIET_ROUTES else log.info
        ip_address = client_of(request, trusted_proxies=trusted_proxies).ip_address
        write(
            "http_request_served",
            method=request.method,
            route=route,
            status=status,
            duration_s=round(seconds, 6),
            ip_address=ip_address,
        )

    return observe


@web.middleware
async def problems(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Whatever goes wrong leaves as a problem document (RFC 9457); a fault of ours is logged here, once."""
    correlation_id = correlation_id_of(request)
    try:
        return await handler(request)
    except CountersignError as error:
        _refuse_late(request, error)
        has_body = request.method not in _WITHOUT_BODY
        return error_response(error, correlation_id=correlation_id, has_body=has_body, path=request.match_info)
    except web.HTTPException as refusal:
        if refusal.status < HTTPStatus.BAD_REQUEST:
            raise  # a redirect is an answer
        return refusal_response(refusal, correlation_id=correlation_id)
    except Exception as error:
        log.exception("http_request_failed", method=request.method, route=route_of(request))
        _refuse_late(request, error)
        return problem_response(internal_problem(correlation_id=correlation_id))


def header_hook(*, has_tls: bool) -> PrepareHook:
    """Every answer, streamed ones too, carries its correlation id and the safe headers that it did not set itself."""

    async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
        for name, value in SAFE_HEADERS.items():
            response.headers.setdefault(name, value)
        if has_tls:
            response.headers.setdefault("Strict-Transport-Security", _HSTS)
        response.headers[CORRELATION_HEADER] = correlation_id_of(request)
        response.headers["Server"] = "countersign"  # aiohttp would name its version

    return add_headers


def _refuse_late(request: web.Request, error: Exception) -> None:
    """A stream that fails half-way cannot turn into a problem: the connection is cut, so that it looks incomplete."""
    writer = request.writer
    if writer.output_size > 0 and request.transport is not None:
        log.warning("stream_cut", error=type(error).__name__)
        request.transport.abort()
