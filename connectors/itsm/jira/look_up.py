"""What the site shows of any issue by its key: for the tickets that people name, not for ours.

Where an issue keeps its window and what it is about differs from site to site: `fields` of the settings names them
(planned_start, planned_end, resource), as it does for the issues that we create.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final

from connectors.itsm.base import TicketFacts, TicketKind
from connectors.itsm.jira.client import JiraClient
from connectors.itsm.jira.settings import JiraSettings
from connectors.itsm.jira.text import read
from connectors.itsm.jira.tickets import Tickets
from connectors.itsm.jira.wire import instant, items, mapping, person, text

ABOUT: Final = ("resource", "business_service")  # our names of fields that say what an issue is about
_KEY: Final = re.compile(r"[A-Z][A-Z0-9_]*-[0-9]{1,18}\Z")
_FIELDS: Final = ("reporter", "components", "labels", "summary", "description", "duedate")


async def look_up(client: JiraClient, settings: JiraSettings, tickets: Tickets, number: str) -> TicketFacts | None:
    """The issue with this key, in whichever project our account may see; None if there is none."""
    wanted = number.strip().upper()
    if not _KEY.match(wanted):
        return None
    own = [settings.fields[name] for name in ("planned_start", "planned_end", *ABOUT) if name in settings.fields]
    found = await client.shown(wanted, (*_FIELDS, *own))
    if found is None:
        return None
    record, fields = found
    kind = _kind(record.issue_type, settings)
    ticket = await tickets.value(kind or TicketKind.CHANGE, record)
    reporter = person(fields.get("reporter"))
    return TicketFacts(
        external_id=ticket.external_id,
        number=ticket.number,
        url=ticket.url,
        kind=kind,
        state=ticket.state,
        label=ticket.label,
        requesters=tuple(name for name in (reporter.email, reporter.id) if name),
        resources=tuple(_about(fields, settings)),
        text=f"{text(fields.get('summary'))}\n{read(fields.get('description'))}".strip(),
        starts_at=_begins(fields.get(settings.fields.get("planned_start", ""))),
        ends_at=_ends(fields.get(settings.fields.get("planned_end", "duedate"))),
    )


def _kind(issue_type: str, settings: JiraSettings) -> TicketKind | None:
    """What the site's own type is to us; None for one that the settings do not name."""
    own = (
        (settings.incident_type, TicketKind.INCIDENT),
        (settings.emergency_type, TicketKind.EMERGENCY_CHANGE),
        (settings.change_type, TicketKind.CHANGE),
    )
    return next((kind for name, kind in own if name and name.casefold() == issue_type.casefold()), None)


def _about(fields: Mapping[str, Any], settings: JiraSettings) -> Iterable[str]:
    for field in ("labels", "components", *(settings.fields[name] for name in ABOUT if name in settings.fields)):
        value = fields.get(field)
        for one in items(value) or [value]:
            shown = one if isinstance(one, str) else _name(mapping(one))
            if shown:
                yield shown


def _name(value: Mapping[str, Any]) -> str:
    """Of a component its name, of an option its value, of an asset its label."""
    return text(value.get("name")) or text(value.get("value")) or text(value.get("label"))


def _begins(value: Any) -> datetime | None:
    return instant(value) or _midnight(value)


def _ends(value: Any) -> datetime | None:
    """A day without a time is meant to its end, in UTC."""
    return instant(value) or _midnight(value, after=timedelta(days=1))


def _midnight(value: Any, *, after: timedelta = timedelta()) -> datetime | None:
    try:
        return datetime.combine(date.fromisoformat(text(value)), time(), UTC) + after
    except (ValueError, OverflowError):
        return None
