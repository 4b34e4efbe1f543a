"""Single fields of a ticket, by their labels on the interface form. Times read as the server spells them, in UTC."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from connectors.itsm.base import OutcomeUnknown, Refused, Ticket, TicketKind, TicketReading
from connectors.itsm.remedy.client import RemedyClient
from connectors.itsm.remedy.mapping import mapped_values
from connectors.itsm.remedy.qualification import compare
from connectors.itsm.remedy.tickets import Tickets
from connectors.itsm.remedy.wire import FORMS, Values, instant, text

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Fields:
    """Reads and writes fields of an entry."""

    def __init__(self, client: RemedyClient, tickets: Tickets, *, account: str) -> None:
        self._client = client
        self._tickets = tickets
        self._account = account

    async def read(self, kind: TicketKind, number: str, names: Sequence[str]) -> TicketReading | None:
        """The ticket with these fields; None if it is gone. Raises Refused for a field that the form does not have."""
        form = FORMS[kind]
        asked = tuple(dict.fromkeys((*self._tickets.fields(form), *names)))
        page = await self._client.select(form.entry, compare(form.number, "=", number), fields=asked, limit=2)
        rows = [row for row in page.rows if text(row[form.number]) == number]
        return self._reading(kind, rows[0], names) if rows else None

    async def write(self, ticket: Ticket, values: Mapping[str, str]) -> TicketReading:
        """The fields have these values; how they read then."""
        record = await self._tickets.read(ticket.kind, ticket.external_id)
        sent: dict[str, Any] = {name: value or None for name, value in mapped_values(values).items()}
        await self._client.modify(record.form.entry, record.entry_id, sent)
        reading = await self.read(ticket.kind, ticket.external_id, tuple(values))
        if reading is None:
            raise OutcomeUnknown("Remedy took the fields and does not show the ticket any more.")
        return reading

    def _reading(self, kind: TicketKind, row: Values, names: Sequence[str]) -> TicketReading:
        form = FORMS[kind]
        if missing := [name for name in names if name not in row]:
            raise Refused(f"Remedy has no field '{missing[0]}' in {form.entry}.", field=missing[0])
        record = self._tickets.record(form, row)
        touched = record.modified_at or _EPOCH
        return TicketReading(
            ticket=self._tickets.value(record),
            key=record.key,
            fields={name: _shown(row[name]) for name in names},
            version=int(touched.timestamp()),
            at=touched,
            by=record.modified_by,
            account=record.modified_by,
            ours=record.modified_by == self._account,
        )


def _shown(value: Any) -> str:
    shown = text(value)
    at = instant(shown) if "T" in shown else None
    return at.isoformat() if at is not None else shown
