"""The composition root: settings in, a running service out. Nothing else in Countersign wires anything together."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from app.housekeeping import Housekeeping
from config.settings import Role, Settings
from core import approvals, decisions, emergency
from core.approvals import PolicyCatalogue, load_catalogue
from core.clock import SystemClock
from core.db import Database
from core.db.embedded import EmbeddedPostgres
from core.db.listen import Listener
from core.db.migrate import derived_app_url, migrate
from core.deadlines import DeadlineRunner
from core.decisions import Gate
from core.outbox import Dispatcher, Subscription
from core.receipts import Issuer

log = structlog.get_logger()

DEADLINES = {**approvals.DEADLINES, **decisions.DEADLINES, **emergency.DEADLINES}


@dataclass(slots=True)
class Service:
    """Everything that one process runs."""

    settings: Settings
    clock: SystemClock
    database: Database
    catalogue: PolicyCatalogue
    issuer: Issuer
    gate: Gate
    listener: Listener
    subscriptions: list[Subscription] = field(default_factory=list)
    dispatcher: Dispatcher | None = None
    deadlines: DeadlineRunner | None = None
    housekeeping: Housekeeping | None = None
    closers: list[Callable[[], Awaitable[None]]] = field(default_factory=list)

    async def start(self) -> None:
        """What the roles of this process ask for is running."""
        self.listener.on("countersign_tenants", self.database.cache.forget)
        if Role.WORKER in self.settings.roles:
            self.dispatcher = Dispatcher(self.database, self.subscriptions)
            self.deadlines = DeadlineRunner(self.database, DEADLINES)
            self.listener.on("countersign_outbox", self.dispatcher.wake)
            self.listener.on("countersign_deadlines", self.deadlines.wake)
            self.dispatcher.start()
            self.deadlines.start()
            self.housekeeping = Housekeeping(self.database)
            self.housekeeping.start()
        self.listener.start()

    async def stop(self) -> None:
        """Nothing runs any more; work under way had the configured grace to end."""
        await self.listener.stop()
        if self.housekeeping:
            self.housekeeping.stop()
        if self.deadlines:
            await self.deadlines.stop()
        if self.dispatcher:
            await self.dispatcher.stop(grace_s=self.settings.shutdown_grace_s)
        for close in self.closers:
            await close()
        await self.gate.close()
        await self.database.close()


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


async def build(settings: Settings, urls: DatabaseUrls, *, clock: SystemClock | None = None) -> Service:
    """The service, with its schema current and its role checked; not yet started."""
    clock = clock or SystemClock()
    catalogue = await asyncio.to_thread(load_catalogue, settings.policies_dir)
    await migrate(urls.owner, urls.app)
    database = Database(urls.app, clock=clock, address=settings.base_url)
    try:
        await database.verify_role()
    except BaseException:
        await database.close()
        raise
    issuer = Issuer(database, address=settings.base_url)
    return Service(
        settings=settings,
        clock=clock,
        database=database,
        catalogue=catalogue,
        issuer=issuer,
        gate=Gate(database, catalogue, issuer),
        listener=Listener(urls.app),
    )
