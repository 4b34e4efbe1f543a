"""What the server shows of any ticket by its number: for the tickets that people name, not for ours."""

from __future__ import annotations

from typing import Final

from connectors.itsm.base import TicketFacts
from connectors.itsm.remedy.client import RemedyClient
from connectors.itsm.remedy.mapping import ticket_state
from connectors.itsm.remedy.people import accounts_of
from connectors.itsm.remedy.qualification import compare
from connectors.itsm.remedy.settings import RemedySettings
from connectors.itsm.remedy.tickets import Tickets
from connectors.itsm.remedy.wire import CHANGE, INCIDENT, text

INCIDENT_START: Final = "INC"
NAMES: Final = ("First Name", "Last Name")
ABOUT: Final = "ServiceCI"
SUMMARY: Final = "Description"
CHANGE_TEXT: Final = "Detailed Description"
INCIDENT_TEXT: Final = "Detailed Decription"  # the vendor's own spelling


async def look_up(client: RemedyClient, settings: RemedySettings, tickets: Tickets, number: str) -> TicketFacts | None:
    """The change or incident of this number; None if the server has none, or hides it from our account."""
    wanted = number.strip().upper()
    form = INCIDENT if wanted.startswith(INCIDENT_START) else CHANGE
    detail = INCIDENT_TEXT if form is INCIDENT else CHANGE_TEXT
    fields = (*tickets.fields(form), *NAMES, ABOUT, SUMMARY, detail)
    page = await client.select(form.entry, compare(form.number, "=", wanted), fields=fields, limit=2)
    rows = [row for row in page.rows if text(row.get(form.number)).upper() == wanted]
    if not rows:
        return None
    (row, *_more), found = rows, tickets.record(form, rows[0])
    first, last = (text(row.get(name)) for name in NAMES)
    about = text(row.get(ABOUT))
    return TicketFacts(
        external_id=found.number,
        number=found.number,
        url=tickets.value(found).url,
        kind=found.kind,
        state=ticket_state(found, settings.states),
        label=found.status,
        requesters=await accounts_of(client, first, last),
        resources=(about,) if about else (),
        text=f"{text(row.get(SUMMARY))}\n{text(row.get(detail))}".strip(),
        starts_at=found.start,
        ends_at=found.end,
    )
