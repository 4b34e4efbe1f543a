"""People who are programs of ours: they ask and say things, and can never sign in, vote or be asked (N5).

Such a person is a member like any other, so that what they ask for has its requester; and not active, so that no role,
group, condition, delegation or chat account makes them decide anything, and no credential lets them in.
"""

from __future__ import annotations

from typing import Final

from core.access import store
from core.access.people import PersonView
from core.access.scopes import TokenScope
from core.access.service import directory
from core.actor import Actor, Door, system_actor
from core.audit import AuditCategory, record
from core.db import Database, Transaction
from core.ids import TenantId, UserId, uuid7

DOMAIN: Final = "automation.invalid"  # RFC 2606: no mail ever reaches it, and no directory holds it
SCOPES: Final = frozenset({str(TokenScope.DECIDE), str(TokenScope.REQUEST)})  # to ask and to comment: not to vote


async def service_actor(database: Database, tenant: TenantId, *, key: str, name: str) -> Actor:
    """The program called `key` as a caller; it is a member of the tenant from the first time on."""
    email = f"{key}@{DOMAIN}"
    async with database.tenant(tenant) as tx:
        person = (await directory(tx)).by_email.get(email)
        is_new = person is None
        if person is None:
            person = await _added(tx, email, name)
    if is_new:
        await database.cache.forget()
    return Actor(tenant=tenant, user=person.id, email=email, name=name, door=Door.SYSTEM, scopes=SCOPES)


async def _added(tx: Transaction, email: str, name: str) -> PersonView:
    person = PersonView(id=UserId(uuid7()), email=email, name=name, title="Workflow automation", active=False)
    if not await store.insert_person(tx, person):  # another process was faster than our picture of everybody
        return (await store.load_directory(tx)).by_email[email]
    await store.set_active(tx, person.id, active=False)
    await record(
        tx,
        system_actor(tx.tenant),
        action="user.create",
        resource=email,
        subject_id=person.id,
        category=AuditCategory.SECURITY,
        details={"name": name, "service": True},
    )
    return person
