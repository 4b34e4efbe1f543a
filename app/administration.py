"""What the command line does besides serving: each command opens the database, calls one use case, and prints."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from slack_sdk.errors import SlackApiError

from app.changes import examine_executors
from app.container import SEALED, Service, build, database_urls
from app.teams import examine_teams
from app.tickets import connected_systems, distinct_titles
from bot.slack.workspace import make_client
from config.settings import Settings
from config.yamlfile import load_yaml
from core import access, signin
from core.access import TokenScope
from core.actor import Actor, Door
from core.approvals import Figures, figures, holders
from core.audit import AuditFilter, to_csv_row, to_json_line
from core.charts import PictureFormat, Renderer, Theme, approval_charts, bypass_chart
from core.deliveries import destinations, list_all, replay_dead, replay_one, resume_now
from core.emergency import BypassReport, bypass_report
from core.errors import CountersignError, InvalidInput, NotFound
from core.ids import TenantId
from core.redaction import without_secrets
from core.tenants import list_tenants, provision, tenant_ids
from core.tenants.policy_file import read_tenant
from core.trail import export_trail
from core.vault import rewrap

T = TypeVar("T")


def operator(tenant: TenantId) -> Actor:
    """Whoever may run commands on this machine with the database's own password: the system itself."""
    return Actor(tenant=tenant, user=None, email="cli", name="Command line", door=Door.SYSTEM)


def upgrade(settings: Settings) -> None:
    """The schema is current."""
    run(settings, _nothing)


def rewrap_secrets(settings: Settings, *, progress: Callable[[int, int], None]) -> dict[str, Any]:
    """Every secret in the database is sealed with the present key."""

    async def work(service: Service) -> dict[str, Any]:
        done = await rewrap(service.database, SEALED, progress=progress)
        return {"rewrapped": done.rows, "unreadable": done.unsealable, "retired_keys": list(done.retired)}

    return run(settings, work)


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


def bypass_figures(settings: Settings, tenant: str, *, month: str) -> BypassReport:
    """The bypasses of the month, or of the last whole one, in figures."""

    async def read(service: Service) -> BypassReport:
        return await bypass_report(service.database, operator(await existing(service, tenant)), month=month)

    return run(settings, read)


def bypass_pictures(settings: Settings, tenant: str, *, month: str, folder: Path) -> list[Path]:
    """The month's chart as SVG and PNG in the folder, which is made if it is missing."""

    async def draw(service: Service) -> list[Path]:
        renderer = Renderer()
        try:
            found = await bypass_report(service.database, operator(await existing(service, tenant)), month=month)
            chart = bypass_chart(found)
            drawn = {
                folder / f"{chart.name}.{picture}": await renderer.draw(chart, picture, Theme.LIGHT)
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


def create_token(
    settings: Settings, tenant: str, *, email: str, name: str, days: int, scopes: Iterable[TokenScope] | None
) -> dict[str, Any]:
    """A new token for the person; its text is returned this once."""

    async def create(service: Service) -> dict[str, Any]:
        actor = operator(await existing(service, tenant))
        view, text = await access.create_token(
            service.database,
            actor,
            name=name,
            lifetime=timedelta(days=days),
            scopes=None if scopes is None else frozenset(scopes),
            email=email,
        )
        return {"email": email, "token": text, "expires_at": view.expires_at, "scopes": ", ".join(view.scopes or ())}

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


def connectors(settings: Settings, tenant: str) -> list[dict[str, Any]]:
    """How deliveries to each connector go."""

    async def read(service: Service) -> list[dict[str, Any]]:
        found = await destinations(service.database, operator(await existing(service, tenant)))
        return [
            {
                "connector": each.subscriber,
                "flow": each.flow,
                "pending": each.pending,
                "dead": each.dead,
                "done_last_hour": each.done_lately,
                "paused_until": each.paused_until.isoformat() if each.paused_until else "",
                "error": (each.last_error or "") if each.failures else "",
            }
            for each in found
        ]

    return run(settings, read)


def replay_all(settings: Settings, tenant: str, connector: str) -> int:
    """All dead deliveries of the connector are pending again; how many they were."""

    async def again(service: Service) -> int:
        actor, total = operator(await existing(service, tenant)), 0
        found = {each.subscriber: each.dead for each in await destinations(service.database, actor)}
        while total < found.get(connector, 0):  # those that die again meanwhile are not sent for ever
            count = await replay_dead(service.database, actor, subscriber=connector)
            if not count:
                break
            total += count
        return total

    return run(settings, again)


def resume(settings: Settings, tenant: str, connector: str) -> None:
    """What waits for the connector is tried at once."""

    async def now(service: Service) -> None:
        await resume_now(service.database, operator(await existing(service, tenant)), subscriber=connector)

    run(settings, now)


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
    matching: list[dict[str, Any]] | None = None
    findings = [{"subject": "settings", "health": "ok", "message": "Every setting is valid.", "next_step": ""}]
    urls, server = await asyncio.to_thread(database_urls, settings)
    try:
        service = await build(settings, urls)
        try:
            undecidable = await _examine_policies(service)
            matching = await _matched_by_default(service) if settings.slack.enabled else None
        finally:
            await service.database.close()
        findings.append(
            {
                "subject": "database",
                "health": "ok",
                "next_step": "",
                "message": "It answers, its schema is current, its role is bound by row-level security.",
            }
        )
        findings += undecidable
    except CountersignError as exc:
        findings.append(
            {"subject": "database", "health": "failed", "message": exc.message, "next_step": exc.next_step or ""}
        )
    finally:
        if server:
            await asyncio.to_thread(server.stop)
    findings.append(await _examine_slack(settings))
    findings += await examine_teams(settings.teams)
    findings += await examine_executors(settings)
    findings += matching or []
    systems = connected_systems(settings)
    for title, connected in zip(distinct_titles(systems), systems, strict=True):
        result = await connected.system.check()
        findings += [
            {
                "subject": f"{title}: {each.subject}",
                "health": str(each.health),
                "message": each.message,
                "next_step": each.next_step,
            }
            for each in result.findings
        ]
        await connected.system.close()
    return [{**each, "message": without_secrets("", each["message"])} for each in findings]  # systems quote


async def _examine_policies(service: Service) -> list[dict[str, Any]]:
    """Of each tenant, the stages that nobody could decide today (X5)."""
    findings = []
    for tenant in await tenant_ids(service.database):
        found = await holders(service.database, service.catalogue, operator(tenant))
        problems = [
            f"{policy.title}, stage '{stage.key}': {stage.problem}"
            for policy in found
            for stage in policy.stages
            if stage.problem
        ]
        findings.append(
            {
                "subject": f"policies of {tenant}",
                "health": "warning" if problems else "ok",
                "message": " ".join(problems) or "Somebody could decide every stage.",
                "next_step": "Grant these roles: countersign policy check --tenant says more." if problems else "",
            }
        )
    return findings


async def _matched_by_default(service: Service) -> list[dict[str, Any]]:
    """Where a tenant asks people for a second factor and does not say how sure it wants to be of chat accounts."""
    async with service.database.system() as tx:
        found = [each for each in await list_tenants(tx) if each.tenant_id == service.settings.slack.tenant]
    return [
        {
            "subject": f"chat accounts of {each.tenant_id}",
            "health": "warning",
            "message": "It asks for second factors, and takes an e-mail address in Slack for proof of who somebody is.",
            "next_step": "Write 'chat: {email_match: false}' into its YAML (people type /approve link), or true.",
        }
        for each in found
        if each.policy.security_policies.mfa_required and each.policy.chat.email_match is None
    ]


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
