"""Who is let in at /api/messages: Teams itself, for our own Microsoft 365 tenant. Refusals are audited (R6)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from prometheus_client import Counter

from bot.refused import Caller, Refusals
from bot.teams.keys import SigningKeys
from bot.teams.tokens import Flaw, Proof, Untrusted, check_origin, presented, verified
from bot.teams.wire import Activity
from core.actor import Door
from core.db import Database
from core.ids import TenantId

log = structlog.get_logger()

REFUSED = Counter("countersign_teams_refused_total", "Requests that were not proven to come from Teams", ["flaw"])


@dataclass(frozen=True, slots=True)
class Credentials:
    """Which bot we are, in which Microsoft 365 tenant, and who signs what we are sent."""

    app_id: str
    tenant_id: str
    issuer: str


@dataclass(frozen=True, slots=True)
class Doorkeeper:
    """Checks each request. `now` is the machine's own time, by which tokens run out."""

    keys: SigningKeys
    credentials: Credentials
    refusals: Refusals
    now: Callable[[], datetime]

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

    async def refused(self, flaw: Flaw, caller: Caller, *, sender: str = "") -> None:
        """The refusal stands in the audit trail and is counted."""
        REFUSED.labels(flaw.value).inc()
        log.warning("teams_request_refused", flaw=flaw.value, ip=caller.ip_address)
        await self.refusals.record(caller, flaw.value, sender=sender)


def refusals_of(database: Database, tenant: TenantId) -> Refusals:
    """Where refusals at this door are recorded."""
    return Refusals(database, tenant, Door.TEAMS, action="teams.activity", resource="/api/messages")
