"""Proving oneself again: the password, or a second factor (a code, a recovery code, or a key's signature)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from core.access import TokenScope, member_of, permitted, require_scope
from core.actor import Actor
from core.db import Database, Transaction
from core.errors import Forbidden
from core.ids import UserId
from core.signin import key_store, passwords, store, totp, webauthn
from core.signin.assurance import Assurance, assurance_of
from core.signin.attempts import attempt, record_security
from core.signin.errors import CodeRefused, KeyRefused, NoPassword, NoSecondFactor, PasswordRefused
from core.signin.key_store import Purpose

TOTP_PENDING_LASTS: Final = timedelta(minutes=10)
CHALLENGE_LASTS: Final = timedelta(minutes=5)  # WebAuthn Level 3, 15.1: recommended where the user is verified
CHALLENGE_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Proof:
    """A second factor as it was given: a code, or what the browser answered for a key. Prints no secret."""

    code: str = ""
    key: str = ""

    def __repr__(self) -> str:
        return "Proof(key)" if self.key else "Proof(code)"


async def has_factor(tx: Transaction, user: UserId) -> bool:
    """Whether the person has a second factor."""
    known = await store.totp_of(tx, user)
    return (known is not None and known.is_confirmed) or bool(await key_store.keys_of(tx, user))


async def check_may_add(tx: Transaction, actor: Actor) -> None:
    """Returns if the actor may add a factor. Raises Forbidden where they have one and did not give it lately.

    Whoever finds an open browser and knows the password must not be able to add a factor of their own.
    """
    if await has_factor(tx, member_of(actor)) and assurance_of(actor, now=tx.now) is Assurance.CLICK:
        raise Forbidden("You have a second factor already.", next_step="Confirm it is you with it first.")


async def key_question(database: Database, actor: Actor, user: UserId) -> str:
    """What a browser is asked for with the person's keys (JSON); empty if they have none, or no page can use them."""
    party = webauthn.relying_party(database.address)
    async with database.tenant(actor.tenant) as tx:
        keys = await key_store.keys_of(tx, user)
        if party is None or not keys:
            return ""
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        await key_store.set_challenge(tx, user, Purpose.CONFIRM, challenge, CHALLENGE_LASTS)
    return webauthn.request_options(party, challenge=challenge, known=[each.key.credential_id for each in keys])


async def give_proof(database: Database, actor: Actor, proof: Proof) -> Actor:
    """The actor, assured from now on. Raises NoSecondFactor, CodeRefused, KeyRefused, TooManyAttempts."""
    user = member_of(actor)
    async with attempt(database, actor, f"code:{actor.email}", action="session.assure"):
        require_scope(actor, TokenScope.VOTE)  # only whoever is here themselves proves it
        async with database.tenant(actor.tenant) as tx:
            if not await has_factor(tx, user):
                raise NoSecondFactor(next_step="Set it up under 'My security'.")
        await use_factor(database, actor, user, proof)
        async with database.tenant(actor.tenant) as tx:
            await record_security(tx, actor, "session.assure", {"with": _kind(proof)})
            return replace(actor, assured_at=tx.now)


async def confirm_it_is_you(database: Database, actor: Actor, proof: Proof, *, password: str) -> Actor:
    """The actor: assured by a second factor, lately or now; by the password for whoever has no second factor.

    A session alone is not enough for what outlasts it. Raises what `give_proof` and `prove_password` raise.
    """
    own = permitted(database, actor, TokenScope.VOTE, action="session.confirm", resource=actor.email)
    async with own as tx:
        if assurance_of(actor, now=tx.now) is not Assurance.CLICK:
            return actor
        has_second = await has_factor(tx, member_of(actor))
    if has_second:
        return await give_proof(database, actor, proof)
    await prove_password(database, actor, password, action="session.confirm")
    return actor


async def use_factor(database: Database, actor: Actor, user: UserId, proof: Proof) -> None:
    """The proof holds, and is used up. Raises CodeRefused, KeyRefused."""
    if proof.key:
        async with database.tenant(actor.tenant) as tx:  # committed whatever follows: a challenge is answered once
            challenge = await key_store.take_challenge(tx, user, Purpose.CONFIRM)
        async with database.tenant(actor.tenant) as tx:
            await _use_key(tx, webauthn.relying_party(database.address), user, proof.key, challenge)
        return
    async with database.tenant(actor.tenant) as tx:
        if not await use_code(tx, user, proof.code):
            raise CodeRefused(where="code")


async def prove_password(database: Database, actor: Actor, password: str, *, action: str) -> None:
    """Returns if it is the person's. Raises NoPassword, PasswordRefused, TooManyAttempts."""
    user = member_of(actor)
    async with permitted(database, actor, TokenScope.VOTE, action=action, resource=actor.email) as tx:
        stored = await store.password_hash(tx, user)
    if stored is None:
        raise NoPassword(next_step="Ask your administrator for an enrolment link.")
    async with attempt(database, actor, f"password:{actor.email}", action=action):
        if not await passwords.matches(stored, password):
            raise PasswordRefused(where="present")


def is_pending(known: store.Totp, *, now: datetime) -> bool:
    """Whether a first code of it is awaited still: one that was begun and left must not help whoever comes later."""
    return not known.is_confirmed and now < known.begun_at + TOTP_PENDING_LASTS


async def use_code(tx: Transaction, user: UserId, code: str) -> bool:
    """Whether it is a code of the person's app or an unused recovery code; it is used up then."""
    known = await store.totp_of(tx, user)
    is_of_app = known is not None and known.is_confirmed and await use_totp(tx, user, code)
    return is_of_app or await store.use_recovery_code(tx, user, totp.hash_recovery_code(code))


async def use_totp(tx: Transaction, user: UserId, code: str) -> bool:
    """Whether it is a code of the person's app, confirmed or not; it is used up then."""
    known = await store.totp_of(tx, user)
    if known is None:
        return False
    counter = totp.counter_of(known.secret, code, now=tx.outside, after=known.last_counter)
    return counter is not None and await store.use_counter(tx, user, counter)


async def _use_key(
    tx: Transaction, party: webauthn.RelyingParty | None, user: UserId, response: str, challenge: bytes | None
) -> None:
    claimed = webauthn.credential_id(response)
    known = next((each.key for each in await key_store.keys_of(tx, user) if each.key.credential_id == claimed), None)
    if party is None or challenge is None or known is None:
        raise KeyRefused(where="key", next_step="Load the page again and use the key once more.")
    count = webauthn.used(party, known, response, challenge=challenge)
    await key_store.note_use(tx, known, sign_count=count)


def _kind(proof: Proof) -> str:
    return "key" if proof.key else "code"
