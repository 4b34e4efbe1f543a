"""A message with alerts that came: proven, read, mapped, and taken in one transaction (M1 to M5).

What comes again does no harm: a message that bears an id is taken once, and an alert is taken as what it says, whoever
says it how often. One that cannot be taken costs no other of its message: it is counted, logged, recorded and answered.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import structlog
from prometheus_client import Counter

from connectors.messages import UnreadableMessage
from connectors.monitoring.alerts.mapping import AlertMapping
from connectors.monitoring.alerts.sources import AlertSource
from connectors.monitoring.alerts.told import Told
from core.actor import system_actor
from core.audit import AuditCategory, AuditResult, record
from core.db import Database, Transaction
from core.errors import InvalidInput
from core.ids import TenantId
from core.incidents import open_or_update_leniently
from core.monitoring import is_new

ALERTS_MAX: Final = 1_000  # of one message
MESSAGE_ID_MAX: Final = 500  # characters
RECORDED_MAX: Final = 20  # alerts of a message that were not taken, in its record of the trail
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

    async def receive(self, headers: Mapping[str, str], body: bytes) -> Sequence[InvalidInput]:
        """The incidents are as the message says; returned is what of it could not be taken, and why.

        Raises WebhookRejected for what proves no origin, and UnreadableMessage for what proves it and says nothing
        that can be taken.
        """
        signed_id = self.source.proof(headers, body, secret=self.secret, now=self.database.clock.outside())
        refused: list[InvalidInput] = []
        try:
            document = _document(body)
            told = self._read(document)
            named = {each for each in (signed_id, self.source.message_id(document)) if each}
            async with self.database.tenant(self.tenant) as tx:
                if all([await is_new(tx, self.slug, each[:MESSAGE_ID_MAX]) for each in sorted(named)]):
                    await self._take(tx, told, refused)
                else:
                    await self._note_repetition(tx, min(named))
        except UnreadableMessage as exc:
            async with self.database.tenant(self.tenant) as tx:
                await self._note_refused(tx, refused or [exc], taken=0)
            raise
        return refused

    def _read(self, document: Mapping[str, Any]) -> Sequence[Told | UnreadableMessage]:
        told = self.source.read(document, self.database.clock.now())
        if len(told) > ALERTS_MAX:
            message = f"It has {len(told)} alerts; {ALERTS_MAX} are taken at once."
            raise UnreadableMessage(message, where="alerts")
        return told

    async def _take(
        self, tx: Transaction, told: Sequence[Told | UnreadableMessage], refused: list[InvalidInput]
    ) -> None:
        """What can be taken is, and `refused` has the rest. Raises UnreadableMessage if nothing can be taken."""
        for each in told:
            try:
                await self._take_one(tx, each)
            except InvalidInput as exc:  # before anything was written of it
                refused.append(exc)
        if refused and len(refused) == len(told):
            more = f" So it is with the others: {len(told)} in all." if len(told) > 1 else ""
            first = refused[0]
            raise UnreadableMessage(first.message + more, where=first.where, accepted=first.accepted)
        if refused:
            await self._note_refused(tx, refused, taken=len(told) - len(refused))

    async def _take_one(self, tx: Transaction, told: Told | UnreadableMessage) -> None:
        if isinstance(told, UnreadableMessage):
            raise told
        alert = self.mapping.alert_of(told, tenant=self.tenant, source=self.slug)
        if alert is None:
            ALERTS.labels(self.slug, "ignored").inc()
            return
        try:
            outcome = await open_or_update_leniently(tx, alert)
        except InvalidInput as exc:
            raise UnreadableMessage(exc.message, where=told.place or exc.where, accepted=exc.accepted) from exc
        ALERTS.labels(self.slug, str(outcome.effect)).inc()

    async def _note_refused(self, tx: Transaction, refused: Sequence[InvalidInput], *, taken: int) -> None:
        ALERTS.labels(self.slug, "refused").inc(len(refused))
        said = [{"where": each.where or "", "reason": each.message} for each in refused[:RECORDED_MAX]]
        log.warning("alerts_not_taken", source=self.slug, tenant_id=self.tenant, refused=len(refused), first=said[0])
        await record(
            tx,
            system_actor(self.tenant),
            action="hook.not_taken",
            resource=f"/hooks/{self.slug}/{self.tenant}",
            result=AuditResult.FAILURE,
            category=AuditCategory.SYSTEM,
            details={"refused": len(refused), "taken": taken, "alerts": said},
        )

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
