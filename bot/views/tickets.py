"""The ticket that a request must name: how it stands, and the form that names it (X6)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from bot import actions
from bot.actions import Target
from bot.cards import (
    Block,
    Card,
    Context,
    Form,
    Instant,
    Link,
    Markup,
    Plain,
    Section,
    Strong,
    Text,
    TextInput,
    one_line,
)
from bot.plain import line_of
from bot.views.pieces import title_of
from core.approvals import RequestView
from core.links import SYSTEM_TITLES
from core.named_tickets import HOLDS_AGAIN, NamedTicket, Standing

NUMBER_MAX: Final = 200  # characters
WAITING: Final = "🎫 Waits for a ticket"


def ticket_blocks(request: RequestView) -> tuple[Block, ...]:
    """A line on the request's ticket, if it needs one; what is wrong with it is said in full."""
    ticket = request.ticket
    if ticket is None:
        return ()
    match ticket.standing:
        case Standing.MISSING:
            return (Context((Markup("🎫 Its policy asks for a ticket, and none is named yet."),)),)
        case Standing.ASKED:
            return (Context((Markup("🎫 "), *_named(ticket), Markup(" · is being checked"))),)
        case Standing.HOLDS:
            label = ticket.facts.label if ticket.facts else ""
            return (Context((Markup("🎫 "), *_named(ticket), Markup(" · "), one_line(label), *_window(ticket))),)
        case Standing.REFUSED:
            why = Plain(request.suspension or " ".join(ticket.reasons))
            return (Section((Markup("⚠️ "), *_named(ticket), Markup(": "), why)),)


def ticket_form(request: RequestView, target: Target) -> Form:
    """Which ticket the request rests on."""
    said = ticket_blocks(request)
    ticket = request.ticket
    number = ticket.number if ticket else ""
    if ticket and ":" in number:  # else what stands before the colon would be read as a system
        number = f"{ticket.system}:{number}"
    return Form(
        actions.FORM_TICKET,
        "Name a ticket",
        (Section((Plain(f"{request.reference} · {title_of(request)}"),)), *said, ticket_input(number)),
        submit="Check it",
        memo=target.encode(),
    )


def ticket_input(number: str = "", *, is_optional: bool = False) -> TextInput:
    """Where a ticket is named."""
    return TextInput(
        "ticket",
        "Ticket",
        initial=number,
        max_chars=NUMBER_MAX,
        placeholder="CHG0030001",
        hint="An open ticket that names you and the agent. Of several systems: servicenow:CHG0030001",
        is_optional=is_optional,
    )


def told_of_ticket(event: str, data: Mapping[str, Any]) -> Card | None:
    """The thread's line on what became of the ticket; None where nothing is to be said."""
    name = (Strong(one_line(str(data.get("ticket", ""))).text), Markup(" in "), one_line(_system(data)))
    reasons = one_line(" ".join(map(str, data.get("reasons") or ())))
    line: Text
    match event:
        case "request.ticket_missing":
            line = (Markup("🎫 Its policy asks for a ticket. Name one, so that people can be asked."),)
        case "request.ticket_accepted":
            line = (Markup("🎫 "), *name, Markup(" stands for this, which goes on now."))
        case "request.ticket_restored":
            line = (Markup("🎫 "), *name, Markup(" stands for this again."))
        case "request.ticket_refused":
            # What is approved cannot be withdrawn any more.
            helps = HOLDS_AGAIN if data.get("suspends") else "Name another ticket, or withdraw the request."
            before = Markup("⏸️ Suspended: " if data.get("suspends") else "⚠️ ")
            line = (before, reasons, Markup(f" {helps}"))
        case _:
            return None
    return Card(line_of(line), (Section(line),))


def _system(data: Mapping[str, Any]) -> str:
    slug = str(data.get("system", ""))
    return SYSTEM_TITLES.get(slug, slug)


def _named(ticket: NamedTicket) -> Text:
    number = Link(ticket.number, ticket.url) if ticket.url else Strong(ticket.number)
    return (number, Markup(" in "), one_line(ticket.title))


def _window(ticket: NamedTicket) -> Text:
    """Moments, which each reader sees in their own time zone."""
    facts = ticket.facts
    bounds = ticket.holds_until is not None
    planned = (facts.starts_at, facts.ends_at) if facts else (None, None)
    begins, ends = (ticket.holds_from, ticket.holds_until) if bounds else planned
    if ends is None:
        return ()
    word = "holds" if bounds else "planned"
    since = (Instant(begins, f" · {word} from "),) if begins else ()
    return (*since, Instant(ends, " until " if begins else f" · {word} until "))
