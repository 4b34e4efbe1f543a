"""Single fields of a ticket: how they read, and how they are written.

Everything is the database's own value, never what people are shown: a choice is its value, a reference its sys_id, a
time is UTC.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final

from connectors.itsm.base import OutcomeUnknown, Refused, Ticket, TicketKind, TicketReading
from connectors.itsm.servicenow.client import Row, ServiceNowClient
from connectors.itsm.servicenow.lookups import Lookups
from connectors.itsm.servicenow.mapping import CHANGE_TABLE, TABLES, mapped_columns
from connectors.itsm.servicenow.tickets import Tickets
from connectors.itsm.servicenow.wire import FIELDS, task, text

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Fields:
    """Reads and writes columns of a ticket."""

    def __init__(self, client: ServiceNowClient, tickets: Tickets, lookups: Lookups) -> None:
        self._client = client
        self._tickets = tickets
        self._lookups = lookups

    async def read(self, kind: TicketKind, sys_id: str, names: Sequence[str]) -> TicketReading | None:
        """The ticket with these columns; None if it is gone. Raises Refused for a column that it does not have."""
        table = TABLES[kind]
        own = ("type",) if table == CHANGE_TABLE else ()
        row = await self._client.get(table, sys_id, fields=tuple(dict.fromkeys((*FIELDS, *own, *names))))
        return None if row is None else await self._reading(kind, row, names)

    async def write(self, ticket: Ticket, values: Mapping[str, str]) -> TicketReading:
        """The columns have these values; how they read then."""
        await self._client.patch(TABLES[ticket.kind], ticket.external_id, mapped_columns(values))
        reading = await self.read(ticket.kind, ticket.external_id, tuple(values))
        if reading is None:
            raise OutcomeUnknown("ServiceNow took the fields and does not show the ticket any more.")
        return reading

    async def _reading(self, kind: TicketKind, row: Row, names: Sequence[str]) -> TicketReading:
        if missing := [name for name in names if name not in row]:
            reason = f"ServiceNow has no field {missing[0]} in {TABLES[kind]}, or hides it from us."
            raise Refused(reason, field=missing[0])
        record = task(row)
        return TicketReading(
            ticket=self._tickets.value(kind, record),
            key=record.key,
            fields={name: text(row[name]) for name in names},
            version=record.version,
            at=record.updated_on or _EPOCH,
            by=record.updated_by,
            account=record.updated_by,
            ours=record.updated_by == await self._lookups.own_name(),
        )
