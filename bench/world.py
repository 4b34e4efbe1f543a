"""The product as an installation runs it, and what is around it: `countersign serve`, PostgreSQL, a simulated Slack.

Everything lives in one new folder below `.countersign`, on the same disk as a demo's data, and is removed at the end.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import aiohttp
import asyncpg

from app.administration import operator
from app.container import DatabaseUrls, build
from bench.load import HOST, USERS
from config.settings import Settings
from config.yamlfile import load_yaml
from core import access
from core.db import Database
from core.db.embedded import EmbeddedPostgres
from core.db.migrate import derived_app_url
from core.ids import TenantId
from core.tenants import provision
from core.tenants.policy_file import read_tenant

HOME: Final = Path(".countersign")
READY_WITHIN_S: Final = 60.0
TENANT: Final = TenantId("bench")
# No quotas: every allowed operation would otherwise have to be reported on before the next.
_TENANT_FILE: Final = """
Tenant Configuration:
  tenant_id: "bench"
  compliance_requirements: ["GDPR", "SOX"]
"""
_APPROVERS: Final = ("meta_agent_manager", "security_manager", "compliance_manager", "tenant_administrator")
_YARDSTICK_TABLE: Final = (
    "CREATE SCHEMA bench; CREATE TABLE bench.audit_events (LIKE public.audit_events INCLUDING ALL)"
)


@dataclass(frozen=True, slots=True)
class User:
    """One of the users who ask at once."""

    email: str
    token: str
    slack_id: str


@dataclass(frozen=True, slots=True)
class World:
    """Running processes of this machine, by their ports."""

    product: int
    yardstick: int
    developers: tuple[User, ...]  # may create, modify, view; may not deploy
    operators: tuple[User, ...]  # may deploy and view
    manager: User  # a meta-agent manager: may use the emergency bypass
    signing_secret: str
    database: Mapping[str, str]  # its settings that decide whether a commit is durable


@contextlib.asynccontextmanager
async def running(*, slack: bool) -> AsyncIterator[World]:
    """The world, ready; stopped and removed at the end. `slack` connects the product to a simulated workspace."""
    data = await asyncio.to_thread(new_folder)
    database = EmbeddedPostgres(data / "postgresql")
    children: list[asyncio.subprocess.Process] = []
    try:
        owner_url = (await asyncio.to_thread(database.start)).owner_url
        developers, operators, manager = await _seed(data, owner_url)
        settings = await _prepare_yardstick(owner_url)
        signing_secret = secrets.token_hex(16)
        product, yardstick, sandbox = free_ports(3)
        children.append(
            await spawn(data, "-m", "bench.http", "--port", str(yardstick), "--database", owner_url, name="yardstick")
        )
        environ = {
            "COUNTERSIGN_DATA_DIR": str(data),
            "COUNTERSIGN_BIND__PORT": str(product),
            "COUNTERSIGN_LOG_LEVEL": "warning",
        }
        if slack:
            child, environ_slack = await _start_slack(data, developers, sandbox, product, signing_secret)
            children.append(child)
            environ |= environ_slack
        children.append(await spawn(data, "-m", "app", "serve", name="product", environ=environ))
        await _until_answers(data, f"http://{HOST}:{yardstick}/said", children)
        await _until_answers(data, f"http://{HOST}:{product}/readyz", children)
        yield World(product, yardstick, developers, operators, manager, signing_secret, settings)
    finally:
        await _stop(reversed(children))
        await asyncio.to_thread(database.stop)
        await asyncio.to_thread(shutil.rmtree, data, ignore_errors=True)


async def _seed(data: Path, owner_url: str) -> tuple[tuple[User, ...], tuple[User, ...], User]:
    file = data / "tenant.yaml"
    file.write_text(_TENANT_FILE)
    service = await build(Settings(data_dir=data), DatabaseUrls(owner_url, derived_app_url(owner_url)))
    database = service.database
    try:
        await provision(database, read_tenant(load_yaml(file)), name="Bench")
        manager, *_others = [await _add(database, f"{role}@bench.example", role, slack_id="") for role in _APPROVERS]
        developers = [
            await _add(database, f"developer{number}@bench.example", "agent_developer", slack_id=f"U0DEV{number:02}")
            for number in range(USERS)
        ]
        operators = [
            await _add(database, f"operator{number}@bench.example", "agent_operator", slack_id="")
            for number in range(USERS)
        ]
        return tuple(developers), tuple(operators), manager
    finally:
        await database.close()


async def _add(database: Database, email: str, role: str, *, slack_id: str) -> User:
    actor = operator(TENANT)
    name = email.partition("@")[0].replace("_", " ").title()
    await access.add_person(database, actor, email=email, name=name)
    await access.grant_role(database, actor, email=email, role=role)
    _view, token = await access.create_token(database, actor, name="bench", lifetime=timedelta(days=1), email=email)
    return User(email, token, slack_id)


async def _prepare_yardstick(owner_url: str) -> Mapping[str, str]:
    connection = await asyncpg.connect(owner_url)
    try:
        await connection.execute(_YARDSTICK_TABLE)
        wanted = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_sync_method")
        return {name: str(await connection.fetchval("SELECT current_setting($1)", name)) for name in wanted}
    finally:
        await connection.close()


async def _start_slack(
    data: Path, members: Sequence[User], port: int, product: int, signing_secret: str
) -> tuple[asyncio.subprocess.Process, dict[str, str]]:
    """The simulated workspace, and what tells the product of it."""
    bot_token = f"xoxb-{secrets.token_hex(16)}"
    people = data / "people.json"
    ids = [user.slack_id for user in members]
    workspace: dict[str, Any] = {
        "team": {"id": "T0BENCH", "name": "Bench", "domain": "bench"},
        "people": [
            {
                "id": user.slack_id,
                "name": user.email.partition("@")[0],
                "real_name": user.email.partition("@")[0].title(),
                "email": user.email,
                "tz": "Europe/Prague",
                "title": "Agent developer",
            }
            for user in members
        ],
        "channels": [
            {"id": f"C0{name.upper()}", "name": name, "members": ids} for name in ("approvals", "emergency", "general")
        ],
    }
    people.write_text(json.dumps(workspace))
    child = await spawn(
        data,
        *("-m", "sandbox", "--port", str(port), "--product-url", f"http://{HOST}:{product}"),
        *("--signing-secret", signing_secret, "--bot-token", bot_token, "--app-token", "xapp-bench"),
        *("--people", str(people)),
        name="sandbox",
    )
    await _until_answers(data, f"http://{HOST}:{port}/healthz", [child])
    return child, {
        "COUNTERSIGN_DEMO": "true",
        "COUNTERSIGN_SLACK__BASE_URL": f"http://{HOST}:{port}/slack/api",
        "COUNTERSIGN_SLACK__BOT_TOKEN": bot_token,
        "COUNTERSIGN_SLACK__SIGNING_SECRET": signing_secret,
        "COUNTERSIGN_SLACK__TENANT": TENANT,
    }


async def spawn(
    data: Path, *arguments: str, name: str, environ: Mapping[str, str] | None = None
) -> asyncio.subprocess.Process:
    """Python with these arguments, in a session of its own, with its log in `data`; no setting of ours is inherited."""
    base = {key: value for key, value in os.environ.items() if not key.startswith("COUNTERSIGN_")}
    with (data / f"{name}.log").open("ab") as log:
        return await asyncio.create_subprocess_exec(
            sys.executable, *arguments, env={**base, **(environ or {})}, stdout=log, stderr=log, start_new_session=True
        )


async def _until_answers(data: Path, url: str, children: Sequence[asyncio.subprocess.Process]) -> None:
    deadline = asyncio.get_running_loop().time() + READY_WITHIN_S
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        while asyncio.get_running_loop().time() < deadline:
            with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                async with session.get(url) as answer:
                    if answer.status == 200:
                        return
            if any(child.returncode is not None for child in children):
                break
            await asyncio.sleep(0.05)
    raise RuntimeError(f"{url} does not answer.\n{await asyncio.to_thread(_last_words, data)}")


async def _stop(children: Iterable[asyncio.subprocess.Process]) -> None:
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
        try:
            await asyncio.wait_for(child.wait(), 20)
        except TimeoutError:
            child.kill()


def new_folder() -> Path:
    """A new folder, on the same disk as a demo's data."""
    HOME.mkdir(exist_ok=True)
    return Path(tempfile.mkdtemp(prefix="bench-", dir=HOME)).resolve()


def _last_words(data: Path) -> str:
    return "\n".join(f"{file.name}: {file.read_text()[-1500:]}" for file in data.glob("*.log"))


def free_ports(count: int) -> list[int]:
    """So many ports that nobody listens on: held together until all are known, so that they differ."""
    with contextlib.ExitStack() as held:
        ports = []
        for _ in range(count):
            probe = held.enter_context(socket.socket())
            probe.bind((HOST, 0))
            ports.append(int(probe.getsockname()[1]))
        return ports
