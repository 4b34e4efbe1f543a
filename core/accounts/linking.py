"""The signed link: begun in a chat account, confirmed by a person who signs in to us, finished in that very account.

The code travels from the page to the chat: whoever sends their own link to somebody else gets nothing, as the code that
appears is one that they do not see, and that counts in their account alone.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from core.access import PersonView, directory, member_of
from core.accounts import link_store, store
from core.accounts.accounts import Account, LinkedBy, Profile
from core.accounts.binding import bind
from core.accounts.errors import NoLinkWaiting, WrongLinkCode
from core.accounts.matching import chat_actor, foreign, refuse
from core.actor import Actor
from core.audit import AuditCategory, AuditResult, audited, record
from core.db import Database, Transaction
from core.errors import CountersignError, LimitExceeded
from core.ids import TenantId
from core.signin import Proof, confirm_it_is_you
from core.signin.errors import LinkOver

LINK_LASTS: Final = timedelta(minutes=10)
LINKS_PER: Final = timedelta(hours=1)
LINKS_MOST: Final = 10  # of one account in that time
WRONG_CODES_MOST: Final = 5
_CODE_DIGITS: Final = 6
_AGAIN: Final = "Type /approve link in your chat to get a new one."


@dataclass(frozen=True, slots=True)
class PendingLink:
    """What a person is asked to confirm: this chat account becomes theirs. `before`: whose it is until then."""

    profile: Profile
    expires_at: datetime
    before: PersonView | None

    def is_of_another_address(self, email: str) -> bool:
        """Whether the platform knows the account under another address than the person's."""
        return self.profile.email.lower() != email.lower()


async def begin_link(database: Database, tenant: TenantId, profile: Profile) -> str:
    """The address at which a person makes this account theirs: once, within ten minutes; earlier ones are void.

    Raises UnknownChatAccount for foreign accounts, LimitExceeded for the eleventh in an hour.
    """
    if profile.is_foreign:
        refusal = foreign()
        await refuse(database, tenant, profile, refusal)
        raise refusal
    actor, secret = chat_actor(tenant, profile), secrets.token_urlsafe(32)
    async with database.tenant(tenant) as tx:
        until = tx.now + LINK_LASTS
        asked = await link_store.begin(tx, profile, _hash(secret), until=until, per=LINKS_PER)
        if asked > LINKS_MOST:
            raise LimitExceeded(
                "This chat account has asked for many links already.", retry_after_s=LINKS_PER.total_seconds()
            )
        details = {"account_name": profile.name, "until": until.isoformat()}
        await _record(tx, actor, "chat_account.link_begin", str(profile.chat), details)
    return f"{database.address}/console/link/{tenant}.{secret}"


async def find_link(database: Database, actor: Actor, token: str) -> PendingLink:
    """What waits under this token for somebody of the actor's tenant. Raises LinkOver."""
    member_of(actor)
    async with database.tenant(actor.tenant) as tx:
        waiting = await link_store.find(tx, _hash_in(actor, token))
        if waiting is None or waiting.user is not None:
            raise LinkOver(next_step=_AGAIN)
        account = await store.find(tx, waiting.profile.chat)
        before = (await directory(tx)).people.get(account.user) if account else None
    return PendingLink(waiting.profile, waiting.expires_at, before)


async def confirm_link(
    database: Database, actor: Actor, token: str, *, proof: Proof, password: str
) -> tuple[str, Actor]:
    """The code that makes the account the actor's, once it is given there; the link is used up. And the actor, proven.

    Takes a second factor, or the password of whoever has none. Raises LinkOver, and what `confirm_it_is_you` raises.
    """
    pending = await find_link(database, actor, token)
    actor = await confirm_it_is_you(database, actor, proof, password=password)
    code = f"{secrets.randbelow(10**_CODE_DIGITS):0{_CODE_DIGITS}}"
    resource = str(pending.profile.chat)
    async with audited(database, actor, action="chat_account.link_confirm", resource=resource) as tx:
        secret_hash = _hash_in(actor, token)
        if not await link_store.claim(tx, secret_hash, member_of(actor), code_hash=_code_hash(secret_hash, code)):
            raise LinkOver(next_step=_AGAIN)
        await _record(tx, actor, "chat_account.link_confirm", resource, {"account_name": pending.profile.name})
    return code, actor


async def finish_link(database: Database, tenant: TenantId, profile: Profile, code: str) -> tuple[Account, PersonView]:
    """The account is that of who saw the code. Raises NoLinkWaiting, WrongLinkCode; the fifth wrong one ends it."""
    async with database.tenant(tenant) as tx:
        done = await _finish(tx, profile, code)
    if isinstance(done, CountersignError):  # raised only now: what was counted and recorded stays
        raise done
    await database.cache.forget()
    return done


async def _finish(tx: Transaction, profile: Profile, code: str) -> tuple[Account, PersonView] | CountersignError:
    actor, chat = chat_actor(tx.tenant, profile), profile.chat
    await store.lock(tx, chat)
    waiting = await link_store.hold(tx, chat)
    if waiting is None or waiting.user is None or waiting.code_hash is None:
        return NoLinkWaiting(next_step="Type /approve link, open the address, and confirm there first.")
    person = (await directory(tx)).people.get(waiting.user)
    given = _code_hash(waiting.secret_hash, "".join(filter(str.isdecimal, code)))
    is_right = hmac.compare_digest(waiting.code_hash, given)
    if is_right and person is not None and person.active:
        await link_store.end(tx, chat)
        return await bind(tx, actor, profile, person.id, linked_by=LinkedBy.SIGNED_LINK), person
    await link_store.note_wrong_code(tx, chat)
    is_last = waiting.wrong_codes + 1 >= WRONG_CODES_MOST
    if is_last:
        await link_store.end(tx, chat)
    await _record(
        tx,
        actor,
        "chat_account.link",
        str(chat),
        {"code": WrongLinkCode.code, "wrong_codes": waiting.wrong_codes + 1},
        result=AuditResult.DENIED,
    )
    return WrongLinkCode(next_step="That was the last try: type /approve link to begin again." if is_last else None)


async def _record(
    tx: Transaction,
    actor: Actor,
    action: str,
    resource: str,
    details: Mapping[str, object],
    *,
    result: AuditResult = AuditResult.SUCCESS,
) -> None:
    await record(
        tx,
        actor,
        action=action,
        resource=resource,
        subject_id=actor.user,
        category=AuditCategory.SECURITY,
        details=details,
        result=result,
    )


def _hash_in(actor: Actor, token: str) -> bytes:
    """What is kept of the token's secret; of another tenant's token something that nobody has."""
    tenant, _, secret = token.partition(".")
    return _hash(secret) if tenant == actor.tenant else b""


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _code_hash(secret_hash: bytes, code: str) -> bytes:
    """Six digits are soon tried against a plain hash; who reads the table has ten minutes for it."""
    return hmac.digest(secret_hash, code.encode(), "sha256")
