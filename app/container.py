"""The composition root: settings in, a running service out. Nothing else in Countersign wires anything together."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import structlog
from pydantic import SecretStr

from app.housekeeping import Housekeeping
from config.settings import Role, Settings
from connectors.calendars import FeedReader, FeedSettings
from connectors.executor import ExecutorDesk
from connectors.itsm.inbox import TicketInbox, looks
from connectors.itsm.reconciler import Reconciler, walks
from connectors.monitoring.alerts import AlertDoor
from connectors.monitoring.prometheus import PrometheusPoller
from connectors.rounds import Rounds
from core import (
    absences,
    access_requests,
    approvals,
    budgets,
    changes,
    costs,
    decisions,
    emergency,
    incidents,
    pictures,
    preferences,
    receipts,
    rollouts,
    schedules,
    signin,
    sla,
)
from core.absences import CalendarPoller
from core.approvals import PolicyCatalogue, load_catalogue
from core.automation import RuleBook
from core.budgets import BudgetCatalogue, SpendingDesk, load_budget_catalogue
from core.changes import ChangeCatalogue, load_change_catalogue
from core.charts import Renderer
from core.clock import SystemClock
from core.costs import Metering, RateCatalogue, UsageWriter, ensure_metering, load_rate_catalogue
from core.db import Database
from core.db.embedded import EmbeddedPostgres
from core.db.listen import Listener
from core.db.migrate import derived_app_url, migrate
from core.deadlines import DeadlineRunner
from core.decisions import Gate
from core.deliveries import Connected
from core.finance import NightlyAdvice
from core.monitoring import MonitoringPoller
from core.named_tickets import Desks
from core.outbox import Dispatcher, Subscription
from core.receipts import Issuer
from core.sealing import MasterKey
from core.sla import OwnOperations, Sampler, SlaCatalogue, load_sla_catalogue
from core.tickets import HURRIED
from core.vault import GivenKeys, seal_plain, take_keys

log = structlog.get_logger()

# every column whose values are sealed
SEALED = (
    signin.TOTP_SECRET,
    receipts.PRIVATE_KEY,
    absences.FEED_ADDRESS,
    access_requests.CALLBACK_SECRET,
    pictures.SECRET,
)
DEADLINES = {
    **approvals.DEADLINES,
    **budgets.DEADLINES,
    **changes.DEADLINES,
    **costs.DEADLINES,
    **decisions.DEADLINES,
    **emergency.DEADLINES,
    **incidents.DEADLINES,
    **preferences.DEADLINES,
    **rollouts.DEADLINES,
    **sla.DEADLINES,
    **schedules.DEADLINES,
}


@dataclass(slots=True)
class Service:
    """Everything that one process runs."""

    settings: Settings
    clock: SystemClock
    database: Database
    catalogue: PolicyCatalogue
    changes: ChangeCatalogue
    sla: SlaCatalogue
    sampler: Sampler
    rates: RateCatalogue
    usage: UsageWriter
    budgets: BudgetCatalogue
    spending: SpendingDesk
    issuer: Issuer
    gate: Gate
    desks: Desks
    listener: Listener
    renderer: Renderer = field(default_factory=Renderer)
    subscriptions: list[Subscription] = field(default_factory=list)
    dispatcher: Dispatcher | None = None
    deadlines: DeadlineRunner | None = None
    housekeeping: Housekeeping | None = None
    connected: Connected = field(default_factory=Connected)
    rulebook: RuleBook = field(default_factory=RuleBook)
    inboxes: list[TicketInbox] = field(default_factory=list)
    executors: list[ExecutorDesk] = field(default_factory=list)
    alert_doors: list[AlertDoor] = field(default_factory=list)
    monitoring: MonitoringPoller | None = None
    prometheus: PrometheusPoller | None = None
    looks: Rounds | None = None
    reconcilers: list[Reconciler] = field(default_factory=list)
    walks: Rounds | None = None
    calendars: CalendarPoller | None = None
    own_operations: OwnOperations | None = None
    closers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def start(self) -> None:
        """What the roles of this process ask for is running."""
        self.listener.on("countersign_tenants", self.database.cache.forget)
        if Role.WORKER in self.settings.roles:
            await schedules.ensure_looks(self.database)
            await budgets.declare_budgets(self.database, self.budgets)
            await changes.ensure_drills(self.database, self.changes)
            await sla.ensure_watches(self.database)
            await ensure_metering(self.database)
            await seal_plain(self.database, SEALED)
            self.dispatcher = Dispatcher(self.database, self.subscriptions)
            watch = sla.deadlines(self.sla, self.settings.base_url)
            metering = Metering(self.usage, self.rates).deadlines
            advice = NightlyAdvice(self.rates).deadlines
            self.deadlines = DeadlineRunner(self.database, {**DEADLINES, **watch, **metering, **advice})
            self.listener.on("countersign_outbox", self.dispatcher.wake)
            self.listener.on("countersign_deadlines", self.deadlines.wake)
            self.dispatcher.start()
            self.deadlines.start()
            self.looks = looks(self.inboxes)
            self.listener.on(HURRIED, self.looks.wake)
            self.looks.start()
            self.walks = walks(self.reconcilers)
            self.walks.start()
            if self.monitoring:
                self.monitoring.start()
            if self.prometheus:
                self.prometheus.start()
            self.housekeeping = Housekeeping(self.database)
            self.housekeeping.start()
            reader = feed_reader(self.settings)
            self.closers.append(reader.close)
            every = timedelta(minutes=self.settings.calendars.poll_minutes)
            self.calendars = CalendarPoller(self.database, reader.fetch, every=every)
            self.calendars.start()
        self.own_operations = OwnOperations(self.database, self.sampler)
        self.gate.observed = self.own_operations.note
        self.own_operations.start()
        self.listener.start()

    async def stop(self) -> None:
        """Nothing runs any more; work under way had the configured grace to end."""
        await self.listener.stop()
        if self.housekeeping:
            self.housekeeping.stop()
        if self.calendars:
            await self.calendars.stop()
        if self.looks:
            await self.looks.stop()
        if self.walks:
            await self.walks.stop()
        if self.monitoring:
            await self.monitoring.stop()
        if self.prometheus:
            await self.prometheus.stop()
        if self.deadlines:
            await self.deadlines.stop()
        if self.dispatcher:
            await self.dispatcher.stop(grace_s=self.settings.shutdown_grace_s)
        for close in self.closers:
            await close()
        await self.renderer.close()
        await self.gate.close()
        if self.own_operations:
            await self.own_operations.stop()
        await self.sampler.close()
        await self.spending.close()
        await self.usage.close()
        await self.database.close()


def feed_reader(settings: Settings) -> FeedReader:
    """What reads people's calendars, as configured."""
    given = settings.calendars
    return FeedReader(
        FeedSettings(
            connect_timeout_s=given.connect_timeout_s,
            read_timeout_s=given.read_timeout_s,
            allows_private=given.allow_private_addresses,
        )
    )


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """Where the database is: as the owner (migrations), and as the bound role (everything else)."""

    owner: str
    app: str


def database_urls(settings: Settings) -> tuple[DatabaseUrls, EmbeddedPostgres | None]:
    """The configured database, or the embedded one, started. Blocks for a second or two on first use."""
    if settings.database_url is None:
        server = EmbeddedPostgres(Path(settings.data_dir) / "postgresql")
        owner = server.start().owner_url
        return DatabaseUrls(owner=owner, app=derived_app_url(owner)), server
    owner = settings.database_url.get_secret_value()
    app = settings.database_app_url.get_secret_value() if settings.database_app_url else derived_app_url(owner)
    return DatabaseUrls(owner=owner, app=app), None


def given_keys(settings: Settings) -> GivenKeys:
    """The master keys as configured; without one, where it is kept."""

    def keys(secret: SecretStr | None) -> tuple[MasterKey, ...]:
        texts = secret.get_secret_value().replace(",", " ").split() if secret else ()
        return tuple(MasterKey(base64.b64decode(text)) for text in texts)

    sealing = keys(settings.encryption_key)
    return GivenKeys(
        file=Path(settings.data_dir) / "encryption.key",
        sealing=sealing[0] if sealing else None,
        others=keys(settings.encryption_other_keys),
    )


async def build(settings: Settings, urls: DatabaseUrls, *, clock: SystemClock | None = None) -> Service:
    """The service, with its schema current and its role checked; not yet started."""
    clock = clock or SystemClock()
    catalogue = await asyncio.to_thread(load_catalogue, settings.policies_dir)
    change_catalogue = await asyncio.to_thread(load_change_catalogue, settings.changes_dir)
    sla_catalogue = await asyncio.to_thread(load_sla_catalogue, settings.sla_dir)
    rates = await asyncio.to_thread(load_rate_catalogue, settings.rates_dir)
    budget_catalogue = await asyncio.to_thread(load_budget_catalogue, settings.budgets_dir, rates)
    await migrate(urls.owner, urls.app)
    database = Database(urls.app, clock=clock, address=settings.base_url)
    try:
        await database.verify_role()
        database.keyring = await take_keys(database, given_keys(settings))
    except BaseException:
        await database.close()
        raise
    issuer, desks = Issuer(database, address=settings.base_url), Desks()
    return Service(
        settings=settings,
        clock=clock,
        database=database,
        catalogue=catalogue,
        changes=change_catalogue,
        sla=sla_catalogue,
        sampler=Sampler(database),
        rates=rates,
        usage=UsageWriter(database, rates, [budgets.count_charges]),
        budgets=budget_catalogue,
        spending=SpendingDesk(database, rates),
        issuer=issuer,
        gate=Gate(database, catalogue, issuer, desks, budget_catalogue),
        desks=desks,
        listener=Listener(urls.app),
    )
