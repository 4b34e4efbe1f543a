"""What a ticket system must be able to do for us, and how it is declared.

A connector satisfies `TicketSystem` and is declared by one `Connector`. It holds no state of ours: links, cursors and
retries belong to the caller. Every method may be called again after any failure; nothing is doubled, because each write
carries a key that the connector looks for before it writes.

The words it speaks in stand beside it: tickets.py for tickets, failures.py for how it may fail.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from pydantic import BaseModel

from connectors.itsm.approvals import NO_APPROVALS, ApprovalAbilities
from connectors.itsm.failures import ConnectorError, NotSent, OutcomeUnknown, Refused, Throttled, WebhookRejected
from connectors.itsm.severity_scale import SeverityScale
from connectors.itsm.targets import Target
from connectors.itsm.tickets import (
    KEY_MAX_CHARS,
    ChangePage,
    CloseCode,
    FieldChange,
    Ticket,
    TicketChange,
    TicketDraft,
    TicketFile,
    TicketNote,
    TicketPatch,
    TicketReading,
    WebhookEvent,
    check_key,
)
from connectors.itsm.turns import Turns
from core.changes import TaskState
from core.named_tickets import TicketFacts, TicketKind, TicketState
from core.tickets import Shown, ShownTask, ToldApproval, ToldTask

__all__ = [
    "KEY_MAX_CHARS",
    "Capabilities",
    "ChangePage",
    "CheckResult",
    "CloseCode",
    "Connector",
    "ConnectorError",
    "FieldChange",
    "FieldUse",
    "Finding",
    "Health",
    "NotSent",
    "OutcomeUnknown",
    "Refused",
    "Target",
    "Throttled",
    "Ticket",
    "TicketChange",
    "TicketDraft",
    "TicketFacts",
    "TicketFile",
    "TicketKind",
    "TicketNote",
    "TicketPatch",
    "TicketReading",
    "TicketState",
    "TicketSystem",
    "WebhookEvent",
    "WebhookRejected",
    "check_key",
]


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
    fields: bool = False  # reads and writes single fields of a ticket
    verbatim_fields: bool = False  # a field reads as it was written, unlike people and options that read by their names
    approvals: ApprovalAbilities = NO_APPROVALS
    attachments: bool = False  # files hang on its tickets
    tasks: bool = False  # what is to be done of a change is shown there by child records of its ticket
    severities: SeverityScale | None = None  # how bad an incident is, in its own fields; None: that is not kept in step
    ignores_case: bool = False  # of the names of people's accounts
    look_up: bool = True  # any ticket can be asked about by its number, ours or not


class FieldUse(StrEnum):
    """What a field of a declared system is to us."""

    FREE = "free"
    STATE = "state"
    KEY = "key"
    GIVEN = "given"  # by the system itself


class TicketSystem(Protocol):
    """One ticket system under one set of credentials. Every method but the last may raise a ConnectorError."""

    async def check(self) -> CheckResult:
        """How this system answers with these settings, credentials and rights. Never raises for a system's answer."""
        ...

    async def create(self, draft: TicketDraft) -> Ticket:
        """Exactly one live ticket carries the draft's key. Looks by key first, so it may be called again."""
        ...

    async def update(self, ticket: Ticket, patch: TicketPatch) -> Ticket:
        """The ticket stands at the patch's target or already beyond it, with its note written once.

        Where people there must decide themselves, our decision is noted and the ticket returned as it stands.
        """
        ...

    async def comment(self, ticket: Ticket, text: str, *, key: str) -> None:
        """The ticket carries this internal note exactly once per `key`."""
        ...

    async def attach(self, ticket: Ticket, file: TicketFile) -> None:
        """The ticket carries this file exactly once, however often this is called with its name.

        Raises Refused where `capabilities.attachments` is false, and for what the system does not take.
        """
        ...

    async def show_approvers(self, ticket: Ticket, approvers: Sequence[Shown]) -> tuple[ToldApproval, ...]:
        """Each approver's approval says what it shall, as far as the system lets us; every approval of the ticket then.

        Those that we asked for and that are not named any more wait for nobody. Where we may not ask or mark, nothing
        is changed. May be called again after any failure: what stands there already is not written twice.
        """
        ...

    async def show_tasks(self, ticket: Ticket, tasks: Sequence[ShownTask]) -> tuple[ToldTask, ...]:
        """Each of these child records of the ticket is there once and stands as it shall; as they stand then.

        One that is over there stays as it is, and none is moved back. Those that the system's own set-up has no place
        for are left out. May be called again after any failure. Raises Refused where `capabilities.tasks` is false.
        """
        ...

    async def tasks_of(self, ticket: Ticket, known: Mapping[str, TaskState]) -> tuple[ToldTask, ...]:
        """Every child record of ours of the ticket as it stands, doubles too; nothing is changed there.

        By one question, however many there are. `known` are those we know of, by id, with the state in which each was
        last seen: an index that comes late hides none of them, and who ended one is asked only where that is news.
        Raises Refused where `capabilities.tasks` is false, or if they are hidden from us.
        """
        ...

    async def find_by_key(self, kind: TicketKind, key: str) -> Ticket | None:
        """The ticket with this key; None if there is none. Of several, the oldest: the others are cancelled."""
        ...

    async def with_key(self, kind: TicketKind, key: str) -> tuple[Ticket, ...]:
        """Every ticket that carries this key, oldest first; nothing is changed there."""
        ...

    async def read(self, kind: TicketKind, external_id: str, fields: Sequence[str]) -> TicketReading | None:
        """The ticket as it stands, with these fields by that system's names; None if it is gone or hidden from us.

        Raises Refused, naming the field, for one that the ticket does not have.
        """
        ...

    async def field_ids(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, str]:
        """Of each name under which a field may be asked for, its one id there; of names for one field the same."""
        ...

    async def new_targets(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, Target] | None:
        """The same of a ticket that is to be made; None where that cannot be told beforehand."""
        ...

    async def targets(self, kind: TicketKind, names: Sequence[str]) -> Mapping[str, Target]:
        """What the system says of these fields of such tickets, and of any others that it tells of at once.

        A name that is missing is no field there, or is hidden from us. Asks without writing anything.
        """
        ...

    def time_fields(self, kind: TicketKind) -> tuple[str, str] | None:
        """The fields that hold when work on such a ticket is planned to begin and to end; None if it has none."""
        ...

    async def write(self, ticket: Ticket, fields: Mapping[str, str]) -> TicketReading:
        """The fields have these values, others keep theirs; how they read now. A blank value empties its field.

        Raises Refused, naming the field, for a value that it cannot hold.
        """
        ...

    async def look_up(self, number: str) -> TicketFacts | None:
        """What the system shows of the ticket of this number, whoever opened it; None if there is none for us.

        Writes nothing. Raises Refused where `capabilities.look_up` is false.
        """
        ...

    async def changes_since(self, cursor: str | None) -> ChangePage:
        """What was touched since the cursor. Without one: nothing yet, and a cursor for now."""
        ...

    def parse_webhook(self, headers: Mapping[str, str], body: bytes, *, now: datetime) -> tuple[WebhookEvent, ...]:
        """What a signed message tells. Raises WebhookRejected if its signature, age or content is not acceptable."""
        ...

    def own_accounts(self) -> frozenset[str]:
        """The names by which it knows our own account, as far as they are known by now; nobody is asked."""
        ...

    def share_pace(self, turns: Turns) -> None:
        """From now on, calls begin as often as its settings say over all who take these turns, not in this process."""
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
    fields: Mapping[str, FieldUse] | None = None  # all that it has, where a file declares them
