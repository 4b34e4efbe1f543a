"""What the instance shows of any ticket by its number: for the tickets that people name, not for ours."""

from __future__ import annotations

from typing import Final

from connectors.itsm.base import Refused, TicketFacts, TicketKind
from connectors.itsm.servicenow.client import Row, ServiceNowClient
from connectors.itsm.servicenow.mapping import CHANGE_TABLE, INCIDENT_TABLE, state_label
from connectors.itsm.servicenow.tickets import Tickets
from connectors.itsm.servicenow.wire import FIELDS, condition, instant, query, task, text

INCIDENT_START: Final = "INC"
AFFECTED_TABLE: Final = "task_ci"
_SHARED: Final = (*FIELDS, "short_description", "description", "cmdb_ci.name", "business_service.name")
_CHANGE_FIELDS: Final = (
    *_SHARED, "type", "start_date", "end_date", "requested_by.email", "requested_by.user_name",
)  # fmt: skip
_INCIDENT_FIELDS: Final = (*_SHARED, "caller_id.email", "caller_id.user_name")


async def look_up(client: ServiceNowClient, tickets: Tickets, number: str) -> TicketFacts | None:
    """The change or incident of this number; None if the instance has none, or hides it from our account."""
    wanted = number.strip().upper()
    try:
        asked = query(condition("number", "=", wanted), "ORDERBYsys_created_on")
    except ValueError:
        return None
    is_incident = wanted.startswith(INCIDENT_START)
    table, fields = (INCIDENT_TABLE, _INCIDENT_FIELDS) if is_incident else (CHANGE_TABLE, _CHANGE_FIELDS)
    page = await client.select(table, asked, fields=fields, limit=2)
    found = [row for row in page.rows if text(row["number"]).upper() == wanted]
    if not found:
        return None
    affected = () if is_incident else await _affected(client, text(found[0]["sys_id"]))
    return _facts(tickets, found[0], affected, is_incident=is_incident)


async def _affected(client: ServiceNowClient, sys_id: str) -> tuple[str, ...]:
    """The names of the change's affected items; none where our account may not read them."""
    try:
        asked = query(condition("task", "=", sys_id), "ORDERBYsys_created_on")
        page = await client.select(AFFECTED_TABLE, asked, fields=("ci_item.name",))
    except Refused:
        return ()
    return tuple(name for row in page.rows if (name := text(row["ci_item.name"])))


def _facts(tickets: Tickets, row: Row, affected: tuple[str, ...], *, is_incident: bool) -> TicketFacts:
    record, kind = task(row), _kind(row, is_incident=is_incident)
    ticket = tickets.value(kind, record)
    person = "caller_id" if is_incident else "requested_by"
    return TicketFacts(
        external_id=ticket.external_id,
        number=ticket.number,
        url=ticket.url,
        kind=kind,
        state=ticket.state,
        label=state_label(kind, record),
        requesters=_told(row, f"{person}.email", f"{person}.user_name"),
        resources=(*_told(row, "cmdb_ci.name", "business_service.name"), *affected),
        text=f"{text(row['short_description'])}\n{text(row['description'])}".strip(),
        starts_at=instant(row.get("start_date")),
        ends_at=instant(row.get("end_date")),
    )


def _kind(row: Row, *, is_incident: bool) -> TicketKind:
    if is_incident:
        return TicketKind.INCIDENT
    return TicketKind.EMERGENCY_CHANGE if text(row["type"]) == "emergency" else TicketKind.CHANGE


def _told(row: Row, *fields: str) -> tuple[str, ...]:
    return tuple(shown for name in fields if (shown := text(row.get(name))))
