"""Who is calling: Basic, a bearer token from /oauth_token.do, or an API key."""

from __future__ import annotations

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.servicenow.writing import Account

TOKEN_LIFETIME_S: Final = 1799
CLIENT_ID: Final = "c0ffee00c0ffee00c0ffee00c0ffee00"
CLIENT_SECRET: Final = "sandbox-client-secret"  # noqa: S105 - of a simulator, printed for everyone
API_KEY: Final = "now_sandbox_api_key"


@dataclass(slots=True)
class Accounts:
    """Who may sign in, with what. Tokens live as long as the process."""

    integration: str
    passwords: dict[str, str] = field(default_factory=dict)
    roles: dict[str, frozenset[str]] = field(default_factory=dict)
    _tokens: dict[str, str] = field(default_factory=dict)
    _refresh: dict[str, str] = field(default_factory=dict)

    def account(self, user_name: str) -> Account:
        """The account with its roles."""
        return Account(user_name, self.roles.get(user_name, frozenset()))

    def caller(self, headers: Mapping[str, str]) -> Account | None:
        """Whose request this is; None when no valid credential came with it."""
        if headers.get("x-sn-apikey") == API_KEY:
            return self.account(self.integration)
        scheme, _, rest = headers.get("Authorization", "").partition(" ")
        match scheme.lower():
            case "basic":
                user, password = _basic(rest)
                known = self.passwords.get(user)
                return self.account(user) if known is not None and secrets.compare_digest(known, password) else None
            case "bearer":
                owner = self._tokens.get(rest.strip())
                return self.account(owner) if owner else None
            case _:
                return None

    def revoke_tokens(self) -> None:
        """No token is valid any more."""
        self._tokens.clear()

    async def token(self, request: web.Request) -> web.Response:
        """POST /oauth_token.do: client id and secret in the form, or (as pysnow sends them) as HTTP Basic."""
        form = await request.post()
        sent = {name: str(value) for name, value in form.items()}
        scheme, _, rest = request.headers.get("Authorization", "").partition(" ")
        client = _basic(rest) if scheme.lower() == "basic" else ("", "")
        client = (sent.get("client_id") or client[0], sent.get("client_secret") or client[1])
        if client != (CLIENT_ID, CLIENT_SECRET):
            return _denied()
        owner = self._owner(sent)
        return web.json_response(self._issue(owner)) if owner else _denied()

    def _owner(self, form: Mapping[str, str]) -> str | None:
        match form.get("grant_type"):
            case "password":
                user = form.get("username", "")
                return user if self.passwords.get(user, None) == form.get("password") else None
            case "refresh_token":
                return self._refresh.get(form.get("refresh_token", ""))
            case "client_credentials":
                return self.integration
            case _:
                return None

    def _issue(self, owner: str) -> dict[str, Any]:
        access, refresh = secrets.token_urlsafe(48), secrets.token_urlsafe(48)
        self._tokens[access] = owner
        self._refresh[refresh] = owner
        return {
            "access_token": access,
            "refresh_token": refresh,
            "scope": "useraccount",
            "token_type": "Bearer",
            "expires_in": TOKEN_LIFETIME_S,
        }


def _basic(encoded: str) -> tuple[str, str]:
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def _denied() -> web.Response:
    body = {"error_description": "access_denied", "error": "server_error"}
    return web.json_response(body, status=HTTPStatus.UNAUTHORIZED)
