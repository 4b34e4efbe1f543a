"""The connector's rate limits: per bot and conversation, in four windows. In force only when a check asks for them.

Source: Teams, "Rate limiting" for bots.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Final

Windows = tuple[tuple[float, int], ...]  # seconds, calls

SEND: Final[Windows] = ((1, 7), (2, 8), (30, 60), (3600, 1800))
READ: Final[Windows] = ((1, 14), (2, 16), (30, 120), (3600, 3600))


class RateLimits:
    """Counts calls by kind and conversation. `now` tells seconds that only grow."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._calls: dict[tuple[str, str], deque[float]] = {}
        self.enabled = False

    def configure(self, options: Mapping[str, Any]) -> None:
        """`enabled`: whether the limits are in force; counting begins anew. Raises ValueError for anything else."""
        unknown = set(options) - {"enabled"}
        if unknown:
            raise ValueError(f"Unknown rate limit option {min(unknown)!r}. Accepted: enabled.")
        if not isinstance(options.get("enabled", False), bool):
            raise ValueError("`enabled` must be true or false.")  # noqa: TRY004 - a bad option, like the others
        self.enabled = bool(options.get("enabled", False))
        self._calls.clear()

    def wait_s(self, windows: Windows, kind: str, conversation: str) -> float | None:
        """None when the call may go through (and is counted); else the seconds until it may."""
        if not self.enabled:
            return None
        now = self._now()
        calls = self._calls.setdefault((kind, conversation), deque())
        while calls and now - calls[0] > windows[-1][0]:
            calls.popleft()
        for seconds, most in windows:
            within = [at for at in calls if now - at < seconds]
            if len(within) >= most:
                return max(0.1, round(within[-most] + seconds - now, 1))
        calls.append(now)
        return None
