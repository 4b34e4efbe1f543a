"""The aiohttp application: middlewares, the Api's routes, its documents and /metrics. Other rooms add routes to it."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import structlog
from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.log import server_logger
from prometheus_client import CollectorRegistry

from web.dispatch import Desk, request_handler
from web.documents import documents
from web.endpoint import BODY_LIMIT_BYTES, Method
from web.metrics import HttpMetrics, exposition
from web.middleware import header_hook, observing, problems
from web.ports import Authenticator, IdempotencyStore, References
from web.registry import Api

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSettings:
    """How this process is reached."""

    public_url: str  # as callers write it, without a closing slash
    trusted_proxies: int = 0  # how many of our own proxies append to X-Forwarded-For

    @property
    def has_tls(self) -> bool:
        """Whether callers come by https."""
        return self.public_url.startswith("https://")


def create_application(
    api: Api,
    *,
    settings: WebSettings,
    authenticator: Authenticator,
    idempotency: IdempotencyStore,
    references: References,
    registry: CollectorRegistry,
) -> web.Application:
    """An application that serves the Api; whatever is added to it shares its middlewares."""
    server_logger.addFilter(is_our_fault)
    metrics = HttpMetrics(registry)
    app = web.Application(
        client_max_size=BODY_LIMIT_BYTES,
        middlewares=[observing(metrics, trusted_proxies=settings.trusted_proxies), problems],
    )
    app.on_response_prepare.append(header_hook(has_tls=settings.has_tls))
    desk = Desk(
        authenticator=authenticator,
        idempotency=idempotency,
        references=references,
        trusted_proxies=settings.trusted_proxies,
    )
    for operation in api.operations:
        handler = request_handler(operation, desk)
        app.router.add_route(operation.endpoint.method, operation.endpoint.path, handler)
        if operation.endpoint.method is Method.GET:
            app.router.add_route("HEAD", operation.endpoint.path, handler)
    for path, resource in documents(api, server_url=settings.public_url).items():
        app.router.add_get(path, resource.serve)

    async def serve_metrics(request: web.Request) -> web.Response:
        del request
        return exposition(registry)

    app.router.add_get("/metrics", serve_metrics)
    return app


def is_our_fault(record: logging.LogRecord) -> bool:
    """Whether aiohttp's log record deserves attention: bytes that are no HTTP do not, whoever sends them."""
    error = record.exc_info[1] if record.exc_info else None
    if not isinstance(error, HttpProcessingError):
        return True
    log.debug("http_bytes_refused", reason=type(error).__name__)
    return False
