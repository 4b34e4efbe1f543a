"""The check at the head of a use case."""

from __future__ import annotations

from core.access.errors import PermissionMissing
from core.access.people import Directory
from core.access.scopes import TokenScope, require_scope
from core.access.store import load_directory
from core.actor import Actor, Door
from core.db import Transaction
from core.roles.hierarchy import Scope, ScopeKind
from core.roles.permissions import Permission


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
