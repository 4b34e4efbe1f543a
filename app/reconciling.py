"""`countersign connector reconcile`: walks through tenants' tickets from the command line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final

from app.administration import operator, run
from app.container import Service
from app.tickets import Connected, connected_systems, fields_of
from config.settings import Settings
from connectors.itsm.reconciler import Reconciler
from core.errors import NotFound
from core.tickets import WalkView, ask_for_walk, load_walk

POLL_S: Final = 0.5  # while a process of the service is at it

Progress = Callable[[str, int, int], None]  # what is walked through, walked, total


def reconcile(
    settings: Settings, *, tenant: str | None, system: str | None, is_dry_run: bool, progress: Progress
) -> list[dict[str, Any]]:
    """What a walk through the tickets of each chosen system has found. Raises NotFound if nothing is so connected."""

    async def work(service: Service) -> list[dict[str, Any]]:
        every = connected_systems(settings)
        try:
            chosen = _chosen(every, tenant=tenant, system=system)
            return [_shown(each, await _walked(service, each, progress, is_dry_run=is_dry_run)) for each in chosen]
        finally:
            for each in every:
                await each.system.close()

    return run(settings, work)


def _chosen(every: Sequence[Connected], *, tenant: str | None, system: str | None) -> list[Connected]:
    found = [each for each in every if tenant in {None, each.tenant} and system in {None, each.slug}]
    if not found:
        known = tuple(sorted({f"{each.slug} of {each.tenant}" for each in every}))
        raise NotFound("No such ticket system is connected.", accepted=known)
    return found


async def _walked(service: Service, each: Connected, progress: Progress, *, is_dry_run: bool) -> WalkView:
    database, name = service.database, f"{each.tenant}: {each.title}"
    fields = fields_of(each, database, service.catalogue)
    changes = service.changes if each.capabilities.tasks else None
    reconciler = Reconciler(each.slug, each.tenant, each.system, database, fields, changes)
    async with database.tenant(each.tenant) as tx:
        walk = await ask_for_walk(tx, each.slug, actor=operator(each.tenant), is_dry_run=is_dry_run)
    while not await reconciler.run_one(walk=walk, progress=lambda done, total: progress(name, done, total)):
        view = await load_walk(database, each.tenant, walk)
        progress(name, view.walked, view.total)
        if view.state != "running":
            return view
        await asyncio.sleep(POLL_S)
    return await load_walk(database, each.tenant, walk)


def _shown(each: Connected, walk: WalkView) -> dict[str, Any]:
    return {
        "tenant": each.tenant,
        "connector": each.slug,
        "id": str(walk.id),
        "state": walk.state,
        "dry_run": walk.is_dry_run,
        "walked": walk.walked,
        "repaired": walk.repaired,
        "asked": walk.asked,
        "found": dict(walk.found),
        "findings": [found.to_json() for found in walk.findings],
        "problem": walk.problem,
    }
