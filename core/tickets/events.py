"""What goes to the outbox."""

from enum import StrEnum


class TicketTask(StrEnum):
    """The closed set of event types of tickets.

    TOUCHED and REPAIR are about the subject that a ticket stands for, and concern the system alone that they name.
    """

    TOUCHED = "ticket.touched"  # there; data: system. Its mapped fields are looked at
    RECONCILED = "reconciliation.done"  # subject reconciliation:<uuid>; data: system, figures, problem
    REPAIR = "ticket.repair"  # data: system, what, external_id. It is brought to what it should be
