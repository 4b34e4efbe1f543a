"""What a monitoring system must be able to take from us, and how it is declared (M1 to M5).

A connector satisfies `MonitoringSystem` and is declared by one `Connector`. It holds no state of ours. Of each thing
that it was given it says what became of it: None if it was taken, else one of the four failures of every connector,
on which alone it depends whether that thing is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final, Protocol, TypeAlias

from connectors.itsm.failures import ConnectorError, NotSent, OutcomeUnknown, Refused, Throttled
from connectors.monitoring.signals import AuditLine, Happening, Point
from core.deliveries import Finding

__all__ = [
    "Capabilities",
    "Connector",
    "ConnectorError",
    "MonitoringSettings",
    "MonitoringSystem",
    "NotSent",
    "OutcomeUnknown",
    "Outcomes",
    "Refused",
    "Sends",
    "Throttled",
]

Outcomes: TypeAlias = "list[ConnectorError | None]"
CONNECT_S: Final = 5.0
READ_S: Final = 15.0


class Sends(StrEnum):
    """What can be sent to a monitoring system."""

    EVENTS = "events"
    METRICS = "metrics"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the system takes, and whether several events go in one call."""

    sends: frozenset[Sends]
    events_together: bool


@dataclass(frozen=True, slots=True)
class MonitoringSettings:
    """Where a tenant's system is and how we sign in there. `installation` names us, the same at every start."""

    url: str
    key: str = field(repr=False)
    installation: str
    now: Callable[[], datetime]
    account: str = ""  # New Relic's
    events_url: str = ""  # where the vendor has another host for it; empty: `url`
    logs_url: str = ""
    index: str = ""  # Splunk's
    acknowledge: bool = True  # Splunk: wait until what was sent is indexed
    connect_s: float = CONNECT_S
    read_s: float = READ_S


class MonitoringSystem(Protocol):
    """One monitoring system of one tenant."""

    async def check(self) -> Sequence[Finding]:
        """How it stands: reachable, and our key accepted. Trouble is a finding and never raised."""
        ...

    async def send_events(self, happenings: Sequence[Happening]) -> Outcomes:
        """What became of each."""
        ...

    async def send_points(self, points: Sequence[Point]) -> Outcomes:
        """What became of each."""
        ...

    async def send_records(self, lines: Sequence[AuditLine]) -> Outcomes:
        """What became of each."""
        ...

    async def close(self) -> None:
        """No connection is left."""
        ...


@dataclass(frozen=True, slots=True)
class Connector:
    """One kind of monitoring system: its name in addresses and deliveries, what it takes, how it is connected."""

    slug: str
    title: str
    capabilities: Capabilities
    connect: Callable[[MonitoringSettings], MonitoringSystem]
    hint: str  # what to do when it refuses the key
