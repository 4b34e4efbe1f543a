"""A request's body, read within its limits of size, time and format."""

from __future__ import annotations

import asyncio
from typing import Final

from aiohttp import ClientError, web

from web.errors import BodyTooLarge, BodyTooSlow, Fault, InvalidRequest, Malformed, Place, UnsupportedBody

TIMEOUT_S: Final = 30.0  # for the whole body, so that a trickle cannot hold a connection
_PLAIN: Final = frozenset({"", "identity"})
_PACKED: Final = frozenset({"gzip", "deflate"})
_UNDERSTOOD_CHARSETS: Final = frozenset({None, "utf-8", "utf8", "us-ascii"})


async def read_body(
    request: web.Request, *, limit_bytes: int, media_types: tuple[str, ...], is_packed_read: bool = False
) -> bytes:
    """The body's bytes, `limit_bytes` of them unpacked at most; empty if there is none.

    Raises UnsupportedBody, BodyTooLarge, BodyTooSlow or Malformed.
    """
    if not request.body_exists:
        return b""
    _check_format(request, media_types, _PLAIN | _PACKED if is_packed_read else _PLAIN)
    return await _read(request, limit_bytes)


async def refuse_body(request: web.Request) -> None:
    """Nothing, or an empty object, was sent to a call that takes no body. Raises InvalidRequest for anything else."""
    if not request.body_exists:
        return
    raw = await _read(request, limit_bytes=1024)
    if raw.strip() not in {b"", b"{}"}:
        raise InvalidRequest((Fault(Place.BODY, "#", "This call takes no body."),))


def _check_format(request: web.Request, media_types: tuple[str, ...], encodings: frozenset[str]) -> None:
    encoding = request.headers.get("Content-Encoding", "").strip().lower()
    if encoding not in encodings:  # of those that are here the server has unpacked the body
        accepted = tuple(sorted(encodings - {""}))
        raise UnsupportedBody(
            f"The body is compressed as '{encoding[:40]}'.", where="Content-Encoding", accepted=accepted
        )
    # request.content_type reads as application/octet-stream where the header is missing
    if request.content_type not in media_types:
        found = f"'{request.content_type}'" if "Content-Type" in request.headers else "missing"
        raise UnsupportedBody(f"The Content-Type is {found}.", where="Content-Type", accepted=media_types)
    if request.charset is not None and request.charset.lower() not in _UNDERSTOOD_CHARSETS:
        raise UnsupportedBody("The body is not UTF-8.", where="Content-Type", accepted=("charset=utf-8",))


async def _read(request: web.Request, limit_bytes: int) -> bytes:
    if request.content_length is not None and request.content_length > limit_bytes:
        raise BodyTooLarge(limit_bytes=limit_bytes)
    body = bytearray()
    try:
        async with asyncio.timeout(TIMEOUT_S):
            while chunk := await request.content.readany():
                body += chunk
                if len(body) > limit_bytes:
                    raise BodyTooLarge(limit_bytes=limit_bytes)
    except TimeoutError:
        raise BodyTooSlow(f"The body did not arrive within {TIMEOUT_S:.0f} seconds.") from None
    except (web.RequestPayloadError, ClientError, ConnectionError) as error:
        raise Malformed("The body ended early or is not framed as HTTP wants it.") from error
    return bytes(body)
