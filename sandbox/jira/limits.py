"""Rate limits of both products, with their headers. Source: the vendor's pages on rate limiting.

Cloud counts three things at once: an hourly quota of the site, bursts per method and resource, writes per issue. Data
Center keeps a bucket of tokens for each account.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

from aiohttp import web

from sandbox.jira.settings import Options

WRITES: Final = frozenset({"POST", "PUT", "DELETE"})
ISSUE_WINDOWS: Final = ((2.0, 20), (30.0, 100))  # seconds, writes to one issue
HOUR_S: Final = 3600.0
NEAR: Final = 0.2  # share of the quota under which the warning header appears
_ISSUE: Final = re.compile(r"/rest/api/[^/]+/issue/([^/]+)")


@dataclass(frozen=True, slots=True)
class Over:
    """A call too many: why, when it may be tried again, and the headers that say so."""

    reason: str
    retry_after_s: float
    limit: int
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Limits:
    """What was called of late. Lives as long as the process."""

    options: Options
    clock: Callable[[], datetime]
    _calls: dict[str, list[float]] = field(default_factory=dict)
    _buckets: dict[str, tuple[float, float]] = field(default_factory=dict)

    def count(self, account: str, method: str, path: str) -> Over | None:
        """One more call; why it is too many, if it is."""
        return self._cloud(method, path) if self.options.is_cloud else self._bucket(account)

    def headers(self, account: str) -> dict[str, str]:
        """What an answer under a limit carries."""
        if not self.options.is_cloud:
            size = self.options.token_bucket
            return {} if size is None else self._bucket_headers(size, self._buckets[account][0])
        quota = self.options.quota_limit
        if quota is None:
            return {}
        left = max(0, quota - len(self._calls.get("quota", ())))
        near = {"X-RateLimit-NearLimit": "true"} if left < quota * NEAR else {}
        return {"X-RateLimit-Limit": str(quota), "X-RateLimit-Remaining": str(left), **near}

    def _cloud(self, method: str, path: str) -> Over | None:
        if self.options.quota_limit is not None:
            over = self._window("quota", HOUR_S, self.options.quota_limit, "jira-quota-global-based")
            if over:
                return over
        if self.options.burst_limit is not None:
            resource = f"{method} {_ISSUE.sub('/rest/api/issue/{key}', path)}"
            over = self._window(resource, 1.0, self.options.burst_limit, "jira-burst-based")
            if over:
                return over
        match = _ISSUE.search(path)
        if not self.options.per_issue_limit or method not in WRITES or match is None or match[1] == "bulk":
            return None
        for seconds, most in ISSUE_WINDOWS:
            over = self._window(f"{match[1]} {seconds}", seconds, most, "jira-per-issue-on-write")
            if over:
                return over
        return None

    def _window(self, name: str, seconds: float, most: int, reason: str) -> Over | None:
        now = self.clock().timestamp()
        recent = [at for at in self._calls.get(name, []) if at > now - seconds]
        self._calls[name] = recent
        if len(recent) >= most:
            wait = (recent[0] + seconds - now) if recent else seconds
            return Over(reason, wait, most)
        recent.append(now)
        return None

    def _bucket(self, account: str) -> Over | None:
        size = self.options.token_bucket
        if size is None:
            return None
        now = self.clock().timestamp()
        tokens, last = self._buckets.get(account, (float(size), now))
        rate = self._fill_rate(size)
        interval = self.options.token_bucket_interval_s
        tokens = min(float(size), tokens + (now - last) * rate / interval)
        if tokens < 1:
            self._buckets[account] = (tokens, now)
            return Over("", (1 - tokens) * interval / rate, size, self._bucket_headers(size, 0))
        self._buckets[account] = (tokens - 1, now)
        return None

    def _bucket_headers(self, size: int, tokens: float) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(size),
            "X-RateLimit-Remaining": str(int(tokens)),
            "X-RateLimit-Interval-Seconds": str(self.options.token_bucket_interval_s),
            "X-RateLimit-FillRate": str(self._fill_rate(size)),
        }

    def _fill_rate(self, size: int) -> int:
        return max(1, size // 2)


def refuse(over: Over, options: Options, now: datetime) -> web.Response:
    """429 as the product answers it."""
    wait = max(1, math.ceil(over.retry_after_s))
    if not options.is_cloud:
        response = web.json_response({"message": "Rate limit exceeded."}, status=HTTPStatus.TOO_MANY_REQUESTS)
        response.headers.update(over.headers)
    else:
        response = web.json_response(
            {"errorMessages": ["Rate limit exceeded."], "errors": {}}, status=HTTPStatus.TOO_MANY_REQUESTS
        )
        reset = (now + timedelta(seconds=wait)).astimezone(UTC)
        response.headers.update(
            {
                "RateLimit-Reason": over.reason,
                "X-RateLimit-Limit": str(over.limit),
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": reset.strftime("%Y-%m-%dT%H:%MZ"),
            }
        )
    response.headers["Retry-After"] = str(wait)
    return response


def throttled(options: Options, clock: Callable[[], datetime], retry_after_s: float) -> web.Response:
    """429 of an injected fault; the wait is exactly what was asked for."""
    response = refuse(Over("jira-burst-based", retry_after_s, 100), options, clock())
    response.headers["Retry-After"] = str(max(0, round(retry_after_s)))
    return response
