"""The change registry in the service: what it hears of approvals and rollouts, and the agent platforms."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final

from app.container import Service
from config.executor import ExecutorSettings
from config.settings import Settings
from connectors.executor import AgentPlatform, Checker, ExecutorDesk, ExecutorDesks
from connectors.executor.desk import LOOKS, ORDERS
from connectors.itsm.base import ConnectorError
from core.changes import HEARD, HEARD_OF_ROLLOUTS, DrillEvent, hear_of_request, hear_of_rollout, run_due
from core.clock import SystemClock
from core.db import Database
from core.ids import TenantId
from core.outbox import BreakerPolicy, RetryPolicy, Subscription
from core.rollouts import Check
from core.sla import SlaCatalogue, level_of

CHANGES: Final = "changes"
# Looks are made again by themselves, and one tenant's platform says nothing of another's.
_NEVER_OPEN: Final = BreakerPolicy(failures=1_000_000_000)


def connect_changes(service: Service) -> None:
    """The registry hears of what becomes of its changes; each tenant's platform has its orders and its hook."""
    database, catalogue = service.database, service.changes
    desks = executor_desks(service.settings, database, service.sla)
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


def executor_desks(settings: Settings, database: Database, levels: SlaCatalogue) -> Mapping[TenantId, ExecutorDesk]:
    """The agent platform of each tenant that has one; connecting calls nobody."""
    found: dict[TenantId, ExecutorDesk] = {}
    for tenant, given, secret in _given(settings):
        platform = _platform(given, secret, database.clock.now)
        read = partial(_level, database, levels, tenant)
        checker = Checker(connect_s=given.connect_timeout_s, read_s=given.read_timeout_s, levels=read)
        found[tenant] = ExecutorDesk(tenant, platform, checker, database, secret)
    return found


async def examine_executors(settings: Settings) -> list[dict[str, Any]]:
    """Whether each agent platform answers and knows the secret, for `countersign doctor`."""
    findings = []
    for tenant, given, secret in _given(settings):
        platform = _platform(given, secret, SystemClock().now)
        finding = {"health": "ok", "message": "It answers, and knows our secret.", "next_step": ""}
        try:
            await platform.check()
        except ConnectorError as exc:
            next_step = "Compare executor.url and executor.secret with the platform's: docs/connectors/executor.md."
            finding = {"health": "failed", "message": exc.reason, "next_step": next_step}
        finally:
            await platform.close()
        findings.append({"subject": f"agent platform of {tenant}", **finding})
    return findings


async def _level(database: Database, levels: SlaCatalogue, tenant: TenantId, check: Check) -> float | None:
    over = timedelta(seconds=check.over_s)
    return await level_of(database, levels, tenant, check.service, check.metric, over=over)


def _given(settings: Settings) -> Iterator[tuple[TenantId, ExecutorSettings, str]]:
    for given in settings.executor:
        if given.url is not None and given.secret is not None and given.tenant is not None:
            yield TenantId(given.tenant), given, given.secret.get_secret_value()


def _platform(given: ExecutorSettings, secret: str, now: Callable[[], datetime]) -> AgentPlatform:
    assert given.url is not None  # chosen so above
    connect_s, read_s = given.connect_timeout_s, given.read_timeout_s
    return AgentPlatform(given.url, secret, connect_s=connect_s, read_s=read_s, now=now)
