"""What creating or updating a ticket would send to a system, for a request of ours or for made-up facts.

Nothing is written anywhere: a request's own ticket is looked up for real, every write is noted instead of sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from config.suggest import did_you_mean
from connectors.itsm.base import ConnectorError, Refused, Throttled, Ticket, TicketDraft, TicketState, TicketSystem
from connectors.itsm.drafting import bypass_draft, request_draft, ticket_of
from connectors.itsm.rehearsal import DryRun, rehearse_create, rehearse_update
from connectors.itsm.samples import read_samples, sample_draft, sample_patch
from core.actor import Actor
from core.approvals import get_request
from core.db import Database
from core.deliveries import Asked, SystemSilent, Tried, TriedCall, Trying
from core.emergency import get_bypass
from core.errors import InvalidInput

OPEN: Final = "How the system answers decides what follows."
EXISTS: Final = "It has the ticket {number} already; this is what creating it would send."
AGAIN: Final = "Test the connector, then try again."
_REFERENCE: Final = re.compile(r"(REQ|BYP)-(\d{1,9})\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Subject:
    """What a ticket is made for, and the one that it has."""

    draft: TicketDraft
    ticket: Ticket | None = None


def read_operation(text: str) -> Trying:
    """The operation of this name. Raises InvalidInput."""
    if text not in tuple(Trying):
        raise InvalidInput(f"There is no operation '{text}'.{did_you_mean(text, Trying)}", accepted=tuple(Trying))
    return Trying(text)


async def subject_of(database: Database, actor: Actor, slug: str, reference: str) -> Subject:
    """The request or bypass of this reference, with its ticket there. Raises as reading it does."""
    match = _REFERENCE.match(reference)
    if match is None:
        raise InvalidInput(f"'{reference}' is no request.", where="request", accepted=("REQ-1042", "BYP-3"))
    if match[1].upper() == "REQ":
        request = await get_request(database, actor, int(match[2]))
        draft, links = request_draft(request, address=database.address), request.tickets
    else:
        bypass = await get_bypass(database, actor, int(match[2]))
        draft, links = bypass_draft(bypass, address=database.address), bypass.tickets
    return Subject(draft, next((ticket_of(link) for link in links if link.system == slug), None))


async def try_ticket(system: TicketSystem, asked: Asked, subject: Subject | None = None) -> Tried:
    """Every write that would be made, secrets struck out. Without a subject, for a made-up one.

    Raises InvalidInput for what cannot be tried, and for what the system refuses; Unavailable where it gives no answer.
    """
    samples = read_samples(asked.given)
    about = subject or Subject(sample_draft(samples))
    try:
        if asked.operation is Trying.CREATE:
            return await _create(system, about)
        ticket = _ticket(asked, about)
        return _tried(await rehearse_update(system, ticket, sample_patch(about.draft, samples)))
    except Refused as exc:
        raise InvalidInput(exc.reason, where=exc.field) from exc
    except ConnectorError as exc:
        wait_s = exc.retry_after_s if isinstance(exc, Throttled) else None
        raise SystemSilent(exc.reason, next_step=AGAIN, retry_after_s=wait_s) from exc


async def _create(system: TicketSystem, subject: Subject) -> Tried:
    found = await rehearse_create(system, subject.draft)
    if found.calls or subject.ticket is None:
        return _tried(found)
    again = replace(subject.draft, key=f"{subject.draft.key}:try")
    return _tried(await rehearse_create(system, again), EXISTS.format(number=subject.ticket.number))


def _ticket(asked: Asked, subject: Subject) -> Ticket:
    if asked.ticket:
        return Ticket(asked.ticket, asked.ticket, "", TicketState.OPEN, kind=subject.draft.kind)
    if subject.ticket is None:
        raise InvalidInput(
            "There is no ticket to update: name one.", where="ticket", accepted=("the system's own id of it",)
        )
    return subject.ticket


def _tried(found: DryRun, note: str = "") -> Tried:
    notes = [note, OPEN if found.is_open else "", "" if found.calls else "Nothing would be written."]
    calls = tuple(TriedCall(one.method, one.url, _plain(one.headers), one.body) for one in found.calls)
    return Tried(calls, " ".join(one for one in notes if one))


def _plain(headers: Mapping[str, str]) -> dict[str, str]:
    return {str(name): str(value) for name, value in headers.items()}
