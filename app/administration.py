"""What the command line does besides serving: each command opens the database, calls one use case, and prints."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from app.container import SEALED, Service, build, database_urls
from app.monitoring import connect_monitoring
from app.tickets import connect_tickets
from config.settings import Settings
from config.yamlfile import load_yaml
from core import access, signin
from core.access import TokenScope
from core.actor import Actor, Door
from core.audit import AuditFilter, to_csv_row, to_json_line
from core.db import Database
from core.deliveries import connectors as known_connectors
from core.deliveries import destinations, dismiss_dead, dismiss_one, list_all, replay_dead, replay_one, resume_now
from core.errors import InvalidInput, NotFound
from core.ids import TenantId
from core.tenants import list_tenants, provision
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
                "dismissed": f"{each.dismissed_by}: {each.dismissed_because}" if each.dismissed_by else "",
            }
            for each in found
        ]

    return run(settings, read)


def connectors(settings: Settings, tenant: str) -> list[dict[str, Any]]:
    """How deliveries to each connector go, also to those that are configured and were not used yet."""

    async def read(service: Service) -> list[dict[str, Any]]:
        actor = operator(await existing(service, tenant))
        connect_tickets(service)
        connect_monitoring(service)
        try:
            found = await known_connectors(service.database, actor, service.connected)
        finally:
            for close in service.closers:
                await close()
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
    """All dead deliveries of the connector are pending again; how many they were. Raises NotFound."""
    return _all_dead(settings, tenant, connector, partial(replay_dead, subscriber=connector))


def dismiss_all(settings: Settings, tenant: str, connector: str, *, reason: str) -> int:
    """All dead deliveries of the connector are dismissed; how many they were. Raises NotFound or InvalidInput."""
    return _all_dead(settings, tenant, connector, partial(dismiss_dead, subscriber=connector, reason=reason))


def dead_letters(settings: Settings, tenant: str, connector: str) -> int:
    """How many deliveries to the connector are dead."""

    async def read(service: Service) -> int:
        found = await destinations(service.database, operator(await existing(service, tenant)))
        return sum(each.dead for each in found if each.subscriber == connector)

    return run(settings, read)


def _all_dead(
    settings: Settings, tenant: str, connector: str, some: Callable[[Database, Actor], Awaitable[int]]
) -> int:
    async def work(service: Service) -> int:
        actor, total = operator(await existing(service, tenant)), 0
        found = {each.subscriber: each.dead for each in await destinations(service.database, actor)}
        while True:
            count = await some(service.database, actor)
            total += count
            if not count or total >= found[connector]:  # those that die again meanwhile are not sent for ever
                return total

    return run(settings, work)


def resume(settings: Settings, tenant: str, connector: str) -> None:
    """What waits for the connector is tried at once."""

    async def now(service: Service) -> None:
        await resume_now(service.database, operator(await existing(service, tenant)), subscriber=connector)

    run(settings, now)


def replay(settings: Settings, tenant: str, delivery_id: str, connector: str) -> None:
    """The dead or dismissed delivery is pending again."""
    event_id = _event_id(delivery_id)

    async def again(service: Service) -> None:
        await replay_one(service.database, operator(await existing(service, tenant)), event_id, subscriber=connector)

    run(settings, again)


def dismiss(settings: Settings, tenant: str, delivery_id: str, connector: str, *, reason: str) -> None:
    """The dead delivery is dismissed."""
    event_id = _event_id(delivery_id)

    async def now(service: Service) -> None:
        actor = operator(await existing(service, tenant))
        await dismiss_one(service.database, actor, event_id, subscriber=connector, reason=reason)

    run(settings, now)


def _event_id(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise InvalidInput(f"'{text}' is not a delivery's id.", where="delivery_id") from None


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
