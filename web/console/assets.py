"""Style and script of the console, each under an address that changes with its content."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aiohttp import web

PREFIX: Final = "/console/static"
_FOLDER: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    "console.css": "text/css",
    "console.js": "text/javascript",
    "keys.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_FOR_EVER: Final = "public, max-age=31536000, immutable"
_FOR_A_WHILE: Final = "public, max-age=300"


@dataclass(frozen=True, slots=True)
class Asset:
    """One file, and the first part of its SHA-256."""

    body: bytes
    version: str
    media_type: str


def load_assets() -> dict[str, Asset]:
    """Every file by its name."""
    assets = {}
    for name, media_type in _TYPES.items():
        body = (_FOLDER / name).read_bytes()
        assets[name] = Asset(body, hashlib.sha256(body).hexdigest()[:16], media_type)
    return assets


def asset_route(assets: dict[str, Asset]) -> web.RouteDef:
    """`GET /console/static/{name}`: for ever under its version, else for five minutes."""

    async def serve(request: web.Request) -> web.Response:
        asset = assets.get(request.match_info["name"])
        if asset is None:
            raise web.HTTPNotFound
        is_exact = request.query.get("v") == asset.version
        headers = {"Cache-Control": _FOR_EVER if is_exact else _FOR_A_WHILE, "ETag": f'"{asset.version}"'}
        if f'"{asset.version}"' in request.headers.get("If-None-Match", ""):
            return web.Response(status=304, headers=headers)
        return web.Response(body=asset.body, content_type=asset.media_type, charset="utf-8", headers=headers)

    return web.get(PREFIX + "/{name}", serve)
