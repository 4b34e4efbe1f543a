"""Who is behind a chat account. What a platform says of an e-mail address counts only where the tenant allows it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

from core.access import PersonView, directory
from core.accounts import store
from core.accounts.accounts import Account, ChatId, LinkedBy, Platform, Profile
from core.accounts.binding import bind
from core.accounts.errors import UnknownChatAccount
from core.actor import Actor, Door
from core.audit import AuditCategory, AuditResult, record
from core.db import Database, Transaction
from core.ids import TenantId, UserId
from core.tenants import tenant_policy

RECORDED_EVERY: Final = timedelta(hours=1)  # one refusal of the same account
SEEN_EVERY: Final = timedelta(minutes=1)  # more exactly nobody needs to know when an account was last active
RECORDED_MOST: Final = 100  # refusals of a tenant in that time: strangers must not flood the trail
_DOORS: Final = {Platform.SLACK: Door.SLACK, Platform.TEAMS: Door.TEAMS}


def chat_actor(tenant: TenantId, profile: Profile) -> Actor:
    """Whoever it is that has this account, before anybody knows who that is."""
    return Actor(
        tenant=tenant,
        user=None,
        email=str(profile.chat),
        name=profile.name or profile.chat.chat_user,
        door=_DOORS[profile.chat.platform],
        user_agent=f"{profile.chat.platform.capitalize()}/{profile.chat.workspace}/{profile.chat.chat_user}",
        scopes=frozenset(),
    )


async def find_account(tx: Transaction, chat: ChatId) -> Account | None:
    """The account, if it is anybody's; one that was matched by e-mail only while the tenant allows that."""
    return next(iter(await find_accounts(tx, [chat])), None)


async def find_accounts(tx: Transaction, chats: Collection[ChatId]) -> tuple[Account, ...]:
    """Those of the accounts that are anybody's; those that were matched by e-mail only while the tenant allows that."""
    return await _holding(tx, await store.find_all(tx, chats))


async def accounts_of(tx: Transaction, user: UserId) -> tuple[Account, ...]:
    """The person's accounts that hold, the latest linked first."""
    return await _holding(tx, await store.of_person(tx, user))


async def account_of(tx: Transaction, platform: Platform, workspace: str, user: UserId) -> ChatId | None:
    """The person's account in that workspace, the latest linked; None if they have none that holds."""
    found = (each.chat for each in await accounts_of(tx, user))
    return next((chat for chat in found if (chat.platform, chat.workspace) == (platform, workspace)), None)


async def may_match_by_email(tx: Transaction) -> bool:
    """Whether the tenant takes a verified e-mail address for proof of whose account it is."""
    return (await tenant_policy(tx)).chat.matches_email


async def _holding(tx: Transaction, accounts: tuple[Account, ...]) -> tuple[Account, ...]:
    if all(each.linked_by is not LinkedBy.VERIFIED_EMAIL for each in accounts) or await may_match_by_email(tx):
        return accounts
    return tuple(each for each in accounts if each.linked_by is not LinkedBy.VERIFIED_EMAIL)


async def match_by_email(database: Database, tenant: TenantId, profile: Profile) -> tuple[Account, PersonView]:
    """The person whose e-mail address the platform has verified for the account, which is theirs from now on.

    Raises UnknownChatAccount: where the tenant does not allow it, for foreign accounts, for one that was unlinked, and
    for an address that nobody has. An account that is linked in a stronger way is never moved by its address.
    """
    async with database.tenant(tenant) as tx:
        await store.lock(tx, profile.chat)
        known = await find_account(tx, profile.chat)
        if known is not None:  # somebody was faster
            return known, (await directory(tx)).people[known.user]
        person = await _match(tx, profile)
        actor = chat_actor(tenant, profile)
        return await bind(tx, actor, profile, person.id, linked_by=LinkedBy.VERIFIED_EMAIL), person


async def note_seen(database: Database, tenant: TenantId, chat: ChatId) -> None:
    """Somebody has just done something with the account; known to the minute. Of nobody's account nothing is kept."""
    async with database.tenant(tenant) as tx:
        await store.seen(tx, chat, every=SEEN_EVERY)


async def note_added(database: Database, tenant: TenantId, chat: ChatId) -> None:
    """The account's person has just let us write to it: whatever was refused before this does not count any more."""
    async with database.tenant(tenant) as tx:
        await store.added(tx, chat)


async def note_unreachable(tx: Transaction, chat: ChatId, *, tried_at: datetime) -> bool:
    """It is known that the account cannot be written to, until its person is active there again.

    False if they were after `tried_at`, when it was begun to write to it: then trying again helps.
    """
    return await store.unreachable(tx, chat, tried_at=tried_at) or await store.find(tx, chat) is None


async def refuse(database: Database, tenant: TenantId, profile: Profile, error: UnknownChatAccount) -> None:
    """The refusal is recorded: once an hour for an account, a hundred times for a tenant. All are counted."""
    async with database.tenant(tenant) as tx:
        before = await store.count_refusal(tx, profile.chat, every=RECORDED_EVERY, most=RECORDED_MOST)
        if before is None:
            return
        await record(
            tx,
            chat_actor(tenant, profile),
            action="chat_account.use",
            resource=str(profile.chat),
            result=AuditResult.DENIED,
            category=AuditCategory.SECURITY,
            details={"code": error.code, "reason": error.message, "unrecorded_before": before},
        )


def foreign() -> UnknownChatAccount:
    """Why an account for which another organisation vouches, or nobody, is not linked."""
    message = "Guests, bots and deactivated accounts are not linked."
    return UnknownChatAccount(message, next_step="Ask your administrator.")


async def _match(tx: Transaction, profile: Profile) -> PersonView:
    if profile.is_foreign:
        raise foreign()
    if not await may_match_by_email(tx):
        raise UnknownChatAccount(
            "This chat account is not linked to anybody here yet.", next_step="Type /approve link to link it to you."
        )
    if await store.was_unlinked(tx, profile.chat):
        raise UnknownChatAccount("This chat account was unlinked.", next_step="Type /approve link to link it again.")
    person = (await directory(tx)).by_email.get(profile.email.lower()) if profile.email else None
    if person is None:
        raise UnknownChatAccount(
            f"Countersign does not know {profile.email or 'this chat account'}.",
            next_step="If you are here under another address, type /approve link; else ask your administrator.",
        )
    return person
