"""How Teams calls the bot: a signed POST. What fails is sent again, but for an invoke: there a person waits."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import aiohttp

from sandbox.teams.hub import Hub
from sandbox.teams.tokens import ISSUER
from sandbox.teams.world import Json

MESSAGE_S: Final = 15.0  # Teams gives up on a message after about this
INVOKE_S: Final = 10.0  # and on an invoke, before the person gives up
RETRY_DELAYS_S: Final = (1.0, 5.0)  # the vendor says that it repeats, not how often
TOKEN_S: Final = 3600
UNREACHABLE: Final = "Unable to reach app. Please try again."
WENT_WRONG: Final = "Something went wrong. Please try again."


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bot answered. `error` is the sentence that the person sees; `status` 0 when there was no answer."""

    status: int = 0
    body: Any = None
    error: str | None = None
    took_ms: int = 0


@dataclass(frozen=True, slots=True)
class Delivered:
    """One call to the bot, for the control surface's log."""

    at: float
    kind: str
    id: str
    attempt: int
    status: int
    took_ms: int
    error: str | None


class Delivery:
    """Brings activities to the bot."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._client: aiohttp.ClientSession | None = None
        self._retries: set[asyncio.Task[None]] = set()
        self.retry_delays_s: tuple[float, ...] = RETRY_DELAYS_S
        self.endpoint = hub.settings.messages_url
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

    async def invoke(self, activity: Json) -> Answer:
        """The answer for which a person waits."""
        return await self._send(activity, timeout_s=INVOKE_S)

    async def event(self, activity: Json) -> Answer:
        """The answer to the first attempt; later attempts follow on their own, with the same activity."""
        answer = await self._send(activity, timeout_s=MESSAGE_S)
        if _is_passing(answer):
            task = asyncio.create_task(self._retry(activity))
            self._retries.add(task)
            task.add_done_callback(self._retries.discard)
        return answer

    def claims(self, **changed: Any) -> Json:
        """The claims of a token for the bot; `changed` stand in place of the true ones."""
        at = int(time.time())
        true = {"iss": ISSUER, "aud": self._hub.world.app.id, "serviceurl": self._hub.settings.service_url}
        return true | {"nbf": at - 300, "iat": at, "exp": at + TOKEN_S} | changed

    async def post(self, body: bytes, authorization: str | None, *, timeout_s: float = MESSAGE_S) -> Answer:
        """The bot's answer to these bytes under this header."""
        headers = {"Content-Type": "application/json; charset=utf-8", "User-Agent": "Microsoft-SkypeBotApi (sandbox)"}
        if authorization is not None:
            headers["Authorization"] = authorization
        if self._client is None:
            self._client = aiohttp.ClientSession()
        start = time.monotonic()
        try:
            async with self._client.post(
                self.endpoint,
                data=body,
                headers=headers,
                allow_redirects=False,
                timeout=aiohttp.ClientTimeout(total=timeout_s),
            ) as response:
                content = _body(await response.text(errors="replace"))
                bad = not HTTPStatus.OK <= response.status < HTTPStatus.MULTIPLE_CHOICES
                return Answer(response.status, content, WENT_WRONG if bad else None, _ms(start))
        except (TimeoutError, aiohttp.ClientError):
            return Answer(error=UNREACHABLE, took_ms=_ms(start))

    async def _retry(self, activity: Json) -> None:
        for attempt, delay_s in enumerate(self.retry_delays_s, start=2):
            await asyncio.sleep(delay_s)
            if not _is_passing(await self._send(activity, timeout_s=MESSAGE_S, attempt=attempt)):
                return

    async def _send(self, activity: Json, *, timeout_s: float, attempt: int = 1) -> Answer:
        token = self._hub.keys.service.sign(self.claims())
        answer = await self.post(encoded(activity), f"Bearer {token}", timeout_s=timeout_s)
        kind = str(activity.get("name") or activity["type"])
        self.log.append(
            Delivered(time.time(), kind, str(activity["id"]), attempt, answer.status, answer.took_ms, answer.error)
        )
        del self.log[:-500]
        return answer


def encoded(activity: Mapping[str, Any]) -> bytes:
    """The activity as it travels: ASCII with escapes, as half a surrogate pair has no bytes of its own."""
    return json.dumps(activity).encode()


def _is_passing(answer: Answer) -> bool:
    """Whether the failure may pass: nobody answered, or the bot said that the fault is its own."""
    return answer.error is not None and (answer.status == 0 or answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR)


def _body(text: str) -> Any:
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def _ms(start: float) -> int:
    return int((time.monotonic() - start) * 1000)
