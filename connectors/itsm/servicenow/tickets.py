"""Reading tickets: by identity, by our key, and as a value of ours."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.itsm.base import Refused, Ticket, TicketKind, TicketState
from connectors.itsm.servicenow.client import ServiceNowClient
from connectors.itsm.servicenow.mapping import TABLES, state_label, ticket_state
from connectors.itsm.servicenow.settings import ServiceNowSettings
from connectors.itsm.servicenow.wire import FIELDS, TaskRecord, condition, query, task


class Tickets:
    """Looks tickets up; writes nothing."""

    def __init__(self, client: ServiceNowClient, settings: ServiceNowSettings) -> None:
        self._client = client
        self._settings = settings

    async def read(self, kind: TicketKind, sys_id: str) -> TaskRecord:
        """The record as it stands. Raises Refused if it is gone."""
        is_incident = kind is TicketKind.INCIDENT
        row = await (self._client.get(TABLES[kind], sys_id) if is_incident else self._client.change(sys_id))
        if row is None:
            raise Refused("The ticket no longer exists in ServiceNow, or is hidden from us.", field="sys_id")
        return task(row)

    async def with_key(self, kind: TicketKind, key: str) -> tuple[TaskRecord, ...]:
        """Every record that carries the key, oldest first. The number breaks ties: creation is known to the second."""
        table = TABLES[kind]
        asked = query(condition("correlation_id", "=", key), "ORDERBYsys_created_on", "ORDERBYnumber")
        page = await self._client.select(table, asked, fields=FIELDS)
        if page.total > 0 and not page.rows:
            raise Refused("A ticket with this key exists in ServiceNow but is hidden from us.", field="correlation_id")
        return tuple(record for row in page.rows if (record := task(row)).key == key)

    def value(self, kind: TicketKind, record: TaskRecord) -> Ticket:
        """The ticket as the engine knows it, with the address of its page for people."""
        return Ticket(
            external_id=record.sys_id,
            number=record.number,
            url=f"{self._settings.url}/nav_to.do?uri={TABLES[kind]}.do?sys_id={record.sys_id}",
            state=self.state(kind, record),
            label=state_label(kind, record),
            kind=kind,
        )

    def state(self, kind: TicketKind, record: TaskRecord) -> TicketState:
        """Where it stands in our words, with the instance's own states mapped by the settings."""
        return ticket_state(kind, record, self._settings.states_of(kind))


def created(row: Mapping[str, Any], key: str) -> TaskRecord:
    """The record just created. Raises Refused if the instance did not keep our key: it could never be found again."""
    record = task(row)
    if record.key != key:
        raise Refused(
            f"ServiceNow created {record.number} but did not keep our key: let our account write 'correlation_id'.",
            field="correlation_id",
        )
    return record
