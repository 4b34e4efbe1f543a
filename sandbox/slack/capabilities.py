"""The short-lived rights that Slack hands out: trigger ids and response addresses."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

TRIGGER_S = 3.0  # a trigger id dies this long after the click
RESPONSE_S = 30 * 60.0
RESPONSE_USES = 5


@dataclass(slots=True)
class Trigger:
    """The right to open one modal before one person."""

    user: str
    made: float
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """The right to answer one interaction. `origin` is the ts of the message that was clicked, if any."""

    user: str
    channel: str
    origin: str | None
    ephemeral: bool
    thread_ts: str | None
    made: float
    uses: int = 0


class Capabilities:
    """All rights handed out and not yet forgotten. `now` tells seconds that only grow."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._triggers: dict[str, Trigger] = {}
        self._responses: dict[str, ResponseUrl] = {}

    def forget(self) -> None:
        """No right handed out so far is good any more."""
        self._triggers.clear()
        self._responses.clear()

    def trigger(self, user: str) -> str:
        """A fresh trigger id for this person."""
        now = self._now()
        self._triggers = {id_: t for id_, t in self._triggers.items() if now - t.made < 60 * TRIGGER_S}
        id_ = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**10)}.{secrets.token_hex(16)}"
        self._triggers[id_] = Trigger(user, now)
        return id_

    def use_trigger(self, id_: str) -> str:
        """The person before whom a modal may be opened now. Raises LookupError with Slack's word for the refusal."""
        trigger = self._triggers.get(id_)
        if trigger is None:
            raise LookupError("invalid_trigger_id")
        if trigger.used:
            raise LookupError("exchanged_trigger_id")
        if self._now() - trigger.made > TRIGGER_S:
            raise LookupError("expired_trigger_id")
        trigger.used = True
        return trigger.user

    def response(
        self,
        user: str,
        channel: str,
        *,
        origin: str | None = None,
        ephemeral: bool = False,
        thread_ts: str | None = None,
    ) -> str:
        """The token of a fresh response address."""
        now = self._now()
        self._responses = {id_: r for id_, r in self._responses.items() if now - r.made < 2 * RESPONSE_S}
        token = secrets.token_urlsafe(24)
        self._responses[token] = ResponseUrl(user, channel, origin, ephemeral, thread_ts, now)
        return token

    def use_response(self, token: str) -> ResponseUrl:
        """The address, with one use counted. Raises LookupError `used_url` or `expired_url`."""
        found = self._responses.get(token)
        if found is None or self._now() - found.made > RESPONSE_S:
            raise LookupError("expired_url")
        if found.uses >= RESPONSE_USES:
            raise LookupError("used_url")
        found.uses += 1
        return found
