"""What a ticket system must be able to do for us, and how it may fail.

A connector satisfies `TicketSystem` and is declared by one `Connector`. It holds no state of ours: links, cursors and
retries belong to the caller. Every method may be called again after any failure; nothing is doubled, because each write
carries a key that the connector looks for before it writes.

ConnectorError
├── NotSent          nothing was changed there: try again later
├── Throttled        the same, and the system named its own waiting time
├── Refused          the system answered no: never retry, tell a person
└── OutcomeUnknown   it may have happened: call again, the connector looks by key first
WebhookRejected      what arrived at our door did not come from that system
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final, Protocol

from pydantic import BaseModel

KEY_MAX_CHARS: Final = 100  # the shortest key field among the systems: ServiceNow, task.correlation_id
_KEY: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]*\Z")


class ConnectorError(Exception):
    """A ticket system did not do what was asked. `reason` is one sentence for a person, without secrets."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class NotSent(ConnectorError):
    """Nothing was changed there; the same call may succeed later."""


class Throttled(ConnectorError):
    """Nothing was changed there; the system asks for `retry_after_s` seconds of silence."""

    def __init__(self, reason: str, retry_after_s: float) -> None:
        self.retry_after_s = retry_after_s
        super().__init__(reason)


class Refused(ConnectorError):
    """The system answered no, and would again: `field` names what it objects to, if it says so."""

    def __init__(self, reason: str, field: str | None = None) -> None:
        self.field = field
        super().__init__(reason)


class OutcomeUnknown(ConnectorError):
    """The call may have taken effect. Repeat it: the connector looks by key before it writes again."""


class WebhookRejected(Exception):
    """This message does not prove that it comes from the system, or cannot be read."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(reason)


class TicketKind(StrEnum):
    """What a ticket stands for."""

    CHANGE = "change"
    EMERGENCY_CHANGE = "emergency_change"
    INCIDENT = "incident"


class TicketState(StrEnum):
    """Where a ticket stands, in our words. IMPLEMENTED awaits its review (an incident: is resolved)."""

    OPEN = "open"
    IN_APPROVAL = "in_approval"
    APPROVED = "approved"
    REJECTED = "rejected"
    IMPLEMENTING = "implementing"
    IMPLEMENTED = "implemented"
    CLOSED = "closed"
    CANCELLED = "cancelled"


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


@dataclass(frozen=True, slots=True)
class TicketDraft:
    """A ticket to be: `fields` carries further facts by our names (business_service, justification, risk …).

    Raises ValueError if `key` is not a valid delivery key.
    """

    key: str
    kind: TicketKind
    summary: str
    description: str
    requester_email: str
    fields: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_key(self.key)


@dataclass(frozen=True, slots=True)
class TicketPatch:
    """Where a ticket shall stand, and what shall be written beside it.

    `note` becomes an internal note, once per `key`; `by` names who decided, for the approval record there. A close code
    and notes accompany CLOSED (an incident: also IMPLEMENTED). Raises ValueError if `key` is not a valid delivery key.
    """

    key: str
    target: TicketState
    note: str = ""
    by: str = ""
    close_code: CloseCode = CloseCode.SUCCESSFUL
    close_notes: str = ""

    def __post_init__(self) -> None:
        check_key(self.key)


@dataclass(frozen=True, slots=True)
class TicketNote:
    """What somebody there wrote on a ticket. `id` is that system's own, so that a note is taken over once."""

    id: str
    author: str
    text: str
    at: datetime
    internal: bool


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


@dataclass(frozen=True, slots=True)
class ChangePage:
    """What has changed, oldest first, and the cursor from which to ask next time (opaque; keep it as it is)."""

    changes: tuple[TicketChange, ...]
    cursor: str


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


class Health(StrEnum):
    """The verdict of one check."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what, how it stands, and what to do if it does not."""

    subject: str
    health: Health
    message: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether the system can be used as configured, with every finding, for `countersign doctor`."""

    findings: tuple[Finding, ...]

    @property
    def is_usable(self) -> bool:
        """Whether nothing failed; warnings are allowed."""
        return all(finding.health is not Health.FAILED for finding in self.findings)


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a system can do. The engine asks this, never the name."""

    change_requests: bool
    incidents: bool
    comments: bool
    webhooks: bool
    idempotent_create: bool
    summary_max_chars: int
    incremental_by: str | None


class TicketSystem(Protocol):
    """One ticket system under one set of credentials. Every method but the last may raise a ConnectorError."""

    async def check(self) -> CheckResult:
        """How this system answers with these settings, credentials and rights. Never raises for a system's answer."""
        ...

    async def create(self, draft: TicketDraft) -> Ticket:
        """Exactly one live ticket carries the draft's key. Looks by key first, so it may be called again."""
        ...

    async def update(self, ticket: Ticket, patch: TicketPatch) -> Ticket:
        """The ticket stands at the patch's target or already beyond it, with its note written once."""
        ...

    async def comment(self, ticket: Ticket, text: str, *, key: str) -> None:
        """The ticket carries this internal note exactly once per `key`."""
        ...

    async def find_by_key(self, kind: TicketKind, key: str) -> Ticket | None:
        """The ticket with this key; None if there is none. Of several, the oldest: the others are cancelled."""
        ...

    async def changes_since(self, cursor: str | None) -> ChangePage:
        """What was touched since the cursor. Without one: nothing yet, and a cursor for now."""
        ...

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> tuple[WebhookEvent, ...]:
        """What a signed message tells. Raises WebhookRejected if its signature, age or content is not acceptable."""
        ...

    async def close(self) -> None:
        """No thread, connection or task of this connector is left."""
        ...


@dataclass(frozen=True, slots=True)
class Connector:
    """The declaration of one kind of ticket system. `connect` takes an instance of `settings`; it does not call out."""

    slug: str
    title: str
    settings: type[BaseModel]
    connect: Callable[[Any], TicketSystem]
    capabilities: Capabilities


def check_key(key: str) -> str:
    """The key itself, fit for a query in any system. Raises ValueError otherwise."""
    if len(key) > KEY_MAX_CHARS or not _KEY.match(key):
        raise ValueError(
            f"A delivery key has up to {KEY_MAX_CHARS} letters, digits and . _ : / - and begins with a letter or digit."
        )
    return key
