"""A message with alerts that came: proven, read, mapped, and taken in one transaction (M1 to M5).

What comes again does no harm: a message that bears an id is taken once, and an alert is taken as what it says, whoever
says it how often.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from prometheus_client import Counter

from connectors.monitoring.alerts.mapping import AlertMapping
from connectors.monitoring.alerts.sources import AlertSource
from connectors.monitoring.alerts.told import Told, UnreadableMessage
from core.actor import system_actor
from core.audit import AuditCategory, AuditResult, record
from core.db import Database, Transaction
from core.ids import TenantId
from core.incidents import open_or_update
from core.monitoring import is_new

ALERTS_MAX: Final = 1_000  # of one message
MESSAGE_ID_MAX: Final = 500  # characters
ALERTS = Counter("countersign_alerts_total", "Alerts that monitoring systems told of", ["source", "effect"])

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class AlertDoor:
    """Where one system of one tenant tells of alerts. `secret` is what its messages show, or are signed with."""

    source: AlertSource
    tenant: TenantId
    database: Database
    secret: str = field(repr=False)
    mapping: AlertMapping = field(default_factory=AlertMapping)

    @property
    def slug(self) -> str:
        """Its name in the address."""
        return self.source.slug

    async def receive(self, headers: Mapping[str, str], body: bytes) -> None:
        """The incidents are as the message says.

        Raises WebhookRejected for what proves no origin, and UnreadableMessage or InvalidInput for what proves it and
        says nothing that can be taken.
        """
        now = self.database.clock.now()
        signed_id = self.source.proof(headers, body, secret=self.secret, now=self.database.clock.outside())
        document = _document(body)
        told = self.source.read(document, now)
        if len(told) > ALERTS_MAX:
            raise UnreadableMessage(f"It has {len(told)} alerts; {ALERTS_MAX} are taken at once.")
        named = {each for each in (signed_id, self.source.message_id(document)) if each}
        async with self.database.tenant(self.tenant) as tx:
            if all([await is_new(tx, self.slug, each[:MESSAGE_ID_MAX]) for each in sorted(named)]):
                await self._take(tx, told)
            else:
                await self._note_repetition(tx, min(named))

    async def _take(self, tx: Transaction, told: Sequence[Told]) -> None:
        for each in told:
            alert = self.mapping.alert_of(each, tenant=self.tenant, source=self.slug)
            if alert is None:
                ALERTS.labels(self.slug, "ignored").inc()
                continue
            outcome = await open_or_update(tx, alert)
            ALERTS.labels(self.slug, str(outcome.effect)).inc()

    async def _note_repetition(self, tx: Transaction, message_id: str) -> None:
        ALERTS.labels(self.slug, "repeated").inc()
        log.info("alert_message_repeated", source=self.slug, tenant_id=self.tenant)
        await record(
            tx,
            system_actor(self.tenant),
            action="hook.repeated",
            resource=f"/hooks/{self.slug}/{self.tenant}",
            result=AuditResult.DENIED,
            category=AuditCategory.SECURITY,
            details={"message_id": message_id[:MESSAGE_ID_MAX]},
        )


def _document(body: bytes) -> Mapping[str, Any]:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as exc:
        raise UnreadableMessage("It is not JSON.") from exc
    if not isinstance(document, dict):
        raise UnreadableMessage("It is no JSON object.")
    return document
