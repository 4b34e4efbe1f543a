"""The change registry in the service: what it hears of approvals and rollouts, and the agent platforms."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Final

from app.container import Service
from config.settings import Settings
from connectors.executor import AgentPlatform, Checker, ExecutorDesk, ExecutorDesks
from connectors.executor.desk import LOOKS, ORDERS
from core.changes import HEARD, HEARD_OF_ROLLOUTS, DrillEvent, hear_of_request, hear_of_rollout, run_due
from core.db import Database
from core.ids import TenantId
from core.outbox import BreakerPolicy, RetryPolicy, Subscription

CHANGES: Final = "changes"
# Looks are made again by themselves, and one tenant's platform says nothing of another's.
_NEVER_OPEN: Final = BreakerPolicy(failures=1_000_000_000)


def connect_changes(service: Service) -> None:
    """The registry hears of what becomes of its changes; each tenant's platform has its orders and its hook."""
    database, catalogue = service.database, service.changes
    desks = executor_desks(service.settings, database)
    service.executors.extend(desks.values())
    service.closers.extend(desk.close for desk in desks.values())
    platforms = ExecutorDesks(database, desks)
    service.subscriptions += [
        Subscription(CHANGES, HEARD, partial(hear_of_request, database)),
        Subscription(f"{CHANGES}_rollouts", HEARD_OF_ROLLOUTS, partial(hear_of_rollout, database, catalogue)),
        Subscription(f"{CHANGES}_drills", frozenset({str(DrillEvent.DUE)}), partial(run_due, database, catalogue)),
        Subscription("executor", ORDERS, platforms.give, RetryPolicy(timeout_s=30.0), _NEVER_OPEN),
        Subscription("executor_looks", LOOKS, platforms.look, RetryPolicy(timeout_s=60.0), _NEVER_OPEN),
    ]


def executor_desks(settings: Settings, database: Database) -> Mapping[TenantId, ExecutorDesk]:
    """The agent platform of each tenant that has one; connecting calls nobody."""
    found: dict[TenantId, ExecutorDesk] = {}
    for given in settings.executor:
        if given.url is None or given.secret is None or given.tenant is None:
            continue
        tenant, secret = TenantId(given.tenant), given.secret.get_secret_value()
        connect_s, read_s = given.connect_timeout_s, given.read_timeout_s
        platform = AgentPlatform(given.url, secret, connect_s=connect_s, read_s=read_s, now=database.clock.now)
        checker = Checker(connect_s=connect_s, read_s=read_s)
        found[tenant] = ExecutorDesk(tenant, platform, checker, database, secret)
    return found
