"""Use cases of passkeys and security keys: adding and removing them (X2)."""

from __future__ import annotations

import secrets
from typing import Final

from core.access import TokenScope, member_of, permitted
from core.actor import Actor
from core.db import Database
from core.errors import Forbidden, InvalidInput, NotFound
from core.signin import key_store, proving, store, totp, webauthn
from core.signin.attempts import attempt, record_security
from core.signin.errors import KeyRefused, NoNameForKeys
from core.signin.key_store import Purpose
from core.signin.proving import CHALLENGE_BYTES, TOTP_PENDING_LASTS, Proof, give_proof, prove_password

NAME_MAX: Final = 60  # characters
KEYS_MAX: Final = 20


async def begin_key(database: Database, actor: Actor, *, password: str) -> None:
    """The browser may make a key for this person within ten minutes.

    Raises PasswordRefused, NoPassword, NoNameForKeys, or Forbidden as `check_may_add` does.
    """
    _party(database)
    await prove_password(database, actor, password, action="key.begin")
    user = member_of(actor)
    async with database.tenant(actor.tenant) as tx:
        await proving.check_may_add(tx, actor)
        if len(await key_store.keys_of(tx, user)) >= KEYS_MAX:
            raise Forbidden(f"You have {KEYS_MAX} keys.", next_step="Remove one that you do not use.")
        challenge = secrets.token_bytes(CHALLENGE_BYTES)
        await key_store.set_challenge(tx, user, Purpose.REGISTER, challenge, TOTP_PENDING_LASTS)
        await record_security(tx, actor, "key.begin", {})


async def pending_key(database: Database, actor: Actor) -> str:
    """What the browser needs to make the key that waits (JSON); empty if none does."""
    user, party = member_of(actor), webauthn.relying_party(database.address)
    async with permitted(database, actor, TokenScope.VOTE, action="security.show", resource=actor.email) as tx:
        challenge = await key_store.challenge_of(tx, user, Purpose.REGISTER)
        known = [each.key.credential_id for each in await key_store.keys_of(tx, user)]
    if challenge is None or party is None:
        return ""
    return webauthn.creation_options(
        party, user=user.bytes, email=actor.email, name=actor.name, challenge=challenge, known=known
    )


async def confirm_key(database: Database, actor: Actor, *, response: str, name: str) -> tuple[str, ...]:
    """The key is a second factor of the person; ten recovery codes with the first one. Raises KeyRefused."""
    user, party, called = member_of(actor), _party(database), name.strip() or "Passkey"
    if len(called) > NAME_MAX:
        raise InvalidInput(f"A name has at most {NAME_MAX} characters.", where="name")
    own = permitted(database, actor, TokenScope.VOTE, action="key.confirm", resource=actor.email)
    async with own as tx:  # committed whatever follows: a challenge is answered once
        challenge = await key_store.take_challenge(tx, user, Purpose.REGISTER)
    async with attempt(database, actor, f"code:{actor.email}", action="key.confirm"):
        if challenge is None:
            raise KeyRefused(where="key", next_step="Begin anew.")
        key = webauthn.created(party, response, challenge=challenge)
        async with database.tenant(actor.tenant) as tx:
            codes = () if await proving.has_factor(tx, user) else totp.new_recovery_codes()
            if not await key_store.add_key(tx, user, key, called):
                raise KeyRefused("This key is registered already.", where="key")
            if codes:
                await store.replace_recovery_codes(tx, user, map(totp.hash_recovery_code, codes))
            await record_security(tx, actor, "key.confirm", {"name": called})
    return codes


async def remove_key(database: Database, actor: Actor, *, key: str, proof: Proof) -> None:
    """The person has this key no more. It takes a factor to remove one (`give_proof`). Raises NotFound."""
    await give_proof(database, actor, proof)
    user = member_of(actor)
    async with database.tenant(actor.tenant) as tx:
        try:
            name = await key_store.remove_key(tx, user, bytes.fromhex(key))
        except ValueError:
            name = None
        if name is None:
            raise NotFound("You have no such key.")
        if not await proving.has_factor(tx, user):
            await store.forget_recovery_codes(tx, user)
        await record_security(tx, actor, "key.remove", {"name": name})


def _party(database: Database) -> webauthn.RelyingParty:
    party = webauthn.relying_party(database.address)
    if party is None:
        raise NoNameForKeys(next_step="Ask your administrator to set `public_url` to a name with TLS.")
    return party
