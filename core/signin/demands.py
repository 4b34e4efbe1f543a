"""What a tenant demands of whoever signs in (T3)."""

from __future__ import annotations

from core.access import SignedInWith, member_of, session_of
from core.actor import Actor
from core.db import Database
from core.signin.proving import has_factor
from core.tenants import tenant_policy


async def must_set_up_factor(database: Database, actor: Actor, session: str) -> bool:
    """Whether nothing is open to this session but setting up a second factor, as the tenant demands one.

    Whoever came with an API token is let in: what that token covers, it covers at the API as well.
    """
    opened = await session_of(database, session)
    if opened is None or opened.opened_with != SignedInWith.PASSWORD:
        return False
    policy = await database.remembered(actor.tenant, "policy_of_sessions", tenant_policy)
    if not policy.security_policies.mfa_required:
        return False
    async with database.tenant(actor.tenant) as tx:
        return not await has_factor(tx, member_of(actor))
