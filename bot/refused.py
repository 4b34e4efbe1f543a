"""Requests that did not prove where they come from: in the audit trail, and a flood of them does not fill it (R6)."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from aiohttp import web

from core.actor import Actor, Door
from core.audit import AuditCategory, AuditResult, record
from core.db import Database
from core.ids import TenantId

AUDITED_MAX: Final = 30  # refusals in AUDITED_WITHIN_S that are recorded one by one; the next record counts the others
AUDITED_WITHIN_S: Final = 60.0
USER_AGENT_MAX: Final = 512  # characters kept


@dataclass(frozen=True, slots=True)
class Caller:
    """Who sent a request, as far as the request itself shows."""

    ip_address: str | None = None
    user_agent: str | None = None


@dataclass(slots=True)
class Refusals:
    """Records what one address of ours refuses. `action` and `resource` are as the audit trail names them."""

    database: Database
    tenant: TenantId
    door: Door
    action: str
    resource: str
    elapsed: Callable[[], float] = time.monotonic
    _recorded: deque[float] = field(default_factory=deque)
    _unrecorded: int = 0

    async def record(self, caller: Caller, reason: str, **details: str) -> None:
        """The refusal stands in the audit trail, or is counted in the next record if there are too many."""
        moment = self.elapsed()
        while self._recorded and moment - self._recorded[0] > AUDITED_WITHIN_S:
            self._recorded.popleft()
        if len(self._recorded) >= AUDITED_MAX:
            self._unrecorded += 1
            return
        self._recorded.append(moment)
        unrecorded, self._unrecorded = self._unrecorded, 0
        stranger = Actor(
            tenant=self.tenant,
            user=None,
            email="unknown",
            name="Unknown",
            door=self.door,
            ip_address=caller.ip_address,
            user_agent=caller.user_agent,
        )
        found = {"reason": reason, **details, "not_recorded_before": unrecorded}
        async with self.database.tenant(self.tenant) as tx:
            await record(
                tx,
                stranger,
                action=self.action,
                resource=self.resource,
                result=AuditResult.DENIED,
                category=AuditCategory.SECURITY,
                details={name: value for name, value in found.items() if value},
            )


def caller_of(request: web.Request) -> Caller:
    """Where the request comes from, and by which program as it says itself."""
    agent = request.headers.get("User-Agent")  # what is not UTF-8 comes as lone surrogates
    readable = None if agent is None else agent.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    return Caller(request.remote, readable[:USER_AGENT_MAX] if readable else None)
