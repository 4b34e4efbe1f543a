"""Who is let in at /api/messages: Teams itself, for our own Microsoft 365 tenant. Refusals are audited (R6)."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from prometheus_client import Counter

from bot.teams.keys import SigningKeys
from bot.teams.tokens import Flaw, Proof, Untrusted, check_origin, presented, verified
from bot.teams.wire import Activity
from core.actor import Actor, Door
from core.audit import AuditCategory, AuditResult, record
from core.db import Database
from core.ids import TenantId

log = structlog.get_logger()

AUDITED_MAX: Final = 30  # refusals in AUDITED_WITHIN_S that are recorded one by one; the next record counts the others
AUDITED_WITHIN_S: Final = 60.0
REFUSED = Counter("countersign_teams_refused_total", "Requests that were not proven to come from Teams", ["flaw"])


@dataclass(frozen=True, slots=True)
class Credentials:
    """Which bot we are, in which Microsoft 365 tenant, and who signs what we are sent."""

    app_id: str
    tenant_id: str
    issuer: str


@dataclass(slots=True)
class Doorkeeper:
    """Checks each request. `now` is the machine's own time, by which tokens run out."""

    keys: SigningKeys
    credentials: Credentials
    database: Database
    tenant: TenantId
    now: Callable[[], datetime]
    elapsed: Callable[[], float] = time.monotonic
    _recorded: deque[float] = field(default_factory=deque)
    _unrecorded: int = 0

    async def prove(self, authorization: str) -> Proof:
        """What the token proves, before anything of the body is read. Raises Untrusted, or NoKeys."""
        token = presented(authorization)
        key = await self.keys.find(token.key_id)
        wanted = self.credentials
        return verified(token, key, issuer=wanted.issuer, audience=wanted.app_id, now=self.now())

    def check(self, proof: Proof, activity: Activity) -> None:
        """The activity is what its token speaks for, and of our own Microsoft 365 tenant. Raises Untrusted."""
        check_origin(proof, service_url=activity.service_url, channel=activity.channel_id)
        if {tenant.lower() for tenant in activity.tenant_ids} != {self.credentials.tenant_id}:
            raise Untrusted(Flaw.TENANT)

    async def refused(self, flaw: Flaw, *, ip: str | None, sender: str = "") -> None:
        """The refusal stands in the audit trail and is counted."""
        REFUSED.labels(flaw.value).inc()
        log.warning("teams_request_refused", flaw=flaw.value, ip=ip)
        moment = self.elapsed()
        while self._recorded and moment - self._recorded[0] > AUDITED_WITHIN_S:
            self._recorded.popleft()
        if len(self._recorded) >= AUDITED_MAX:
            self._unrecorded += 1
            return
        self._recorded.append(moment)
        unrecorded, self._unrecorded = self._unrecorded, 0
        stranger = Actor(tenant=self.tenant, user=None, email="unknown", name="Unknown", door=Door.TEAMS, ip_address=ip)
        details = {"reason": flaw.value, "sender": sender, "not_recorded_before": unrecorded}
        async with self.database.tenant(self.tenant) as tx:
            await record(
                tx,
                stranger,
                action="teams.activity",
                resource="/api/messages",
                result=AuditResult.DENIED,
                category=AuditCategory.SECURITY,
                details={name: value for name, value in details.items() if value},
            )
