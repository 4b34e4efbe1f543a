"""Use cases of people and grants."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from core.access import store
from core.access.errors import PersonExists, SelfGrant, UnknownPerson
from core.access.grants import may_grant
from core.access.people import Directory, GrantView, PersonView
from core.access.require import permitted, require
from core.access.scopes import TokenScope
from core.actor import Actor
from core.audit import AuditCategory, audited, record
from core.db import Database, Transaction
from core.errors import NotFound
from core.ids import UserId, uuid7
from core.roles.hierarchy import ScopeKind, resolve_role
from core.roles.permissions import Permission
from core.tenants import tenant_policy


async def directory(tx: Transaction) -> Directory:
    """Everybody in the tenant and what they hold, at most a few seconds old and never older than the last change."""
    return await tx.remembered("directory", store.load_directory)


async def find_person(tx: Transaction, email: str, *, where: str = "email") -> PersonView:
    """The active person with this e-mail. Raises UnknownPerson naming the field, `where`."""
    person = (await directory(tx)).by_email.get(email.strip().lower())
    if person is None or not person.active:
        raise UnknownPerson(f"There is nobody here with the e-mail '{email}'.", where=where)
    return person


async def add_person(
    database: Database, actor: Actor, *, email: str, name: str, title: str = "", time_zone: str = "UTC"
) -> PersonView:
    """The person exists and is active. Raises PersonExists."""
    address = email.strip().lower()
    async with audited(database, actor, action="user.create", resource=address) as tx:
        await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        person = PersonView(id=UserId(uuid7()), email=address, name=name, title=title, time_zone=time_zone)
        if not await store.insert_person(tx, person):
            raise PersonExists(where="email")
        await record(
            tx,
            actor,
            action="user.create",
            resource=address,
            subject_id=person.id,
            category=AuditCategory.SECURITY,
            details={"name": name},
        )
    await database.cache.forget()
    return person


async def grant_role(
    database: Database,
    actor: Actor,
    *,
    email: str,
    role: str,
    scope_kind: ScopeKind = ScopeKind.TENANT,
    scope_id: str = "",
) -> GrantView:
    """The person holds the role at the scope. Nobody grants to themselves, nor what is above their own role (R7)."""
    async with audited(database, actor, action="role.grant", resource=email, details={"role": role}) as tx:
        await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        person = await find_person(tx, email)
        key = resolve_role(role, (await tenant_policy(tx)).role_aliases)
        if person.email == actor.email:  # not by id: a visiting administrator has none, and may have added themselves
            raise SelfGrant
        await require_rank(tx, actor, [key])
        grant = GrantView(
            id=uuid7(),
            user=person.id,
            email=person.email,
            role=key,
            scope_kind=scope_kind,
            scope_id=scope_id,
            granted_by=actor.email,
        )
        grant = replace(grant, id=await store.insert_grant(tx, grant))
        await record(
            tx,
            actor,
            action="role.grant",
            resource=person.email,
            subject_id=person.id,
            category=AuditCategory.SECURITY,
            details={"role": key, "scope": f"{scope_kind}:{scope_id}"},
        )
    await database.cache.forget()
    return grant


async def revoke_role(database: Database, actor: Actor, grant_id: UUID) -> None:
    """The grant is gone. Nobody takes from others what they could not give them (R7). Raises NotFound."""
    async with audited(database, actor, action="role.revoke", resource=str(grant_id)) as tx:
        await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        found = [grant for grant in await store.live_grants(tx) if grant.id == grant_id]
        if not found:
            raise NotFound("There is no such grant.", where="grant")
        if found[0].email != actor.email:
            await require_rank(tx, actor, [found[0].role])
        await store.delete_grant(tx, grant_id)
        await record(
            tx,
            actor,
            action="role.revoke",
            resource=found[0].email,
            subject_id=found[0].user,
            category=AuditCategory.SECURITY,
            details={"role": found[0].role},
        )
    await database.cache.forget()


async def list_grants(database: Database, actor: Actor) -> tuple[GrantView, ...]:
    """Every live grant of the tenant."""
    async with permitted(database, actor, TokenScope.READ, action="role.list", resource="grants") as tx:
        return await store.live_grants(tx)


async def list_people(database: Database, actor: Actor) -> Directory:
    """The tenant's directory."""
    async with permitted(database, actor, TokenScope.READ, action="user.list", resource="users") as tx:
        return await directory(tx)


async def require_rank(tx: Transaction, actor: Actor, roles: Iterable[str]) -> None:
    """Returns if the actor could grant each of the roles; raises GrantAboveOwnRole otherwise (R7)."""
    if actor.user is None:  # the system itself, or an enterprise administrator visiting: `require` has let them in
        return
    held = (await directory(tx)).roles.get(actor.user, frozenset())
    for role in sorted(roles):
        may_grant(held, role)
