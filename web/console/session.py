"""Who looks at a page: whoever has signed in with this browser, or, for programs, whoever presents an API token."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from core.actor import Actor, Door
from core.errors import Unauthenticated
from web.auth import authenticate, client_of
from web.ports import Authenticator

AUTHENTICATOR: Final = web.AppKey("console_authenticator", Authenticator)
TRUSTED_PROXIES: Final = web.AppKey("console_trusted_proxies", int)
HAS_TLS: Final = web.AppKey("console_has_tls", bool)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person at a page. `csrf` is empty where the browser sends nothing by itself that identifies them."""

    actor: Actor
    csrf: str
    name: str
    email: str


async def visitor_of(request: web.Request) -> Visitor | None:
    """Whoever has signed in, or the bearer token names; None if nothing holds. Raises Forbidden, Unavailable."""
    try:
        if "Authorization" in request.headers:
            client = client_of(request, trusted_proxies=request.app[TRUSTED_PROXIES])
            return _visitor(await authenticate(request, request.app[AUTHENTICATOR], client), csrf="")
        session = session_in(request)
        return _visitor(await actor_behind(request, session), csrf=_csrf(session)) if session else None
    except Unauthenticated:
        return None


async def actor_behind(request: web.Request, token: str) -> Actor:
    """Whose token it is, at the console's door. Raises Unauthenticated, Unavailable."""
    client = client_of(request, trusted_proxies=request.app[TRUSTED_PROXIES])
    actor = await request.app[AUTHENTICATOR].authenticate(
        token, ip=client.ip_address, user_agent=client.user_agent, tenant_override=None
    )
    return replace(actor, door=Door.CONSOLE)


def session_in(request: web.Request) -> str:
    """What the browser keeps of a session; empty if it keeps none."""
    return request.cookies.get(cookie_name(request), "")


def cookie_name(request: web.Request) -> str:
    """With TLS a name that no other host and no plain connection can set (RFC 6265bis, cookie prefixes)."""
    return "__Host-countersign" if request.app[HAS_TLS] else "countersign"


def _visitor(actor: Actor, *, csrf: str) -> Visitor:
    return Visitor(actor=replace(actor, door=Door.CONSOLE), csrf=csrf, name=actor.name, email=actor.email)


def _csrf(session: str) -> str:
    """Known to pages of this session alone: who does not know the session cannot know it."""
    return hashlib.sha256(b"countersign console form\x00" + session.encode()).hexdigest()
