"""Reading tickets: by number, by our key, and as a value of ours."""

from __future__ import annotations

from urllib.parse import quote

from connectors.itsm.answers import UnexpectedAnswerError, uncertain
from connectors.itsm.base import Refused, Ticket, TicketKind
from connectors.itsm.remedy.client import RemedyClient
from connectors.itsm.remedy.mapping import ticket_state
from connectors.itsm.remedy.qualification import compare
from connectors.itsm.remedy.settings import RemedySettings
from connectors.itsm.remedy.wire import (
    FORMS,
    INCIDENT,
    KEY_START,
    SUBMITTED,
    Form,
    Record,
    Values,
    fields_of,
    identity,
    record,
    text,
)


class Tickets:
    """Looks tickets up; writes nothing. A ticket is known by its number, and addressed by its request id."""

    def __init__(self, client: RemedyClient, settings: RemedySettings) -> None:
        self._client = client
        self._settings = settings

    async def read(self, kind: TicketKind, number: str) -> Record:
        """The record as it stands. Raises Refused if it is gone."""
        form = FORMS[kind]
        asked = compare(form.number, "=", identity(number))
        page = await self._client.select(form.entry, asked, fields=self.fields(form), limit=2)
        found = [one for row in page.rows if (one := self.record(form, row)).number == number]
        if not found:
            raise Refused("The ticket no longer exists in Remedy, or is hidden from us.", field=form.number)
        return found[0]

    async def with_key(self, kind: TicketKind, key: str) -> tuple[Record, ...]:
        """Every record that carries the key, oldest first. The request id breaks ties: time is known to the second."""
        form, field = FORMS[kind], self.key_field(FORMS[kind])
        asked = compare(field, "=", KEY_START + key)
        page = await self._client.select(form.entry, asked, fields=self.fields(form), sort=f"{SUBMITTED}.asc")
        found = [one for row in page.rows if (one := self.record(form, row)).key == key]
        return tuple(sorted(found, key=lambda one: (one.created_at is None, one.created_at, one.entry_id)))

    async def is_ordered(self, kind: TicketKind, key: str, *, besides: str = "") -> str:
        """The number under which a ticket with this key was ordered on the form for creating; empty if it was not.

        An order for the ticket `besides` does not count: that one was made, and is gone since.

        What a filter makes of an order appears a little later. Where orders are hidden, or not kept, nothing is known.
        """
        form, field = FORMS[kind], self.key_field(FORMS[kind])
        asked = compare(field, "=", KEY_START + key)
        try:
            page = await self._client.select(form.create, asked, fields=(form.created_number, field))
        except Refused:
            return ""
        numbers = [text(row[form.created_number]) for row in page.rows if text(row[field]) == KEY_START + key]
        return next((number for number in numbers if number != besides), "")

    def record(self, form: Form, row: Values) -> Record:
        """The record in this row. Raises NotSent if it cannot be read."""
        try:
            return record(form, row, self.key_field(form))
        except UnexpectedAnswerError as exc:
            raise uncertain(f"Remedy answered with {exc}.", writes=False) from exc

    def value(self, found: Record) -> Ticket:
        """The ticket as the engine knows it, with the address of its page for people."""
        base, entry = self._settings.page_url or self._settings.url, found.entry_id.partition("|")[0]
        return Ticket(
            external_id=found.number,
            number=found.number,
            url=f"{base}/arsys/servlet/ViewFormServlet?form={quote(found.form.entry)}&eid={quote(entry)}",
            state=ticket_state(found, self._settings.states_of(found.kind)),
            label=found.status,
            kind=found.kind,
        )

    def fields(self, form: Form) -> tuple[str, ...]:
        """What is asked of an entry."""
        return fields_of(form, self.key_field(form))

    def key_field(self, form: Form) -> str:
        """The field that carries our key."""
        return self._settings.incident_key_field if form is INCIDENT else self._settings.change_key_field
