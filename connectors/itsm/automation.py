"""What rules of workflow automation do in one ticket system (N5).

Each effect has a key of its own, which the connector looks for before it writes, so that nothing is done twice. Before
a write it is kept which rules stand behind it: whoever hears of it first, the inbox or we, knows where it comes from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, assert_never

from connectors.itsm.base import (
    CloseCode,
    Ticket,
    TicketDraft,
    TicketKind,
    TicketPatch,
    TicketState,
    TicketSystem,
)
from connectors.itsm.outcomes import as_delivery_failures
from connectors.itsm.rule_fields import RuleFields
from connectors.itsm.rule_updates import update_fields
from core.automation import ActionKind, Effect, load_effect, settle_ticket, start_ticket
from core.db import Database
from core.ids import TenantId
from core.links import TicketLink
from core.outbox import Again, Event, Permanent

TRIES: Final = 12  # attempts after which a ticket that is still not there will not come
SUMMARY_MAX: Final = 255  # characters; longer ones are cut by each connector to what its system takes


@dataclass(frozen=True, slots=True)
class TicketActions:
    """The subscriber of one ticket system for one tenant."""

    slug: str
    tenant: TenantId
    system: TicketSystem
    database: Database
    fields: RuleFields = field(default_factory=RuleFields)

    async def deliver(self, event: Event) -> None:
        """It is done there, and kept here that it is."""
        if event.tenant != self.tenant:
            return
        effect = await load_effect(self.database, event, system=self.slug)
        if effect is None or effect.is_done:
            return
        with as_delivery_failures():
            await self._do(event, effect)

    async def _do(self, event: Event, effect: Effect) -> None:
        match effect.kind:
            case ActionKind.CREATE_TICKET:
                await start_ticket(self.database, event, effect)
                made = await self.system.create(_draft(effect))
                await self._settle(event, effect, made, f"{made.number} was created.")
            case ActionKind.UPDATE_TICKET:
                written = await update_fields(
                    self.database, event, effect, _existing(effect, event), system=self.system, fields=self.fields
                )
                await self._settle(event, effect, written.ticket, written.outcome)
            case ActionKind.TRANSITION:
                ticket = _existing(effect, event)
                await start_ticket(self.database, event, effect)
                moved = await self.system.update(ticket, _patch(effect))
                await self._settle(event, effect, moved, f"{ticket.number} is {moved.label or moved.state}.")
            case ActionKind.COMMENT:
                ticket = _existing(effect, event)
                text = effect.values["text"].strip()
                if not text:
                    raise Permanent("The comment is empty once its placeholders are filled in.")
                await self.system.comment(ticket, text, key=str(effect.id))
                await settle_ticket(self.database, event, effect, None, f"It stands on {ticket.number}.")
            case ActionKind.NOTIFY | ActionKind.OPEN_APPROVAL | ActionKind.CALL_WEBHOOK:
                raise Permanent(f"No ticket system can {effect.kind.replace('_', ' ')}.")
            case _:
                assert_never(effect.kind)

    async def _settle(self, event: Event, effect: Effect, ticket: Ticket, outcome: str) -> None:
        known = effect.ticket
        is_own = effect.kind is ActionKind.CREATE_TICKET
        link = TicketLink(
            subject_id=effect.id if is_own or known is None else known.subject_id,
            system=self.slug,
            kind=ticket.kind,
            external_id=ticket.external_id,
            number=ticket.number,
            url=ticket.url,
            state=ticket.label or ticket.state,
            subject_type="ticket" if is_own or known is None else known.subject_type,
        )
        await settle_ticket(self.database, event, effect, link, outcome)


@dataclass(frozen=True, slots=True)
class TenantActions:
    """The same for every tenant that has an instance of this kind of ticket system."""

    actions: Mapping[TenantId, TicketActions]

    async def deliver(self, event: Event) -> None:
        """As `TicketActions.deliver`, at the event's own tenant; nothing for a tenant without an instance."""
        actions = self.actions.get(event.tenant)
        if actions is not None:
            await actions.deliver(event)


def _existing(effect: Effect, event: Event) -> Ticket:
    """The ticket of what happened. One that is not made yet is waited for."""
    link = effect.ticket
    if link is None:
        if event.attempt >= TRIES:
            raise Permanent("What happened has no ticket there.")
        raise Again("What happened has no ticket there yet.")
    return Ticket(
        external_id=link.external_id,
        number=link.number,
        url=link.url,
        state=TicketState.OPEN,
        label=link.state,
        kind=TicketKind(link.kind),
    )


def _draft(effect: Effect) -> TicketDraft:
    values = effect.values
    return TicketDraft(
        key=str(effect.id),
        kind=TicketKind(values["kind"]),
        summary=" ".join(values["summary"].split())[:SUMMARY_MAX],
        description=values.get("description", values["summary"]),
        requester_email=values.get("requester", ""),
        fields=effect.fields,
    )


def _patch(effect: Effect) -> TicketPatch:
    values = effect.values
    note = values.get("note") or f"Countersign, rule {effect.rule}."
    return TicketPatch(
        key=str(effect.id),
        target=TicketState(values["to"]),
        note=note,
        by=f"rule {effect.rule}",
        close_code=CloseCode(values.get("close_code", CloseCode.SUCCESSFUL)),
        close_notes=values.get("close_notes") or note,
    )
