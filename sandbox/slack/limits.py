"""Slack's rate limits: per method and workspace by tier, and one message a second in each channel.

Source: Slack, "Rate limits"; the burst is generous because Slack tolerates short ones without saying how much.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

PER_MINUTE = {1: 1.0, 2: 20.0, 3: 50.0, 4: 100.0}
POSTS_PER_MINUTE = 60.0  # chat.postMessage, in each channel
AUTH_TEST_PER_MINUTE = 600.0
TIERS: Mapping[str, int] = {
    "apps.connections.open": 1,
    "users.list": 2,
    "usergroups.list": 2,
    "usergroups.users.list": 2,
    "conversations.list": 2,
    "chat.update": 3,
    "chat.delete": 3,
    "chat.getPermalink": 3,
    "users.lookupByEmail": 3,
    "conversations.create": 2,
    "conversations.invite": 3,
    "conversations.open": 3,
    "conversations.info": 3,
    "conversations.history": 3,
    "conversations.replies": 3,
    "conversations.join": 3,
    "files.getUploadURLExternal": 4,
    "files.completeUploadExternal": 4,
    "files.info": 4,
    "views.open": 4,
    "views.push": 4,
    "views.update": 4,
    "views.publish": 4,
    "users.info": 4,
    "chat.postEphemeral": 4,
    "conversations.members": 4,
    "oauth.v2.access": 4,
}
DEFAULT_BURST = 5.0  # times the per-minute allowance
MIN_BURST = 20  # calls


@dataclass(slots=True)
class _Bucket:
    level: float
    at: float


class RateLimits:
    """Token buckets, one for each method (chat.postMessage: for each channel)."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], _Bucket] = {}
        self._burst: float | None = None
        self._per_minute: dict[str, float] = {}
        self.enabled = True

    def configure(self, options: Mapping[str, Any]) -> None:
        """The limits are as asked: `enabled`, `burst` (calls), `per_minute` {method: calls}. Buckets start full.

        Raises ValueError for anything else.
        """
        unknown = set(options) - {"enabled", "burst", "per_minute"}
        if unknown:
            raise ValueError(
                f"Unknown rate limit option {min(unknown)!r}. "
                "Accepted: enabled, burst (calls), per_minute {method: calls}."
            )
        burst, per_minute = options.get("burst"), options.get("per_minute", {})
        if burst is not None and not _positive(burst):
            raise ValueError("`burst` must be a number of calls above 0.")
        if not isinstance(per_minute, dict) or not all(_positive(value) for value in per_minute.values()):
            raise ValueError("`per_minute` must map methods to numbers of calls above 0.")
        self.enabled = bool(options.get("enabled", True))
        self._burst = burst
        self._per_minute = {method: float(value) for method, value in per_minute.items()}
        self._buckets.clear()

    def wait_s(self, method: str, channel: str) -> int | None:
        """None when the call may go through (and is counted); else the whole seconds to wait."""
        rate = self._rate(method)
        if not self.enabled or rate is None:
            return None
        full = self._burst or max(MIN_BURST, rate * DEFAULT_BURST)
        now = time.monotonic()
        key = (method, channel if method == "chat.postMessage" else "")
        bucket = self._buckets.setdefault(key, _Bucket(full, now))
        bucket.level = min(full, bucket.level + (now - bucket.at) * rate / 60)
        bucket.at = now
        if bucket.level >= 1:
            bucket.level -= 1
            return None
        return max(1, math.ceil((1 - bucket.level) * 60 / rate))

    def _rate(self, method: str) -> float | None:
        if method in self._per_minute:
            return self._per_minute[method]
        if method == "chat.postMessage":
            return POSTS_PER_MINUTE
        if method == "auth.test":
            return AUTH_TEST_PER_MINUTE
        tier = TIERS.get(method)
        return None if tier is None else PER_MINUTE[tier]


def _positive(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value > 0
