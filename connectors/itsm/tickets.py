"""Tickets, what is asked of them and what a system tells of them, in our words."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from core.named_tickets import TicketKind, TicketState
from core.tickets import ToldApproval, ToldTask

KEY_MAX_CHARS: Final = 100  # the shortest key field among the systems: ServiceNow, task.correlation_id
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*\Z")


class CloseCode(StrEnum):
    """How the work behind a ticket ended."""

    SUCCESSFUL = "successful"
    SUCCESSFUL_WITH_ISSUES = "successful_with_issues"
    UNSUCCESSFUL = "unsuccessful"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A record in the other system. `label` is its state in that system's own words, as people there see it."""

    external_id: str
    number: str
    url: str
    state: TicketState
    label: str = ""
    kind: TicketKind = TicketKind.CHANGE


OUR_NAMES: Final = frozenset(  # of what is told of a ticket: each system knows which of its fields holds it, if any
    {
        "business_service", "implementation_plan", "impact", "justification", "planned_end", "planned_start",
        "risk", "risk_analysis", "rollback_plan", "severity", "test_plan", "urgency",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """A ticket to be: `fields` carries further facts by our names (business_service, justification, risk …).

    A name that is none of ours is a field by that system's own name, as a rule of automation may give it. What has no
    field of a new ticket there is told in the description.

    `facts` is what expressions of a mapping may speak of, as `connectors.itsm.mapping.FACTS` shows it. `gone` is the
    number of an earlier ticket with this key that is known not to exist any more. `is_preapproved`: approved by a
    policy's criteria before anybody was asked; some systems have a kind of their own for such work.

    Raises ValueError if `key` is not a valid delivery key.
    """

    key: str
    kind: TicketKind
    summary: str
    description: str
    requester_email: str
    fields: Mapping[str, str] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)
    gone: str = ""
    is_preapproved: bool = False

    def __post_init__(self) -> None:
        check_key(self.key)


@dataclass(frozen=True, slots=True)
class TicketPatch:
    """Where a ticket shall stand, and what shall be written beside it.

    `note` becomes an internal note, once per `key`; `by` names who decided, for the approval record there. A close code
    and notes accompany CLOSED (an incident: also IMPLEMENTED). `reopens`: an incident that is done there goes back, as
    far as its system lets it. Raises ValueError if `key` is not a valid delivery key.
    """

    key: str
    target: TicketState
    note: str = ""
    by: str = ""
    close_code: CloseCode = CloseCode.SUCCESSFUL
    close_notes: str = ""
    reopens: bool = False

    def __post_init__(self) -> None:
        check_key(self.key)


@dataclass(frozen=True, slots=True)
class TicketFile:
    """A file for a ticket. `name` is its own among those that we attach there: by it an attachment is known again."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class TicketNote:
    """What somebody there wrote on a ticket. `id` is that system's own, so that a note is taken over once."""

    id: str
    author: str
    text: str
    at: datetime
    internal: bool
    account: str = ""  # what the system knows its author by, where that is not their name
    is_of_approval: bool = False  # the system has copied it from an approval of the ticket, which is told as that


@dataclass(frozen=True, slots=True)
class TicketChange:
    """A ticket of ours that was touched: as it stands now, at which `version`, and by whom last.

    `ours` says that the last hand was our own account: a state we already know, to be ignored as an echo. `notes` are
    those that people wrote since the cursor; our own are left out.
    """

    key: str
    ticket: Ticket
    version: int
    at: datetime
    by: str
    ours: bool
    notes: tuple[TicketNote, ...] = ()
    approvals: tuple[ToldApproval, ...] = ()


@dataclass(frozen=True, slots=True)
class TicketReading:
    """A ticket with the fields that were asked for, as they stand at `version`: texts, as that system shows them.

    `key` is ours; `by` was the last hand on the ticket, whatever it touched, and `ours` that it was our own account.
    `account` and `email` are that hand's, as far as the system tells. `odd` says of fields that hold something else
    than one value why that is nothing to take over; their text shows what they hold.
    """

    ticket: Ticket
    key: str
    fields: Mapping[str, str]
    version: int
    at: datetime
    by: str
    ours: bool
    account: str = ""
    email: str = ""
    odd: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChangePage:
    """What has changed, oldest first, and the cursor from which to ask next time (opaque; keep it as it is).

    `tasks` are child records of our tickets, ours among them and no others.
    """

    changes: tuple[TicketChange, ...]
    cursor: str
    tasks: tuple[ToldTask, ...] = ()


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after, as the other system spells its values."""

    old: str
    new: str


@dataclass(frozen=True, slots=True)
class WebhookEvent:
    """A verified nudge from the system. It says where to look; `changes_since` says what is true."""

    delivery_id: str
    table: str
    external_id: str
    number: str
    operation: str
    version: int
    by: str
    ours: bool
    changes: Mapping[str, FieldChange] = field(default_factory=dict)


def check_key(key: str) -> str:
    """The key itself, fit for a query in any system. Raises ValueError otherwise."""
    if len(key) > KEY_MAX_CHARS or not _KEY.match(key):
        raise ValueError(
            f"A delivery key has up to {KEY_MAX_CHARS} letters, digits and . _ : / - and begins with a letter or digit."
        )
    return key
