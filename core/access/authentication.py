"""From a presented token to an actor."""

from __future__ import annotations

from typing import Final

from core.access import store
from core.access.errors import TokenRefused
from core.access.sessions import is_idle
from core.access.tokens import parse_token
from core.access.visiting import enter_tenant
from core.actor import Actor, Door
from core.db import Database
from core.ids import TenantId

ENTERPRISE_ADMINISTRATOR: Final = "enterprise_administrator"


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
    if is_idle(token, now=now):
        raise TokenRefused("Nobody has used this session for half an hour.", next_step="Sign in again.")
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
        assured_at=token.assured_at,
        is_enterprise_admin=ENTERPRISE_ADMINISTRATOR in everybody.roles.get(person.id, frozenset()),
    )
    if tenant_override in (None, actor.tenant):
        return actor
    return await enter_tenant(database, actor, TenantId(tenant_override))
