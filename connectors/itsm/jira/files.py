"""Files of an issue. Jira appends at every call, so a name is looked for first, in the issue's store."""

from __future__ import annotations

from connectors.itsm.base import OutcomeUnknown, Refused, TicketFile
from connectors.itsm.jira.client import JiraClient
from connectors.itsm.jira.wire import issue_path, items, mapping, text


async def attach_once(client: JiraClient, issue_id: str, file: TicketFile) -> None:
    """The issue has exactly one file of this name. Raises Refused for an issue that is gone."""
    row = await client.row(issue_id, fields=("attachment",))
    if row is None:
        raise Refused("The issue is gone, or hidden from our account.")
    held = items(mapping(row.get("fields")).get("attachment"))
    if any(text(mapping(one).get("filename")) == file.name for one in held):
        return
    made = items(await client.attach(issue_path(issue_id, "attachments"), file))
    if not any(text(mapping(one).get("id")) for one in made):
        raise OutcomeUnknown("Jira did not confirm the attachment.")
