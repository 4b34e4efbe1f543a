"""All SQL of people, grants and tokens."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from core.access.grants import Grant, compile_grants
from core.access.group_store import load_groups
from core.access.model import api_tokens, grants, users
from core.access.people import Directory, GrantView, PersonView
from core.db import Transaction
from core.ids import UserId
from core.roles.hierarchy import Scope, ScopeKind
from core.tenants import tenant_policy

LAST_USED_STEP: Final = timedelta(minutes=1)  # how exactly last_used_at is kept; a write per call would cost more


@dataclass(frozen=True, slots=True)
class TokenRow:
    """A stored token."""

    id: UUID
    user: UserId
    name: str
    secret_hash: bytes
    scopes: frozenset[str] | None
    created_at: datetime
    expires_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None
    assured_at: datetime | None = None
    opened_with: str | None = None
    rotated_at: datetime | None = None
    rotation_seen_at: datetime | None = None
    replaced_hash: bytes | None = None
    previous_hashes: tuple[bytes, ...] = ()


async def load_directory(tx: Transaction) -> Directory:
    """Everybody, their live grants and groups, in a few statements."""
    people = [_person(row) for row in await tx.connection.execute(select(users).where(users.c.tenant_id == tx.tenant))]
    held = await live_grants(tx)
    policy = await tenant_policy(tx)
    active = {person.id for person in people if person.active}
    by_role: dict[str, set[UserId]] = defaultdict(set)
    roles: dict[UserId, set[str]] = defaultdict(set)
    for grant in held:
        # A role held on one project or agent makes nobody an approver or granter for the whole tenant.
        if grant.user in active and grant.scope_kind in (ScopeKind.ENTERPRISE, ScopeKind.TENANT):
            by_role[grant.role].add(grant.user)
            roles[grant.user].add(grant.role)
    return Directory(
        people={person.id: person for person in people},
        by_email={person.email: person for person in people},
        by_role={role: frozenset(holders) for role, holders in by_role.items()},
        roles={user: frozenset(names) for user, names in roles.items()},
        access=compile_grants(
            [
                Grant(user=grant.user, role=grant.role, scope=Scope(ScopeKind(grant.scope_kind), grant.scope_id))
                for grant in held
                if grant.user in active
            ],
            policy.role_permissions,
        ),
        groups=await load_groups(tx),
    )


async def live_grants(tx: Transaction) -> tuple[GrantView, ...]:
    """Grants that have not expired."""
    columns = grants.c
    rows = await tx.connection.execute(
        select(
            columns.grant_id,
            columns.user_id,
            users.c.email,
            columns.role,
            columns.scope_kind,
            columns.scope_id,
            columns.granted_by,
        )
        .join(users, (users.c.tenant_id == columns.tenant_id) & (users.c.user_id == columns.user_id))
        .where(columns.tenant_id == tx.tenant, or_(columns.expires_at.is_(None), columns.expires_at > tx.now))
        .order_by(users.c.email, columns.role)
    )
    return tuple(GrantView(*row) for row in rows)


async def insert_person(tx: Transaction, person: PersonView) -> bool:
    """Whether the person was new; an existing one with this e-mail stays as they are."""
    result = await tx.connection.execute(
        insert(users)
        .values(
            tenant_id=tx.tenant,
            user_id=person.id,
            email=person.email,
            name=person.name,
            title=person.title,
            time_zone=person.time_zone,
            manager_id=person.manager,
            created_at=tx.now,
        )
        .on_conflict_do_nothing(index_elements=["tenant_id", "email"])
        .returning(users.c.user_id)
    )
    return result.first() is not None


async def set_active(tx: Transaction, user: UserId, *, active: bool) -> None:
    """The person may (not) sign in, vote or be asked any more."""
    await tx.connection.execute(
        update(users).where(users.c.tenant_id == tx.tenant, users.c.user_id == user).values(active=active)
    )


async def set_manager(tx: Transaction, user: UserId, manager: UserId | None) -> None:
    """The person reports to this one."""
    await tx.connection.execute(
        update(users).where(users.c.tenant_id == tx.tenant, users.c.user_id == user).values(manager_id=manager)
    )


async def set_fallback(tx: Transaction, user: UserId, fallback: UserId | None) -> None:
    """This one decides for the person who is away and has named nobody."""
    await tx.connection.execute(
        update(users).where(users.c.tenant_id == tx.tenant, users.c.user_id == user).values(fallback_id=fallback)
    )


async def insert_grant(tx: Transaction, grant: GrantView) -> UUID:
    """The grant holds from now on, without an end; its id, which is another's if the role was granted there before."""
    values = {"granted_by": grant.granted_by, "granted_at": tx.now, "expires_at": None}
    result = await tx.connection.execute(
        insert(grants)
        .values(
            tenant_id=tx.tenant,
            grant_id=grant.id,
            user_id=grant.user,
            role=grant.role,
            scope_kind=grant.scope_kind,
            scope_id=grant.scope_id,
            **values,
        )
        .on_conflict_do_update(index_elements=["tenant_id", "user_id", "role", "scope_kind", "scope_id"], set_=values)
        .returning(grants.c.grant_id)
    )
    stored: UUID = result.scalar_one()
    return stored


async def delete_grant(tx: Transaction, grant_id: UUID) -> None:
    """The grant is gone."""
    await tx.connection.execute(grants.delete().where(grants.c.tenant_id == tx.tenant, grants.c.grant_id == grant_id))


async def insert_token(tx: Transaction, row: TokenRow) -> None:
    """The token can be used."""
    await tx.connection.execute(
        api_tokens.insert().values(
            tenant_id=tx.tenant,
            token_id=row.id,
            user_id=row.user,
            name=row.name,
            secret_hash=row.secret_hash,
            scopes=None if row.scopes is None else sorted(row.scopes),
            created_at=row.created_at,
            expires_at=row.expires_at,
            assured_at=row.assured_at,
            opened_with=row.opened_with,
        )
    )


async def find_token(tx: Transaction, token_id: UUID) -> TokenRow | None:
    """The token, live or not."""
    row = (
        await tx.connection.execute(
            select(api_tokens).where(api_tokens.c.tenant_id == tx.tenant, api_tokens.c.token_id == token_id)
        )
    ).first()
    return None if row is None else _token(row)


async def hold_token(tx: Transaction, token_id: UUID) -> TokenRow | None:
    """The token, live or not; nobody else changes it until this transaction ends."""
    row = (
        await tx.connection.execute(
            select(api_tokens)
            .where(api_tokens.c.tenant_id == tx.tenant, api_tokens.c.token_id == token_id)
            .with_for_update()
        )
    ).first()
    return None if row is None else _token(row)


async def rotate_token(tx: Transaction, row: TokenRow, *, secret_hash: bytes, replaced: bytes) -> None:
    """The secret is another; the one `replaced` is taken a little longer, the ones before are remembered."""
    await tx.connection.execute(
        update(api_tokens)
        .where(api_tokens.c.tenant_id == tx.tenant, api_tokens.c.token_id == row.id)
        .values(
            secret_hash=secret_hash,
            replaced_hash=replaced,
            previous_hashes=[*row.previous_hashes, row.secret_hash],
            rotated_at=tx.now,
            rotation_seen_at=None,
        )
    )


async def note_rotation_seen(tx: Transaction, token_id: UUID) -> datetime:
    """The browser has the new secret; the instant of this use."""
    columns = api_tokens.c
    await tx.connection.execute(
        update(api_tokens)
        .where(columns.tenant_id == tx.tenant, columns.token_id == token_id, columns.rotation_seen_at.is_(None))
        .values(rotation_seen_at=tx.now)
    )
    return tx.now


async def list_tokens(tx: Transaction, user: UserId) -> Sequence[TokenRow]:
    """The person's tokens, newest first."""
    rows = await tx.connection.execute(
        select(api_tokens)
        .where(api_tokens.c.tenant_id == tx.tenant, api_tokens.c.user_id == user)
        .order_by(api_tokens.c.created_at.desc())
    )
    return [_token(row) for row in rows]


async def touch_token(tx: Transaction, token_id: UUID) -> datetime:
    """`last_used_at` is right to within LAST_USED_STEP; the instant of this use."""
    columns = api_tokens.c
    await tx.connection.execute(
        update(api_tokens)
        .where(
            columns.tenant_id == tx.tenant,
            columns.token_id == token_id,
            or_(columns.last_used_at.is_(None), columns.last_used_at < tx.now - LAST_USED_STEP),
        )
        .values(last_used_at=tx.now)
    )
    return tx.now


async def revoke_tokens(tx: Transaction, token_ids: Collection[UUID]) -> None:
    """These tokens are refused from the next call on."""
    columns = api_tokens.c
    await tx.connection.execute(
        update(api_tokens)
        .where(columns.tenant_id == tx.tenant, columns.token_id.in_(tuple(token_ids)), columns.revoked_at.is_(None))
        .values(revoked_at=tx.now)
    )


def _person(row: Row[Any]) -> PersonView:
    return PersonView(
        id=UserId(row.user_id),
        email=row.email,
        name=row.name,
        title=row.title,
        time_zone=row.time_zone,
        active=row.active,
        manager=UserId(row.manager_id) if row.manager_id else None,
        fallback=UserId(row.fallback_id) if row.fallback_id else None,
    )


def _token(row: Row[Any]) -> TokenRow:
    return TokenRow(
        id=row.token_id,
        user=UserId(row.user_id),
        name=row.name,
        secret_hash=bytes(row.secret_hash),
        scopes=None if row.scopes is None else frozenset(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
        assured_at=row.assured_at,
        opened_with=row.opened_with,
        rotated_at=row.rotated_at,
        rotation_seen_at=row.rotation_seen_at,
        replaced_hash=None if row.replaced_hash is None else bytes(row.replaced_hash),
        previous_hashes=tuple(map(bytes, row.previous_hashes)),
    )
