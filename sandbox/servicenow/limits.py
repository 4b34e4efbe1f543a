"""Rate limit rules: per account and hour, counted on the hour, with the vendor's headers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from aiohttp import web

from sandbox.servicenow.errors import error

RULE_ID: Final = "9f3a5c1e8b2d4f6a9f3a5c1e8b2d4f6a"  # sys_id of the row in sys_rate_limit_rules
HOUR_S: Final = 3600


@dataclass(slots=True)
class HourlyLimit:
    """How many requests each account has made in the present hour."""

    clock: Callable[[], datetime]
    _counts: dict[tuple[str, int], int] = field(default_factory=dict)

    def count(self, user_name: str) -> int:
        """One more request of this account: how many it has made this hour."""
        slot = (user_name, int(self.clock().timestamp()) // HOUR_S)
        self._counts = {key: count for key, count in self._counts.items() if key[1] == slot[1]}
        self._counts[slot] = self._counts.get(slot, 0) + 1
        return self._counts[slot]

    def reset_at(self) -> int:
        """When the present hour ends, in Unix seconds."""
        return (int(self.clock().timestamp()) // HOUR_S + 1) * HOUR_S

    def headers(self, limit: int) -> dict[str, str]:
        """What every answer under the rule carries."""
        return {
            "X-RateLimit-Limit": str(limit),
            "X-RateLimit-Reset": str(self.reset_at()),
            "X-RateLimit-Rule": RULE_ID,
        }

    def refuse(self, limit: int) -> web.Response:
        """429 with the time left until the hour ends."""
        detail = f"Rate limit of {limit} requests per hour for Table API exceeded"
        response = error(429, "Rate limit exceeded", detail)
        response.headers.update(self.headers(limit))
        response.headers["Retry-After"] = str(max(1, self.reset_at() - int(self.clock().timestamp())))
        return response
