"""Signing in: one AR-JWT for all calls, renewed before it ends, given back when we leave, as it holds a licence."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode

from connectors.itsm.answers import instant
from connectors.itsm.base import ConnectorError, NotSent
from connectors.itsm.http import Answer, Call, Caller
from connectors.itsm.remedy.failures import failure
from connectors.itsm.remedy.settings import RemedySettings

LIFETIME_S: Final = 3600.0  # the server's default, for a token whose claims cannot be read
MARGIN: Final = 0.9  # of its lifetime; then it is renewed
NEAR_S: Final = 60.0  # … but not earlier than this before its end
REQUESTED_BY: Final = {"X-Requested-By": "XMLHttpRequest"}  # some of BMC's front ends refuse calls without it


@dataclass(frozen=True, slots=True)
class Token:
    """A token and the reading of `time.monotonic` from which on it is not used any more."""

    text: str
    until: float


class Sessions:
    """Holds the token. Any number of calls may ask at once; one of them signs in."""

    def __init__(self, settings: RemedySettings, caller: Caller) -> None:
        self._settings = settings
        self._caller = caller
        self._token: Token | None = None
        self._turn = asyncio.Lock()
        self._failed: ConnectorError | None = None  # how signing in failed last
        self.server_time: float | None = None  # epoch seconds by the server's last answer

    async def headers(self) -> dict[str, str]:
        """What a call carries. Raises NotSent or Refused if nobody could sign in."""
        waited_since = self._failed
        async with self._turn:
            if self._failed is not None and self._failed is not waited_since:
                # Whoever waited for a sign-in that failed fails with it, instead of waiting for another and another.
                raise self._failed
            if self._token is None or time.monotonic() >= self._token.until:
                # The old one first: it may hold the only licence.
                await self._give_back()
                try:
                    self._token = await self._sign_in()
                except ConnectorError as exc:
                    self._failed = exc
                    raise
            return {"Authorization": f"AR-JWT {self._token.text}", **REQUESTED_BY}

    def forget(self, headers: dict[str, str]) -> None:
        """The token of these headers is not accepted any more; one that came after it stays."""
        if self._token is not None and headers["Authorization"] == f"AR-JWT {self._token.text}":
            self._token = None

    def note_time(self, answer: Answer) -> None:
        """The server's clock, as far as its answer tells."""
        told = instant(answer.headers.get("date", ""))
        self.server_time = self.server_time if told is None else told

    async def close(self) -> None:
        """The licence is given back, if the server can be reached."""
        async with self._turn:
            await self._give_back()

    async def _sign_in(self) -> Token:
        secret = self._settings.password.get_secret_value()
        form = {"username": self._settings.user, "password": secret}
        if self._settings.auth_string:
            form["authString"] = self._settings.auth_string
        headers = {"Content-Type": "application/x-www-form-urlencoded", **REQUESTED_BY}
        call = Call("POST", f"{self._settings.url}/api/jwt/login", headers, urlencode(form).encode())
        answer = await self._caller.send(call)
        if answer.status != HTTPStatus.OK:
            raise failure(answer, writes=False)
        self.note_time(answer)
        text = answer.body.decode("latin-1").strip()
        # A page of a proxy is no token; neither may anything that would break out of the header.
        if not text or not text.isascii() or any(character.isspace() or character in '<>"' for character in text):
            raise NotSent("Remedy answered the sign-in with something that is no token.")
        lifetime = _lifetime_s(text)
        return Token(text, time.monotonic() + max(lifetime * MARGIN, lifetime - NEAR_S))

    async def _give_back(self) -> None:
        token, self._token = self._token, None
        if token is None:
            return
        headers = {"Authorization": f"AR-JWT {token.text}", **REQUESTED_BY}
        # A token that cannot be given back ends by itself.
        with contextlib.suppress(ConnectorError):
            await self._caller.send(Call("POST", f"{self._settings.url}/api/jwt/logout", headers))


def _lifetime_s(token: str) -> float:
    """How long it is valid, by the difference of its claims: no clock has to agree with another."""
    parts = token.split(".")
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return max(float(claims["exp"]) - float(claims["iat"]), 0.0)
    except (ValueError, TypeError, KeyError, IndexError):
        return LIFETIME_S
