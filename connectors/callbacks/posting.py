"""One signed POST to an address that somebody typed in: to exactly what was checked, its answer not read.

The address is looked up by us and checked, and exactly what was found is connected to (SSRF, CWE-918).
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult

from core.access_requests import AddressRefused, Network, Reachable, reach
from core.outbox import Permanent

TIMEOUT: Final = aiohttp.ClientTimeout(total=10, sock_connect=5, sock_read=5)  # seconds


class Undelivered(Exception):
    """The dispatcher tries again, later and later.

    Also when the address asks to wait: to the dispatcher all addresses of a tenant are one destination, and one of them
    must not silence the others.
    """


async def post(endpoint: str, body: bytes, headers: Mapping[str, str], *, internal: Sequence[Network]) -> None:
    """The address has taken it (2xx). `internal` are the networks that may be reached although they are not public.

    Raises Undelivered, also where it may have arrived, and Permanent for what would be refused again.
    """
    try:
        target = await reach(endpoint, allowed=internal)
    except AddressRefused as exc:
        raise Undelivered(exc.message) from exc  # a name that leads elsewhere today may be put right
    try:
        status = await _status(endpoint, target, body, {**headers, "User-Agent": "Countersign"})
    except (aiohttp.ClientError, OSError, TimeoutError) as exc:
        raise Undelivered(f"{type(exc).__name__} at {target.host}.") from exc
    if 300 <= status < 400:
        raise Permanent(f"The address answered {status}; redirects are not followed.")
    if status == HTTPStatus.GONE:
        raise Permanent("The address answered 410: it wants no more notices.")
    if not 200 <= status < 300:
        raise Undelivered(f"The address answered {status}.")


class _Pinned(AbstractResolver):
    """Answers with what was checked, so that the name cannot lead elsewhere a moment later."""

    def __init__(self, target: Reachable) -> None:
        self._target = target

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """The addresses that were checked."""
        del family
        return [
            ResolveResult(
                hostname=host,
                host=str(address),
                port=port,
                family=socket.AF_INET if address.version == 4 else socket.AF_INET6,
                proto=0,
                flags=socket.AI_NUMERICHOST,
            )
            for address in self._target.addresses
        ]

    async def close(self) -> None:
        """Nothing is held."""


async def _status(endpoint: str, target: Reachable, body: bytes, headers: Mapping[str, str]) -> int:
    connector = aiohttp.TCPConnector(resolver=_Pinned(target), use_dns_cache=False, force_close=True)
    async with (
        aiohttp.ClientSession(connector=connector, timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar()) as session,
        session.post(endpoint, data=body, headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status
