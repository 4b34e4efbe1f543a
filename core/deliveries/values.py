"""Connectors as they are wired, and what a test of one found."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from config.credentials import Credential
from core.actor import Actor
from core.ids import TenantId
from core.outbox import Event


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


class Trying(StrEnum):
    """What is tried without sending it."""

    CREATE = "create"
    UPDATE = "update"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is tried, for a request or bypass of ours by its reference; without one, for made-up facts.

    `ticket` is the other system's own id, needed to update without a request; `given` are samples as name=value.
    """

    operation: Trying
    request: str = ""
    ticket: str = ""
    given: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class TriedCall:
    """A write as it would be sent; secrets are struck out, a JSON body is data."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: Any


@dataclass(frozen=True, slots=True)
class Tried:
    """The writes that would be made, in their order, and what there is to say of them."""

    calls: tuple[TriedCall, ...]
    note: str


Check = Callable[[], Awaitable[Sequence[Finding]]]
Try = Callable[[Actor, Asked], Awaitable[Tried]]
Preview = Callable[[Event], Awaitable[Mapping[str, Any]]]


@dataclass(frozen=True, slots=True)
class Connection:
    """Another system that one tenant is connected with. `name` is its subscriber's, `check` asks how it answers.

    `preview` says what an event would send there now, `tries` what any ticket would; neither sends anything.
    `limits` are those that our calls keep to, `credentials` where the secrets are kept with which we sign in there.
    `counts_approvals`: what linked people approve there is their vote. `keeps_tickets`: it has tickets of ours, which
    can be compared with what should be.
    """

    name: str
    title: str
    tenant: TenantId
    check: Check
    preview: Preview | None = None
    tries: Try | None = None
    limits: str = ""
    credentials: tuple[Credential, ...] = ()
    counts_approvals: bool = False
    keeps_tickets: bool = True
    own_accounts: Callable[[], frozenset[str]] | None = None  # ours there, as far as known; None: it has no people
    ignores_case: bool = False  # of people's accounts there


@dataclass(slots=True)
class Connected:
    """Every connection of this process."""

    connections: list[Connection] = field(default_factory=list)

    def of(self, tenant: TenantId) -> tuple[Connection, ...]:
        """Those of the tenant."""
        return tuple(each for each in self.connections if each.tenant == tenant)

    def find(self, tenant: TenantId, name: str) -> Connection | None:
        """The tenant's connection with this name, if there is one."""
        return next((each for each in self.of(tenant) if each.name == name), None)

    def is_only_elsewhere(self, tenant: TenantId, name: str) -> bool:
        """Whether the name is other tenants' connection, so that nothing of this one goes there."""
        return any(each.name == name for each in self.connections) and self.find(tenant, name) is None
