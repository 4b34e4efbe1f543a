"""Who is calling: a token of /api/jwt/login, sent as `Authorization: AR-JWT …`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import Final

from aiohttp import web

from sandbox.remedy import errors
from sandbox.remedy.arserver import ArServer, Caller
from sandbox.remedy.errors import Refused
from sandbox.remedy.schema import PEOPLE

INTEGRATION: Final = "countersign"
INTEGRATION_PASSWORD: Final = "countersign-sandbox"  # noqa: S105 - of a simulator, printed for everyone
PERSON_PASSWORD: Final = "sandbox"  # noqa: S105 - the same
ADMINISTRATOR: Final = "Demo"  # the vendor's name for the first administrator
NOT_BEFORE_S: Final = 120  # a token is valid from two minutes before it was issued


@dataclass(slots=True)
class Accounts:
    """Who may sign in. Tokens live as long as the process, and no longer than their time."""

    server: ArServer
    clock: Callable[[], datetime]
    _tokens: dict[str, tuple[str, float]] = field(default_factory=dict)
    _key: bytes = field(default_factory=lambda: secrets.token_bytes(32))

    def caller(self, headers: Mapping[str, str]) -> Caller:
        """Whose request this is. Raises Refused when no valid token came with it."""
        scheme, _, token = headers.get("Authorization", "").partition(" ")
        name, expires = self._tokens.get(token.strip(), ("", 0.0))
        if scheme.upper() != "AR-JWT" or not name or expires <= self.clock().timestamp():
            raise Refused(errors.AUTHENTICATION)
        return self.account(name)

    def account(self, name: str) -> Caller:
        """The account with its permissions."""
        return Caller(name, is_admin=name == ADMINISTRATOR, signs_for_others=name in {ADMINISTRATOR, INTEGRATION})

    def revoke_tokens(self) -> None:
        """No token is valid any more."""
        self._tokens.clear()

    async def login(self, request: web.Request) -> web.Response:
        """POST /api/jwt/login, a form: the bare token as text."""
        form = await request.post()
        name, password = str(form.get("username", "")), str(form.get("password", ""))
        known = self._password(name)
        if known is None or not secrets.compare_digest(known.encode(), password.encode()):
            raise Refused(errors.AUTHENTICATION, name)
        now = self.clock().timestamp()
        self._tokens = {token: one for token, one in self._tokens.items() if one[1] > now}
        limit = self.server.options.floating_licences
        if limit is not None and len(self._tokens) >= limit:
            raise Refused(errors.LICENCES, name)
        expires = now + self.server.options.token_lifetime_s
        token = self._issue(name, now, expires)
        self._tokens[token] = (name, expires)
        return web.Response(text=token, content_type="text/plain")

    async def logout(self, request: web.Request) -> web.Response:
        """POST /api/jwt/logout: 204, and the licence is free."""
        self.caller(request.headers)
        self._tokens.pop(request.headers["Authorization"].partition(" ")[2].strip(), None)
        return web.Response(status=HTTPStatus.NO_CONTENT)

    def _password(self, name: str) -> str | None:
        if name == INTEGRATION:
            return INTEGRATION_PASSWORD
        person = self.server.store.find_by(PEOPLE, "Remedy Login ID", name)
        return PERSON_PASSWORD if name and (person is not None or name == ADMINISTRATOR) else None

    def _issue(self, name: str, now: float, expires: float) -> str:
        claims = {
            "sub": name, "iss": "arserver.sandbox", "iat": int(now), "nbf": int(now) - NOT_BEFORE_S,
            "exp": int(expires), "jti": secrets.token_hex(12), "_cacheId": secrets.randbelow(100_000),
        }  # fmt: skip
        parts = [_encoded(json.dumps(one).encode()) for one in ({"alg": "HS256"}, claims)]
        signature = hmac.new(self._key, ".".join(parts).encode(), hashlib.sha256).digest()
        return ".".join([*parts, _encoded(signature)])


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
