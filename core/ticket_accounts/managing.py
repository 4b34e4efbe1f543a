"""Use cases of accounts in ticket systems: of their person, and of whoever may manage users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from config.suggest import did_you_mean
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
from core.accounts import LinkedBy
from core.accounts.errors import OwnAccount
from core.accounts.managing import BY_HAND
from core.actor import Actor
from core.audit import AuditCategory, audited, record
from core.db import Database, Transaction
from core.errors import InvalidInput, NotFound
from core.ids import UserId
from core.ticket_accounts import store
from core.ticket_accounts.accounts import AccountSystem, TicketAccount, Waiting, account_in
from core.ticket_accounts.errors import AccountTaken, IntegrationAccount
from core.ticket_accounts.linking import bind


@dataclass(frozen=True, slots=True)
class MyTicketAccounts:
    """A person's accounts, and the links that wait for their code."""

    linked: Sequence[TicketAccount]
    waiting: Sequence[Waiting]


async def my_ticket_accounts(database: Database, actor: Actor) -> MyTicketAccounts:
    """The actor's own."""
    user = member_of(actor)
    async with database.tenant(actor.tenant) as tx:
        return MyTicketAccounts(await store.linked(tx, user=user), await store.waiting(tx, user))


async def list_ticket_accounts(database: Database, actor: Actor, user: UserId) -> Sequence[TicketAccount]:
    """The person's accounts; another's with the right to manage users."""
    async with audited(database, actor, action="ticket_account.list", resource=str(user)) as tx:
        if user == actor.user:
            require_scope(actor, TokenScope.READ)
        else:
            await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        await _person(tx, user)
        return await store.linked(tx, user=user)


async def all_ticket_accounts(database: Database, actor: Actor) -> Sequence[tuple[PersonView, TicketAccount]]:
    """Everybody's, with the right to manage users."""
    async with audited(database, actor, action="ticket_account.list", resource="everybody") as tx:
        await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        people = (await directory(tx)).people
        return [(people[each.user], each) for each in await store.linked(tx) if each.user in people]


async def set_ticket_account(
    database: Database,
    actor: Actor,
    user: UserId,
    system: str,
    account: str,
    *,
    among: Sequence[AccountSystem],
    linked_by: LinkedBy,
    name: str = "",
) -> TicketAccount:
    """The account is the person's, as their directory or an administrator says. `among` are the tenant's systems.

    Whoever sets it could approve as that person, so it takes the right to manage users and a rank not below theirs; and
    it may not be the actor's own. Raises OwnAccount, AccountTaken, IntegrationAccount, UnknownPerson, InvalidInput.
    """
    if linked_by not in BY_HAND:
        raise InvalidInput(f"'{linked_by}' is not for others to say.", where="linked_by", accepted=BY_HAND)
    system, account = account_in(system, account)
    async with audited(database, actor, action="ticket_account.link", resource=str(user)) as tx:
        await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        person = await find_person(tx, (await _person(tx, user)).email)  # refuses one who has left
        there = _among(among, system)
        if there.is_ours(account):
            raise IntegrationAccount(where="account")
        await store.lock(tx, system, account)
        known = await store.find(tx, system, account)
        me = (await directory(tx)).by_email.get(actor.email)
        if known is not None and me is not None and known.user == me.id != user:
            raise OwnAccount(where="account", next_step="Ask another administrator.")
        await require_rank(tx, actor, (await directory(tx)).roles.get(user, frozenset()))
        if known is not None and known.user != user:
            raise await _taken(tx, known)
        made = TicketAccount(
            system,
            account,
            person.id,
            linked_by,
            tx.now,
            name or (known.name if known else ""),
            ignores_case=there.ignores_case,
        )
        await bind(tx, actor, made)
        return made


async def unlink_ticket_account(database: Database, actor: Actor, user: UserId, system: str, account: str) -> None:
    """The account is the person's no more, until they link it again or it is set anew. Raises NotFound."""
    async with audited(database, actor, action="ticket_account.unlink", resource=str(user)) as tx:
        if user == actor.user:
            require_scope(actor, TokenScope.VOTE)
        else:
            await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
            await require_rank(tx, actor, (await directory(tx)).roles.get(user, frozenset()))
        await store.lock(tx, system, account)
        known = await store.find(tx, system, account)
        if known is None or known.user != user:
            raise NotFound("There is no such account.", where="account")
        await store.unlink(tx, known, by=actor.email)
        await record(
            tx,
            actor,
            action="ticket_account.unlink",
            resource=(await _person(tx, user)).email,
            subject_id=user,
            category=AuditCategory.SECURITY,
            details={"account": str(known), "account_name": known.name, "linked_by": known.linked_by},
        )


def _among(systems: Sequence[AccountSystem], name: str) -> AccountSystem:
    found = next((each for each in systems if each.name == name), None)
    if found is None:
        known = tuple(each.name for each in systems)
        message = f"No ticket system '{name}' is connected.{did_you_mean(name, known)}"
        raise InvalidInput(message, where="system", accepted=known)
    return found


async def _taken(tx: Transaction, account: TicketAccount) -> AccountTaken:
    person = await _person(tx, account.user)
    return AccountTaken(
        f"'{account.account}' in {account.system} is the account of {person.name} ({person.email}).",
        where="account",
        next_step="Unlink it from them first, if that is wrong.",
    )


async def _person(tx: Transaction, user: UserId) -> PersonView:
    person = (await directory(tx)).people.get(user)
    if person is None:
        raise UnknownPerson(where="user_id")
    return person
