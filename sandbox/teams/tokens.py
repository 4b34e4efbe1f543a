"""The token service: client credentials for bots, as Microsoft Entra issues them, and the check of what it issued."""

from __future__ import annotations

import hmac
import time
import uuid
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sandbox.teams.errors import ConnectorError
from sandbox.teams.hub import Hub
from sandbox.teams.world import now

AUDIENCE: Final = "https://api.botframework.com"
ISSUER: Final = "https://api.botframework.com"  # of what Teams signs; also when the keys are the sandbox's own
SCOPE: Final = f"{AUDIENCE}/.default"
LIFETIME_S: Final = 3599
SHARED_TENANTS: Final = frozenset({"botframework.com", "common", "organizations"})  # for bots of many tenants


class _Refused(Exception):
    """An Entra error: its word, its number and its sentence."""

    def __init__(self, word: str, number: int, sentence: str, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        self.word = word
        self.number = number
        self.sentence = sentence
        self.status = status
        super().__init__(sentence)


class TokenService:
    """Serves the token endpoint, the two discovery documents and their keys."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self.lifetime_s = LIFETIME_S

    def routes(self) -> list[web.RouteDef]:
        """The routes, relative to Teams' own root."""
        return [
            web.get("/login/v1/.well-known/openidconfiguration", self.metadata),
            web.get("/login/v1/.well-known/keys", self.keys),
            web.get("/login/{tenant}/v2.0/.well-known/openid-configuration", self.tenant_metadata),
            web.get("/login/{tenant}/discovery/v2.0/keys", self.tenant_keys),
            web.post("/login/{tenant}/oauth2/v2.0/token", self.token),
        ]

    async def metadata(self, _request: web.Request) -> web.Response:
        """The OpenID metadata of what Teams sends to bots."""
        return web.json_response(
            {
                "issuer": ISSUER,
                "authorization_endpoint": "https://invalid.botframework.com",
                "jwks_uri": f"{self._hub.settings.login_url}/v1/.well-known/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "token_endpoint_auth_methods_supported": ["private_key_jwt"],
            }
        )

    async def keys(self, _request: web.Request) -> web.Response:
        """The keys that sign what Teams sends to bots."""
        return web.json_response({"keys": [key.public() for key in (self._hub.keys.service, *self._hub.keys.former)]})

    async def tenant_metadata(self, request: web.Request) -> web.Response:
        """The OpenID metadata of the directory."""
        at = f"{self._hub.settings.login_url}/{request.match_info['tenant']}"
        return web.json_response(
            {
                "issuer": f"{at}/v2.0",
                "authorization_endpoint": f"{at}/oauth2/v2.0/authorize",
                "token_endpoint": f"{at}/oauth2/v2.0/token",
                "jwks_uri": f"{at}/discovery/v2.0/keys",
            }
        )

    async def tenant_keys(self, _request: web.Request) -> web.Response:
        """The keys that sign the directory's tokens."""
        return web.json_response({"keys": [self._hub.keys.login.public()]})

    async def token(self, request: web.Request) -> web.Response:
        """A token for the bot, or Entra's reason against it."""
        try:
            form = {key: str(value) for key, value in (await request.post()).items()}
        except (ValueError, LookupError):
            form = {}
        try:
            self._check(request.match_info["tenant"], form)
        except _Refused as refused:
            return _refusal(refused)
        answer = {"token_type": "Bearer", "expires_in": self.lifetime_s, "ext_expires_in": self.lifetime_s}
        return web.json_response(answer | {"access_token": self.issue()}, headers={"Cache-Control": "no-store"})

    def issue(self, **changed: Any) -> str:
        """A token for the bot; `changed` claims stand in place of the true ones."""
        at = int(time.time())
        app, tenant = self._hub.world.app.id, self._hub.world.id
        claims = {"aud": AUDIENCE, "iss": f"https://sts.windows.net/{tenant}/", "iat": at, "nbf": at}
        claims |= {"exp": at + self.lifetime_s, "appid": app, "tid": tenant, "idtyp": "app", "ver": "1.0"}
        return self._hub.keys.login.sign(claims | changed)

    def check_bearer(self, authorization: str) -> None:
        """The caller is the bot. Raises ConnectorError otherwise."""
        scheme, _, token = authorization.partition(" ")
        claims = self._hub.keys.login.verified(token) if scheme.lower() == "bearer" else None
        if claims is None or claims.get("aud") != AUDIENCE or not time.time() < claims.get("exp", 0):
            raise ConnectorError("Unauthorized")
        if claims.get("appid") != self._hub.world.app.id:
            raise ConnectorError("BotNotRegistered")

    def _check(self, tenant: str, form: Mapping[str, str]) -> None:
        world = self._hub.world
        if tenant not in SHARED_TENANTS | {world.id}:
            raise _Refused("invalid_request", 90002, f"Tenant '{tenant}' not found. Check to make sure it is correct.")
        grant = form.get("grant_type")
        if not grant:
            missing = "The request body must contain the following parameter: 'grant_type'."
            raise _Refused("invalid_request", 900144, missing)
        if grant != "client_credentials":
            raise _Refused("unsupported_grant_type", 70003, f"The app requested an unsupported grant type '{grant}'.")
        client = form.get("client_id", "")
        if client != world.app.id:
            unknown = f"Application with identifier '{client}' was not found in the directory '{world.name}'."
            raise _Refused("unauthorized_client", 700016, unknown)
        if not hmac.compare_digest(form.get("client_secret", "").encode("utf-8", "replace"), world.app.secret.encode()):
            wrong = f"Invalid client secret provided for app '{client}'. Use the secret's value, not its ID."
            raise _Refused("invalid_client", 7000215, wrong, HTTPStatus.UNAUTHORIZED)
        scope = form.get("scope", "")
        if scope != SCOPE:
            raise _Refused(
                "invalid_scope", 70011, f"The provided value for the input parameter 'scope' ({scope}) is not valid."
            )


def _refusal(refused: _Refused) -> web.Response:
    trace, correlation = str(uuid.uuid4()), str(uuid.uuid4())
    detail = f"Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now()}"
    return web.json_response(
        {
            "error": refused.word,
            "error_description": f"AADSTS{refused.number}: {refused.sentence} {detail}",
            "error_codes": [refused.number],
            "timestamp": now(),
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": f"https://login.microsoftonline.com/error?code={refused.number}",
        },
        status=refused.status,
    )
