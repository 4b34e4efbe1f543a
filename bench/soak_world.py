"""The product of the soak: PostgreSQL, four tenants with their people, and one server that is killed and comes back."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp

from app.administration import operator
from app.container import DatabaseUrls, build
from bench.load import HOST
from bench.soak_desk import TOKEN, TOKEN_VARIABLE
from bench.soak_systems import DESK, SoakSystem
from bench.world import free_ports, spawn
from config.settings import Settings
from core import access
from core.accounts import LinkedBy
from core.db import Database
from core.ids import TenantId
from core.tenants import provision
from core.tenants.policy import TenantPolicy
from core.ticket_accounts import AccountSystem, set_ticket_account

READY_WITHIN_S: Final = 90.0
VOTERS: Final = ("meta_agent_manager", "security_manager", "compliance_manager", "tenant_administrator")
ASKER: Final = "agent_developer"
ROLES: Final = (ASKER, *VOTERS)


@dataclass(frozen=True, slots=True)
class People:
    """One tenant's people: tokens and addresses by role."""

    tenant: str
    tokens: Mapping[str, str]
    emails: Mapping[str, str]


@dataclass(slots=True)
class Server:
    """`countersign serve`, which dies now and then."""

    folder: Path
    config: Path
    port: int
    kills: int = 0
    down_s: float = 0.0
    _process: asyncio.subprocess.Process | None = None
    _is_up: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"

    async def start(self) -> None:
        """It answers. Raises RuntimeError with its last words if it does not."""
        environ = {"COUNTERSIGN_CONFIG": str(self.config), TOKEN_VARIABLE: TOKEN}
        self._process = await spawn(self.folder, "-m", "app", "serve", name="product", environ=environ)
        deadline = time.monotonic() + READY_WITHIN_S
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while time.monotonic() < deadline and self._process.returncode is None:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{self.url}/readyz") as answer:
                        if answer.status == 200:
                            self._is_up.set()
                            return
                await asyncio.sleep(0.05)
        words = await asyncio.to_thread((self.folder / "product.log").read_text)
        raise RuntimeError(f"the server does not come up:\n{words[-2000:]}")

    async def kill(self) -> None:
        """SIGKILL, in the middle of whatever it was at; then it is started again."""
        if self._process is None:
            return
        begun = time.monotonic()
        self._is_up.clear()
        self._process.kill()
        await self._process.wait()
        self.kills += 1
        await self.start()
        self.down_s += time.monotonic() - begun

    async def wait_until_up(self) -> None:
        """It answers, or is believed to."""
        await self._is_up.wait()

    async def stop(self) -> None:
        """It has ended."""
        if self._process is None or self._process.returncode is not None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), 30)
        except TimeoutError:
            self._process.kill()


@contextlib.asynccontextmanager
async def serving(folder: Path, urls: DatabaseUrls, systems: Sequence[SoakSystem]) -> AsyncIterator[Server]:
    """The server, connected with the systems, answering; stopped at the end."""
    (port,) = free_ports(1)
    config = folder / "countersign.yaml"
    sections: dict[str, Any] = {one.slug: dict(one.settings) for one in systems if one.slug != DESK}
    settings = {
        "database_url": urls.owner,
        "database_app_url": urls.app,
        "data_dir": str(folder),
        "bind": {"port": port},
        "log_level": "warning",
        **sections,
        "itsm": [dict(one.settings) for one in systems if one.slug == DESK],
    }
    config.write_text(json.dumps(settings))  # JSON is YAML
    server = Server(folder, config, port)
    try:
        await server.start()
        yield server
    finally:
        await server.stop()


async def seeded(folder: Path, urls: DatabaseUrls, tenants: Sequence[str]) -> tuple[People, ...]:
    """Each tenant exists, with one person for each role of the stories."""
    service = await build(Settings(data_dir=folder), urls)
    try:
        return tuple([await _staffed(service.database, tenant) for tenant in tenants])
    finally:
        await service.database.close()


async def _staffed(database: Database, tenant: str) -> People:
    await provision(database, TenantPolicy(tenant_id=tenant), name=tenant.title())
    actor = operator(TenantId(tenant))
    tokens, emails = {}, {}
    for role in ROLES:
        email = f"{role}@{tenant}.example"
        person = await access.add_person(database, actor, email=email, name=role.replace("_", " ").title())
        await access.grant_role(database, actor, email=email, role=role)
        _view, tokens[role] = await access.create_token(
            database, actor, name="soak", lifetime=timedelta(days=1), email=email
        )
        # Who has no account there is not asked there.
        await set_ticket_account(
            database, actor, person.id, DESK, email, among=[AccountSystem(DESK)], linked_by=LinkedBy.ADMINISTRATOR
        )
        emails[role] = email
    return People(tenant, tokens, emails)
