"""Between rollouts and the agent platform of a tenant: orders go out, looks are made, what it says comes in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Counter

from connectors.executor.checks import Checker
from connectors.executor.platform import AgentPlatform, UnknownThere
from connectors.executor.wire import read_status
from connectors.itsm.base import ConnectorError, Refused
from connectors.itsm.signatures import signing_key, verified_id
from core.db import Database
from core.ids import TenantId
from core.outbox import Event
from core.rollouts import (
    OVER,
    Report,
    RolloutEvent,
    RolloutState,
    Said,
    UnknownRollout,
    hear,
    load_order,
    note_refused,
    note_unknown,
    record_round,
)

SLUG: Final = "executor"
ORDERS: Final = frozenset({str(RolloutEvent.START_ORDERED), str(RolloutEvent.UNDO_ORDERED)})
LOOKS: Final = frozenset({str(RolloutEvent.LOOK_DUE)})
LOOKED = Counter("countersign_rollout_looks_total", "Times that a rollout was looked at", ["result"])

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class ExecutorDesk:
    """The agent platform of one tenant."""

    tenant: TenantId
    platform: AgentPlatform
    checker: Checker
    database: Database
    secret: str

    slug = SLUG

    async def give(self, event: Event) -> None:
        """The platform has the order, and what it answered is taken. Raises what the outbox tries again after."""
        order = await load_order(self.database, event)
        wanted = _ordered(event)
        if order is None or order.state is not wanted:
            return  # it is further than that, or the order was overtaken by another
        give, said = (
            (self.platform.start, Said.ACCEPTED)
            if wanted is RolloutState.STARTING
            else (self.platform.undo, Said.ROLLING_BACK)
        )
        try:
            report = await give(order)
        except UnknownThere as exc:
            await note_unknown(self.database, self.tenant, order.id, exc.reason, ordered=wanted)
            return
        except Refused as exc:
            await note_refused(self.database, self.tenant, order.id, exc.reason, ordered=wanted)
            return
        if report is None or wanted is RolloutState.ROLLING_BACK:  # it has the order, whatever else it says
            await hear(self.database, self.tenant, order.id, Report(said))
        if report is not None:
            await hear(self.database, self.tenant, order.id, report)

    async def look(self, event: Event) -> None:
        """The platform was asked how far it is, or the checks were made; a failure to do so waits for the next look."""
        order = await load_order(self.database, event)
        if order is None or order.state in OVER:
            return  # it has ended since this look was due
        try:
            report = await self.platform.status(order.id)
        except ConnectorError as exc:
            LOOKED.labels("failed").inc()
            log.warning("rollout_look_failed", rollout_id=order.id, tenant_id=self.tenant, reason=exc.reason)
        else:
            LOOKED.labels("done").inc()
            if report is not None:
                await hear(self.database, self.tenant, order.id, report)
        if order.state in (RolloutState.WATCHING, RolloutState.RECOVERING):
            order = await load_order(self.database, event) or order  # with the figures that it has just reported
            await record_round(self.database, self.tenant, order.id, await self.checker.look(order))

    async def receive(self, headers: Mapping[str, str], body: bytes) -> None:
        """What the platform says is taken.

        Raises WebhookRejected where it proves no origin; UnreadableStatus or UnknownRollout for what proves it.
        """
        verified_id(headers, body, key=signing_key(self.secret), now=self.database.clock.outside())
        rollout_id, report = read_status(body)
        try:
            await hear(self.database, self.tenant, rollout_id, report)
        except UnknownRollout as exc:
            raise UnknownRollout(where="/id") from exc

    async def close(self) -> None:
        """No connection is left."""
        await self.platform.close()
        await self.checker.close()


@dataclass(frozen=True, slots=True)
class ExecutorDesks:
    """The subscribers: every tenant's platform. An order where there is none any more is refused."""

    database: Database
    desks: Mapping[TenantId, ExecutorDesk]

    async def give(self, event: Event) -> None:
        """The order is with the tenant's platform."""
        desk = self.desks.get(event.tenant)
        if desk is None:
            reason = "no agent platform is configured for this tenant."
            await note_refused(self.database, event.tenant, event.subject_id, reason, ordered=_ordered(event))
        else:
            await desk.give(event)

    async def look(self, event: Event) -> None:
        """The rollout was looked at."""
        desk = self.desks.get(event.tenant)
        if desk is not None:
            await desk.look(event)


def _ordered(event: Event) -> RolloutState:
    """Where a rollout is while this order is still to be given."""
    return RolloutState.STARTING if event.type == RolloutEvent.START_ORDERED else RolloutState.ROLLING_BACK
