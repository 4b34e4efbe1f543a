"""Use cases of proving who one is: passwords, one-time codes, and what waits for them (R4, X2).

An attempt is counted before it is checked, under a lock, so that many at once gain nothing. Checking happens outside of
transactions, as it takes long on purpose; each outcome is recorded.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from core.access import (
    Permission,
    PersonView,
    TokenScope,
    directory,
    end_sessions,
    find_person,
    member_of,
    require,
    session_id_of,
)
from core.access.service import require_rank
from core.actor import Actor, Door
from core.audit import audited
from core.db import Database
from core.ids import TenantId
from core.signin import passwords, store
from core.signin.attempts import ATTEMPTS_FROM_ANYWHERE, attempt, record_security
from core.signin.challenges import hash_of, use_challenge
from core.signin.errors import LinkOver, SecondFactorWanted, SignInRefused
from core.signin.proving import Proof, has_factor, key_question, prove_password, use_code, use_factor
from core.tenants import list_tenants

ENROLMENT_LASTS: Final = timedelta(hours=24)
HALF_LASTS: Final = timedelta(minutes=5)
_EMAIL_KEPT: Final = 254  # characters; RFC 5321, 4.5.3.1.3


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody types to sign in. Prints no secret."""

    organisation: str
    email: str
    password: str
    code: str = ""

    def __repr__(self) -> str:
        return f"Claim({self.organisation!r}, {self.email!r})"


async def sign_in(database: Database, claim: Claim, *, ip_address: str | None, user_agent: str | None) -> Actor:
    """The person, assured if they gave a one-time code. Raises SignInRefused, which does not say what was wrong.

    Raises SecondFactorWanted where the password is right, no code was given, and the person has a second factor.
    """
    email = claim.email.strip().lower()[:_EMAIL_KEPT]
    tenant = await _tenant(database, claim.organisation.strip())
    if tenant is None:
        await passwords.matches(None, claim.password)
        raise SignInRefused
    named = email if "@" in email else "unknown"  # a password lands in the wrong field now and then
    stranger = Actor(
        tenant, None, named, named, Door.CONSOLE, ip_address=ip_address, user_agent=user_agent, scopes=frozenset()
    )
    counted = attempt(
        database, stranger, f"account:{email}", action="session.signin", from_anywhere=ATTEMPTS_FROM_ANYWHERE
    )
    async with counted:
        async with database.tenant(tenant) as tx:
            person = (await directory(tx)).by_email.get(email)
            stored = await store.password_hash(tx, person.id) if person and person.active else None
        if not await passwords.matches(stored, claim.password) or person is None:
            raise SignInRefused
        async with database.tenant(tenant) as tx:
            has_second, half = await has_factor(tx, person.id), secrets.token_urlsafe(32)
            if has_second and claim.code and not await use_code(tx, person.id, claim.code):
                raise SignInRefused
            actor = replace(stranger, user=person.id, email=person.email, name=person.name, scopes=None)
            if has_second and not claim.code:
                waiting = store.Challenge(person.id, person.id, {}, tx.now + HALF_LASTS, purpose="signin")
                await store.add_challenge(tx, hash_of(half), waiting)
            else:
                actor = replace(actor, assured_at=tx.now if has_second else None)
                await record_security(tx, actor, "session.signin", {"second_factor": has_second})
    if has_second and not claim.code:
        raise SecondFactorWanted(f"{tenant}.{half}")
    return actor


async def half_signed_in(database: Database, token: str) -> tuple[PersonView, str]:
    """Whose second factor is awaited under this token, and what their browser is asked for (JSON). Raises LinkOver."""
    actor, person = await _half(database, token)
    return person, await key_question(database, actor, person.id)


async def finish_sign_in(
    database: Database, token: str, proof: Proof, *, ip_address: str | None, user_agent: str | None
) -> Actor:
    """The person, assured; the token is used up. Raises LinkOver, CodeRefused, KeyRefused, TooManyAttempts."""
    actor, person = await _half(database, token)
    actor = replace(actor, ip_address=ip_address, user_agent=user_agent)
    async with attempt(database, actor, f"code:{person.email}", action="session.signin"):
        await use_factor(database, actor, person.id, proof)
        async with database.tenant(actor.tenant) as tx:
            await use_challenge(tx, token)
            actor = replace(actor, user=person.id, scopes=None, assured_at=tx.now)
            await record_security(tx, actor, "session.signin", {"second_factor": True})
    return actor


async def _half(database: Database, token: str) -> tuple[Actor, PersonView]:
    tenant, secret = await _parts(database, token)
    async with database.tenant(tenant) as tx:
        found = await store.challenge(tx, hash_of(secret), purpose="signin")
        person = (await directory(tx)).people.get(found.user) if found else None
    if person is None or not person.active:
        raise LinkOver(next_step="Sign in again.")
    return Actor(tenant, None, person.email, person.name, Door.CONSOLE, scopes=frozenset()), person


async def invite(database: Database, actor: Actor, *, email: str) -> str:
    """A token for one link under which the person chooses a password, within 24 hours; earlier ones are void.

    Whoever has it can become that person, so it takes the right to manage users and a rank not below theirs. A second
    factor that the person has set up stays in force.
    """
    async with audited(database, actor, action="user.invite", resource=email) as tx:
        await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        person = await find_person(tx, email)
        await require_rank(tx, actor, (await directory(tx)).roles.get(person.id, frozenset()))
        secret = secrets.token_urlsafe(32)
        until = tx.now + ENROLMENT_LASTS
        await store.add_link(tx, hash_of(secret), person.id, created_by=actor.email, until=until)
        await record_security(tx, actor, "user.invite", {"until": until.isoformat()}, resource=person.email)
        return f"{actor.tenant}.{secret}"


async def invited(database: Database, token: str) -> PersonView:
    """Who may choose a password with this token. Raises LinkOver."""
    tenant, secret = await _parts(database, token)
    async with database.tenant(tenant) as tx:
        user = await store.link_holder(tx, hash_of(secret))
        person = (await directory(tx)).people.get(user) if user else None
    if person is None or not person.active:
        raise LinkOver
    return person


async def accept_invitation(
    database: Database, token: str, *, password: str, ip_address: str | None = None, user_agent: str | None = None
) -> None:
    """The person has this password, and the link is used up. Raises LinkOver, WeakPassword."""
    person = await invited(database, token)
    passwords.check_password(password, email=person.email)
    stored = await passwords.hashed(password)
    tenant, secret = await _parts(database, token)
    actor = Actor(
        tenant, person.id, person.email, person.name, Door.CONSOLE, ip_address=ip_address, user_agent=user_agent
    )
    async with database.tenant(tenant) as tx:
        if await store.use_link(tx, hash_of(secret)) != person.id:
            raise LinkOver
        await store.set_password(tx, person.id, stored)
        await record_security(tx, actor, "password.set", {"by": "enrolment link"})
        await end_sessions(tx, actor, person.id)  # whoever was in with the old password is out
    await database.cache.forget()


async def change_password(database: Database, actor: Actor, *, present: str, new: str, session: str = "") -> None:
    """The person has the new password, and every session but the one presented is over.

    Raises PasswordRefused, WeakPassword, TooManyAttempts.
    """
    passwords.check_password(new, email=actor.email)
    await prove_password(database, actor, present, action="password.change")
    stored = await passwords.hashed(new)
    async with database.tenant(actor.tenant) as tx:
        await store.set_password(tx, member_of(actor), stored)
        await record_security(tx, actor, "password.change", {})
        await end_sessions(tx, actor, member_of(actor), but=session_id_of(session))
    await database.cache.forget()


async def _tenant(database: Database, name: str) -> TenantId | None:
    async with database.system() as tx:
        known = {each.tenant_id for each in await list_tenants(tx)}
    return TenantId(name) if name in known else None


async def _parts(database: Database, token: str) -> tuple[TenantId, str]:
    name, _, secret = token.partition(".")
    tenant = await _tenant(database, name)
    if tenant is None or not secret:
        raise LinkOver
    return tenant, secret
