"""Use cases of API tokens: made, listed, revoked (R5)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.access import store
from core.access.errors import VoteForAnother
from core.access.require import permitted, require
from core.access.scopes import TokenScope, require_scope
from core.access.service import directory, find_person, require_rank
from core.access.tokens import format_token, hash_secret, new_secret
from core.actor import Actor, Door
from core.audit import AuditCategory, audited, record
from core.db import Database, Transaction
from core.errors import InvalidInput, NotFound
from core.ids import UserId, uuid7
from core.roles.permissions import Permission

TOKEN_LIFETIME_MAX: Final = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as doors show it: never its secret."""

    id: UUID
    name: str
    user: UserId
    scopes: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


async def create_token(
    database: Database,
    actor: Actor,
    *,
    name: str,
    lifetime: timedelta,
    scopes: frozenset[TokenScope] | None = None,
    email: str | None = None,
) -> tuple[TokenView, str]:
    """The new token and, this once, the text to present.

    It covers no scope that the caller's own token does not; `scopes` None means all of them. For others (`email`) only
    with the right to manage users, and only if the caller could grant them the roles they hold: a token is its person.
    Such a token never votes: a vote is cast by whom it is counted for (R7). Countersign's own operator may make any.
    """
    if not timedelta() < lifetime <= TOKEN_LIFETIME_MAX:
        raise InvalidInput("A token lives at least a second and at most 366 days.", where="expires_in")
    async with audited(database, actor, action="token.create", resource=email or actor.email) as tx:
        require_scope(actor, TokenScope.ADMIN)
        if email is None or email.strip().lower() == actor.email:
            owner = await find_person(tx, actor.email)
        else:
            await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
            owner = await find_person(tx, email)
            await require_rank(tx, actor, (await directory(tx)).roles.get(owner.id, frozenset()))
            scopes = _scopes_for_another(actor, scopes)
        for scope in TokenScope if scopes is None else sorted(scopes):
            require_scope(actor, scope)
        texts = None if scopes is None else frozenset(map(str, scopes))
        row, text = await issue_token(tx, owner.id, name=name, lifetime=lifetime, scopes=texts)
        await record(
            tx,
            actor,
            action="token.create",
            resource=owner.email,
            subject_id=row.id,
            category=AuditCategory.SECURITY,
            details={"name": name, "scopes": sorted(row.scopes) if row.scopes else "all"},
        )
        return token_view(row), text


async def list_tokens(database: Database, actor: Actor) -> tuple[TokenView, ...]:
    """The actor's own tokens."""
    if actor.user is None:
        return ()
    async with permitted(database, actor, TokenScope.READ, action="token.list", resource=actor.email) as tx:
        return tuple(token_view(row) for row in await store.list_tokens(tx, actor.user))


async def revoke_token(database: Database, actor: Actor, token_id: UUID) -> None:
    """The token is refused from now on. Others' tokens only with the right to manage users. Raises NotFound."""
    async with audited(database, actor, action="token.revoke", resource=str(token_id)) as tx:
        require_scope(actor, TokenScope.ADMIN)
        row = await store.find_token(tx, token_id)
        if row is None:
            raise NotFound("There is no such token.", where="token")
        if row.user != actor.user:
            await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        await store.revoke_tokens(tx, [token_id])
        await record(
            tx,
            actor,
            action="token.revoke",
            resource=str(token_id),
            subject_id=token_id,
            category=AuditCategory.SECURITY,
            details={"name": row.name},
        )
    await database.cache.forget()


async def issue_token(
    tx: Transaction,
    owner: UserId,
    *,
    name: str,
    lifetime: timedelta,
    scopes: frozenset[str] | None,
    assured_at: datetime | None = None,
    opened_with: str | None = None,
) -> tuple[store.TokenRow, str]:
    """The stored token, and its text."""
    secret = new_secret()
    row = store.TokenRow(
        id=uuid7(),
        user=owner,
        name=name,
        secret_hash=hash_secret(secret),
        scopes=scopes,
        created_at=tx.now,
        expires_at=tx.now + lifetime,
        last_used_at=None,
        revoked_at=None,
        assured_at=assured_at,
        opened_with=opened_with,
    )
    await store.insert_token(tx, row)
    return row, format_token(tx.tenant, row.id, secret)


def _scopes_for_another(actor: Actor, scopes: frozenset[TokenScope] | None) -> frozenset[TokenScope] | None:
    if actor.door is Door.SYSTEM:
        return scopes
    without_vote = frozenset(TokenScope) - {TokenScope.VOTE}
    if scopes is not None and TokenScope.VOTE in scopes:
        raise VoteForAnother(where="scopes", accepted=tuple(sorted(without_vote)))
    return without_vote if scopes is None else scopes


def token_view(row: store.TokenRow) -> TokenView:
    """The token as doors show it."""
    return TokenView(
        id=row.id,
        name=row.name,
        user=row.user,
        scopes=None if row.scopes is None else tuple(sorted(row.scopes)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
