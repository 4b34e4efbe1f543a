"""`countersign costs`: whether sums are those of the ledger."""

from __future__ import annotations

from typing import Any

from app.administration import existing, operator, run
from app.container import Service
from config.settings import Settings
from core.costs import check_sums
from core.tenants import tenant_ids


def reconcile(settings: Settings, tenant: str | None, *, repair: bool) -> list[dict[str, Any]]:
    """What a comparison of every sum with the ledger has found, tenant by tenant. Raises NotFound."""

    async def work(service: Service) -> list[dict[str, Any]]:
        chosen = await tenant_ids(service.database) if tenant is None else (await existing(service, tenant),)
        found = []
        for each in chosen:
            check = await check_sums(service.database, operator(each), repair=repair)
            found.append(
                {
                    "tenant": each,
                    "sound": check.is_sound,
                    "lines": check.lines,
                    "differing": check.differing,
                    "repaired": check.repaired,
                    "differences": list(check.differences),
                }
            )
        return found

    return run(settings, work)
