"""How bad an incident is, kept in step with its ticket: read, ask what follows, write, read back.

It may be done again at any time: what stands there now is asked first.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import structlog

from connectors.itsm.base import Refused, TicketKind, TicketReading, TicketSystem
from connectors.itsm.settling import there
from connectors.itsm.severity_scale import SeverityScale
from core.db import Database
from core.ids import TenantId
from core.links import TicketLink
from core.tickets import SEVERITY, Direction, FieldsThere, Owner, fields_written, plan_severity

log = structlog.get_logger()


class SeverityMap(Protocol):
    """Which way the severities of one system travel, for one tenant."""

    def severities(self, names: tuple[str, ...]) -> tuple[Direction, Owner]:
        """The direction of these fields of incidents, and whose value stands where both have changed it."""
        ...


@dataclass(frozen=True, slots=True)
class Severities:
    """The severities of one ticket system for one tenant."""

    tenant: TenantId
    system: TicketSystem
    database: Database
    scale: SeverityScale
    fields: SeverityMap

    async def settle(self, link: TicketLink, *, is_fresh: bool = False) -> None:
        """The ticket's fields and the incident's severity agree as far as the rules let them.

        `is_fresh`: it was just made by us. A workflow that keeps the fields closed to us leaves them as they are.
        """
        direction, owner = self.fields.severities(self.scale.fields)
        if direction is Direction.NONE:
            return
        kind = TicketKind(link.kind)
        try:
            reading = await self.system.read(kind, link.external_id, self.scale.fields)
            if reading is None:
                return  # the nightly walk finds out whether it is gone for good
            found = self._there(reading, is_fresh=is_fresh)
            wanted = await plan_severity(
                self.database, self.tenant, link, direction=direction, owner=owner, there=found
            )
            if wanted is not None:
                after = await self.system.write(reading.ticket, self.scale.values(wanted))
                await fields_written(self.database, self.tenant, link, there=self._there(after))
        except Refused as exc:  # some workflows close the fields of what is resolved, or hide them
            log.warning("ticket_severity_refused", system=link.system, ticket=link.number, reason=exc.reason)

    def _there(self, reading: TicketReading, *, is_fresh: bool = False) -> FieldsThere:
        found = there(reading, is_fresh=is_fresh)
        values = {SEVERITY: self.scale.severity(reading.fields)}
        return FieldsThere(values, found.version, found.at, found.by, found.is_ours, is_fresh)
