"""What the HTTP front needs from the rest of the house, as protocols. `app` hands in the implementations.

Every implementation reports trouble as a `CountersignError`; a source that cannot answer raises `Unavailable`, so that
the door stays shut (X9).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from core.actor import Actor
from web.schema import Reference


class Authenticator(Protocol):
    """Whoever knows the bearer tokens."""

    async def authenticate(
        self, token: str, *, ip: str | None, user_agent: str | None, tenant_override: str | None
    ) -> Actor:
        """The actor behind a presented token, in `tenant_override` if given.

        Raises Unauthenticated for a token that is unknown, expired or revoked; Forbidden if the actor may not enter
        the other tenant; Unavailable if nobody can tell.
        """
        ...


@dataclass(frozen=True, slots=True)
class Fresh:
    """The first call with this key: the caller does the work, then completes or abandons."""


@dataclass(frozen=True, slots=True)
class Replay:
    """The first call was answered so; the work must not be done again."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class InFlight:
    """The first call with this key has not been answered yet."""


@dataclass(frozen=True, slots=True)
class Mismatch:
    """This key belongs to another call."""


@dataclass(frozen=True, slots=True)
class AnswerLost:
    """The first call did its work, and the process died before its answer was kept."""

    what: str
    subject: UUID | None


Begun = Fresh | Replay | InFlight | Mismatch | AnswerLost


class IdempotencyStore(Protocol):
    """Where first answers are kept (draft-ietf-httpapi-idempotency-key). An actor brings tenant, caller and key."""

    async def begin(self, actor: Actor, *, fingerprint: str) -> Begun:
        """The key is taken (Fresh), or what is known of its first use."""
        ...

    async def complete(self, actor: Actor, *, answer: Replay) -> None:
        """Later calls with this key get `answer`."""
        ...

    async def abandon(self, actor: Actor) -> None:
        """The key is free again, because the call changed nothing."""
        ...


class References(Protocol):
    """Whoever knows what people call things by."""

    async def id_of(self, actor: Actor, reference: Reference) -> UUID:
        """The id behind it in the actor's tenant. Raises NotFound."""
        ...


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """One thing that must work before this process takes traffic.

    `probe` returns when it works and raises when it does not; a CountersignError's message is shown, others are not.
    """

    name: str  # lower-case with underscores: database, scheduler, outbox
    probe: Callable[[], Awaitable[None]]
