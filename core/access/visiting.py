"""What an enterprise administrator may see and do beyond their own tenant; for everybody else there is no beyond."""

from __future__ import annotations

from core.access.errors import TenantRefused
from core.access.require import permitted
from core.access.scopes import TokenScope
from core.access.store import load_directory
from core.actor import Actor
from core.audit import audited
from core.db import Database
from core.ids import TenantId
from core.tenants import TenantView, list_tenants, tenant_policy


async def enter_tenant(database: Database, actor: Actor, tenant: TenantId) -> Actor:
    """The actor in another tenant: as its member where they are one, else as a visitor who may administer but not vote.

    Raises TenantRefused, which is recorded at home, or NotFound for a tenant that does not exist.
    """
    async with audited(database, actor, action="tenant.enter", resource=tenant):
        if not actor.is_enterprise_admin:
            raise TenantRefused(where="X-Tenant-Id")
    async with database.tenant(tenant) as tx:
        await tenant_policy(tx)
        member = (await tx.remembered("directory", load_directory)).by_email.get(actor.email)
        return Actor(
            tenant=tenant,
            user=member.id if member and member.active else None,
            email=actor.email,
            name=actor.name,
            door=actor.door,
            ip_address=actor.ip_address,
            user_agent=actor.user_agent,
            scopes=actor.scopes,
            is_enterprise_admin=True,
        )


async def visible_tenants(database: Database, actor: Actor) -> tuple[TenantView, ...]:
    """The actor's own tenant; all of them for an enterprise administrator."""
    async with permitted(database, actor, TokenScope.READ, action="tenant.list", resource="tenants") as tx:
        own = await list_tenants(tx)
    if not actor.is_enterprise_admin:
        return own
    async with database.system() as everywhere:
        return await list_tenants(everywhere)
