"""What the command line does besides serving: each command opens the database, calls one use case, and prints."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from slack_sdk.errors import SlackApiError

from app.container import Service, build, database_urls
from app.tickets import connect_ticket_system
from bot.slack.workspace import make_client
from config.settings import Settings
from config.yamlfile import load_yaml
from core import access, signin
from core.actor import Actor, Door
from core.approvals import Figures, figures
from core.audit import AuditFilter, to_csv_row, to_json_line
from core.charts import PictureFormat, Renderer, Theme, approval_charts
from core.deliveries import list_all, replay_one
from core.errors import CountersignError, InvalidInput, NotFound
from core.ids import TenantId
from core.tenants import list_tenants, provision
from core.tenants.policy_file import read_tenant
from core.trail import export_trail

T = TypeVar("T")


def operator(tenant: TenantId) -> Actor:
    """Whoever may run commands on this machine with the database's own password: the system itself."""
    return Actor(tenant=tenant, user=None, email="cli", name="Command line", door=Door.SYSTEM)


def upgrade(settings: Settings) -> None:
    """The schema is current."""
    run(settings, _nothing)


def create_tenant(settings: Settings, file: Path) -> dict[str, Any]:
    """The tenant is as the file says."""
    policy = read_tenant(load_yaml(file))

    async def create(service: Service) -> dict[str, Any]:
        tenant = await provision(service.database, policy, name=policy.name or None)
        return {
            "tenant_id": tenant,
            "max_agents": policy.resource_limits.max_agents,
            "compliance": list(policy.compliance_requirements),
        }

    return run(settings, create)


def tenants(settings: Settings) -> list[dict[str, Any]]:
    """Every tenant."""

    async def read(service: Service) -> list[dict[str, Any]]:
        async with service.database.system() as tx:
            return [{"tenant_id": each.tenant_id, "name": each.name} for each in await list_tenants(tx)]

    return run(settings, read)


def approval_figures(settings: Settings, tenant: str, *, days: int) -> Figures:
    """Approvals of the last days, in figures."""

    async def read(service: Service) -> Figures:
        actor = operator(await existing(service, tenant))
        since = service.clock.now() - timedelta(days=days)
        return await figures(service.database, actor, since=since)

    return run(settings, read)


def approval_pictures(settings: Settings, tenant: str, *, days: int, folder: Path) -> list[Path]:
    """Each chart of the last days as SVG and PNG in the folder, which is made if it is missing."""

    async def draw(service: Service) -> list[Path]:
        actor = operator(await existing(service, tenant))
        renderer = Renderer()
        try:
            found = await figures(service.database, actor, since=service.clock.now() - timedelta(days=days))
            drawn = {
                folder / f"{chart.name}.{picture}": await renderer.draw(chart, picture, Theme.LIGHT)
                for chart in await approval_charts(service.database, actor, found)
                for picture in PictureFormat
            }
        finally:
            await renderer.close()
        await asyncio.to_thread(_write, drawn)
        return list(drawn)

    return run(settings, draw)


def _write(files: Mapping[Path, bytes]) -> None:
    for path, content in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)


def add_person(settings: Settings, tenant: str, *, email: str, name: str, roles: Sequence[str]) -> dict[str, Any]:
    """The person exists with these roles."""

    async def add(service: Service) -> dict[str, Any]:
        actor = operator(await existing(service, tenant))
        await access.add_person(service.database, actor, email=email, name=name)
        for role in roles:
            await access.grant_role(service.database, actor, email=email, role=role)
        return {"email": email, "roles": list(roles)}

    return run(settings, add)


def create_token(settings: Settings, tenant: str, *, email: str, name: str, days: int) -> dict[str, Any]:
    """A new token for the person; its text is returned this once."""

    async def create(service: Service) -> dict[str, Any]:
        actor = operator(await existing(service, tenant))
        view, text = await access.create_token(
            service.database, actor, name=name, lifetime=timedelta(days=days), email=email
        )
        return {"email": email, "token": text, "expires_at": view.expires_at}

    return run(settings, create)


def invite(settings: Settings, tenant: str, *, email: str) -> dict[str, Any]:
    """A link under which the person chooses a password, once and within a day; it is returned this once."""

    async def make(service: Service) -> dict[str, Any]:
        actor = operator(await existing(service, tenant))
        token = await signin.invite(service.database, actor, email=email)
        return {"email": email, "link": f"{settings.base_url}/console/enrol/{token}"}

    return run(settings, make)


def export_audit(settings: Settings, tenant: str, *, file_format: str) -> Iterator[str]:
    """The trail, line by line, newest first."""
    if file_format not in ("jsonl", "csv"):
        raise InvalidInput(f"'{file_format}' is not a format.", where="--format", accepted=("jsonl", "csv"))

    async def export(service: Service) -> list[str]:
        actor = operator(await existing(service, tenant))
        lines = [] if file_format == "jsonl" else [to_csv_row(None)]
        write = to_json_line if file_format == "jsonl" else to_csv_row
        trail = await export_trail(service.database, actor, AuditFilter())
        return lines + [write(entry) async for entry in trail]

    yield from run(settings, export)


def deliveries(settings: Settings, tenant: str, *, state: str | None) -> list[dict[str, Any]]:
    """The newest deliveries."""

    async def read(service: Service) -> list[dict[str, Any]]:
        actor = operator(await existing(service, tenant))
        found = await list_all(service.database, actor, subscriber=None, state=state, after=None, limit=100)
        return [
            {
                "id": str(each.event_id),
                "connector": each.subscriber,
                "event": each.event_type,
                "state": each.state,
                "attempts": each.attempts,
                "error": each.last_error or "",
            }
            for each in found
        ]

    return run(settings, read)


def replay(settings: Settings, tenant: str, delivery_id: str, connector: str) -> None:
    """The dead delivery is pending again."""
    try:
        event_id = UUID(delivery_id)
    except ValueError:
        raise InvalidInput(f"'{delivery_id}' is not a delivery's id.", where="delivery_id") from None

    async def again(service: Service) -> None:
        await replay_one(service.database, operator(await existing(service, tenant)), event_id, subscriber=connector)

    run(settings, again)


async def examine(settings: Settings) -> list[dict[str, Any]]:
    """What works and what does not, with what to do about it."""
    findings = [{"subject": "settings", "health": "ok", "message": "Every setting is valid.", "next_step": ""}]
    urls, server = await asyncio.to_thread(database_urls, settings)
    try:
        service = await build(settings, urls)
        await service.database.close()
        findings.append(
            {
                "subject": "database",
                "health": "ok",
                "next_step": "",
                "message": "It answers, its schema is current, its role is bound by row-level security.",
            }
        )
    except CountersignError as exc:
        findings.append(
            {"subject": "database", "health": "failed", "message": exc.message, "next_step": exc.next_step or ""}
        )
    finally:
        if server:
            await asyncio.to_thread(server.stop)
    findings.append(await _examine_slack(settings))
    system = connect_ticket_system(settings)
    if system is not None:
        result = await system.check()
        findings += [
            {"subject": each.subject, "health": str(each.health), "message": each.message, "next_step": each.next_step}
            for each in result.findings
        ]
        await system.close()
    return findings


async def _examine_slack(settings: Settings) -> dict[str, Any]:
    if settings.slack.bot_token is None:
        return {
            "subject": "slack",
            "health": "warning",
            "message": "Slack is not configured.",
            "next_step": "Set COUNTERSIGN_SLACK__BOT_TOKEN; see docs/connectors/slack.md.",
        }
    client = make_client(settings.slack.bot_token.get_secret_value(), settings.slack.api_url)
    try:
        answer = await client.auth_test()
    except SlackApiError as exc:
        return {
            "subject": "slack",
            "health": "failed",
            "message": f"Slack refuses the token: {exc.response['error']}.",
            "next_step": "Install the app again and copy its bot token.",
        }
    except OSError as exc:
        return {
            "subject": "slack",
            "health": "failed",
            "message": f"Slack cannot be reached: {exc}.",
            "next_step": "Check the network and COUNTERSIGN_SLACK__BASE_URL.",
        }
    return {"subject": "slack", "health": "ok", "message": f"Connected to {answer['team']}.", "next_step": ""}


async def existing(service: Service, tenant: str) -> TenantId:
    """The tenant of that id. Raises NotFound."""
    async with service.database.system() as tx:
        known = {each.tenant_id for each in await list_tenants(tx)}
    if tenant not in known:
        raise NotFound(f"There is no tenant '{tenant}'.", accepted=tuple(sorted(known)))
    return TenantId(tenant)


async def _nothing(_service: Service) -> None:
    return


def run(settings: Settings, work: Callable[[Service], Awaitable[T]]) -> T:
    """What the work returns; the database is opened for it and closed again."""
    urls, server = database_urls(settings)

    async def main() -> T:
        service = await build(settings, urls)
        try:
            return await work(service)
        finally:
            await service.database.close()

    try:
        return asyncio.run(main())
    finally:
        if server:
            server.stop()
