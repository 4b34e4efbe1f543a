"""Who looks at a page: whoever presents an API token."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from core.actor import Actor, Door
from core.errors import Unauthenticated
from web.auth import authenticate, client_of
from web.ports import Authenticator

AUTHENTICATOR: Final = web.AppKey("console_authenticator", Authenticator)
TRUSTED_PROXIES: Final = web.AppKey("console_trusted_proxies", int)


@dataclass(frozen=True, slots=True)
class Visitor:
    """A person at a page. `csrf` is empty where the browser sends nothing by itself that identifies them."""

    actor: Actor
    csrf: str
    name: str
    email: str


async def visitor_of(request: web.Request) -> Visitor | None:
    """Whoever the bearer token names; None if there is none that holds. Raises Forbidden, Unavailable."""
    if "Authorization" not in request.headers:
        return None
    client = client_of(request, trusted_proxies=request.app[TRUSTED_PROXIES])
    try:
        actor = await authenticate(request, request.app[AUTHENTICATOR], client)
    except Unauthenticated:
        return None
    return Visitor(actor=replace(actor, door=Door.CONSOLE), csrf="", name=actor.name, email=actor.email)
