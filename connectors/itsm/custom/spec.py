"""A ticket system as its file declares it: frozen values, checked by `reading`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Any

from connectors.itsm.approvals import NO_APPROVALS, ApprovalAbilities
from connectors.itsm.base import TicketKind, TicketState
from connectors.itsm.custom.approval_spec import Approvals
from connectors.itsm.custom.request_spec import Changes, HeaderValue, JsonPath, Request, Scalar, SecretRef, States
from connectors.itsm.custom.task_spec import Tasks
from connectors.itsm.templates import Template


class AuthKind(StrEnum):
    """How a call proves who makes it."""

    NONE = "none"
    BASIC = "basic"
    BEARER = "bearer"
    HEADER = "header"
    OAUTH2 = "oauth2"
    SESSION = "session"


@dataclass(frozen=True, slots=True)
class Auth:
    """The proof. `header` carries a session's token or the fixed value; `token` is where a login's answer holds it."""

    kind: AuthKind = AuthKind.NONE
    user: str = ""
    secret: SecretRef | None = None
    header: str = "Authorization"
    token_url: str = ""
    scope: str = ""
    login: Request | None = None
    token: JsonPath = ()
    logout: Request | None = None


@dataclass(frozen=True, slots=True)
class Comments:
    """How a ticket's comments are read, and where in each of them its facts stand."""

    request: Request
    id: JsonPath
    text: JsonPath
    author: JsonPath
    at: JsonPath
    internal: JsonPath


@dataclass(frozen=True, slots=True)
class TicketPaths:
    """Where in a ticket of theirs each fact stands; an empty path: it is not told."""

    id: JsonPath
    state: JsonPath
    number: JsonPath = ()
    key: JsonPath = ()
    key_prefix: str = ""
    kind: JsonPath = ()
    updated_at: JsonPath = ()
    updated_by: JsonPath = ()
    created_at: JsonPath = ()
    requester: JsonPath = ()  # these of tickets that people name: see `look_up`
    resource: JsonPath = ()
    summary: JsonPath = ()
    description: JsonPath = ()
    starts_at: JsonPath = ()
    ends_at: JsonPath = ()


@dataclass(frozen=True, slots=True)
class Fields:
    """Single fields: where in a ticket of theirs each stands, and how values are written; None: they cannot be."""

    read: Mapping[str, JsonPath]
    write: Request | None


@dataclass(frozen=True, slots=True)
class Files:
    """Files of a ticket: how they are listed, where each tells its name, and how one is added."""

    listed: Request
    name: JsonPath
    added: Request


class Means(StrEnum):
    """Which of the four failures an answer is; or that nothing is there, which of a list is an empty one."""

    NOT_SENT = "not_sent"
    THROTTLED = "throttled"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """An answer of one of these statuses, in whose body `path` is `value` (if there is one), means this."""

    statuses: frozenset[int]
    path: JsonPath
    value: str
    means: Means


@dataclass(frozen=True, slots=True)
class Errors:
    """How the system's noes are read: where its sentence and the field stand, and what is special."""

    message: JsonPath = ()
    field: JsonPath = ()
    rules: tuple[ErrorRule, ...] = ()


class TimeFormat(StrEnum):
    """How times are written; anything else is a strftime format."""

    ISO = "iso"
    EPOCH = "epoch"
    EPOCH_MS = "epoch_ms"


@dataclass(frozen=True, slots=True)
class Times:
    """How instants are read and written. `zone` is meant by times that name none; None: such times are refused."""

    format: str = TimeFormat.ISO
    zone: tzinfo | None = None

    def read(self, value: Any) -> datetime | None:
        """The instant; None if there is none. Raises ValueError for a time that cannot be placed."""
        if value is None or value == "":
            return None
        if self.format in {TimeFormat.EPOCH, TimeFormat.EPOCH_MS}:
            return datetime.fromtimestamp(float(value) / (1 if self.format == TimeFormat.EPOCH else 1000), UTC)
        is_iso = self.format == TimeFormat.ISO
        at = datetime.fromisoformat(str(value)) if is_iso else datetime.strptime(str(value), self.format)  # noqa: DTZ007 - placed below
        if at.tzinfo is None and self.zone is None:
            raise ValueError(f"the time {value} names no zone; say which is meant in 'times.zone'")
        return (at if at.tzinfo else at.replace(tzinfo=self.zone)).astimezone(UTC)

    def write(self, at: datetime) -> Scalar:
        """The instant as the system wants it, in whole seconds."""
        match self.format:
            case TimeFormat.EPOCH:
                return int(at.timestamp())
            case TimeFormat.EPOCH_MS:
                return int(at.timestamp()) * 1000
            case TimeFormat.ISO:
                return at.astimezone(self.zone or UTC).replace(microsecond=0).isoformat()
            case _:
                return at.astimezone(self.zone or UTC).strftime(self.format)


class WebhookKind(StrEnum):
    """How a message proves where it comes from."""

    STANDARD = "standard"
    HMAC = "hmac"
    BEARER = "bearer"


@dataclass(frozen=True, slots=True)
class Webhook:
    """How messages to `/hooks/SLUG/TENANT` are checked, and where in them the ticket stands."""

    kind: WebhookKind
    secret: SecretRef
    header: str
    algorithm: str
    encoding: str
    prefix: str
    id: JsonPath
    number: JsonPath
    by: JsonPath
    operation: JsonPath


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds and numbers that hold for every call."""

    connect_s: float
    read_s: float
    total_s: float
    concurrent: int
    per_second: int


@dataclass(frozen=True, slots=True)
class Spec:
    """One ticket system."""

    file: Path
    title: str
    url: str
    auth: Auth
    headers: Mapping[str, HeaderValue]
    limits: Limits
    kinds: frozenset[TicketKind]
    page: Template | None
    account: str
    summary_max_chars: int
    tables: Mapping[str, Mapping[str, Scalar]]
    states: States[TicketState]
    times: Times
    ticket: TicketPaths
    errors: Errors
    create: Request
    is_create_idempotent: bool
    get: Request
    update: Request
    is_stepwise: bool
    find: Request | None
    comment: Request | None
    is_comment_idempotent: bool
    comments: Comments | None
    changes: Changes | None
    webhook: Webhook | None
    fields: Fields | None = None
    look_up: Request | None = None  # any ticket by its number
    approvals: Approvals | None = None
    attachments: Files | None = None
    tasks: Tasks | None = None

    @property
    def approval_abilities(self) -> ApprovalAbilities:
        """What can be done with approvals there, as far as the file declares."""
        return NO_APPROVALS if self.approvals is None else self.approvals.abilities
