"""The platform tells the product of every step, signed as Standard Webhooks ask, whether or not anybody listens."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import aiohttp

from sandbox.signing import sign

TIMEOUT_S: Final = 10.0
KEPT: Final = 200  # deliveries remembered for the control surface


@dataclass(slots=True)
class Webhook:
    """Where it tells, and what became of what it told."""

    url: str = ""
    secret: str = ""
    ahead_s: int = 0  # of the product's clock, which can be moved in the demo
    deliveries: list[dict[str, Any]] = field(default_factory=list)

    async def tell(self, status: Mapping[str, Any]) -> None:
        """The product was told once, whether or not it listened."""
        if not self.url:
            return
        body = json.dumps(dict(status), separators=(",", ":")).encode()
        headers = sign(self.secret, f"msg_{uuid.uuid4().hex}", int(time.time()) + self.ahead_s, body)
        outcome: dict[str, Any] = {"url": self.url, "body": dict(status)}
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as session,
                session.post(self.url, data=body, headers=headers, allow_redirects=False) as answer,
            ):
                outcome["status"] = answer.status
        except (aiohttp.ClientError, TimeoutError, ValueError) as exc:
            outcome["error"] = f"{type(exc).__name__}: {exc}"
        self.deliveries = [*self.deliveries, outcome][-KEPT:]
