"""Sessions of browsers: tokens of their own, which end when nobody uses them, and which their person can see (R4)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from core.access import store
from core.access.credentials import TokenView, issue_token, token_view
from core.access.rotation import SESSION_NAME, Verdict, is_due, is_session, root_of, verdict_on
from core.access.scopes import TokenScope, require_scope
from core.access.tokens import ParsedToken, format_token, hash_secret, new_secret, parse_token
from core.actor import Actor
from core.audit import AuditCategory, audited, record
from core.db import Database, Transaction
from core.errors import Forbidden, NotFound
from core.ids import UserId
from core.tenants import tenant_policy
from core.tenants.policy import SessionLimits


class SignedInWith(StrEnum):
    """What somebody showed to open a session."""

    PASSWORD = "password"  # noqa: S105  the word, and none of them
    TOKEN = "token"  # noqa: S105  the same


def is_over(session: store.TokenRow, limits: SessionLimits, *, now: datetime) -> bool:
    """Whether it is a session that nobody has used for too long, or that has lasted too long, as its tenant says.

    Its last use is known to a minute.
    """
    last = session.last_used_at or session.created_at
    is_idle = now >= last + limits.idle + store.LAST_USED_STEP
    return is_session(session) and (is_idle or now >= session.created_at + limits.absolute)


def session_id_of(presented: str) -> UUID | None:
    """Which session it is that a browser presents; None for what is none."""
    parsed = parse_token(presented)
    return parsed.token_id if parsed else None


async def open_session(
    database: Database, actor: Actor, *, signed_in_with: SignedInWith | None = None, instead_of: str = ""
) -> tuple[TokenView, str]:
    """A token for one browser, which covers what the actor's own does; its text, this once (R4).

    One that takes the place of another session (`instead_of`) was opened as that one was.

    Whoever has shown a token may sign in with it. The browser keeps another, so that leaving it there gives nothing
    else away, and so that signing out ends it. Raises Forbidden for whoever is no member of the tenant.
    """
    async with audited(database, actor, action="session.open", resource=actor.email) as tx:
        if actor.user is None:
            raise Forbidden("Only people sign in to the console.")
        parsed = parse_token(instead_of)
        before = await store.find_token(tx, parsed.token_id) if parsed else None
        row, text = await issue_token(
            tx,
            actor.user,
            name=SESSION_NAME,
            lifetime=(await tenant_policy(tx)).security_policies.sessions.absolute,
            scopes=actor.scopes,
            assured_at=actor.assured_at,
            opened_with=before.opened_with if before else signed_in_with,
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
        if row is None or row.user != actor.user or not is_session(row):
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
        require_scope(actor, TokenScope.VOTE)
        if actor.user is None or session_id not in {row.id for row in await _live(tx, actor.user)}:
            raise NotFound("You have no such session.")
        await store.revoke_tokens(tx, [session_id])
        await _record_end(tx, actor, [session_id])
    await database.cache.forget()


async def end_other_sessions(database: Database, actor: Actor, presented: str) -> None:
    """Every session of the actor's is over but the one presented."""
    async with audited(database, actor, action="session.end", resource=actor.email) as tx:
        require_scope(actor, TokenScope.VOTE)
        if actor.user is not None:
            await end_sessions(tx, actor, actor.user, but=session_id_of(presented))
    await database.cache.forget()


async def end_sessions(tx: Transaction, actor: Actor, user: UserId, *, but: UUID | None = None) -> None:
    """The person's sessions are over, but for one that is named. The caller forgets what is cached after the commit."""
    ended = [row.id for row in await _live(tx, user) if row.id != but]
    if ended:
        await store.revoke_tokens(tx, ended)
        await _record_end(tx, actor, ended)


async def rotate_session(database: Database, presented: str) -> tuple[TokenView, str] | None:
    """The browser's session under a new secret, if it is time; None if not, or if another call has just done it."""
    parsed = parse_token(presented)
    if parsed is None:
        return None
    tenant, secret_hash, now = parsed.tenant, hash_secret(parsed.secret), database.clock.now()
    known = await remembered_token(database, parsed)
    if known is None or not is_due(known, verdict_on(known, secret_hash, now=now), now=now):
        return None
    generation = database.cache.generation
    async with database.tenant(tenant) as tx:
        row = await store.hold_token(tx, parsed.token_id)
        if row is None or row.revoked_at or not is_due(row, verdict_on(row, secret_hash, now=tx.now), now=tx.now):
            return None
        secret = new_secret()
        await store.rotate_token(tx, row, secret_hash=hash_secret(secret), replaced=secret_hash)
        replaced = await store.find_token(tx, row.id)
    # Only this one is known anew: to forget everything at each rotation would cost a busy tenant its cache.
    database.cache.put(tenant, f"token:{row.id}", replaced, generation=generation)
    return token_view(row), format_token(tenant, row.id, secret)


async def session_of(database: Database, presented: str) -> store.TokenRow | None:
    """What is known of the session that a browser presents, whichever of its secrets it has."""
    parsed = parse_token(presented)
    row = await remembered_token(database, parsed) if parsed else None
    if parsed is None or row is None or not is_session(row):
        return None
    is_its = verdict_on(row, hash_secret(parsed.secret), now=database.clock.now()) is not Verdict.WRONG
    return row if is_its else None


async def form_key(database: Database, presented: str) -> bytes:
    """What the forms of this session's pages are known by, the same under each of its secrets; empty if it is none."""
    row = await session_of(database, presented)
    return root_of(row) if row else b""


async def touch_session(database: Database, presented: str) -> bool:
    """Whether the session goes on, of which a page is still open; that counts as a use of it.

    The page was let in when it was opened. The secret that it had then may have been replaced since.
    """
    row, now = await session_of(database, presented), database.clock.now()
    parsed = parse_token(presented)
    if row is None or parsed is None or row.revoked_at is not None or row.expires_at <= now:
        return False
    policy = await database.remembered(parsed.tenant, "policy_of_sessions", tenant_policy)
    if is_over(row, policy.security_policies.sessions, now=now):
        return False
    everybody = await database.remembered(parsed.tenant, "directory", store.load_directory)
    person = everybody.people.get(row.user)
    if person is None or not person.active:
        return False
    if row.last_used_at is None or now - row.last_used_at > store.LAST_USED_STEP:
        await database.remembered(parsed.tenant, f"token_used:{row.id}", lambda tx: store.touch_token(tx, row.id))
    return True


async def remembered_token(database: Database, parsed: ParsedToken) -> store.TokenRow | None:
    """The token as this replica remembers it; read anew where what it remembers does not know the secret."""
    name = f"token:{parsed.token_id}"
    known = await database.remembered(parsed.tenant, name, lambda tx: store.find_token(tx, parsed.token_id))
    if known is None or parsed.matches(known.secret_hash) or not is_session(known):
        return known
    async with database.tenant(parsed.tenant) as tx:  # another replica may have replaced the secret a moment ago
        return await store.find_token(tx, parsed.token_id)


async def _live(tx: Transaction, user: UserId) -> list[store.TokenRow]:
    limits = (await tenant_policy(tx)).security_policies.sessions
    return [
        row
        for row in await store.list_tokens(tx, user)
        if is_session(row)
        and row.revoked_at is None
        and row.expires_at > tx.now
        and not is_over(row, limits, now=tx.now)
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
