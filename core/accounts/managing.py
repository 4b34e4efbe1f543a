"""Use cases of chat accounts that exist: of their person, and of whoever may manage users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from core.access import (
    Permission,
    PersonView,
    TokenScope,
    UnknownPerson,
    directory,
    find_person,
    member_of,
    require,
    require_scope,
)
from core.access.service import require_rank
from core.accounts import store
from core.accounts.accounts import Account, ChatId, LinkedBy, Profile, Unlinked
from core.accounts.binding import bind, unbind
from core.accounts.errors import OwnAccount
from core.actor import Actor
from core.audit import audited
from core.db import Database, Transaction
from core.errors import InvalidInput, NotFound
from core.ids import UserId

SHOWN_FOR: Final = timedelta(days=30)  # an account that somebody has lost
BY_HAND: Final = (LinkedBy.DIRECTORY, LinkedBy.ADMINISTRATOR)


@dataclass(frozen=True, slots=True)
class MyAccounts:
    """A person's chat accounts, and those that they have lost lately."""

    linked: Sequence[Account]
    lost: Sequence[Unlinked]


async def my_accounts(database: Database, actor: Actor) -> MyAccounts:
    """The actor's own."""
    user = member_of(actor)
    async with database.tenant(actor.tenant) as tx:
        return MyAccounts(
            linked=await store.of_person(tx, user), lost=await store.unlinked_of(tx, user, since=tx.now - SHOWN_FOR)
        )


async def unlink_mine(database: Database, actor: Actor, chat: ChatId) -> None:
    """The account is the actor's no more, until they link it again. Raises NotFound."""
    async with audited(database, actor, action="chat_account.unlink", resource=actor.email) as tx:
        require_scope(actor, TokenScope.VOTE)
        await _unlink(tx, actor, chat, member_of(actor))


async def list_accounts(database: Database, actor: Actor, user: UserId) -> tuple[Account, ...]:
    """The person's chat accounts; another's with the right to manage users."""
    async with audited(database, actor, action="chat_account.list", resource=str(user)) as tx:
        if user == actor.user:
            require_scope(actor, TokenScope.READ)
        else:
            await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        await _person(tx, user)
        return await store.of_person(tx, user)


async def set_account(
    database: Database, actor: Actor, user: UserId, chat: ChatId, *, linked_by: LinkedBy, name: str = ""
) -> Account:
    """The account is the person's, as their directory or an administrator says; one that was set so before is not.

    Whoever sets it could click as that person, so it takes the right to manage users and a rank not below theirs, nor
    below that of whoever has the account now. Nor may it be one that is or lately was the actor's own: with it they
    would vote in two people's names, from one account. Raises OwnAccount, UnknownPerson, or InvalidInput for another
    way of linking.
    """
    if linked_by not in BY_HAND:
        raise InvalidInput(f"'{linked_by}' is not for others to say.", where="linked_by", accepted=BY_HAND)
    async with audited(database, actor, action="chat_account.link", resource=str(user)) as tx:
        await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        person = await find_person(tx, (await _person(tx, user)).email)  # refuses one who has left
        await store.lock(tx, chat)
        known = await store.find(tx, chat)
        if user != actor.user and await _is_of_actor(tx, actor, chat):
            raise OwnAccount(where="chat_user", next_step="Ask another administrator.")
        roles = (await directory(tx)).roles
        for each in {user, *([known.user] if known else [])}:
            await require_rank(tx, actor, roles.get(each, frozenset()))
        for other in await store.of_person(tx, user):
            is_same_place = (other.chat.platform, other.chat.workspace) == (chat.platform, chat.workspace)
            if is_same_place and other.linked_by in BY_HAND and other.chat != chat:
                await unbind(tx, actor, other)
        profile = Profile(chat, name or (known.name if known else ""), "", known.workspace_name if known else "")
        return await bind(tx, actor, profile, person.id, linked_by=linked_by)


async def _is_of_actor(tx: Transaction, actor: Actor, chat: ChatId) -> bool:
    """Whether the account is the actor's, or was within the last month."""
    # Not by id: a visiting administrator has none, and may be a person here all the same.
    me = (await directory(tx)).by_email.get(actor.email)
    if me is None:
        return False
    linked = {each.chat for each in await store.of_person(tx, me.id)}
    lost = {each.chat for each in await store.unlinked_of(tx, me.id, since=tx.now - SHOWN_FOR)}
    return chat in linked | lost


async def unlink_account(database: Database, actor: Actor, user: UserId, chat: ChatId) -> None:
    """The account is the person's no more, until they link it again or it is set anew. Raises NotFound."""
    if user == actor.user:
        await unlink_mine(database, actor, chat)
        return
    async with audited(database, actor, action="chat_account.unlink", resource=str(user)) as tx:
        await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        await require_rank(tx, actor, (await directory(tx)).roles.get(user, frozenset()))
        await _unlink(tx, actor, chat, user)


async def _unlink(tx: Transaction, actor: Actor, chat: ChatId, user: UserId) -> None:
    await store.lock(tx, chat)
    known = await store.find(tx, chat)
    if known is None or known.user != user:
        raise NotFound("There is no such chat account.", where="chat_user")
    await unbind(tx, actor, known)


async def _person(tx: Transaction, user: UserId) -> PersonView:
    person = (await directory(tx)).people.get(user)
    if person is None:
        raise UnknownPerson(where="user_id")
    return person
