"""Monitoring systems as configured: what goes to each tenant's, what comes from them, and how they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from app.container import Service
from config.credentials import Credential
from config.monitoring import SYSTEMS as SECTIONS
from config.monitoring import (
    DatadogSettings,
    MonitoringSection,
    NewRelicSettings,
    Sent,
    SplunkSettings,
    ToldSettings,
    WebhookSettings,
)
from config.secrets import secrets_of
from config.settings import Settings
from connectors.monitoring import (
    CONNECTORS,
    PLACES,
    TYPES,
    MonitoringDesk,
    MonitoringSettings,
    Sends,
    TenantMonitoring,
)
from connectors.monitoring.alerts import SOURCES, AlertDoor, AlertMapping, load_alert_mapping
from connectors.monitoring.base import Connector, MonitoringSystem
from connectors.monitoring.prometheus import SLUG, TITLE, Prometheus, PrometheusDesk, PrometheusPoller, load_counters
from core.clock import SystemClock
from core.db import Database
from core.deliveries import Connection
from core.ids import TenantId
from core.monitoring import MonitoringPoller, Wanted
from core.outbox import RetryPolicy, Subscription
from core.redaction import strike_out

_TIMEOUT_S: Final = 100.0  # a batch, cut in halves and acknowledged, takes its time


@dataclass(frozen=True, slots=True)
class Told:
    """A monitoring system of one tenant that is told of what happens."""

    connector: Connector
    tenant: TenantId
    system: MonitoringSystem
    sends: frozenset[Sends]
    credentials: tuple[Credential, ...]


def told_systems(settings: Settings, now: Callable[[], datetime]) -> tuple[Told, ...]:
    """Every system that is told; connecting calls nobody. No secret of the settings is shown or logged from then on."""
    strike_out(secrets_of(settings))
    return tuple(_told(settings, now))


def connect_monitoring(service: Service) -> None:
    """Every system has its subscription, its test and its turn; every one that tells of alerts has its door."""
    desks: dict[str, dict[TenantId, MonitoringDesk]] = defaultdict(dict)
    wanted: dict[TenantId, set[Sends]] = defaultdict(set)
    for each in told_systems(service.settings, service.clock.now):
        slug, can = each.connector.slug, each.connector.capabilities
        service.closers.append(each.system.close)
        desks[slug][each.tenant] = MonitoringDesk(slug, each.tenant, each.system, each.sends, can, service.database)
        wanted[each.tenant] |= each.sends
        service.connected.connections.append(
            Connection(
                slug,
                each.connector.title,
                each.tenant,
                each.system.check,
                credentials=each.credentials,
                keeps_tickets=False,
            )
        )
    for slug, by_tenant in desks.items():
        there = TenantMonitoring(by_tenant)
        retry = RetryPolicy(timeout_s=_TIMEOUT_S)
        # What no system of this kind is told of makes no deliveries.
        types = frozenset[str]().union(*(TYPES[sends] for desk in by_tenant.values() for sends in desk.sends))
        service.subscriptions.append(
            Subscription(slug, types, there.deliver, retry, places=PLACES, deliver_many=there.deliver_many)
        )
    service.alert_doors.extend(alert_doors(service.settings, service.database))
    turns = {tenant: Wanted(Sends.METRICS in sends, Sends.AUDIT in sends) for tenant, sends in wanted.items()}
    service.monitoring = MonitoringPoller(service.database, turns, service.sla)
    _connect_prometheus(service)


def alert_doors(settings: Settings, database: Database) -> tuple[AlertDoor, ...]:
    """Where each system that tells of alerts does. Raises ConfigError for a mapping that cannot be read."""
    return tuple(
        AlertDoor(
            SOURCES[name],
            TenantId(given.tenant),
            database,
            given.hook_secret.get_secret_value(),
            AlertMapping() if given.alerts is None else load_alert_mapping(given.alerts),
        )
        for name in SECTIONS
        for given in getattr(settings, name)
        if given.hook_secret is not None and given.tenant is not None
    )


async def examine_monitoring(settings: Settings) -> list[dict[str, Any]]:
    """How each system that is told, or asked, answers, for `countersign doctor`."""
    findings = []
    systems: list[tuple[str, TenantId, MonitoringSystem | Prometheus]] = [
        *((each.connector.title, each.tenant, each.system) for each in told_systems(settings, SystemClock().now)),
        *((TITLE, tenant, system) for tenant, system, _services, _kept in _asked(settings)),
    ]
    for title, tenant, system in systems:
        try:
            found = await system.check()
        finally:
            await system.close()
        findings += [
            {
                "subject": f"{title} of {tenant}: {finding.subject}",
                "health": str(finding.health),
                "message": finding.message,
                "next_step": finding.next_step,
            }
            for finding in found
        ]
    return findings


def _connect_prometheus(service: Service) -> None:
    """Every Prometheus has its test and its turn. Raises ConfigError for a file that cannot be read."""
    desks = []
    for tenant, system, services, kept in _asked(service.settings):
        service.closers.append(system.close)
        desks.append(PrometheusDesk(tenant, system, load_counters(services), service.database, service.sampler))
        service.connected.connections.append(
            Connection(SLUG, TITLE, tenant, system.check, credentials=kept, keeps_tickets=False)
        )
    service.prometheus = PrometheusPoller(desks)


def _asked(settings: Settings) -> Iterator[tuple[TenantId, Prometheus, Path, tuple[Credential, ...]]]:
    """Each Prometheus that is asked: whose it is, with what it counts, and where its secrets are kept."""
    for index, given in enumerate(settings.prometheus):
        if given.url is not None and given.tenant is not None and given.services is not None:
            token = given.token.get_secret_value() if given.token else None
            system = Prometheus(given.url, token, connect_s=given.connect_timeout_s, read_s=given.read_timeout_s)
            yield TenantId(given.tenant), system, given.services, settings.credentials("prometheus", index)


def _told(settings: Settings, now: Callable[[], datetime]) -> Iterator[Told]:
    for name, connector in CONNECTORS.items():
        given: ToldSettings
        for index, given in enumerate(getattr(settings, name)):
            if given.key is None or given.tenant is None:
                continue
            own = MonitoringSettings(
                key=given.key.get_secret_value(),
                installation=settings.base_url,
                now=now,
                connect_s=given.connect_timeout_s,
                read_s=given.read_timeout_s,
                **_places(given),
            )
            kept = settings.credentials(name, index)
            sends = frozenset(Sends(each) for each in given.sends)
            yield Told(connector, TenantId(given.tenant), connector.connect(own), sends, kept)


def _places(given: MonitoringSection) -> Mapping[str, Any]:
    """Addresses and what else a vendor needs, by the connectors' own names."""
    match given:
        case DatadogSettings(url=None):
            return {"url": f"https://api.{given.site}", "logs_url": f"https://http-intake.logs.{given.site}"}
        case NewRelicSettings(url=None):
            eu = given.region == "eu"
            return {
                "url": f"https://metric-api{'.eu' if eu else ''}.newrelic.com",
                "events_url": f"https://insights-collector{'.eu01.nr-data.net' if eu else '.newrelic.com'}",
                "logs_url": f"https://log-api{'.eu' if eu else ''}.newrelic.com",
                "account": given.account,
            }
        case NewRelicSettings():
            return {"url": given.url, "account": given.account}
        case SplunkSettings():
            return {"url": given.url, "index": given.index, "acknowledge": given.acknowledge}
        case DatadogSettings() | WebhookSettings():
            return {"url": given.url}
        case _:
            raise AssertionError(given)


assert {*map(str, Sent)} == {*map(str, Sends)}  # the settings speak of what the connectors know
