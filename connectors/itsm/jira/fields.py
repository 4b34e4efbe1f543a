"""Single fields of an issue: texts that people would read, whatever shape the site gives them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.itsm.base import OutcomeUnknown, Refused, Target, Ticket, TicketKind, TicketReading
from connectors.itsm.jira.client import JiraClient
from connectors.itsm.jira.people import People
from connectors.itsm.jira.screens import Screens, named_field, shaped_many
from connectors.itsm.jira.text import plain, read
from connectors.itsm.jira.tickets import Tickets
from connectors.itsm.jira.wire import ScreenField, issue, issue_path, mapping, screen_field


class Fields:
    """Reads and writes fields of an issue."""

    def __init__(self, client: JiraClient, tickets: Tickets, people: People, screens: Screens) -> None:
        self._client = client
        self._screens = screens
        self._tickets = tickets
        self._people = people

    async def ids(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, str]:
        """The id of each field, which may be named by its id or as people see it."""
        screen = await self._screens.fields(kind) if names else {}
        found = {name: named_field(screen, name) for name in names}
        return {name: field.id if field is not None else name for name, field in found.items()}

    async def read(self, kind: TicketKind, id_: str, names: Sequence[str]) -> TicketReading | None:
        """The issue with these fields; None if it is gone. Raises Refused for a field that the site does not have."""
        ids = await self.ids(kind, names)
        row = await self._client.row(id_, fields=tuple(ids.values()), with_history=True)
        if row is None:
            return None
        found, site = mapping(row.get("fields")), await self._client.site()
        if missing := [name for name in names if ids[name] not in found]:
            raise Refused(f"Jira shows no field {missing[0]} on this issue.", field=missing[0])
        record, own = issue(row), await self._people.myself()
        hand = record.last_hand
        return TicketReading(
            ticket=await self._tickets.value(kind, record),
            key=record.key,
            fields={name: shown(found[ids[name]], is_cloud=site.is_cloud) for name in names},
            version=record.version,
            at=record.updated,
            by=hand.shown,
            account=hand.id,
            email=hand.email,
            ours=hand.id == own.id,
        )

    async def targets(self, kind: TicketKind, names: Sequence[str]) -> dict[str, Target]:
        """The fields of the create screen by id, and these by the names that they were asked for."""
        screen = await self._screens.fields(kind)
        found = {id_: Target(choices=one.choices, ignores_case=True) for id_, one in screen.items()}
        for name in names:
            field = named_field(screen, name)
            if field is not None:
                found[name] = found[field.id]
        return found

    async def write(self, ticket: Ticket, values: Mapping[str, str]) -> TicketReading:
        """The fields have these values; how they read then. Raises Refused for one that the edit screen lacks."""
        path = issue_path(ticket.external_id)
        answer = mapping(await self._client.read(f"{path}/editmeta"))
        screen = {name: screen_field(meta, id_=name) for name, meta in mapping(answer.get("fields")).items()}
        is_cloud = (await self._client.site()).is_cloud
        ids = await self.ids(ticket.kind, tuple(values))
        body = {
            ids[name]: _shaped(screen.get(ids[name]), name, value, is_cloud=is_cloud) for name, value in values.items()
        }
        await self._client.edit(path, {"fields": body})
        reading = await self.read(ticket.kind, ticket.external_id, tuple(values))
        if reading is None:
            raise OutcomeUnknown("Jira took the fields and does not show the issue any more.")
        return reading


def shown(value: Any, *, is_cloud: bool) -> str:
    """The words of a field's value: an option by its value, a person or status by its name, a list parted by commas."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case str():
            return value if is_cloud else plain(value)
        case list():
            return ", ".join(shown(one, is_cloud=is_cloud) for one in value)
        case {"type": "doc"}:
            return read(value)
        case dict():
            named = (value.get(name) for name in ("value", "emailAddress", "displayName", "name", "key", "id"))
            return next((str(one) for one in named if one), "")
        case _:
            return str(value)


def _shaped(field: ScreenField | None, name: str, value: str, *, is_cloud: bool) -> Any:
    if field is None:
        raise Refused(f"Jira's edit screen has no field {name}, or our account may not edit it.", field=name)
    if not value:
        return [] if field.type == "array" else None
    several = value.split(", ") if field.type == "array" else value
    kept = shaped_many(field, several, is_cloud=is_cloud)
    if kept is None:
        choices = f" It takes: {', '.join(field.choices)}." if field.choices else ""
        raise Refused(f"Jira's field {field.name} cannot hold '{value}'.{choices}", field=name)
    return kept
