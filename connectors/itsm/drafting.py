"""Tickets as we know or wish them: of a request, of a bypass, of a link that is kept."""

from __future__ import annotations

from typing import Final

from connectors.itsm.base import Ticket, TicketDraft, TicketKind, TicketState
from connectors.itsm.facts import bypass_facts, request_facts
from core.approvals import RequestView
from core.emergency import BypassView
from core.links import TicketLink

OF_A_CHANGE: Final = ("planned_start", "planned_end", "rollback_plan", "test_plan", "risk")  # docs/connectors


def ticket_of(link: TicketLink) -> Ticket:
    """The ticket of this link, as far as we know it."""
    return Ticket(
        external_id=link.external_id,
        number=link.number,
        url=link.url,
        state=TicketState.OPEN,
        label=link.state,
        kind=TicketKind(link.kind),
    )


def request_draft(request: RequestView, *, address: str) -> TicketDraft:
    """The ticket of a request; `address` is this installation's own."""
    name = request.resource.get("name", "")
    facts = "\n".join(f"{key.replace('_', ' ')}: {value}" for key, value in sorted(request.resource.items()))
    return TicketDraft(
        key=str(request.id),
        kind=TicketKind.CHANGE,
        summary=f"{request.reference}: {request.action} {name}",
        description=f"{request.justification}\n\n{facts}\n\nRequested by {request.requester.email}.",
        requester_email=request.requester.email,
        fields={
            "justification": request.justification,
            "business_service": request.resource.get("business_service", ""),
            **_of_change(request),
        },
        facts=request_facts(request, address=address),
        is_preapproved=request.is_automatic and request.status == "approved",
    )


def _of_change(request: RequestView) -> dict[str, str]:
    """What a change says of itself under the names that ticket systems know; nothing for another request."""
    if request.resource.get("type") != "change":
        return {}
    return {key: request.resource[key] for key in OF_A_CHANGE if request.resource.get(key)}


def bypass_draft(bypass: BypassView, *, address: str) -> TicketDraft:
    """The ticket of a bypass."""
    return TicketDraft(
        key=str(bypass.id),
        kind=TicketKind.EMERGENCY_CHANGE,
        summary=f"{bypass.reference}: emergency bypass for {bypass.resource}",
        description=f"{bypass.justification}\n\nScope: {bypass.action} on {bypass.resource}, until "
        f"{bypass.expires_at:%Y-%m-%d %H:%M} UTC. Risk: {bypass.risk}.",
        requester_email=bypass.requester.email,
        fields={"justification": bypass.justification, "risk": bypass.risk},
        facts=bypass_facts(bypass, address=address),
    )
