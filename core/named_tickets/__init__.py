"""Tickets of other systems that a request must name before anybody is asked about it (X6).

words.py            our words for kinds and states of tickets
facts.py            what a system says of a ticket; which systems a tenant has
needs.py            what a policy asks for; need_file.py reads it
ticket.py           the ticket of one request, as we know it
rules.py            pure: whether a ticket is right, whether a grant that rests on one holds now
model.py, store.py  table and SQL
"""

from core.named_tickets.facts import Desk, Desks, TicketFacts
from core.named_tickets.need_file import read_need
from core.named_tickets.needs import MustName, TicketNeed, Window
from core.named_tickets.rules import (
    FRESH_FOR,
    HOLDS_AGAIN,
    Asked,
    Barrier,
    Reading,
    Verdict,
    barrier,
    in_words,
    read_ticket,
    suspension,
    ticket_verdict,
)
from core.named_tickets.store import drop_ticket, keep_ticket, requests_naming, ticket_needed, tickets_needed
from core.named_tickets.ticket import NamedTicket, Standing
from core.named_tickets.words import OPEN_STATES, TicketKind, TicketState

__all__ = [
    "FRESH_FOR",
    "HOLDS_AGAIN",
    "OPEN_STATES",
    "Asked",
    "Barrier",
    "Desk",
    "Desks",
    "MustName",
    "NamedTicket",
    "Reading",
    "Standing",
    "TicketFacts",
    "TicketKind",
    "TicketNeed",
    "TicketState",
    "Verdict",
    "Window",
    "barrier",
    "drop_ticket",
    "in_words",
    "keep_ticket",
    "read_need",
    "read_ticket",
    "requests_naming",
    "suspension",
    "ticket_needed",
    "ticket_verdict",
    "tickets_needed",
]
