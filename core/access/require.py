"""The check at the head of a use case."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from core.access.errors import PermissionMissing
from core.access.people import Directory
from core.access.scopes import TokenScope, require_scope
from core.access.store import load_directory
from core.actor import Actor, Door
from core.audit import audited
from core.db import Database, Transaction
from core.errors import Forbidden
from core.ids import UserId
from core.roles.hierarchy import Scope, ScopeKind
from core.roles.permissions import Permission


def member_of(actor: Actor) -> UserId:
    """The actor as a person of the tenant. Raises Forbidden for one who only administers it."""
    if actor.user is None:
        raise Forbidden("Only a person of this tenant can do this.")
    return actor.user


@asynccontextmanager
async def permitted(
    database: Database, actor: Actor, scope: TokenScope, *, action: str, resource: str
) -> AsyncIterator[Transaction]:
    """A transaction in the actor's tenant for a credential that covers `scope`; a refusal is recorded (R6)."""
    async with audited(database, actor, action=action, resource=resource) as tx:
        require_scope(actor, scope)
        yield tx


async def require(
    tx: Transaction, actor: Actor, permission: Permission, scope: TokenScope, *, at: Scope | None = None
) -> None:
    """Returns if the actor's roles and credential permit it at `at` (default: the whole tenant).

    Raises PermissionMissing with the reason (R3), or ScopeMissing. The system and enterprise administrators hold every
    permission in every tenant.
    """
    require_scope(actor, scope)
    if actor.door is Door.SYSTEM or actor.is_enterprise_admin:
        return
    everybody: Directory = await tx.remembered("directory", load_directory)
    verdict = everybody.access.may(actor.user, permission, at or Scope(ScopeKind.TENANT, ""))
    if not verdict.allowed:
        raise PermissionMissing(verdict.reason, where="role")
