"""Use cases of what a person has to prove themselves with: the authenticator app and its recovery codes (R4, X2)."""

from __future__ import annotations

from dataclasses import dataclass

from core.access import TokenScope, member_of, permitted, require_scope
from core.actor import Actor
from core.db import Database, Transaction
from core.errors import Forbidden
from core.ids import UserId
from core.signin import store, totp
from core.signin.attempts import attempt, record_security
from core.signin.errors import CodeRefused
from core.signin.key_store import KeyView, keys_of
from core.signin.proving import Proof, check_may_add, give_proof, has_factor, is_pending, prove_password, use_totp


@dataclass(frozen=True, slots=True)
class SecurityView:
    """What a person has to prove themselves with."""

    has_password: bool
    has_totp: bool
    recovery_codes_left: int
    keys: tuple[KeyView, ...] = ()

    @property
    def has_factor(self) -> bool:
        """Whether they have a second factor."""
        return self.has_totp or bool(self.keys)


async def security_of(tx: Transaction, user: UserId) -> SecurityView:
    """What this person has."""
    known = await store.totp_of(tx, user)
    return SecurityView(
        has_password=await store.password_hash(tx, user) is not None,
        has_totp=known is not None and known.is_confirmed,
        recovery_codes_left=await store.recovery_codes_left(tx, user),
        keys=await keys_of(tx, user),
    )


async def my_security(database: Database, actor: Actor) -> SecurityView:
    """What the actor has to prove themselves with. It is theirs alone: a token without votes may be another's."""
    async with permitted(database, actor, TokenScope.VOTE, action="security.show", resource=actor.email) as tx:
        return await security_of(tx, member_of(actor))


async def begin_totp(database: Database, actor: Actor, *, password: str) -> str:
    """A new secret for the person's authenticator app, in force once they give a code of it.

    Raises PasswordRefused, NoPassword: whoever finds an open browser must not be able to add a factor of their own.
    """
    await prove_password(database, actor, password, action="totp.begin")
    secret = totp.new_secret()
    async with database.tenant(actor.tenant) as tx:
        if (await security_of(tx, member_of(actor))).has_totp:
            raise Forbidden("You have set up an authenticator app already.", next_step="Remove it first.")
        await check_may_add(tx, actor)
        await store.begin_totp(tx, member_of(actor), secret)
        await record_security(tx, actor, "totp.begin", {})
    return secret


async def pending_totp(database: Database, actor: Actor) -> str | None:
    """The secret that waits for its first code; for its person's eyes alone."""
    async with permitted(database, actor, TokenScope.VOTE, action="security.show", resource=actor.email) as tx:
        known = await store.totp_of(tx, member_of(actor))
        return known.secret if known is not None and is_pending(known, now=tx.now) else None


async def confirm_totp(database: Database, actor: Actor, *, code: str) -> tuple[str, ...]:
    """The authenticator app is the person's second factor; ten recovery codes, shown this once. Raises CodeRefused."""
    user, codes = member_of(actor), totp.new_recovery_codes()
    counted = attempt(database, actor, f"code:{actor.email}", action="totp.confirm")
    async with counted, database.tenant(actor.tenant) as tx:
        require_scope(actor, TokenScope.VOTE)
        known = await store.totp_of(tx, user)
        if known is None or not is_pending(known, now=tx.now) or not await use_totp(tx, user, code):
            raise CodeRefused(where="code")
        await store.replace_recovery_codes(tx, user, map(totp.hash_recovery_code, codes))
        await record_security(tx, actor, "totp.confirm", {})
    return codes


async def renew_recovery_codes(database: Database, actor: Actor, *, proof: Proof) -> tuple[str, ...]:
    """Ten new recovery codes in the place of the old ones, shown this once. Raises what `give_proof` raises."""
    await give_proof(database, actor, proof)
    codes = totp.new_recovery_codes()
    async with database.tenant(actor.tenant) as tx:
        await store.replace_recovery_codes(tx, member_of(actor), map(totp.hash_recovery_code, codes))
        await record_security(tx, actor, "recovery_codes.renew", {})
    return codes


async def remove_totp(database: Database, actor: Actor, *, proof: Proof) -> None:
    """The person has no authenticator app any more. It takes a factor to remove one (`give_proof`)."""
    await give_proof(database, actor, proof)
    async with database.tenant(actor.tenant) as tx:
        await store.forget_totp(tx, member_of(actor))
        if not await has_factor(tx, member_of(actor)):
            await store.forget_recovery_codes(tx, member_of(actor))
        await record_security(tx, actor, "totp.remove", {})
