"""The budgets that a tenant's file declares, taken over when it says something new (C2).

A budget whose entry says what it said before stays as people have made it since: a raise outlives a restart. One whose
entry is gone ends; one whose entry comes back is restored.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict
from typing import Final

import structlog

from core.actor import Actor, system_actor
from core.budgets import store
from core.budgets.catalogue import BudgetCatalogue
from core.budgets.loading import policy_of
from core.budgets.managing import TURN, alter, begin, finish, people_of, recount
from core.budgets.policy import BudgetPolicy, Declared
from core.budgets.state import Terms
from core.db import Database, Transaction
from core.deadlines import set_deadline
from core.ids import TenantId
from core.tenants import tenant_ids

log = structlog.get_logger()

_DIGEST_CHARS: Final = 32


async def declare_budgets(database: Database, catalogue: BudgetCatalogue) -> None:
    """Every tenant's budgets are as its file says, where that says something new."""
    for tenant in await tenant_ids(database):
        await declare_for(database, catalogue, tenant)


async def declare_for(database: Database, catalogue: BudgetCatalogue, tenant: TenantId) -> None:
    """The tenant's budgets are as its file says, where that says something new."""
    async with database.tenant(tenant) as tx:
        policy = await policy_of(tx, catalogue)
        known = await store.declared(tx)
        if not policy.declared and not known:
            return
        await store.hold_all(tx)
        who = system_actor(tenant)
        for entry in policy.declared:
            await _declare(tx, policy, who, entry)
        wanted = {entry.key for entry in policy.declared}
        for key, (budget, _digest) in (await store.declared(tx)).items():
            if key not in wanted and budget.ended_at is None:
                await finish(tx, who, budget, number=await store.hold_all(tx))
                # Whatever its entry says when it comes back is new.
                await store.change(tx, budget.id, {"declared_digest": ""})


async def _declare(tx: Transaction, policy: BudgetPolicy, who: Actor, entry: Declared) -> None:
    terms, digest = await _terms(tx, policy, entry), _digest(entry)
    budget, before = (await store.declared(tx)).get(entry.key, (None, ""))
    if budget is None:
        await begin(tx, who, terms, entry.period, declared=entry.key, digest=digest)
        return
    if before == digest:
        return  # as people have made it since, also where they have ended it
    if budget.ended_at is not None:
        await store.change(tx, budget.id, {"ended_at": None, "changed": await store.hold_all(tx)})
        standing = await recount(tx, budget)
        await set_deadline(tx, budget.id, TURN, standing.window.ends_at)
    number = await store.hold_all(tx)
    if (terms.scope, terms.currency) != (budget.terms.scope, budget.terms.currency):
        log.warning("budget_scope_kept", budget=budget.reference, declared=entry.key)
        return
    await alter(tx, who, budget, terms, entry.period, number=number, digest=digest)


async def _terms(tx: Transaction, policy: BudgetPolicy, entry: Declared) -> Terms:
    people = await people_of(tx)
    unknown = [email for email in entry.owners if email not in people]
    if unknown:
        log.warning("budget_owners_unknown", declared=entry.key, count=len(unknown))
    return Terms(
        name=entry.name,
        amount=entry.amount,
        currency=entry.currency,
        scope=entry.scope,
        roll_over=entry.roll_over,
        roll_over_cap=entry.roll_over_cap,
        thresholds=policy.thresholds if entry.thresholds is None else entry.thresholds,
        has_forecast=policy.has_forecast if entry.has_forecast is None else entry.has_forecast,
        controls=policy.controls if entry.controls is None else entry.controls,
        owners=tuple(people[email] for email in entry.owners if email in people),
    )


def _digest(entry: Declared) -> str:
    """Of what the entry says, so that a restart changes nothing."""
    text = json.dumps(asdict(entry), default=str, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARS]
