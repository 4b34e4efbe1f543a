"""Files of a record, through the Attachment API. It appends at every call, so a name is looked for first."""

from __future__ import annotations

from typing import Final

from connectors.itsm.base import OutcomeUnknown, TicketFile
from connectors.itsm.servicenow.client import ServiceNowClient
from connectors.itsm.servicenow.wire import condition, query, text

FIELDS: Final = ("sys_id", "file_name", "table_sys_id")


async def attach_once(client: ServiceNowClient, table: str, sys_id: str, file: TicketFile) -> None:
    """The record has exactly one file of this name from us."""
    asked = query(
        condition("table_name", "=", table),
        condition("table_sys_id", "=", sys_id),
        condition("file_name", "=", file.name),
    )
    # A condition on a column that is not there is dropped, so what came is looked at again.
    for row in await client.attachments(asked):
        if text(row.get("table_sys_id")) == sys_id and text(row.get("file_name")) == file.name:
            return
    made = await client.attach(table, sys_id, file)
    if not text(made.get("sys_id")):
        raise OutcomeUnknown("ServiceNow did not confirm the attachment.")
