"""Alerts of programs that tell of them by our own API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.actor import Actor
from core.audit import audited
from core.db import Database
from core.incidents.alerts import Alert, AlertState, check_source, checked, read_severity
from core.incidents.errors import InvalidIncident
from core.incidents.holding import require_teller
from core.incidents.opening import Outcome, open_or_update


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldAlert:
    """An alert as it was told, unread. Without `started_at` it begins now."""

    source: str
    key: str
    state: str
    severity: str
    title: str
    group: str = ""
    service: str = ""
    words: str = ""
    started_at: datetime | None = None
    labels: Mapping[str, str] = field(default_factory=dict)
    link: str = ""


async def take_alert(database: Database, actor: Actor, told: ToldAlert) -> Outcome:
    """As `open_or_update`, for a caller who may. Raises InvalidIncident naming the field, or NotAResponder."""
    async with audited(database, actor, action="incident.alert_told", resource=told.key[:200]) as tx:
        await require_teller(tx, actor)
        if told.state not in tuple(AlertState):
            raise InvalidIncident(f"'{told.state}' is not a state.", where="state", accepted=tuple(AlertState))
        alert = Alert(
            tenant=actor.tenant,
            source=check_source(told.source),
            key=told.key,
            group=told.group,
            state=AlertState(told.state),
            severity=read_severity(told.severity),
            service=told.service,
            title=told.title,
            words=told.words,
            started_at=told.started_at or tx.now,
            labels=told.labels,
            link=told.link,
        )
        return await open_or_update(tx, checked(alert))
