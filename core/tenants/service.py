"""Use cases of tenants."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from core.db import Database, Transaction
from core.db.transaction import SystemTransaction
from core.deadlines import has_deadline, set_deadline
from core.errors import NotFound
from core.ids import TenantId
from core.tenants.model import tenants
from core.tenants.policy import TenantPolicy

SCHEDULE: Final = "schedules.look"  # the tenant's own deadline: core/schedules looks whose time has come
METERING: Final = "costs.meter"  # core/costs meters governed actions
COST_CHECK: Final = "costs.check"  # core/costs compares its sums with the ledger
COST_ADVICE: Final = "costs.advise"  # core/finance looks for what could cost less
THE_TENANT: Final = UUID(int=0)  # the subject of what belongs to the tenant itself


@dataclass(frozen=True, slots=True)
class TenantView:
    """A tenant as doors show it."""

    tenant_id: TenantId
    name: str
    policy: TenantPolicy
    created_at: datetime


async def provision(database: Database, policy: TenantPolicy, *, name: str | None = None) -> TenantId:
    """The tenant exists with exactly this policy; doing it again changes nothing."""
    tenant = TenantId(policy.tenant_id)
    async with database.tenant(tenant) as tx:
        values = {"policy": policy.to_json(), "updated_at": tx.now, **({"name": name} if name else {})}
        await tx.connection.execute(
            insert(tenants)
            .values(tenant_id=tenant, created_at=tx.now, **{"name": policy.tenant_id, **values})
            .on_conflict_do_update(index_elements=["tenant_id"], set_=values)
        )
        await set_deadline(tx, THE_TENANT, SCHEDULE, tx.now)  # the new policy may say other times
        await ensure_costs(tx)
    await database.cache.forget()
    return tenant


async def ensure_costs(tx: Transaction) -> None:
    """The tenant's governed actions are metered, its sums checked and looked through, from now on if they were not."""
    for kind in (METERING, COST_CHECK, COST_ADVICE):
        if not await has_deadline(tx, THE_TENANT, kind):
            await set_deadline(tx, THE_TENANT, kind, tx.now)


async def tenant_policy(tx: Transaction) -> TenantPolicy:
    """The policy in force. Raises NotFound if the tenant does not exist."""
    return await tx.remembered("tenant_policy", _load_policy)


async def list_tenants(tx: SystemTransaction | Transaction) -> tuple[TenantView, ...]:
    """The tenants that this transaction may see: its own, or all of them for the system."""
    columns = tenants.c
    rows = await tx.connection.execute(
        select(columns.tenant_id, columns.name, columns.policy, columns.created_at).order_by(columns.tenant_id)
    )
    return tuple(
        TenantView(TenantId(row.tenant_id), row.name, TenantPolicy.from_json(row.policy), row.created_at)
        for row in rows
    )


async def tenant_ids(database: Database) -> tuple[TenantId, ...]:
    """Every tenant's id."""
    async with database.system() as tx:
        rows = await tx.connection.execute(select(tenants.c.tenant_id).order_by(tenants.c.tenant_id))
        return tuple(TenantId(row.tenant_id) for row in rows)


async def _load_policy(tx: Transaction) -> TenantPolicy:
    row = (await tx.connection.execute(select(tenants.c.policy).where(tenants.c.tenant_id == tx.tenant))).first()
    if row is None:
        raise NotFound(f"There is no tenant '{tx.tenant}'.", where="tenant")
    return TenantPolicy.from_json(row.policy)
