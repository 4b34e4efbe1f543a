"""What the outbox has for a tenant's monitoring system is sent there: happenings, measured values, the trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Final

from connectors.itsm.base import Refused
from connectors.itsm.outcomes import as_delivery_failures
from connectors.monitoring.base import Capabilities, ConnectorError, MonitoringSystem, Outcomes, Sends
from connectors.monitoring.gathering import Gathering
from connectors.monitoring.signals import AuditLine, Happening, Point, PointKind, happening_of
from core.db import Database
from core.ids import TenantId
from core.monitoring import AUDIT_DUE, EXPORTED, MEASURED, audit_batch, measured_points, reference_of
from core.outbox import Event

PLACES: Final = 16  # deliveries of one tenant under way: what waits together goes together
TYPES: Final[Mapping[Sends, frozenset[str]]] = MappingProxyType(
    {Sends.EVENTS: EXPORTED, Sends.METRICS: frozenset({MEASURED}), Sends.AUDIT: frozenset({AUDIT_DUE})}
)  # events of the outbox


@dataclass(slots=True)
class MonitoringDesk:
    """One system of one tenant. `sends` is what is to go there."""

    slug: str
    tenant: TenantId
    system: MonitoringSystem
    sends: frozenset[Sends]
    capabilities: Capabilities
    database: Database
    _gathered: Gathering[Happening] = field(init=False)

    def __post_init__(self) -> None:
        """Happenings of several deliveries go together where the system takes them so."""
        self._gathered = Gathering(self.system.send_events)

    async def deliver(self, events: Sequence[Event]) -> None:
        """All of these, which are of one subject, are there. Raises what the dispatcher does about a failure."""
        outcomes: Outcomes = []
        if Sends.METRICS in self.sends:
            points = [each for event in events if event.type == MEASURED for each in _points(event)]
            outcomes += await self.system.send_points(points) if points else []
        if Sends.AUDIT in self.sends:
            for event in events:
                if event.type == AUDIT_DUE and not _stopped(outcomes):
                    outcomes += await self._records(event)
        if Sends.EVENTS in self.sends:
            for event in events:
                if event.type in EXPORTED and not _stopped(outcomes):
                    outcomes += await self._happened(event)
        with as_delivery_failures():
            settle(outcomes)

    async def _happened(self, event: Event) -> Outcomes:
        told = happening_of(event, reference=await reference_of(self.database, event))
        if self.capabilities.events_together:
            return [await self._gathered.add(told)]
        return await self.system.send_events([told])

    async def _records(self, event: Event) -> Outcomes:
        records = await audit_batch(self.database, event)
        lines = [
            AuditLine(str(each["event_id"]), self.tenant, datetime.fromisoformat(each["timestamp"]), each)
            for each in records
        ]
        return await self.system.send_records(lines) if lines else []


@dataclass(frozen=True, slots=True)
class TenantMonitoring:
    """The subscriber: every tenant's system of one kind. An event where there is none goes nowhere."""

    desks: Mapping[TenantId, MonitoringDesk]

    async def deliver(self, event: Event) -> None:
        """The event is there."""
        await self.deliver_many([event])

    async def deliver_many(self, events: Sequence[Event]) -> None:
        """All of them, which are of one subject, are there."""
        desk = self.desks.get(events[0].tenant)
        if desk is not None:
            await desk.deliver(events)


def settle(outcomes: Sequence[ConnectorError | None]) -> None:
    """Returns if everything was taken. Raises the failure that decides about the whole.

    What would be tried again goes before what is refused: the repetition tells of that again.
    """
    failed = [each for each in outcomes if each is not None]
    again = next((each for each in failed if not isinstance(each, Refused)), None)
    if again is not None:
        raise again
    if failed:
        first = failed[0]
        assert isinstance(first, Refused)  # nothing else is left
        raise Refused(_counted(first.reason, len(failed), len(outcomes)), first.field)


def _stopped(outcomes: Outcomes) -> bool:
    return any(each is not None and not isinstance(each, Refused) for each in outcomes)


def _counted(reason: str, refused: int, whole: int) -> str:
    return reason if whole == 1 else f"{refused} of {whole} were refused, the first: {reason}"


def _points(event: Event) -> list[Point]:
    measured = measured_points(event)
    return [
        Point(each.name, PointKind(each.kind), each.value, measured.until, measured.interval_s, event.tenant, each.tags)
        for each in measured.points
    ]
