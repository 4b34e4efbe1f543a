"""What creating or updating a ticket would send to a connected system, for a request of ours or for made-up facts."""

from __future__ import annotations

import asyncio
import copy
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

from app.administration import existing, operator, run
from app.container import Service
from app.tickets import Connected, connected_systems
from config.settings import Settings
from config.suggest import did_you_mean
from connectors.itsm.base import ConnectorError, Ticket, TicketDraft, TicketKind, TicketPatch, TicketState
from connectors.itsm.drafting import bypass_draft, request_draft, ticket_of
from connectors.itsm.mapping import FACTS, OPEN_SUBJECTS
from connectors.itsm.rehearsal import DryRun, rehearse_create, rehearse_update
from core.approvals import get_request
from core.emergency import get_bypass
from core.errors import InvalidInput, NotFound

OPERATIONS: Final = ("create", "update")
DRAFT_NAMES: Final = ("kind", "summary", "description", "requester_email")
PATCH_NAMES: Final = ("target", "note", "by")
OPEN: Final = "How the system answers decides what follows."
EXISTS: Final = "It has the ticket {number} already; this is what creating it would send."
_REFERENCE: Final = re.compile(r"(REQ|BYP)-(\d{1,9})\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is tried. `ticket` is the other system's own id, needed to update without a request; `given` are samples."""

    operation: str
    tenant: str = ""
    request: str = ""
    ticket: str = ""
    given: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """What a ticket is made for, and the one that it has."""

    draft: TicketDraft
    ticket: Ticket | None


def dry_run(settings: Settings, slug: str, asked: Asked) -> dict[str, Any]:
    """Every call that would be made, secrets struck out; nothing is written anywhere.

    Raises InvalidInput for what cannot be tried, NotFound for an unknown system, tenant or request.
    """
    if asked.operation not in OPERATIONS:
        raise InvalidInput(f"There is no operation '{asked.operation}'.", accepted=OPERATIONS)
    samples = dict(_pair(one) for one in asked.given)
    systems = connected_systems(settings)
    chosen = _chosen(systems, slug, asked.tenant)

    async def attempt(subject: Subject) -> dict[str, Any]:
        try:
            return await _attempt(chosen, subject, asked, samples)
        finally:
            for each in systems:
                await each.system.close()

    async def of_request(service: Service) -> dict[str, Any]:
        return await attempt(await _subject(service, chosen, asked.request))

    if asked.request:
        return run(settings, of_request)
    return asyncio.run(attempt(Subject(_sample(samples), None)))


def _chosen(systems: Sequence[Connected], slug: str, tenant: str) -> Connected:
    """The tenant's connection with this system; without a tenant, the only one."""
    found = [each for each in systems if each.slug == slug]
    fitting = [each for each in found if not tenant or each.tenant == tenant]
    if len(fitting) == 1:
        return fitting[0]
    if not found:
        known = tuple(dict.fromkeys(each.slug for each in systems))
        raise NotFound(f"'{slug}' is neither a file nor connected.{did_you_mean(slug, known)}", accepted=known)
    said = f"'{slug}' is connected for several tenants." if fitting else f"'{slug}' is not connected for '{tenant}'."
    raise NotFound(said, where="--tenant", accepted=tuple(sorted(str(each.tenant) for each in found)))


async def _subject(service: Service, connected: Connected, reference: str) -> Subject:
    match = _REFERENCE.match(reference)
    if match is None:
        raise InvalidInput(f"'{reference}' is no request.", where="--request", accepted=("REQ-1042", "BYP-3"))
    actor = operator(await existing(service, connected.tenant))
    address = service.database.address
    if match[1].upper() == "REQ":
        request = await get_request(service.database, actor, int(match[2]))
        draft, links = request_draft(request, address=address), request.tickets
    else:
        bypass = await get_bypass(service.database, actor, int(match[2]))
        draft, links = bypass_draft(bypass, address=address), bypass.tickets
    known = next((ticket_of(link) for link in links if link.system == connected.slug), None)
    return Subject(draft, known)


async def _attempt(connected: Connected, subject: Subject, asked: Asked, samples: Mapping[str, str]) -> dict[str, Any]:
    system = connected.system
    try:
        if asked.operation == "create":
            found, note = await rehearse_create(system, subject.draft), ""
            if not found.calls and subject.ticket is not None:
                again = replace(subject.draft, key=f"{subject.draft.key}:try")
                found = await rehearse_create(system, again)
                note = EXISTS.format(number=subject.ticket.number)
        else:
            ticket = _ticket(asked, subject)
            found, note = await rehearse_update(system, ticket, _patch(subject.draft, samples)), ""
    except ConnectorError as exc:
        raise InvalidInput(exc.reason, where=getattr(exc, "field", None)) from exc
    return _shown(found, note)


def _ticket(asked: Asked, subject: Subject) -> Ticket:
    if asked.ticket:
        return Ticket(asked.ticket, asked.ticket, "", TicketState.OPEN, kind=subject.draft.kind)
    if subject.ticket is None:
        raise InvalidInput(
            "There is no ticket to update: name one.", where="--ticket", accepted=("the system's own id of it",)
        )
    return subject.ticket


def _patch(draft: TicketDraft, samples: Mapping[str, str]) -> TicketPatch:
    target = samples.get("target", TicketState.APPROVED)
    if target not in tuple(TicketState):
        raise InvalidInput(f"'{target}' is no state.{did_you_mean(target, TicketState)}", accepted=tuple(TicketState))
    note = samples.get("note", f"{draft.facts['request']['reference']}: {target}")
    by = samples.get("by", "Amara Okafor")
    return TicketPatch(key=f"{draft.key}:try", target=TicketState(target), note=note, by=by)


def _sample(given: Mapping[str, str]) -> TicketDraft:
    """A made-up ticket with these values: kind=incident, risk.level=low, resource.environment=production."""
    facts: dict[str, Any] = copy.deepcopy({name: value for name, value in FACTS.items() if name != "ticket"})
    for name, value in given.items():
        subject, _, field = name.partition(".")
        fields = facts.get(subject)
        if name in {*DRAFT_NAMES, *PATCH_NAMES}:
            continue
        if not field or not isinstance(fields, dict) or (field not in fields and subject not in OPEN_SUBJECTS):
            raise InvalidInput(f"'{name}' is no sample.{did_you_mean(name, _names())}", accepted=_names())
        fields[field] = int(value) if isinstance(fields.get(field), int) and value.isdecimal() else value
    kind = given.get("kind", TicketKind.CHANGE)
    if kind not in tuple(TicketKind):
        raise InvalidInput(f"'{kind}' is no kind.{did_you_mean(kind, TicketKind)}", accepted=tuple(TicketKind))
    request, resource = facts["request"], facts["resource"]
    service = resource.get("business_service", "")
    return TicketDraft(
        key=request["id"],
        kind=TicketKind(kind),
        summary=given.get("summary", f"{request['reference']}: {request['action']} {resource['name']}"),
        description=given.get("description", request["justification"]),
        requester_email=given.get("requester_email", facts["requester"]["email"]),
        fields={"justification": request["justification"], "business_service": service},
        facts=facts,
    )


def _names() -> tuple[str, ...]:
    plain = (f"{subject}.{name}" for subject, fields in FACTS.items() if isinstance(fields, dict) for name in fields)
    return (*DRAFT_NAMES, *PATCH_NAMES, *(name for name in plain if not name.startswith("ticket.")), "resource.NAME")


def _pair(text: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise InvalidInput(f"'{text}' is no sample; it reads name=value.", accepted=_names())
    return name, value


def _shown(found: DryRun, note: str) -> dict[str, Any]:
    notes = [note, OPEN if found.is_open else "", "" if found.calls else "Nothing would be written."]
    return {"calls": [asdict(call) for call in found.calls], "note": " ".join(one for one in notes if one)}
