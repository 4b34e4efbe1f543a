"""What an incident has to do with: changes, requests, bypasses, tickets, other incidents, pages (S3)."""

from __future__ import annotations

import re
from typing import Final
from uuid import UUID

from core.actor import Actor
from core.audit import audited
from core.db import Database, Transaction, is_numbered
from core.incidents import part_store
from core.incidents.errors import InvalidIncident, UnknownLink, UnknownTarget
from core.incidents.events import IncidentEvent
from core.incidents.holding import hold, require_responder, settle_on
from core.incidents.reading import view_of
from core.incidents.views import IncidentView

TARGET_MAX: Final = 2000  # characters
LINKS_MAX: Final = 100  # of an incident
_KINDS: Final = {"CHG": "change", "REQ": "request", "BYP": "bypass", "INC": "incident"}
_OURS: Final = re.compile(r"(CHG|REQ|BYP|INC)-?(\d{1,9})", re.IGNORECASE | re.ASCII)
_TICKET: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{1,19}-?\d{1,12}", re.ASCII)  # CHG0030001, OPS-17, CRQ000000000101
EXAMPLES: Final = ("CHG-1001", "REQ-1002", "INC-1003", "OPS-17", "https://wiki.example.com/outage")


async def link(database: Database, actor: Actor, incident_id: UUID, target: str) -> IncidentView:
    """The incident is linked with it; said twice, that is true once.

    Raises InvalidIncident, or UnknownTarget for something of ours that there is not.
    """
    async with audited(database, actor, action="incident.linked", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        user = await require_responder(tx, actor, held)
        kind, known_as = read_target(target)
        if known_as == held.reference:
            raise InvalidIncident("An incident is not linked with itself.", where="target")
        await _check_there(tx, kind, known_as)
        if len((await part_store.links_of(tx, [held.id])).get(held.id, ())) >= LINKS_MAX:
            raise InvalidIncident(f"An incident has at most {LINKS_MAX} links.", where="target")
        if await part_store.add_link(tx, held.id, kind, known_as, user):
            details = {"kind": kind, "target": known_as}
            await settle_on(tx, actor, held, IncidentEvent.LINKED, text=f"Linked: {known_as}", details=details)
        return await view_of(tx, held.id)


async def unlink(database: Database, actor: Actor, incident_id: UUID, target: str) -> IncidentView:
    """The link is gone. Raises UnknownLink."""
    async with audited(database, actor, action="incident.unlinked", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        await require_responder(tx, actor, held)
        _kind, known_as = read_target(target)
        if not await part_store.drop_link(tx, held.id, known_as):
            raise UnknownLink(where="target")
        await settle_on(
            tx, actor, held, IncidentEvent.UNLINKED, text=f"Not linked: {known_as}", details={"target": known_as}
        )
        return await view_of(tx, held.id)


def read_target(text: str) -> tuple[str, str]:
    """What the words name, and its one spelling. Pure. Raises InvalidIncident with examples."""
    named = text.replace("\x00", "").strip()
    if ours := _OURS.fullmatch(named):
        prefix = ours[1].upper()
        # ServiceNow's CHG0030001 has no hyphen and seven digits: it is a ticket, ours are written with one
        if "-" in named or len(ours[2]) < 7:
            return _KINDS[prefix], f"{prefix}-{int(ours[2])}"
    if named.startswith(("https://", "http://")) and len(named) <= TARGET_MAX and not re.search(r"\s", named):
        return "page", named
    if _TICKET.fullmatch(named):
        return "ticket", named.upper()
    raise InvalidIncident(f"'{named[:80]}' names nothing that can be linked.", where="target", accepted=EXAMPLES)


async def _check_there(tx: Transaction, kind: str, known_as: str) -> None:
    """Returns if it is none of ours, or is there. Raises UnknownTarget."""
    prefix, _, number = known_as.partition("-")
    if kind == _KINDS.get(prefix) and not await is_numbered(tx, prefix, int(number)):
        raise UnknownTarget(f"There is no {known_as} here.", where="target")
