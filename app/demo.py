"""`countersign demo`: the whole product, the outside world simulated, on this machine alone.

Three processes: the sandbox, the server (exactly what `countersign serve` runs), and this one, which owns the embedded
database, seeds the tenant once, and keeps the other two alive. Everything lives under one folder, so a second start
takes seconds and finds everything as it was left.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import json
import secrets
import signal
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TextIO

import aiohttp
from rich.console import Console
from rich.table import Column, Table

from app import demo_monitoring, demo_platform, demo_settings
from app import demo_world as world
from app.children import Children
from app.container import DatabaseUrls, build
from app.demo_costs import seed_weeks
from app.demo_seed import seed_passwords, seed_people, seed_requests, seed_usage
from app.demo_service_levels import seed_service_levels
from app.demo_story import play
from config.settings import Settings
from connectors.monitoring import datadog, newrelic, splunk
from core.clock import SystemClock
from core.db.embedded import EmbeddedPostgres
from core.db.migrate import derived_app_url
from core.errors import NotFound, Unavailable
from core.links import SYSTEM_TITLES
from core.roles.hierarchy import title

TITLES: Final[Mapping[str, str]] = {
    **SYSTEM_TITLES,
    "datadog": datadog.TITLE,
    "newrelic": newrelic.TITLE,
    "splunk": splunk.TITLE,
    "platform": "The agent platform",
    "alertmanager": "Alertmanager tells here",
}
READY_WITHIN_S: Final = 180.0
RESTART_PAUSE_S: Final = 0.5
PRODUCT_PORT: Final = 8080
SANDBOX_PORT: Final = 8090
PORT_TRIES: Final = 10
_QUIET_PORTS: Final = range(20_000, 32_000)  # below those of outgoing connections (Linux: from 32,768)
WHAT_WIDTH: Final = 34  # cells: with the next, a terminal of 80
WHERE_WIDTH: Final = 39  # cells: the demo's longest e-mail address on one line
out = Console()


def run(data: Path, *, plays_story: bool) -> int:
    """Runs the demo until it is told to stop, or the story until its end; the exit status."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return _join_running(data, plays_story=plays_story)
        try:
            return asyncio.run(_Demo(data.resolve()).run(plays_story=plays_story))
        except KeyboardInterrupt:
            return 0


def _join_running(data: Path, *, plays_story: bool) -> int:
    """Another process runs the demo of this folder: its story can be played, its addresses shown."""
    status = read_status(data)
    if plays_story:
        return asyncio.run(play(status, out))
    out.print("The demo is running already.")
    out.print(status_table(status))
    return 0


def read_status(data: Path) -> dict[str, Any]:
    """What the running demo offers (CONTRACT). Raises NotFound if none has run here."""
    try:
        status: dict[str, Any] = json.loads((data / "status.json").read_text())
    except (OSError, ValueError):
        raise NotFound(f"No demo has run in {data}.", next_step="Start it with: make demo") from None
    return status


def status_table(status: Mapping[str, Any]) -> Table:
    """The addresses and people, for reading."""
    what, where = Column("What", max_width=WHAT_WIDTH), Column("Where", overflow="fold", min_width=WHERE_WIDTH)
    table = Table(what, where, title="Countersign demo")
    table.add_row("The Slack workspace (start here)", status["sandbox_url"])
    table.add_row("The same people in Teams", status["systems"]["teams"]["page_url"])
    ways = "with a token (countersign demo --status --json), or a password, which sets up a second factor first"
    table.add_row("Console", f"{status['base_url']}/console (sign in {ways})")
    table.add_row("API", f"{status['base_url']}/api/docs")
    if "environment" in status:  # there since an earlier release left none
        table.add_row("CLI, in a shell of its own", f"source {status['environment']}")
    for name, system in status["systems"].items():
        if name != "teams":
            user = f"\nuser {system['user']}" if "user" in system else ""
            table.add_row(TITLES.get(name, name), f"{system['url']}{user}")
    for tenant, details in status["tenants"].items():
        for email, person in details["people"].items():
            table.add_row(f"{tenant} · {title(person['role'])}", f"{email}\npassword {person.get('password', '–')}")
    return table


class _Demo:
    """One run."""

    def __init__(self, data: Path) -> None:
        self._data = data
        self._children = Children(data)
        self._stopping = asyncio.Event()
        self._secrets = self._load_secrets()

    async def run(self, *, plays_story: bool) -> int:
        loop = asyncio.get_running_loop()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, self._stopping.set)
        database = EmbeddedPostgres(self._data / "postgresql")
        with out.status("Starting PostgreSQL …"):
            address = await asyncio.to_thread(database.start)
        try:
            return await self._with_database(address.owner_url, plays_story=plays_story)
        finally:
            await self._children.stop()
            await asyncio.to_thread(database.stop)

    async def _with_database(self, owner_url: str, *, plays_story: bool) -> int:
        with out.status("Preparing tenants and people …"):
            service = await build(Settings(data_dir=self._data), DatabaseUrls(owner_url, derived_app_url(owner_url)))
            try:
                tokens = await seed_people(service.database, self._data / "tokens.json")
                passwords = await seed_passwords(service.database, self._data / "passwords.json")
            finally:
                await service.database.close()
        with out.status("Starting the simulated outside world …"):
            await self._start_sandbox()
        status = await self._status(tokens, passwords)
        with out.status("Starting Countersign …"):
            await self._start_product()
        await self._add_to_teams()
        await self._hear_of_systems()
        marker = self._data / "seeded"
        if not marker.exists():
            with out.status("Telling the story so far: three requests …"):
                await seed_requests(status)
                await seed_weeks(status, now=SystemClock().now())
                await seed_usage(status)
                await seed_service_levels(status)
            marker.touch()
        (self._data / "status.json").write_text(json.dumps(status, indent=2))
        (self._data / "status.json").chmod(0o600)
        if plays_story:
            return await play(status, out)
        out.print(status_table(status))
        out.print(f"\n[bold]Open {status['sandbox_url']} and type /approve.[/]  Stop with Ctrl-C.")
        await self._keep_alive()
        return 0

    async def _start_sandbox(self) -> None:
        people = self._data / "people.json"
        people.write_text(json.dumps(world.people_file(), indent=2))
        await self._children.start(
            "sandbox",
            "-m",
            "sandbox",
            "--port",
            str(self._port("sandbox")),
            "--data",
            str(self._data / "sandbox.json"),
            "--product-url",
            self._url("product"),
            "--signing-secret",
            self._secrets["signing_secret"],
            "--bot-token",
            self._secrets["bot_token"],
            "--app-token",
            self._secrets["app_token"],
            "--people",
            str(people),
            environ={},
        )
        await self._until_answers(f"{self._url('sandbox')}/healthz")

    async def _start_product(self) -> None:
        systems = await self._systems()
        demo_platform.write_changes(self._data / demo_settings.CHANGES, systems["platform"])
        environ = demo_settings.environ(
            self._data, systems, self._secrets, port=self._port("product"), sandbox=self._url("sandbox")
        )
        demo_settings.write_for_shells(self._data, environ)
        await self._children.start("product", "-m", "app", "serve", environ=environ)
        await self._until_answers(f"{self._url('product')}/readyz")

    async def _hear_of_systems(self) -> None:
        """The simulated systems tell us at once what happens there, as their administrators set up."""
        platform = (await self._systems())["platform"]
        told = demo_monitoring.hooks(self._url("product"), self._secrets["hook_secret"])
        signing = demo_settings.signing_secret(self._secrets)
        for system, connector, secret in (
            ("servicenow", "servicenow", signing),
            ("jira", "jira", signing),
            ("remedy", "remedy", signing),
            ("platform", "executor", platform["secret"]),
        ):
            hook = f"{self._url('product')}/hooks/{connector}/{world.TENANT}"
            told[system] = {"webhook_url": hook, "webhook_secret": secret}
        async with aiohttp.ClientSession() as session:
            for system, options in told.items():
                address = f"{self._url('sandbox')}/control/{system}/configure"
                async with session.post(address, json=options) as answer:
                    answer.raise_for_status()

    async def _add_to_teams(self) -> None:
        """Everybody, and the team, has the app in Teams; once for each address of Teams, where the bot writes."""
        marker, address = self._data / "added-to-teams", self._url("sandbox")
        if marker.exists() and marker.read_text() == address:
            return
        team = {"user": world.PEOPLE[0].email, "channel": "#approvals"}
        async with aiohttp.ClientSession() as session:

            async def install(body: Mapping[str, str]) -> None:
                async with session.post(f"{address}/control/teams/install", json=body) as answer:
                    answer.raise_for_status()

            await asyncio.gather(install(team), *(install({"user": person.email}) for person in world.PEOPLE))
        marker.write_text(address)

    async def _keep_alive(self) -> None:
        """A server that dies is started again: nothing that matters lived in its memory."""
        starters = {"sandbox": self._start_sandbox, "product": self._start_product}
        stopped = asyncio.create_task(self._stopping.wait())
        while not stopped.done():
            waits = {asyncio.create_task(child.wait()): name for name, child in self._children.running.items()}
            done, _ = await asyncio.wait({stopped, *waits}, return_when=asyncio.FIRST_COMPLETED)
            for task in waits:
                task.cancel()
            for task in done - {stopped}:
                name = waits[task]
                out.print(f"[yellow]The {name} has ended; starting it again. See {self._children.log_of(name)}[/]")
                try:
                    await starters[name]()
                except Unavailable as exc:  # it ended again before it was ready: the next turn starts it once more
                    out.print(f"[yellow]{exc.message}[/]")
                    await asyncio.sleep(RESTART_PAUSE_S)

    async def _until_answers(self, url: str) -> None:
        deadline = asyncio.get_running_loop().time() + READY_WITHIN_S
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(url) as answer:
                        if answer.status == 200:
                            return
                for name, child in self._children.running.items():
                    if child.returncode is not None:
                        raise Unavailable(f"The {name} ended at once; see {self._children.log_of(name)}")
                if asyncio.get_running_loop().time() > deadline:
                    raise Unavailable(
                        f"{url} did not answer within {READY_WITHIN_S:.0f} s; see the logs in {self._data}"
                    )
                await asyncio.sleep(0.1)

    async def _status(
        self, tokens: Mapping[str, Mapping[str, str]], passwords: Mapping[str, Mapping[str, str]]
    ) -> dict[str, Any]:
        channels = {channel["name"]: channel["id"] for channel in world.CHANNELS}
        systems = await self._systems()
        in_teams = systems["teams"]["people"]
        return {
            "base_url": self._url("product"),
            "sandbox_url": self._url("sandbox"),
            "environment": str(self._data / demo_settings.SHELL_FILE),
            "tenants": {
                world.TENANT: {
                    "people": _people(world.PEOPLE, tokens[world.TENANT], passwords[world.TENANT], in_teams),
                    "channels": channels,
                },
                world.SECOND_TENANT: {
                    "people": _people(
                        world.SECOND_PEOPLE, tokens[world.SECOND_TENANT], passwords[world.SECOND_TENANT], {}
                    ),
                    "channels": {},
                },
            },
            "systems": {
                **systems,
                "alertmanager": demo_monitoring.alertmanager(self._url("product"), self._secrets["hook_secret"]),
            },
        }

    async def _systems(self) -> dict[str, Any]:
        """What the sandbox says of its systems: address and credentials."""
        async with aiohttp.ClientSession() as session, session.get(f"{self._url('sandbox')}/control/systems") as answer:
            found: dict[str, Any] = await answer.json()
            return {name: details for name, details in found.items() if name != "slack"}

    def _load_secrets(self) -> dict[str, Any]:
        """Tokens and ports of this demo, the same at every start; a port that is taken by another is replaced."""
        file = self._data / "secrets.json"
        known: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
        known.setdefault("signing_secret", secrets.token_hex(16))
        known.setdefault("hook_secret", secrets.token_hex(16))
        known.setdefault("bot_token", f"xoxb-{secrets.token_hex(16)}")
        known.setdefault("app_token", f"xapp-{secrets.token_hex(16)}")
        for name, wanted in (("product", PRODUCT_PORT), ("sandbox", SANDBOX_PORT)):
            known[f"{name}_port"] = _free_port(known.get(f"{name}_port", wanted))
        file.touch(mode=0o600)
        file.write_text(json.dumps(known))
        return known

    def _port(self, name: str) -> int:
        return int(self._secrets[f"{name}_port"])

    def _url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._port(name)}"


def _people(
    people: tuple[world.DemoPerson, ...],
    tokens: Mapping[str, str],
    passwords: Mapping[str, str],
    in_teams: Mapping[str, Mapping[str, str]],
) -> dict[str, dict[str, str]]:
    return {
        person.email: {
            "role": person.role,
            "slack_id": person.slack_id,
            "teams_id": in_teams.get(person.email, {}).get("aad", ""),
            "name": person.name,
            "token": tokens[person.email],
            "password": passwords[person.email],
        }
        for person in people
    }


_PORTS_HELD: Final[list[TextIO]] = []  # for the life of this process


def _free_port(wanted: int) -> int:
    """`wanted` if it is free, else any free port; no other demo that starts at this moment is given the same.

    None that an outgoing connection might be given before the product listens on it.
    """
    for port in (wanted, *secrets.SystemRandom().sample(_QUIET_PORTS, PORT_TRIES)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                held = (Path(tempfile.gettempdir()) / f"countersign-port-{port}.lock").open("w")
                fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                continue
        _PORTS_HELD.append(held)
        return port
    raise Unavailable("There is no free port on this machine.")
