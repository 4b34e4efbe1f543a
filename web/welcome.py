"""The page at `/`: what this is and where to go next."""

from __future__ import annotations

from typing import Final

from aiohttp import web

_PAGE: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Countersign</title></head>
<body><main><h1>Countersign is running</h1>
<p>Approvals, emergency bypass and the decision gate for AI agents. People use it in chat; programs use the API.</p>
<ul>
<li><a href="/api/docs">API reference</a></li>
<li><a href="/api/openapi.json">OpenAPI document</a></li>
<li><a href="/readyz">Is everything ready?</a></li>
<li><a href="/metrics">Metrics for Prometheus</a></li>
</ul></main></body></html>
"""


def welcome_route() -> web.RouteDef:
    """`GET /`."""

    async def welcome(request: web.Request) -> web.Response:
        del request
        return web.Response(text=_PAGE, content_type="text/html")

    return web.get("/", welcome)
