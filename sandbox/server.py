"""The sandbox's one server: the page at `/`, Teams' own at `/teams/`, systems at their slugs, `/control`."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox.control import Control, control_errors
from sandbox.faults import Faults
from sandbox.page.serve import PageServer
from sandbox.slack.control import SlackControl
from sandbox.slack.settings import SlackSettings
from sandbox.slack.system import SlackSystem
from sandbox.store import SnapshotFile, load_snapshot
from sandbox.system import CreateSystem, System
from sandbox.teams.control import TeamsControl
from sandbox.teams.page import TeamsPage
from sandbox.teams.settings import TeamsSettings
from sandbox.teams.system import TeamsSystem

OTHER_SYSTEMS = (
    "servicenow",
    "jira",
    "remedy",
    "platform",
    "datadog",
    "newrelic",
    "splunk",
)  # packages beside this file; one that is not shipped is left out


@dataclass(frozen=True, slots=True)
class Options:
    """What the sandbox is started with. Addresses have no trailing slash; `data` None keeps nothing."""

    base_url: str
    product_url: str
    signing_secret: str
    bot_token: str
    app_token: str
    people: Mapping[str, Any]
    data: Path | None = None


def create_app(options: Options, systems: Mapping[str, CreateSystem] | None = None) -> web.Application:
    """The whole sandbox, restored from its data file. `systems` (slug -> create) replaces those that are shipped."""
    faults = Faults()
    snapshots = load_snapshot(options.data)
    slack = SlackSystem(
        faults,
        SlackSettings(
            base_url=f"{options.base_url}/slack",
            product_url=options.product_url,
            signing_secret=options.signing_secret,
            bot_token=options.bot_token,
            app_token=options.app_token,
            people=options.people,
        ),
        snapshots.get("slack"),
    )
    teams = TeamsSystem(
        faults,
        TeamsSettings(f"{options.base_url}/teams", options.product_url, options.people),
        snapshots.get("teams"),
    )
    running: dict[str, System] = {"slack": slack, "teams": teams}
    for slug, create in (shipped() if systems is None else systems).items():
        running[slug] = create(faults, base_url=f"{options.base_url}/{slug}", snapshot=snapshots.get(slug))
    control = Control(running, faults, product_url=options.product_url, demo_key=options.signing_secret)
    app = web.Application(middlewares=[control_errors])
    app.add_routes([web.get("/healthz", _alive), *SlackControl(slack).routes()])
    page, teams_page = PageServer(slack), TeamsPage(teams)
    app.add_routes([*TeamsControl(teams).routes(), *page.routes(), *teams_page.routes()])
    app.add_routes(control.routes())
    for slug, system in running.items():
        app.add_subapp(f"/{slug}", system.app)
    file = SnapshotFile(options.data, lambda: {slug: system.snapshot() for slug, system in running.items()})
    slack.hub.world.changes.listen(file.touch)
    teams.hub.world.changes.listen(file.touch)

    async def start(_app: web.Application) -> None:
        file.start()

    async def end_streams(_app: web.Application) -> None:
        page.stop()
        await teams_page.stop()

    async def stop(_app: web.Application) -> None:
        await file.stop()

    app.on_startup.append(start)
    app.on_shutdown.append(end_streams)
    app.on_cleanup.append(stop)
    return app


def shipped(slugs: Sequence[str] = OTHER_SYSTEMS) -> dict[str, CreateSystem]:
    """The `create` of each system package that is there."""
    found: dict[str, CreateSystem] = {}
    for slug in slugs:
        spec = importlib.util.find_spec(f"sandbox.{slug}")
        if spec is not None and spec.origin is not None:  # a bare folder is not a package
            found[slug] = importlib.import_module(f"sandbox.{slug}").create
    return found


async def _alive(_request: web.Request) -> web.Response:
    return web.json_response({"status": "ok"})
