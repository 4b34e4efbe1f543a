"""From a request to an Actor: who calls, from where, and for which tenant (R6, X9)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address
from typing import Final

from aiohttp import web

from core.actor import Actor
from core.errors import Unauthenticated
from web.errors import MalformedHeader
from web.ports import Authenticator

TENANT_HEADER: Final = "X-Tenant-Id"
USER_AGENT_MAX: Final = 512  # characters kept
_TOKEN: Final = re.compile(r"[A-Za-z0-9\-._~+/]{1,4096}=*")  # RFC 6750 §2.1, b64token
TENANT_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_BRACKETED: Final = re.compile(r"\[([^\]]+)\](?::\d+)?")  # [2001:db8::1]:4711
_HOST_PORT: Final = re.compile(r"([^:]+):\d+")  # 192.0.2.1:4711


@dataclass(frozen=True, slots=True)
class Client:
    """Where a request comes from, as far as it can be trusted."""

    ip_address: str | None
    user_agent: str | None


def client_of(request: web.Request, *, trusted_proxies: int) -> Client:
    """The client's address and program; `trusted_proxies` is how many of our own proxies stand before this process."""
    agent = request.headers.get("User-Agent")
    return Client(
        ip_address=client_ip(
            request.remote, request.headers.getall("X-Forwarded-For", []), trusted_proxies=trusted_proxies
        ),
        user_agent=None if agent is None else readable(agent)[:USER_AGENT_MAX],
    )


def client_ip(peer: str | None, forwarded: list[str], *, trusted_proxies: int) -> str | None:
    """The address of whoever called the outermost trusted proxy; None if nobody trustworthy knows it.

    Each proxy appends the address of its own peer to X-Forwarded-For. With n trusted proxies the n-th entry from the
    right was written by the outermost of them; what stands further left was written by the caller and proves nothing.
    """
    if trusted_proxies == 0:
        return _address(peer or "")
    hops = [hop.strip() for line in forwarded for hop in line.split(",")]
    if len(hops) < trusted_proxies:
        return _address(peer or "")  # it came past the proxies: only the socket's own peer is certain
    return _address(hops[-trusted_proxies])


async def authenticate(request: web.Request, authenticator: Authenticator, client: Client) -> Actor:
    """The actor behind the request's bearer token. Raises Unauthenticated, Forbidden, MalformedHeader, Unavailable.

    What a browser keeps of a session is none: pages that a session may not see are not to be had past them either.
    """
    actor = await authenticator.authenticate(
        _bearer_token(request),
        ip=client.ip_address,
        user_agent=client.user_agent,
        tenant_override=_tenant_override(request),
    )
    if actor.is_session:
        raise Unauthenticated("A session of the console is no API token.", next_step="Create a token.")
    return actor


def readable(header: str) -> str:
    """The header's text with bytes that are not UTF-8 replaced: aiohttp hands those on as lone surrogates."""
    return header.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _bearer_token(request: web.Request) -> str:
    lines = request.headers.getall("Authorization", [])
    if not lines:
        raise Unauthenticated(where="Authorization", next_step="Send the header 'Authorization: Bearer <token>'.")
    scheme, _, token = lines[0].partition(" ")
    if len(lines) > 1 or scheme.lower() != "bearer" or not _TOKEN.fullmatch(token.strip()):
        raise Unauthenticated(
            "The Authorization header holds no bearer token.",
            next_step="Send it once, as 'Authorization: Bearer <token>'.",
        )
    return token.strip()


def _tenant_override(request: web.Request) -> str | None:
    lines = request.headers.getall(TENANT_HEADER, [])
    if not lines:
        return None
    if len(lines) > 1 or not TENANT_NAME.fullmatch(lines[0]):
        raise MalformedHeader("It must name one tenant, such as enterprise-corp.", header=TENANT_HEADER)
    return lines[0]


@lru_cache(maxsize=4096)
def _address(text: str) -> str | None:
    for pattern in (_BRACKETED, _HOST_PORT):
        if match := pattern.fullmatch(text):
            text = match[1]
    try:
        return str(ip_address(text.partition("%")[0]))  # a link-local address may carry its interface
    except ValueError:
        return None
