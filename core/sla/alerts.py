"""Alerts of objectives, those that fire and those that were, for whoever reads them (S3)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.access import TokenScope, permitted
from core.actor import Actor
from core.db import Database
from core.errors import InvalidInput
from core.incidents import Severity
from core.sla import store
from core.sla.store import AlertFilter
from core.sla.views import AlertView, WorstView

KINDS: Final[Mapping[str, str]] = {
    "missing": "is not heard of",
    "fast_burn": "burns its budget very fast",
    "burn": "burns its budget fast",
    "slow_burn": "burns its budget",
    "trickle": "spends its budget steadily",
    "breach": "is not kept",
    "warning": "is close to its bound",
}
STATES: Final = ("firing", "resolved")


async def list_alerts(
    database: Database,
    actor: Actor,
    wanted: AlertFilter,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> tuple[AlertView, ...]:
    """Alerts, newest first, beyond the position `after` (when it began, its id).

    Raises InvalidInput where nothing can match.
    """
    _check(wanted)
    async with permitted(database, actor, TokenScope.READ, action="sla.alerts", resource="alerts") as tx:
        return tuple(alert_view(row) for row in await store.alerts_page(tx, wanted, after=after, limit=limit))


def alert_view(row: Row[Any]) -> AlertView:
    """An alert as doors show it."""
    return AlertView(
        id=row.alert_id,
        service=row.service,
        objective=row.objective,
        kind=row.kind,
        severity=row.severity,
        state=row.state,
        words=row.words,
        started_at=row.started_at,
        changed_at=row.changed_at,
        resolved_at=row.resolved_at,
        worst=WorstView(**worst_told(row)),
    )


def worst_told(row: Row[Any]) -> dict[str, str]:
    """Kind, severity and words of the alert while it was worst; of one from before that was kept, as it is."""
    return row.worst or {"kind": row.kind, "severity": row.severity, "words": row.words}


def _check(wanted: AlertFilter) -> None:
    for where, given, accepted in (
        ("state", wanted.state, STATES),
        ("kind", wanted.kind, tuple(KINDS)),
        ("severity", wanted.severity, tuple(map(str, Severity))),
    ):
        if given is not None and given not in accepted:
            raise InvalidInput(f"No alert has the {where} '{given[:40]}'.", where=where, accepted=accepted)
    if wanted.since and wanted.until and wanted.since >= wanted.until:
        raise InvalidInput("Nothing lies between these times.", where="until", accepted=("a time after since",))
