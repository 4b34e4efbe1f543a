"""Sessions of browsers: tokens of their own, which end when nobody uses them, and which their person can see (R4)."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.access import store
from core.access.credentials import TokenView, issue_token, token_view
from core.access.tokens import parse_token
from core.actor import Actor
from core.audit import AuditCategory, audited, record
from core.db import Database, Transaction
from core.errors import Forbidden, NotFound
from core.ids import UserId

SESSION_LIFETIME: Final = timedelta(hours=12)  # a working day: who comes back tomorrow signs in again
SESSION_IDLE: Final = timedelta(minutes=30)  # OWASP ASVS 5.0, 7.3.1: an inactivity time-out by documented risk
SESSION_NAME: Final = "Console in a browser"


def is_idle(session: store.TokenRow, *, now: datetime) -> bool:
    """Whether it is a session that nobody has used for too long; its last use is known to a minute."""
    last = session.last_used_at or session.created_at
    return session.name == SESSION_NAME and now >= last + SESSION_IDLE + store.LAST_USED_STEP


def session_id_of(presented: str) -> UUID | None:
    """Which session it is that a browser presents; None for what is none."""
    parsed = parse_token(presented)
    return parsed.token_id if parsed else None


async def open_session(database: Database, actor: Actor) -> tuple[TokenView, str]:
    """A token for one browser, which covers what the actor's own does; its text, this once (R4).

    Whoever has shown a token may sign in with it. The browser keeps another, so that leaving it there gives nothing
    else away, and so that signing out ends it. Raises Forbidden for whoever is no member of the tenant.
    """
    async with audited(database, actor, action="session.open", resource=actor.email) as tx:
        if actor.user is None:
            raise Forbidden("Only people sign in to the console.")
        row, text = await issue_token(
            tx,
            actor.user,
            name=SESSION_NAME,
            lifetime=SESSION_LIFETIME,
            scopes=actor.scopes,
            assured_at=actor.assured_at,
        )
        await record(
            tx,
            actor,
            action="session.open",
            resource=actor.email,
            subject_id=row.id,
            category=AuditCategory.SECURITY,
            details={"until": row.expires_at.isoformat()},
        )
        return token_view(row), text


async def close_session(database: Database, actor: Actor, presented: str) -> None:
    """The browser's token is refused from now on; one that is not the actor's own session is left alone."""
    parsed = parse_token(presented)
    if parsed is None or parsed.tenant != actor.tenant:
        return
    async with database.tenant(actor.tenant) as tx:
        row = await store.find_token(tx, parsed.token_id)
        if row is None or row.user != actor.user or row.name != SESSION_NAME:
            return
        await store.revoke_tokens(tx, [row.id])
        await record(
            tx,
            actor,
            action="session.close",
            resource=actor.email,
            subject_id=row.id,
            category=AuditCategory.SECURITY,
            details={},
        )
    await database.cache.forget()


async def list_sessions(database: Database, actor: Actor) -> tuple[TokenView, ...]:
    """The actor's live sessions, newest first."""
    if actor.user is None:
        return ()
    async with database.tenant(actor.tenant) as tx:
        return tuple(token_view(row) for row in await _live(tx, actor.user))


async def end_session(database: Database, actor: Actor, session_id: UUID) -> None:
    """That session of the actor's is over. Raises NotFound."""
    async with audited(database, actor, action="session.end", resource=actor.email) as tx:
        if actor.user is None or session_id not in {row.id for row in await _live(tx, actor.user)}:
            raise NotFound("You have no such session.")
        await store.revoke_tokens(tx, [session_id])
        await _record_end(tx, actor, [session_id])
    await database.cache.forget()


async def end_other_sessions(database: Database, actor: Actor, presented: str) -> None:
    """Every session of the actor's is over but the one presented."""
    async with audited(database, actor, action="session.end", resource=actor.email) as tx:
        if actor.user is not None:
            await end_sessions(tx, actor, actor.user, but=session_id_of(presented))
    await database.cache.forget()


async def end_sessions(tx: Transaction, actor: Actor, user: UserId, *, but: UUID | None = None) -> None:
    """The person's sessions are over, but for one that is named. The caller forgets what is cached after the commit."""
    ended = [row.id for row in await _live(tx, user) if row.id != but]
    if ended:
        await store.revoke_tokens(tx, ended)
        await _record_end(tx, actor, ended)


async def _live(tx: Transaction, user: UserId) -> list[store.TokenRow]:
    return [
        row
        for row in await store.list_tokens(tx, user)
        if row.name == SESSION_NAME
        and row.revoked_at is None
        and row.expires_at > tx.now
        and not is_idle(row, now=tx.now)
    ]


async def _record_end(tx: Transaction, actor: Actor, ended: list[UUID]) -> None:
    await record(
        tx,
        actor,
        action="session.end",
        resource=actor.email,
        subject_id=actor.user,
        category=AuditCategory.SECURITY,
        details={"sessions": [str(each) for each in ended]},
    )
