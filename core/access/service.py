"""Use cases of people, grants and tokens."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from core.access import store
from core.access.errors import PersonExists, SelfGrant, TokenRefused, UnknownPerson
from core.access.grants import may_grant
from core.access.people import Directory, GrantView, PersonView
from core.access.require import permitted, require
from core.access.scopes import TokenScope, require_scope
from core.access.tokens import format_token, hash_secret, new_secret, parse_token
from core.access.visiting import enter_tenant
from core.actor import Actor, Door
from core.audit import AuditCategory, audited, record
from core.db import Database, Transaction
from core.errors import InvalidInput, NotFound
from core.ids import TenantId, UserId, uuid7
from core.roles.hierarchy import ScopeKind, resolve_role
from core.roles.permissions import Permission
from core.tenants import tenant_policy

TOKEN_LIFETIME_MAX: Final = timedelta(days=366)
ENTERPRISE_ADMINISTRATOR: Final = "enterprise_administrator"


@dataclass(frozen=True, slots=True)
class TokenView:
    """A token as doors show it: never its secret."""

    id: UUID
    name: str
    user: UserId
    scopes: tuple[str, ...] | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


async def directory(tx: Transaction) -> Directory:
    """Everybody in the tenant and what they hold, at most a few seconds old and never older than the last change."""
    return await tx.remembered("directory", store.load_directory)


async def authenticate(
    database: Database,
    presented: str,
    *,
    door: Door,
    ip_address: str | None,
    user_agent: str | None,
    tenant_override: str | None = None,
) -> Actor:
    """The actor behind a presented token. Raises TokenRefused, or TenantRefused for a foreign X-Tenant-Id."""
    parsed = parse_token(presented)
    if parsed is None:
        raise TokenRefused
    # What is remembered needs no transaction: most calls are authenticated without asking the database.
    tenant, now = parsed.tenant, database.clock.now()
    token = await database.remembered(
        tenant, f"token:{parsed.token_id}", lambda tx: store.find_token(tx, parsed.token_id)
    )
    if token is None or not parsed.matches(token.secret_hash):
        raise TokenRefused
    if token.revoked_at is not None or token.expires_at <= now:
        raise TokenRefused("The token has expired or was revoked.", next_step="Create a new one.")
    everybody = await database.remembered(tenant, "directory", store.load_directory)
    person = everybody.people.get(token.user)
    if person is None or not person.active:
        raise TokenRefused("The person behind this token is not active any more.")
    if token.last_used_at is None or now - token.last_used_at > store.LAST_USED_STEP:
        # Remembered beside the token, whose remembered row would ask for it again at every call.
        await database.remembered(tenant, f"token_used:{token.id}", lambda tx: store.touch_token(tx, token.id))
    actor = Actor(
        tenant=tenant,
        user=person.id,
        email=person.email,
        name=person.name,
        door=door,
        ip_address=ip_address,
        user_agent=user_agent,
        scopes=token.scopes,
        is_enterprise_admin=ENTERPRISE_ADMINISTRATOR in everybody.roles.get(person.id, frozenset()),
    )
    if tenant_override in (None, actor.tenant):
        return actor
    return await enter_tenant(database, actor, TenantId(tenant_override))


async def find_person(tx: Transaction, email: str) -> PersonView:
    """The active person with this e-mail. Raises UnknownPerson."""
    person = (await directory(tx)).by_email.get(email.strip().lower())
    if person is None or not person.active:
        raise UnknownPerson(f"There is nobody here with the e-mail '{email}'.", where="email")
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
        await _require_rank(tx, actor, [key])
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
    """The grant is gone. Raises NotFound."""
    async with audited(database, actor, action="role.revoke", resource=str(grant_id)) as tx:
        await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        found = [grant for grant in await store.live_grants(tx) if grant.id == grant_id]
        if not found:
            raise NotFound("There is no such grant.", where="grant")
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


async def create_token(
    database: Database,
    actor: Actor,
    *,
    name: str,
    lifetime: timedelta,
    scopes: frozenset[TokenScope] | None = None,
    email: str | None = None,
) -> tuple[TokenView, str]:
    """The new token and, this once, the text to present.

    It covers no scope that the caller's own token does not. For others (`email`) only with the right to manage users,
    and only if the caller could grant them the roles they hold: a token is its person (R7).
    """
    if not timedelta() < lifetime <= TOKEN_LIFETIME_MAX:
        raise InvalidInput("A token lives at least a second and at most 366 days.", where="expires_in")
    async with audited(database, actor, action="token.create", resource=email or actor.email) as tx:
        require_scope(actor, TokenScope.ADMIN)
        for scope in TokenScope if scopes is None else sorted(scopes):
            require_scope(actor, scope)
        if email is None or email.strip().lower() == actor.email:
            owner = await find_person(tx, actor.email)
        else:
            await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
            owner = await find_person(tx, email)
            await _require_rank(tx, actor, (await directory(tx)).roles.get(owner.id, frozenset()))
        secret = new_secret()
        row = store.TokenRow(
            id=uuid7(),
            user=owner.id,
            name=name,
            secret_hash=hash_secret(secret),
            scopes=None if scopes is None else frozenset(map(str, scopes)),
            created_at=tx.now,
            expires_at=tx.now + lifetime,
            last_used_at=None,
            revoked_at=None,
        )
        await store.insert_token(tx, row)
        await record(
            tx,
            actor,
            action="token.create",
            resource=owner.email,
            subject_id=row.id,
            category=AuditCategory.SECURITY,
            details={"name": name, "scopes": sorted(row.scopes) if row.scopes else "all"},
        )
        return _view(row), format_token(tx.tenant, row.id, secret)


async def list_tokens(database: Database, actor: Actor) -> tuple[TokenView, ...]:
    """The actor's own tokens."""
    if actor.user is None:
        return ()
    async with permitted(database, actor, TokenScope.READ, action="token.list", resource=actor.email) as tx:
        return tuple(_view(row) for row in await store.list_tokens(tx, actor.user))


async def revoke_token(database: Database, actor: Actor, token_id: UUID) -> None:
    """The token is refused from now on. Others' tokens only with the right to manage users. Raises NotFound."""
    async with audited(database, actor, action="token.revoke", resource=str(token_id)) as tx:
        require_scope(actor, TokenScope.ADMIN)
        row = await store.find_token(tx, token_id)
        if row is None:
            raise NotFound("There is no such token.", where="token")
        if row.user != actor.user:
            await require(tx, actor, Permission.MANAGE_USERS, TokenScope.ADMIN)
        await store.revoke_token(tx, token_id)
        await record(
            tx,
            actor,
            action="token.revoke",
            resource=str(token_id),
            subject_id=token_id,
            category=AuditCategory.SECURITY,
            details={"name": row.name},
        )
    await database.cache.forget()


async def _require_rank(tx: Transaction, actor: Actor, roles: Iterable[str]) -> None:
    """Returns if the actor could grant each of the roles; raises GrantAboveOwnRole otherwise (R7)."""
    if actor.user is None:  # the system itself, or an enterprise administrator visiting: `require` has let them in
        return
    held = (await directory(tx)).roles.get(actor.user, frozenset())
    for role in sorted(roles):
        may_grant(held, role)


def _view(row: store.TokenRow) -> TokenView:
    return TokenView(
        id=row.id,
        name=row.name,
        user=row.user,
        scopes=None if row.scopes is None else tuple(sorted(row.scopes)),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
