"""The planned dates of a change on its ticket, kept in step: read, ask what follows, write, read back.

It may be done again at any time: what stands there now is asked first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

import structlog

from connectors.itsm.base import Refused, TicketKind, TicketReading, TicketSystem
from connectors.itsm.settling import there
from core.changes import ChangeCatalogue
from core.db import Database
from core.ids import TenantId
from core.links import TicketLink
from core.tickets import Direction, FieldsThere, fields_written, plan_times, spelled

log = structlog.get_logger()


class TimeMap(Protocol):
    """Which way the planned dates of one system travel, for one tenant."""

    def times(self, kind: TicketKind, names: tuple[str, str]) -> Direction:
        """The direction of these two fields."""
        ...


@dataclass(frozen=True, slots=True)
class PlannedTimes:
    """The planned dates of one ticket system for one tenant."""

    tenant: TenantId
    system: TicketSystem
    database: Database
    catalogue: ChangeCatalogue
    fields: TimeMap

    async def settle(self, link: TicketLink, *, is_fresh: bool = False) -> None:
        """The ticket's dates and our change's time agree as far as the rules let them; its note says why not.

        `is_fresh`: it was just made by us. A workflow that keeps the dates closed to us leaves them as they are.
        """
        kind = TicketKind(link.kind)
        names = self.system.time_fields(kind)
        direction = Direction.NONE if names is None else self.fields.times(kind, names)
        if names is None or direction is Direction.NONE:
            return
        try:
            reading = await self.system.read(kind, link.external_id, names)
            if reading is None:
                return  # the nightly walk finds out whether it is gone for good
            writes = await plan_times(
                self.database,
                self.catalogue,
                self.tenant,
                link,
                names=names,
                direction=direction,
                there=_there(reading, is_fresh=is_fresh),
            )
            if writes:
                after = await self.system.write(reading.ticket, writes)
                await fields_written(self.database, self.tenant, link, there=_there(after))
        except Refused as exc:  # some workflows close the dates of what is approved, or hide them
            log.warning("ticket_times_refused", system=link.system, ticket=link.number, reason=exc.reason)


def _there(reading: TicketReading, *, is_fresh: bool = False) -> FieldsThere:
    found = there(reading, is_fresh=is_fresh)
    values = {name: spelled(text) for name, text in reading.fields.items()}
    return replace(found, values=values)
