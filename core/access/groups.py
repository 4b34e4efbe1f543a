"""Use cases of groups, and of who reports to whom: what policies read to find approvers (P2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from core.access import group_store, store
from core.access.errors import SelfGrant
from core.access.people import GroupView, PersonView
from core.access.require import require
from core.access.scopes import TokenScope
from core.access.service import directory, find_person
from core.actor import Actor
from core.audit import AuditCategory, audited, record
from core.db import Database, Transaction
from core.errors import InvalidInput, NotFound
from core.ids import UserId
from core.roles.permissions import Permission

GROUP_KEY: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
MEMBERS_MAX: Final = 5000


async def put_group(database: Database, actor: Actor, key: str, *, title: str, members: Sequence[str]) -> GroupView:
    """The group has exactly these members, by e-mail; a new key makes a new group. Nobody adds themselves (R7).

    Raises InvalidInput, UnknownPerson or SelfGrant.
    """
    async with audited(database, actor, action="group.put", resource=key) as tx:
        await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        if not GROUP_KEY.fullmatch(key):
            raise InvalidInput(f"'{key}' cannot name a group.", where="key", accepted=("site-reliability",))
        if len(members) > MEMBERS_MAX:
            raise InvalidInput(f"A group has at most {MEMBERS_MAX} members; these are {len(members)}.", where="members")
        everybody = await directory(tx)
        before = everybody.groups.get(key)
        wanted = {
            person.id: person.email for person in [await find_person(tx, email, where="members") for email in members]
        }
        was = before.members if before else frozenset()
        if actor.email in {email for user, email in wanted.items() if user not in was}:
            raise SelfGrant("Nobody adds themselves to a group.", where="members")
        await group_store.put_group(tx, key, title, wanted)
        await record(
            tx,
            actor,
            action="group.put",
            resource=key,
            category=AuditCategory.SECURITY,
            details={
                "title": title,
                "added": sorted(email for user, email in wanted.items() if user not in was),
                "removed": sorted(everybody.people[user].email for user in was - wanted.keys()),
            },
        )
    await database.cache.forget()
    return GroupView(key, title, frozenset(wanted))


async def delete_group(database: Database, actor: Actor, key: str) -> None:
    """There is no such group any more: stages that would ask it ask above it. Raises NotFound."""
    async with audited(database, actor, action="group.delete", resource=key) as tx:
        await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        if not await group_store.delete_group(tx, key):
            raise NotFound(f"There is no group '{key}'.", where="key")
        await record(tx, actor, action="group.delete", resource=key, category=AuditCategory.SECURITY, details={})
    await database.cache.forget()


async def set_manager(database: Database, actor: Actor, user: UserId, manager_email: str) -> PersonView:
    """The person reports to that one; an empty address means nobody. Nobody chooses their own manager or staff (R7).

    Raises NotFound, UnknownPerson, InvalidInput or SelfGrant.
    """
    async with audited(database, actor, action="user.manager", resource=str(user)) as tx:
        await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        person = (await directory(tx)).people.get(user)
        if person is None:
            raise NotFound("There is no such person.", where="user")
        if person.email == actor.email:
            raise SelfGrant("Nobody chooses their own manager: managers approve.", where="manager")
        manager = await find_person(tx, manager_email, where="manager") if manager_email.strip() else None
        if manager is not None and manager.id == user:
            raise InvalidInput("Nobody manages themselves.", where="manager")
        if manager is not None and manager.email == actor.email:
            next_step = "Let another administrator do it."
            raise SelfGrant(
                "Nobody makes themselves a manager: managers approve.", where="manager", next_step=next_step
            )
        await store.set_manager(tx, user, manager.id if manager else None)
        await record(
            tx,
            actor,
            action="user.manager",
            resource=person.email,
            subject_id=person.id,
            category=AuditCategory.SECURITY,
            details={"manager": manager.email if manager else ""},
        )
    await database.cache.forget()
    return replace(person, manager=manager.id if manager else None)


async def keep_fallback(tx: Transaction, user: UserId, fallback: UserId | None) -> None:
    """The fallback is stored; whoever calls has checked it, and forgets the directory after the commit."""
    await store.set_fallback(tx, user, fallback)
