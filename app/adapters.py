"""What the HTTP front needs, out of what the core offers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from uuid import UUID

from core import approvals, changes, emergency, idempotency, incidents
from core.access import authenticate
from core.actor import Actor, CallKey, Door
from core.db import Database, Transaction
from core.idempotency import CarriedOut, StoredAnswer
from web.ports import AnswerLost, Begun, Fresh, InFlight, Mismatch, Replay
from web.schema import Reference

_FINDERS: Final[Mapping[str, Callable[[Transaction, int], Awaitable[UUID]]]] = {
    "REQ": approvals.id_of,
    "CHG": changes.id_of,
    "BYP": emergency.id_of,
    "INC": incidents.id_of,
}


class TokenAuthenticator:
    """Bearer tokens, as the core keeps them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def authenticate(
        self, token: str, *, ip: str | None, user_agent: str | None, tenant_override: str | None
    ) -> Actor:
        """The actor behind a presented token."""
        return await authenticate(
            self._database, token, door=Door.API, ip_address=ip, user_agent=user_agent, tenant_override=tenant_override
        )


class StoredReferences:
    """What people call things by, as the core numbers them."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def id_of(self, actor: Actor, reference: Reference) -> UUID:
        """The id behind it in the actor's tenant. Raises NotFound."""
        async with self._database.tenant(actor.tenant) as tx:
            return await _FINDERS[reference.prefix](tx, reference.number)


class StoredIdempotency:
    """First answers, kept in the caller's tenant."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, actor: Actor, *, fingerprint: str) -> Begun:
        """The key is taken (Fresh), or what is known of its first use."""
        async with self._database.tenant(actor.tenant) as tx:
            begun, answer = await idempotency.begin(tx, actor=actor.email, key=_key(actor), fingerprint=fingerprint)
        match begun:
            case idempotency.Begun.FRESH:
                return Fresh()
            case idempotency.Begun.IN_FLIGHT:
                return InFlight()
            case idempotency.Begun.MISMATCH:
                return Mismatch()
            case idempotency.Begun.REPLAY if isinstance(answer, StoredAnswer):
                return Replay(answer.status, answer.headers, answer.body)
            case idempotency.Begun.ANSWER_LOST if isinstance(answer, CarriedOut):
                return AnswerLost(answer.what, answer.subject)
            case _:
                raise RuntimeError(f"'{begun}' without what belongs to it")

    async def complete(self, actor: Actor, *, answer: Replay) -> None:
        """Later calls with this key get `answer`."""
        async with self._database.tenant(actor.tenant) as tx:
            await idempotency.complete(
                tx, actor=actor.email, key=_key(actor), answer=StoredAnswer(answer.status, answer.headers, answer.body)
            )

    async def abandon(self, actor: Actor) -> None:
        """The key is free again."""
        async with self._database.tenant(actor.tenant) as tx:
            await idempotency.abandon(tx, actor=actor.email, key=_key(actor))


def _key(actor: Actor) -> CallKey:
    if actor.idempotency_key is None:
        raise RuntimeError("a call without a key")
    return actor.idempotency_key
