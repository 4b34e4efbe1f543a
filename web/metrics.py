"""What the HTTP front measures, and the page where Prometheus reads all of the process's measures."""

from __future__ import annotations

from typing import Final

from aiohttp import web
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.exposition import choose_encoder

REQUEST_SECONDS: Final = "countersign_http_request_seconds"
_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_BUCKETS_S: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class HttpMetrics:
    """Durations of requests by method, route and status; the route is a template, never an address with ids."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._seconds = Histogram(
            REQUEST_SECONDS,
            "Time from a request's head to the end of its answer",
            ("method", "route", "status"),
            registry=registry,
            buckets=_BUCKETS_S,
        )

    def observe(self, request: web.Request, *, status: int, seconds: float) -> None:
        """One request more."""
        method = request.method if request.method in _METHODS else "other"
        self._seconds.labels(method, route_of(request), str(status)).observe(seconds)


def route_of(request: web.Request) -> str:
    """The template of the request's route; `unmatched` if it has none."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "unmatched"


def exposition(registry: CollectorRegistry) -> web.Response:
    """All measures, in the Prometheus text format."""
    encode, content_type = choose_encoder("")
    return web.Response(body=encode(registry), headers={"Content-Type": content_type})
