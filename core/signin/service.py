"""Use cases of proving who one is: passwords, one-time codes, and what waits for them (R4, X2).

An attempt is counted before it is checked, under a lock, so that many at once gain nothing. Checking happens outside of
transactions, as it takes long on purpose; each outcome is recorded.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

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
from core.audit import AuditCategory, AuditResult, audited, record
from core.db import Database, Transaction
from core.errors import CountersignError, Forbidden
from core.ids import TenantId, UserId, uuid7
from core.signin import passwords, store, totp
from core.signin.errors import (
    CodeRefused,
    LinkOver,
    NoPassword,
    NoSecondFactor,
    PasswordRefused,
    SignInRefused,
    TooManyAttempts,
)
from core.tenants import list_tenants

ENROLMENT_LASTS: Final = timedelta(hours=24)
TOTP_PENDING_LASTS: Final = timedelta(minutes=10)
CHALLENGE_LASTS: Final = timedelta(minutes=10)
ATTEMPTS_WITHIN: Final = timedelta(minutes=15)
ATTEMPTS_PER_ACCOUNT: Final = 10
ATTEMPTS_PER_ADDRESS: Final = 100  # an office shares one
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


@dataclass(frozen=True, slots=True)
class SecurityView:
    """What a person has to prove themselves with."""

    has_password: bool
    has_totp: bool
    recovery_codes_left: int


async def sign_in(database: Database, claim: Claim, *, ip_address: str | None, user_agent: str | None) -> Actor:
    """The person, assured if they gave a one-time code. Raises SignInRefused, which does not say what was wrong."""
    email = claim.email.strip().lower()[:_EMAIL_KEPT]
    tenant = await _tenant(database, claim.organisation.strip())
    if tenant is None:
        await passwords.matches(None, claim.password)
        raise SignInRefused
    named = email if "@" in email else "unknown"  # a password lands in the wrong field now and then
    stranger = Actor(
        tenant, None, named, named, Door.CONSOLE, ip_address=ip_address, user_agent=user_agent, scopes=frozenset()
    )
    async with _attempt(database, stranger, f"account:{email}", action="session.signin"):
        async with database.tenant(tenant) as tx:
            person = (await directory(tx)).by_email.get(email)
            stored = await store.password_hash(tx, person.id) if person and person.active else None
        if not await passwords.matches(stored, claim.password) or person is None:
            raise SignInRefused
        async with database.tenant(tenant) as tx:
            known = await store.totp_of(tx, person.id)
            has_second = known is not None and known.is_confirmed
            if has_second and not await _use_code(tx, person.id, claim.code):
                raise SignInRefused
            actor = replace(
                stranger,
                user=person.id,
                email=person.email,
                name=person.name,
                scopes=None,
                assured_at=tx.now if has_second else None,
            )
            await _record(tx, actor, "session.signin", {"second_factor": has_second})
    return actor


async def give_code(database: Database, actor: Actor, code: str) -> Actor:
    """The actor, assured from now on. Raises NoSecondFactor, CodeRefused, TooManyAttempts."""
    user = member_of(actor)
    attempt = _attempt(database, actor, f"code:{actor.email}", action="session.assure")
    async with attempt, database.tenant(actor.tenant) as tx:
        known = await store.totp_of(tx, user)
        if known is None or not known.is_confirmed:
            raise NoSecondFactor(next_step="Set it up under 'My security'.")
        if not await _use_code(tx, user, code):
            raise CodeRefused(where="code")
        await _record(tx, actor, "session.assure", {})
        return replace(actor, assured_at=tx.now)


async def security_of(tx: Transaction, user: UserId) -> SecurityView:
    """What this person has."""
    known = await store.totp_of(tx, user)
    return SecurityView(
        has_password=await store.password_hash(tx, user) is not None,
        has_totp=known is not None and known.is_confirmed,
        recovery_codes_left=await store.recovery_codes_left(tx, user),
    )


async def my_security(database: Database, actor: Actor) -> SecurityView:
    """What the actor has to prove themselves with."""
    async with database.tenant(actor.tenant) as tx:
        return await security_of(tx, member_of(actor))


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
        await store.add_link(tx, _hash(secret), person.id, created_by=actor.email, until=until)
        await _record(tx, actor, "user.invite", {"until": until.isoformat()}, resource=person.email)
        return f"{actor.tenant}.{secret}"


async def invited(database: Database, token: str) -> PersonView:
    """Who may choose a password with this token. Raises LinkOver."""
    tenant, secret = await _parts(database, token)
    async with database.tenant(tenant) as tx:
        user = await store.link_holder(tx, _hash(secret))
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
        if await store.use_link(tx, _hash(secret)) != person.id:
            raise LinkOver
        await store.set_password(tx, person.id, stored)
        await _record(tx, actor, "password.set", {"by": "enrolment link"})
        await end_sessions(tx, actor, person.id)  # whoever was in with the old password is out
    await database.cache.forget()


async def change_password(database: Database, actor: Actor, *, present: str, new: str, session: str = "") -> None:
    """The person has the new password, and every session but the one presented is over.

    Raises PasswordRefused, WeakPassword, TooManyAttempts.
    """
    passwords.check_password(new, email=actor.email)
    await _prove_password(database, actor, present, action="password.change")
    stored = await passwords.hashed(new)
    async with database.tenant(actor.tenant) as tx:
        await store.set_password(tx, member_of(actor), stored)
        await _record(tx, actor, "password.change", {})
        await end_sessions(tx, actor, member_of(actor), but=session_id_of(session))
    await database.cache.forget()


async def begin_totp(database: Database, actor: Actor, *, password: str) -> str:
    """A new secret for the person's authenticator app, in force once they give a code of it.

    Raises PasswordRefused, NoPassword: whoever finds an open browser must not be able to add a factor of their own.
    """
    await _prove_password(database, actor, password, action="totp.begin")
    secret = totp.new_secret()
    async with database.tenant(actor.tenant) as tx:
        if (await security_of(tx, member_of(actor))).has_totp:
            raise Forbidden("You have set up an authenticator app already.", next_step="Remove it first.")
        await store.begin_totp(tx, member_of(actor), secret)
        await _record(tx, actor, "totp.begin", {})
    return secret


async def pending_totp(database: Database, actor: Actor) -> str | None:
    """The secret that waits for its first code."""
    async with database.tenant(actor.tenant) as tx:
        known = await store.totp_of(tx, member_of(actor))
        return known.secret if known is not None and _is_pending(known, now=tx.now) else None


async def confirm_totp(database: Database, actor: Actor, *, code: str) -> tuple[str, ...]:
    """The authenticator app is the person's second factor; ten recovery codes, shown this once. Raises CodeRefused."""
    user, codes = member_of(actor), totp.new_recovery_codes()
    attempt = _attempt(database, actor, f"code:{actor.email}", action="totp.confirm")
    async with attempt, database.tenant(actor.tenant) as tx:
        known = await store.totp_of(tx, user)
        if known is None or not _is_pending(known, now=tx.now) or not await _use_totp(tx, user, code):
            raise CodeRefused(where="code")
        await store.replace_recovery_codes(tx, user, map(totp.hash_recovery_code, codes))
        await _record(tx, actor, "totp.confirm", {})
    return codes


async def renew_recovery_codes(database: Database, actor: Actor, *, code: str) -> tuple[str, ...]:
    """Ten new recovery codes in the place of the old ones, shown this once. Raises CodeRefused."""
    await give_code(database, actor, code)
    codes = totp.new_recovery_codes()
    async with database.tenant(actor.tenant) as tx:
        await store.replace_recovery_codes(tx, member_of(actor), map(totp.hash_recovery_code, codes))
        await _record(tx, actor, "recovery_codes.renew", {})
    return codes


async def remove_totp(database: Database, actor: Actor, *, code: str) -> None:
    """The person has no second factor any more. Raises CodeRefused: it takes the factor itself to remove it."""
    await give_code(database, actor, code)
    async with database.tenant(actor.tenant) as tx:
        await store.forget_totp(tx, member_of(actor))
        await _record(tx, actor, "totp.remove", {})


async def open_challenge(tx: Transaction, actor: Actor, *, subject_id: UUID, facts: Mapping[str, Any]) -> str:
    """A token under which this person, within ten minutes and once, confirms exactly these facts."""
    secret = secrets.token_urlsafe(32)
    waiting = store.Challenge(member_of(actor), subject_id, facts, tx.now + CHALLENGE_LASTS)
    await store.add_challenge(tx, _hash(secret), waiting)
    return f"{tx.tenant}.{secret}"


async def find_challenge(tx: Transaction, actor: Actor, token: str) -> tuple[UUID, Mapping[str, Any]]:
    """What waits for this person: subject and facts. Raises LinkOver, also for whoever is somebody else."""
    tenant, _, secret = token.partition(".")
    found = await store.challenge(tx, _hash(secret)) if tenant == tx.tenant else None
    if found is None or found.user != actor.user:
        raise LinkOver(next_step="Decide again where you did before; you get a new link.")
    return found.subject_id, found.facts


async def use_challenge(tx: Transaction, token: str) -> None:
    """The token is used up. Raises LinkOver if it was before."""
    if not await store.use_challenge(tx, _hash(token.partition(".")[2])):
        raise LinkOver


async def _prove_password(database: Database, actor: Actor, password: str, *, action: str) -> None:
    user = member_of(actor)
    async with database.tenant(actor.tenant) as tx:
        stored = await store.password_hash(tx, user)
    if stored is None:
        raise NoPassword(next_step="Ask your administrator for an enrolment link.")
    async with _attempt(database, actor, f"password:{actor.email}", action=action):
        if not await passwords.matches(stored, password):
            raise PasswordRefused(where="present")


def _is_pending(known: store.Totp, *, now: datetime) -> bool:
    """Whether a first code of it is awaited still: one that was begun and left must not help whoever comes later."""
    return not known.is_confirmed and now < known.begun_at + TOTP_PENDING_LASTS


async def _use_code(tx: Transaction, user: UserId, code: str) -> bool:
    """Whether it is a code of the person's app or an unused recovery code; it is used up then."""
    return await _use_totp(tx, user, code) or await store.use_recovery_code(tx, user, totp.hash_recovery_code(code))


async def _use_totp(tx: Transaction, user: UserId, code: str) -> bool:
    known = await store.totp_of(tx, user)
    if known is None:
        return False
    counter = totp.counter_of(known.secret, code, now=tx.now, after=known.last_counter)
    return counter is not None and await store.use_counter(tx, user, counter)


@asynccontextmanager
async def _attempt(database: Database, actor: Actor, account: str, *, action: str) -> AsyncIterator[None]:
    """The body's attempt counts unless it succeeds. Raises TooManyAttempts before it begins; refusals are recorded.

    Each factor has a count of its own: else whoever knows the password could start the count of codes anew with it.
    """
    attempt_id = uuid7()
    limits = {account: ATTEMPTS_PER_ACCOUNT}
    if actor.ip_address:
        limits[f"address:{actor.ip_address}"] = ATTEMPTS_PER_ADDRESS
    try:
        async with database.tenant(actor.tenant) as tx:
            for subject, most in sorted(limits.items()):  # in one order: two attempts never wait for each other
                if await store.attempts(tx, subject, since=tx.now - ATTEMPTS_WITHIN) >= most:
                    raise TooManyAttempts(retry_after_s=ATTEMPTS_WITHIN.total_seconds())
            await store.add_attempt(tx, attempt_id, limits)
        yield
    except CountersignError as exc:
        async with database.tenant(actor.tenant) as tx:
            await _record(tx, actor, action, {"code": exc.code}, result=AuditResult.DENIED)
        raise
    async with database.tenant(actor.tenant) as tx:
        await store.forget_attempts(tx, attempt_id, account)


async def _record(
    tx: Transaction,
    actor: Actor,
    action: str,
    details: Mapping[str, Any],
    *,
    resource: str = "",
    result: AuditResult = AuditResult.SUCCESS,
) -> None:
    await record(
        tx,
        actor,
        action=action,
        resource=resource or actor.email,
        subject_id=actor.user,
        category=AuditCategory.SECURITY,
        details=details,
        result=result,
    )


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


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()  # 256 random bits need no slow hash
