"""Single fields of a ticket of theirs, by the names under which the file declares them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from connectors.itsm.answers import shortened
from connectors.itsm.base import FieldUse, OutcomeUnknown, Refused, Target, Ticket, TicketKind, TicketReading
from connectors.itsm.custom.client import CustomClient
from connectors.itsm.custom.failures import Absent, Gone
from connectors.itsm.custom.field_reading import VALUES
from connectors.itsm.custom.paths import odd_at, text_at
from connectors.itsm.custom.request_spec import JsonPath, Scalar
from connectors.itsm.custom.spec import Spec
from connectors.itsm.custom.tickets import LONG_AGO, instant, record, value

PLANNED: Final = ("planned_start", "planned_end")  # fields of these names are times, written as the file says


class Fields:
    """Reads and writes declared fields."""

    def __init__(self, spec: Spec, client: CustomClient) -> None:
        self._spec = spec
        self._client = client

    async def read(self, kind: TicketKind, identity: str, names: Sequence[str]) -> TicketReading | None:
        """The ticket with these fields; None if it is gone. Raises Refused for a field that is not declared."""
        places = {name: self._place(name) for name in names}
        asked = {"id": identity, "number": identity, "kind": str(kind)}
        try:
            document, _answer = await self._client.ask(self._spec.get, asked)
        except (Absent, Gone):
            return None
        found = record(self._spec, document, kind=kind)
        touched = found.updated_at or LONG_AGO
        return TicketReading(
            ticket=value(self._spec, found),
            key=found.key,
            fields={name: self._shown(name, document, path) for name, path in places.items()},
            version=int(touched.timestamp()),
            at=touched,
            by=found.updated_by,
            account=found.updated_by,
            ours=bool(self._spec.account) and found.updated_by == self._spec.account,
            odd={name: self._why(path) for name, path in places.items() if odd_at(document, path)},
        )

    async def write(self, ticket: Ticket, values: Mapping[str, str]) -> TicketReading:
        """The fields have these values; how they read then. Raises Refused where no `fields.write` is declared."""
        declared = self._spec.fields
        if declared is None or declared.write is None:
            raise Refused(f"The file of {self._spec.title} declares no 'fields.write'.", field="fields")
        names = {"id": ticket.external_id, "number": ticket.number, "kind": str(ticket.kind)}
        sent = {name: self._sent(name, value) for name, value in values.items()}
        await self._client.ask(declared.write, {**names, VALUES: sent})
        reading = await self.read(ticket.kind, ticket.external_id, tuple(values))
        if reading is None:
            raise OutcomeUnknown(f"{self._spec.title} took the fields and does not show the ticket any more.")
        return reading

    def targets(self) -> dict[str, Target]:
        """Every declared field, which can be written if the file declares how."""
        declared = self._spec.fields
        return {} if declared is None else dict.fromkeys(declared.read, Target(declared.write is not None))

    @property
    def has_planned(self) -> bool:
        """Whether the planned times of a change can be written."""
        declared = self._spec.fields
        return declared is not None and declared.write is not None and set(PLANNED) <= set(declared.read)

    def _shown(self, name: str, document: object, path: JsonPath) -> str:
        """The field as it reads; a planned time by RFC 3339, so that it is told from another however it is spelled."""
        if odd := odd_at(document, path):
            return shortened(odd)
        if name not in PLANNED or not text_at(document, path):
            return text_at(document, path)
        at = instant(self._spec, document, path)
        return at.isoformat() if at is not None else ""

    def _sent(self, name: str, value: str) -> Scalar:
        if name not in PLANNED or not value:
            return value
        try:
            return self._spec.times.write(datetime.fromisoformat(value))
        except ValueError as exc:
            raise Refused(f"'{value}' is no time.", field=name) from exc

    def _why(self, path: JsonPath) -> str:
        return f"At '{'.'.join(path)}' {self._spec.title} has an object or a list, and no single value."

    def _place(self, name: str) -> JsonPath:
        declared = self._spec.fields.read if self._spec.fields is not None else {}
        if name not in declared:
            known = ", ".join(declared) or "none"
            raise Refused(f"The file of {self._spec.title} declares no field '{name}'. It has: {known}.", field=name)
        return declared[name]


def uses(spec: Spec) -> dict[str, FieldUse]:
    """Every declared field, and what stands at its place in a ticket beside that."""
    ticket = spec.ticket
    taken = {
        **dict.fromkeys((ticket.id, ticket.number, ticket.updated_at, ticket.updated_by), FieldUse.GIVEN),
        **dict.fromkeys((ticket.created_at, ticket.kind), FieldUse.GIVEN),
        ticket.state: FieldUse.STATE,
        ticket.key: FieldUse.KEY,
    }
    declared = spec.fields.read if spec.fields is not None else {}
    return {name: taken.get(path, FieldUse.FREE) for name, path in declared.items()}
