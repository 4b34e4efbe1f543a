"""Who looks at a page: whoever has signed in with this browser, or, for programs, whoever presents an API token."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Final

from aiohttp import web

from core.access import form_key, touch_session
from core.actor import Actor, Door
from core.db import Database
from core.errors import Forbidden, NotFound, Unauthenticated
from core.ids import TenantId
from core.signin import must_set_up_factor
from web.auth import TENANT_NAME, authenticate, client_of
from web.ports import Authenticator

DATABASE: Final = web.AppKey("console_database", Database)
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
    home: TenantId  # where they are a member; another than the actor's while they visit
    must_set_up: bool = False  # their tenant demands a second factor, and nothing else is open to them before

    @property
    def is_guest(self) -> bool:
        """Whether they look at a tenant that is not their own."""
        return self.actor.tenant != self.home


async def visitor_of(request: web.Request) -> Visitor | None:
    """Whoever has signed in, or the bearer token names; None if nothing holds. Raises Forbidden, Unavailable."""
    try:
        if "Authorization" in request.headers:
            client = client_of(request, trusted_proxies=request.app[TRUSTED_PROXIES])
            caller = await authenticate(request, request.app[AUTHENTICATOR], client)
            return _visitor(caller, csrf="", home=caller.tenant)
        session = session_in(request)
        if not session:
            return None
        at_home = await actor_behind(request, session)
        database = request.app[DATABASE]
        return _visitor(
            await _visiting(request, at_home),
            csrf=_csrf(await form_key(database, session)),
            home=at_home.tenant,
            must_set_up=await must_set_up_factor(database, at_home, session),
        )
    except Unauthenticated:
        return None


async def is_still_here(request: web.Request) -> bool:
    """Whether whoever opened this page, some time ago, is still signed in; that counts as a use of their session."""
    if "Authorization" in request.headers:
        return await visitor_of(request) is not None
    return await touch_session(request.app[DATABASE], session_in(request))


async def actor_behind(request: web.Request, token: str, *, tenant: str | None = None) -> Actor:
    """Whose token it is, at the console's door and in that tenant. Raises Unauthenticated, Unavailable.

    Raises Forbidden or NotFound for a tenant that is not theirs to look at.
    """
    client = client_of(request, trusted_proxies=request.app[TRUSTED_PROXIES])
    actor = await request.app[AUTHENTICATOR].authenticate(
        token, ip=client.ip_address, user_agent=client.user_agent, tenant_override=tenant
    )
    return replace(actor, door=Door.CONSOLE)


async def _visiting(request: web.Request, at_home: Actor) -> Actor:
    """The same person in the tenant that their browser has chosen; at home where that is not open to them any more."""
    chosen = request.cookies.get(tenant_cookie(request), "")
    if not TENANT_NAME.fullmatch(chosen) or chosen == at_home.tenant or not at_home.is_enterprise_admin:
        return at_home
    try:
        return await actor_behind(request, session_in(request), tenant=chosen)
    except (Forbidden, NotFound):
        return at_home


def keep_tenant(request: web.Request, answer: web.StreamResponse, tenant: str) -> None:
    """The browser looks at that tenant until it is closed."""
    answer.set_cookie(
        tenant_cookie(request), tenant, path="/", httponly=True, samesite="Lax", secure=_is_secure(request)
    )


def forget_tenant(request: web.Request, answer: web.StreamResponse) -> None:
    """The browser looks at the tenant of whoever is signed in."""
    answer.del_cookie(tenant_cookie(request), path="/", httponly=True, samesite="Lax", secure=_is_secure(request))


def tenant_cookie(request: web.Request) -> str:
    """Where the browser keeps which tenant is looked at."""
    return f"{cookie_name(request)}-tenant"


def _is_secure(request: web.Request) -> bool:
    return cookie_name(request).startswith("__Host-")


def session_in(request: web.Request) -> str:
    """What the browser keeps of a session; empty if it keeps none."""
    return request.cookies.get(cookie_name(request), "")


def keep_cookie(request: web.Request, answer: web.StreamResponse, value: str, *, max_age_s: int) -> None:
    """What the browser keeps of a session."""
    answer.set_cookie(
        cookie_name(request),
        value,
        max_age=max_age_s,
        path="/",
        httponly=True,
        samesite="Lax",
        secure=_is_secure(request),
    )


def cookie_name(request: web.Request) -> str:
    """With TLS a name that no other host and no plain connection can set (RFC 6265bis, cookie prefixes)."""
    return "__Host-countersign" if request.app[HAS_TLS] else "countersign"


def _visitor(actor: Actor, *, csrf: str, home: TenantId, must_set_up: bool = False) -> Visitor:
    caller = replace(actor, door=Door.CONSOLE)
    return Visitor(caller, csrf=csrf, name=actor.name, email=actor.email, home=home, must_set_up=must_set_up)


def _csrf(key: bytes) -> str:
    """Known to pages of this session alone, and the same on each of them, whenever its secret was replaced."""
    return hashlib.sha256(b"countersign console form\x00" + key).hexdigest()
