"""Who is calling: every use case takes an Actor, which the door made from a verified credential."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core.ids import TenantId, UserId


class Door(StrEnum):
    """Where a call came in."""

    SLACK = "slack"
    TEAMS = "teams"
    API = "api"
    CONSOLE = "console"
    CLI = "cli"
    TICKET = "ticket"  # by a record of a ticket system, in the hand of a linked account
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class CallKey:
    """The Idempotency-Key of a call under way. `attempt` tells this call from a later one under the same key."""

    key: str
    attempt: UUID


@dataclass(frozen=True, slots=True)
class Actor:
    """A verified caller within one tenant.

    `user` is None for the system itself, and for an enterprise administrator who acts in a tenant where they are not
    a member (`is_enterprise_admin`); such an actor may administer but never vote. `scopes` None means everything that
    the person may do.
    """

    tenant: TenantId
    user: UserId | None
    email: str
    name: str
    door: Door
    ip_address: str | None = None
    user_agent: str | None = None
    scopes: frozenset[str] | None = None
    is_enterprise_admin: bool = False
    assured_at: datetime | None = None  # when they last gave a second factor in this session
    is_session: bool = False  # they came with what a browser keeps
    linked_by: str | None = None  # of the chat account that they came with: how it became theirs
    idempotency_key: CallKey | None = None  # what the call does marks the key as used


def system_actor(tenant: TenantId) -> Actor:
    """Countersign itself: deadlines, dispatch, provisioning."""
    return Actor(tenant=tenant, user=None, email="system", name="Countersign", door=Door.SYSTEM)
