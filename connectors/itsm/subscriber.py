"""Keeps one ticket per request and per bypass in step (N1): it knows the protocol, never a name.

A ticket is found or created by the subject's own id, so an event delivered twice, or a create that committed and then
timed out, never makes a second one. Events of a subject come in order, so the ticket walks as the request did.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from connectors.itsm.base import (
    CloseCode,
    NotSent,
    OutcomeUnknown,
    Refused,
    Throttled,
    Ticket,
    TicketDraft,
    TicketKind,
    TicketPatch,
    TicketState,
    TicketSystem,
)
from core.approvals import RequestEvent, RequestView, load_request
from core.db import Database
from core.emergency import BypassView, EmergencyEvent, load_bypass
from core.ids import TenantId
from core.links import TicketLink, record_ticket, tickets_of
from core.outbox import Event, Permanent, Throttle

EVENTS: Final = frozenset(
    {
        RequestEvent.OPENED,
        RequestEvent.VOTED,
        RequestEvent.ESCALATED,
        RequestEvent.COMMENTED,
        RequestEvent.APPROVED,
        RequestEvent.REJECTED,
        RequestEvent.AMENDED,
        RequestEvent.WITHDRAWN,
        RequestEvent.EXPIRED,
        RequestEvent.USED,
        RequestEvent.OUTCOME,
        EmergencyEvent.GRANTED,
        EmergencyEvent.USED,
        EmergencyEvent.ENDED,
        EmergencyEvent.EXPIRED,
        EmergencyEvent.REVIEWED,
    }
)
_STANDS: Final = {
    RequestEvent.OPENED: TicketState.IN_APPROVAL,
    RequestEvent.APPROVED: TicketState.APPROVED,
    RequestEvent.REJECTED: TicketState.REJECTED,
    RequestEvent.WITHDRAWN: TicketState.CANCELLED,
    RequestEvent.EXPIRED: TicketState.CANCELLED,
    RequestEvent.USED: TicketState.IMPLEMENTING,
    RequestEvent.OUTCOME: TicketState.CLOSED,
    EmergencyEvent.GRANTED: TicketState.IMPLEMENTING,
    EmergencyEvent.ENDED: TicketState.IMPLEMENTED,
    EmergencyEvent.EXPIRED: TicketState.IMPLEMENTED,
    EmergencyEvent.REVIEWED: TicketState.CLOSED,
}


@dataclass(frozen=True, slots=True)
class TicketSync:
    """The subscriber of one ticket system for one tenant."""

    slug: str
    tenant: TenantId
    system: TicketSystem
    database: Database

    async def deliver(self, event: Event) -> None:
        """The subject's ticket exists and stands where the event puts it, with the event written beside it once."""
        if event.tenant != self.tenant:
            return
        try:
            await self._deliver(event)
        except Throttled as exc:
            raise Throttle(exc.retry_after_s) from exc
        except Refused as exc:
            raise Permanent(exc.reason + (f" (field {exc.field})" if exc.field else "")) from exc
        except (NotSent, OutcomeUnknown) as exc:
            raise _AgainError(exc.reason) from exc

    async def _deliver(self, event: Event) -> None:
        async with self.database.tenant(event.tenant) as tx:
            links = (await tickets_of(tx, [event.subject_id])).get(event.subject_id, ())
            if event.subject.startswith("request:"):
                request = await load_request(tx, event.subject_id)
                draft, reference = _request_draft(request), request.reference
            else:
                bypass = await load_bypass(tx, event.subject_id)
                draft, reference = _bypass_draft(bypass), bypass.reference
        known = next((link for link in links if link.system == self.slug), None)
        ticket = _ticket(known) if known else await self.system.create(draft)
        if known is None:
            await self._take_over(event, ticket)
        key, note = event.delivery_key(self.slug), _note(event, reference)
        target = _STANDS.get(event.type)  # type: ignore[call-overload]  # both enums are texts
        if target is None:
            await self.system.comment(ticket, note, key=key)
            return
        patch = TicketPatch(
            key=key,
            target=target,
            note=note,
            by=str(event.data.get("by", "")),
            close_code=_close_code(event.data),
            close_notes=note if target is TicketState.CLOSED else "",
        )
        await self._take_over(event, await self.system.update(ticket, patch))

    async def _take_over(self, event: Event, ticket: Ticket) -> None:
        await record_ticket(
            self.database,
            event.tenant,
            event.subject,
            TicketLink(
                subject_id=event.subject_id,
                system=self.slug,
                kind=ticket.kind,
                external_id=ticket.external_id,
                number=ticket.number,
                url=ticket.url,
                state=ticket.label or ticket.state,
            ),
        )


class _AgainError(Exception):
    """Nothing is certain to have happened: the dispatcher tries again, and the connector looks by key first."""


def _ticket(link: TicketLink) -> Ticket:
    return Ticket(
        external_id=link.external_id,
        number=link.number,
        url=link.url,
        state=TicketState.OPEN,
        label=link.state,
        kind=TicketKind(link.kind),
    )


def _request_draft(request: RequestView) -> TicketDraft:
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
        },
    )


def _bypass_draft(bypass: BypassView) -> TicketDraft:
    return TicketDraft(
        key=str(bypass.id),
        kind=TicketKind.EMERGENCY_CHANGE,
        summary=f"{bypass.reference}: emergency bypass for {bypass.resource}",
        description=f"{bypass.justification}\n\nScope: {bypass.action} on {bypass.resource}, until "
        f"{bypass.expires_at:%Y-%m-%d %H:%M} UTC. Risk: {bypass.risk}.",
        requester_email=bypass.requester.email,
        fields={"justification": bypass.justification, "risk": bypass.risk},
    )


def _close_code(data: Any) -> CloseCode:
    return CloseCode.UNSUCCESSFUL if data.get("status") == "failed" else CloseCode.SUCCESSFUL


def _note(event: Event, reference: str) -> str:
    """The event in one line, for people who read the ticket and not our chat."""
    data = event.data
    what = event.type.partition(".")[2].replace("_", " ")
    parts = [f"{reference}: {what}"]
    if data.get("stage"):
        parts.append(f"stage {data['stage']}")
    parts += [str(data[key]) for key in ("decision", "status", "kind", "action") if data.get(key)]
    text = data.get("reason") or data.get("text") or data.get("note")
    return " · ".join(parts) + (f"\n{text}" if text else "")
