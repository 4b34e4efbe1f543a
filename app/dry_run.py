"""`countersign connector try`: what creating or updating a ticket would send to a connected system."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from app.administration import existing, operator, run
from app.container import Service
from app.tickets import Connected, connected_systems
from config.settings import Settings
from config.suggest import did_you_mean
from connectors.itsm.trying import Subject, subject_of, try_ticket
from core.deliveries import Asked
from core.errors import NotFound


def dry_run(settings: Settings, slug: str, asked: Asked, *, tenant: str = "") -> dict[str, Any]:
    """Every call that would be made, secrets struck out; nothing is written anywhere.

    Raises InvalidInput for what cannot be tried, NotFound for an unknown system, tenant or request.
    """
    systems = connected_systems(settings)
    chosen = _chosen(systems, slug, tenant)

    async def attempt(subject: Subject | None) -> dict[str, Any]:
        try:
            return asdict(await try_ticket(chosen.system, asked, subject))
        finally:
            for each in systems:
                await each.system.close()

    async def of_request(service: Service) -> dict[str, Any]:
        actor = operator(await existing(service, chosen.tenant))
        return await attempt(await subject_of(service.database, actor, chosen.slug, asked.request))

    return run(settings, of_request) if asked.request else asyncio.run(attempt(None))


def _chosen(systems: Sequence[Connected], slug: str, tenant: str) -> Connected:
    """The tenant's connection with this system; without a tenant, the only one."""
    found = [each for each in systems if each.slug == slug]
    fitting = [each for each in found if not tenant or each.tenant == tenant]
    if len(fitting) == 1:
        return fitting[0]
    if not found:
        known = tuple(dict.fromkeys(each.slug for each in systems))
        raise NotFound(f"'{slug}' is neither a file nor connected.{did_you_mean(slug, known)}", accepted=known)
    said = f"'{slug}' is connected for several tenants." if fitting else f"'{slug}' is not connected for '{tenant}'."
    raise NotFound(said, where="--tenant", accepted=tuple(sorted(str(each.tenant) for each in found)))
