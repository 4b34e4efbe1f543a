"""Our own token for the connector: fetched when it is needed, kept until shortly before it runs out."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any, Final

import aiohttp
from pydantic import SecretStr

from core.errors import Unavailable

RENEWED_BEFORE_S: Final = 300  # its end
LIFETIME_LEAST_S: Final = 60  # of a token whose lifetime we are told is none


class TokenRefused(Unavailable):
    """Microsoft does not accept the bot's app id, secret or tenant."""

    code = "teams.token_refused"


class AppToken:
    """The bot's token, by client credentials (Microsoft Entra, OAuth 2.0)."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        url: str,
        *,
        app_id: str,
        secret: SecretStr,
        scope: str,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._session = session
        self._url = url
        self._form = {"grant_type": "client_credentials", "client_id": app_id, "scope": scope}
        self._secret = secret
        self._elapsed = elapsed
        self._token = ""
        self._until = 0.0
        self._turn = asyncio.Lock()

    async def get(self) -> str:
        """A token that holds. Raises TokenRefused, aiohttp.ClientError or TimeoutError."""
        if self._token and self._elapsed() < self._until:
            return self._token
        async with self._turn:
            if not self._token or self._elapsed() >= self._until:
                await self._fetch()
            return self._token

    def forget(self, token: str) -> None:
        """That token is used no more: it was refused."""
        if token == self._token:
            self._token = ""

    async def _fetch(self) -> None:
        form = {**self._form, "client_secret": self._secret.get_secret_value()}
        started = self._elapsed()
        async with self._session.post(self._url, data=form, allow_redirects=False) as answer:
            if answer.status >= 500:
                answer.raise_for_status()
            try:
                body: Any = await answer.json(content_type=None)
            except ValueError:
                body = None
        found = body if isinstance(body, dict) else {}
        token, lifetime_s = found.get("access_token"), found.get("expires_in")
        if not isinstance(token, str) or not token:
            raise TokenRefused(_reason(found), next_step="See docs/connectors/teams.md, “When something goes wrong”.")
        lifetime_s = lifetime_s if isinstance(lifetime_s, int | float) else 0
        self._token = token
        self._until = started + max(lifetime_s - RENEWED_BEFORE_S, min(lifetime_s / 2, LIFETIME_LEAST_S))


def _reason(body: dict[str, Any]) -> str:
    """Entra's sentence without its trace ids."""
    sentence = str(body.get("error_description") or body.get("error") or "It says nothing that can be read.")
    sentence = sentence.partition(" Trace ID")[0].splitlines()[0]
    return f"Microsoft issues no token for the bot: {sentence}"
