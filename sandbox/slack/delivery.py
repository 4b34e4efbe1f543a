"""How Slack calls the product: signed HTTP, or the app's socket when one is open. An answer counts within 3 s."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp

from sandbox.slack.payloads import LEGACY_TOKEN
from sandbox.slack.settings import SlackSettings
from sandbox.slack.sockets import SocketLostError, Sockets
from sandbox.slack.world import Json

ACK_S = 3.0  # Slack, "Acknowledgement response"
RETRY_DELAYS_S = (0.2, 60.0, 300.0)  # events only; the first is "almost at once"


@dataclass(frozen=True, slots=True)
class Ack:
    """What the product answered. `error` is the word that the person sees; `body` is parsed JSON, text, or None."""

    body: Any = None
    error: str | None = None
    retry_reason: str = ""


@dataclass(frozen=True, slots=True)
class Delivered:
    """One call to the product, for the control surface's log."""

    at: float
    kind: str
    via: str
    took_ms: int
    error: str | None


class Delivery:
    """Brings commands, clicks and events to the product."""

    def __init__(self, settings: SlackSettings, sockets: Sockets) -> None:
        self._settings = settings
        self._sockets = sockets
        self._client: aiohttp.ClientSession | None = None
        self._retries: set[asyncio.Task[None]] = set()
        self.retry_delays_s: tuple[float, ...] = RETRY_DELAYS_S
        self.log: list[Delivered] = []

    async def close(self) -> None:
        """Nothing is under way any more."""
        await self.forget()
        if self._client is not None:
            await self._client.close()

    async def forget(self) -> None:
        """Nothing will be sent again, and what was sent is not remembered."""
        for task in self._retries:
            task.cancel()
        await asyncio.gather(*self._retries, return_exceptions=True)
        self.log.clear()

    async def verify_url(self, challenge: str) -> Ack:
        """The answer to the question that Slack asks before it accepts a request URL; always by HTTP."""
        payload = {"type": "url_verification", "token": LEGACY_TOKEN, "challenge": challenge}
        return await self._by_http(None, payload, None)

    async def command(self, form: Mapping[str, str]) -> Ack:
        """The answer to a slash command."""
        return await self._send("slash_commands", dict(form), dict(form))

    async def interaction(self, payload: Json) -> Ack:
        """The answer to a click or a submitted modal."""
        return await self._send("interactive", {"payload": json.dumps(payload)}, payload)

    async def event(self, body: Json) -> Ack:
        """The answer to the first attempt; later attempts follow on their own."""
        ack = await self._send("events_api", None, body)
        if ack.error is not None and ack.error != "no_retry":
            task = asyncio.create_task(self._retry(body, ack.retry_reason))
            self._retries.add(task)
            task.add_done_callback(self._retries.discard)
        return ack

    async def _retry(self, body: Json, reason: str) -> None:
        for number, delay_s in enumerate(self.retry_delays_s, start=1):
            await asyncio.sleep(delay_s)
            ack = await self._send("events_api", None, body, retry=(number, reason))
            if ack.error is None or ack.error == "no_retry":
                return
            reason = ack.retry_reason

    async def _send(
        self, kind: str, form: Mapping[str, str] | None, payload: Json, *, retry: tuple[int, str] | None = None
    ) -> Ack:
        start = time.monotonic()
        if self._sockets.connected:
            via = "socket"
            ack = await self._by_socket(kind, payload, retry)
        else:
            via = "http"
            ack = await self._by_http(form, payload, retry)
        self.log.append(Delivered(time.time(), kind, via, int((time.monotonic() - start) * 1000), ack.error))
        del self.log[:-500]
        return ack

    async def _by_socket(self, kind: str, payload: Json, retry: tuple[int, str] | None) -> Ack:
        try:
            return Ack(await self._sockets.send(kind, payload, retry=retry, timeout_s=ACK_S))
        except TimeoutError:
            return Ack(error="operation_timeout", retry_reason="http_timeout")
        except SocketLostError:
            return Ack(error="dispatch_failed", retry_reason="connection_failed")

    async def _by_http(self, form: Mapping[str, str] | None, payload: Json, retry: tuple[int, str] | None) -> Ack:
        if form is None:
            body, content_type = json.dumps(payload).encode(), "application/json"
        else:
            encoded = urllib.parse.urlencode(form, errors="replace")  # half a surrogate pair has no bytes
            body, content_type = encoded.encode(), "application/x-www-form-urlencoded"
        headers = {"Content-Type": content_type, **sign(self._settings.signing_secret, body, int(time.time()))}
        if retry is not None:
            headers |= {"X-Slack-Retry-Num": str(retry[0]), "X-Slack-Retry-Reason": retry[1]}
        if self._client is None:
            self._client = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=ACK_S))
        url = f"{self._settings.product_url}/slack/events"
        try:
            async with self._client.post(url, data=body, headers=headers, allow_redirects=False) as response:
                text = await response.text()
                if response.headers.get("X-Slack-No-Retry") == "1" and response.status >= 300:
                    return Ack(error="no_retry")
                if not 200 <= response.status < 300:
                    return Ack(error="dispatch_failed", retry_reason="http_error")
                return Ack(_body(text, response.content_type))
        except TimeoutError:
            return Ack(error="operation_timeout", retry_reason="http_timeout")
        except (aiohttp.ClientError, UnicodeDecodeError):
            return Ack(error="dispatch_failed", retry_reason="connection_failed")


def sign(secret: str, body: bytes, timestamp: int) -> dict[str, str]:
    """The v0 signature headers over this body (Slack, "Verifying requests from Slack")."""
    digest = hmac.new(secret.encode(), b"v0:%d:%s" % (timestamp, body), hashlib.sha256).hexdigest()
    return {"X-Slack-Request-Timestamp": str(timestamp), "X-Slack-Signature": f"v0={digest}"}


def _body(text: str, content_type: str) -> Any:
    if not text.strip():
        return None
    if content_type == "application/json":
        try:
            return json.loads(text)
        except ValueError:
            return text
    return text
