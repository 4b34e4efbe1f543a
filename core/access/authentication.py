"""From a presented token to an actor."""

from __future__ import annotations

from typing import Final, NoReturn

from core.access import store
from core.access.errors import TokenRefused
from core.access.rotation import Verdict, is_session, verdict_on
from core.access.sessions import is_over, remembered_token
from core.access.tokens import hash_secret, parse_token
from core.access.visiting import enter_tenant
from core.actor import Actor, Door
from core.audit import AuditCategory, AuditResult, record
from core.db import Database
from core.ids import TenantId
from core.tenants import tenant_policy

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
    token = await remembered_token(database, parsed)
    verdict = Verdict.WRONG if token is None else verdict_on(token, hash_secret(parsed.secret), now=now)
    if token is None or verdict is Verdict.WRONG:
        raise TokenRefused
    if token.revoked_at is not None or token.expires_at <= now:
        raise TokenRefused("The token has expired or was revoked.", next_step="Create a new one.")
    policy = await database.remembered(tenant, "policy_of_sessions", tenant_policy)
    if is_over(token, policy.security_policies.sessions, now=now):
        raise TokenRefused("This session has lasted too long, or nobody has used it.", next_step="Sign in again.")
    everybody = await database.remembered(tenant, "directory", store.load_directory)
    person = everybody.people.get(token.user)
    if person is None or not person.active:
        raise TokenRefused("The person behind this token is not active any more.")
    if token.last_used_at is None or now - token.last_used_at > store.LAST_USED_STEP:
        # Remembered beside the token, whose remembered row would ask for it again at every call.
        await database.remembered(tenant, f"token_used:{token.id}", lambda tx: store.touch_token(tx, token.id))
    if token.rotated_at is not None and token.rotation_seen_at is None and verdict is Verdict.PRESENT:
        seen = f"token_seen:{token.id}:{token.rotated_at.isoformat()}"
        await database.remembered(tenant, seen, lambda tx: store.note_rotation_seen(tx, token.id))
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
        is_session=is_session(token),
    )
    if verdict is Verdict.REPLAYED:
        await _end_stolen(database, actor, token)
    if tenant_override in (None, actor.tenant):
        return actor
    return await enter_tenant(database, actor, TenantId(tenant_override))


async def _end_stolen(database: Database, actor: Actor, token: store.TokenRow) -> NoReturn:
    """The session of which somebody has an old copy is over, once; and it is known from where that copy came."""
    async with database.tenant(actor.tenant) as tx:
        held = await store.hold_token(tx, token.id)
        if held is not None and held.revoked_at is None:
            await store.revoke_tokens(tx, [token.id])
            await record(
                tx,
                actor,
                action="session.replayed",
                resource=actor.email,
                subject_id=actor.user,
                result=AuditResult.DENIED,
                category=AuditCategory.SECURITY,
                details={"session": str(token.id), "is_ended": True},
            )
    await database.cache.forget()
    raise TokenRefused("An old copy of this session was used, so it is over.", next_step="Sign in again.")
