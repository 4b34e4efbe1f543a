"""What is served about the Api itself: /api/openapi.json, /api/docs and the page's style and script."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

from web.docs_page import CONTENT_SECURITY_POLICY, docs_page
from web.endpoint import JSON_MEDIA_TYPE
from web.openapi import openapi_document
from web.registry import Api

OPENAPI_PATH: Final = "/api/openapi.json"
DOCS_PATH: Final = "/api/docs"
_STATIC: Final = Path(__file__).parent / "static"
_ASSETS: Final = {"docs.css": "text/css", "docs.js": "text/javascript", "icon.svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Resource:
    """Bytes that never change while the process lives."""

    body: bytes
    content_type: str
    policy: str | None = None  # Content-Security-Policy, where the usual one is too narrow

    @property
    def etag(self) -> str:
        """The entity tag, without its quotes: the same bytes have the same one in every replica."""
        return hashlib.sha256(self.body).hexdigest()[:32]

    async def serve(self, request: web.Request) -> web.Response:
        """The bytes, or 304 if the caller holds them already (RFC 9110 §13.1.2)."""
        known = request.if_none_match or ()
        is_known = any(tag.value in {self.etag, "*"} for tag in known)
        response = (
            web.Response(status=304)
            if is_known
            else web.Response(body=self.body, content_type=self.content_type, charset="utf-8")
        )
        response.etag = self.etag
        response.headers["Cache-Control"] = "no-cache"  # keep it, and ask whether it is still the same
        if self.policy is not None:
            response.headers["Content-Security-Policy"] = self.policy
        return response


def documents(api: Api, *, server_url: str) -> dict[str, Resource]:
    """Each resource under its path."""
    document = openapi_document(api, server_url=server_url)
    page = docs_page(document, assets_url=DOCS_PATH)
    found = {
        OPENAPI_PATH: Resource(json.dumps(document, ensure_ascii=False).encode(), JSON_MEDIA_TYPE),
        DOCS_PATH: Resource(page.encode(), "text/html", CONTENT_SECURITY_POLICY),
    }
    for name, content_type in _ASSETS.items():
        found[f"{DOCS_PATH}/{name}"] = Resource((_STATIC / name).read_bytes(), content_type)
    return found
