"""Alerts open incidents and resolve them; people report them (S3, B6)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from core.access import TokenScope, member_of, permitted
from core.actor import Actor, system_actor
from core.db import Database, Transaction, next_number
from core.ids import uuid7
from core.incidents import part_store, rules, store
from core.incidents.affecting import business_service_of
from core.incidents.alerts import (
    PERSON,
    SERVICE_MAX,
    TITLE_MAX,
    Alert,
    AlertState,
    Severity,
    check_title,
    read_severity,
    readable,
    worse,
)
from core.incidents.errors import InvalidIncident
from core.incidents.events import IncidentEvent
from core.incidents.holding import Held, hold, settle_on, tell
from core.incidents.paging import begin_updates, page_now
from core.incidents.reading import view_of
from core.incidents.resolving import reopen_held, resolve_held
from core.incidents.rules import Effect, KnownAlert
from core.incidents.state import UNDER_WAY, IncidentState
from core.incidents.views import IncidentView
from core.tenants import tenant_policy


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an alert led to; without an incident nothing was known of it."""

    effect: Effect
    incident_id: UUID | None = None
    reference: str = ""


async def open_or_update(tx: Transaction, alert: Alert) -> Outcome:
    """The alert's incident is as the alert says: opened, joined, opened again, resolved, or nothing new.

    State, trail, outbox and timeline are written in the caller's transaction, which holds the tenant's lock of alerts
    until it ends: call it last. Raises InvalidIncident for an alert of another tenant, one without a key, or one whose
    episode nobody knows and began at no time that is taken.
    """
    alert, row = await _looked_up(tx, alert)
    if row is None or row.started_at != alert.started_at:
        rules.check_past("started_at", alert.started_at, now=tx.now)
    return await _carry_out(tx, alert, row)


async def open_or_update_leniently(tx: Transaction, alert: Alert) -> Outcome:
    """As `open_or_update`, but a start to come is taken as now, and one too far back is held at the limit.

    For systems that cannot be told what is wrong with an alert: they would lose it.
    """
    alert, row = await _looked_up(tx, alert)
    started_at = rules.held_start(alert, None if row is None else _known(row), now=tx.now)
    return await _carry_out(tx, replace(alert, started_at=started_at), row)


async def report(
    database: Database,
    actor: Actor,
    *,
    title: str,
    description: str = "",
    severity: str = Severity.MEDIUM,
    service: str = "",
    started_at: datetime | None = None,
) -> IncidentView:
    """The incident is open, and whoever its severity pages is told. Everybody of the tenant may report one.

    Raises InvalidIncident naming the field.
    """
    about = title.strip()[:TITLE_MAX]
    async with permitted(database, actor, TokenScope.REQUEST, action="incident.opened", resource=about) as tx:
        user = member_of(actor)
        began = tx.now if started_at is None else rules.check_past("started_at", started_at, now=tx.now)
        values = {
            "title": check_title(title),
            "description": rules.check_text("description", description, least=0),
            "severity": read_severity(severity),
            "service": rules.check_text("service", service, SERVICE_MAX, least=0),
            "source": PERSON,
            "reporter_id": user,
            "started_at": began,
        }
        held = await _open(tx, actor, values, text=f"Reported: {values['title']}")
        return await view_of(tx, held.id)


async def _looked_up(tx: Transaction, alert: Alert) -> tuple[Alert, Row[Any] | None]:
    """The alert as it is kept, and what is known of it, under the tenant's lock of alerts."""
    if alert.tenant != tx.tenant:
        raise InvalidIncident("The alert is of another tenant.", where="tenant")
    alert = readable(alert)
    await store.hold_alerts(tx)
    return alert, await store.last_of_alert(tx, alert.source, alert.key)


async def _carry_out(tx: Transaction, alert: Alert, row: Row[Any] | None) -> Outcome:
    group = await _group(tx, alert)
    policy = (await tenant_policy(tx)).incidents
    known = None if row is None else _known(row)
    effect = rules.after_alert(alert, known, group and _known_group(group), policy, now=tx.now)
    incident_id = row.incident_id if row is not None and not _goes_to_group(effect, known) else None
    if incident_id is None and group is not None and effect in (Effect.JOIN, Effect.REOPEN):
        incident_id = group.incident_id
    match effect:
        case Effect.NOTHING:
            return Outcome(effect, row.incident_id if row is not None else None)
        case Effect.OPEN:
            held = await _open_for(tx, alert, earlier=row.incident_id if row is not None else None)
        case _:
            assert incident_id is not None  # what is joined, counted or resolved is known
            held = await hold(tx, incident_id)
            held = await _follow(tx, held, alert, effect, is_known=row is not None and row.incident_id == incident_id)
    return Outcome(effect, held.id, held.reference)


async def _open_for(tx: Transaction, alert: Alert, *, earlier: UUID | None) -> Held:
    values = {
        "title": alert.title,
        "description": alert.words,
        "severity": alert.severity,
        "service": alert.service,
        "source": alert.source,
        "group_key": alert.group,
        "started_at": min(alert.started_at, tx.now),
    }
    held = await _open(tx, system_actor(tx.tenant), values, text=_fired(alert), details=_said(alert))
    await store.put_alert(tx, held.id, _values(alert), known=False)
    if earlier is not None:
        before = f"INC-{(await store.by_ids(tx, [earlier]))[0].number}"
        await part_store.add_link(tx, held.id, "incident", before, None)
    return held


async def _open(
    tx: Transaction, actor: Actor, values: Mapping[str, Any], *, text: str, details: Mapping[str, Any] | None = None
) -> Held:
    policy = (await tenant_policy(tx)).incidents
    row = await store.add(
        tx,
        {
            "incident_id": uuid7(),
            "number": await next_number(tx, "INC"),
            "state": IncidentState.OPEN,
            "business_service": await business_service_of(tx, values["service"]),
            "reported_at": tx.now,
            "told_at": tx.now,
            "updated_at": tx.now,
            **values,
        },
    )
    held = await page_now(tx, Held(row, policy))
    await begin_updates(tx, held)
    said = {
        "incident": held.reference,
        "title": row.title,
        "severity": row.severity,
        "service": row.service,
        "business_service": row.business_service,
        "source": row.source,
        "started_at": row.started_at.isoformat(),
        "people": held.row.page.get("people", []),
        **({"by": actor.name} if actor.user else {}),
        **(details or {}),
    }
    await tell(tx, actor, held, IncidentEvent.OPENED, text=text, said=said)
    return held


async def _follow(tx: Transaction, held: Held, alert: Alert, effect: Effect, *, is_known: bool) -> Held:
    """The incident under way, or resolved, is as the alert says."""
    await store.put_alert(tx, held.id, _values(alert, resolved_at=tx.now), known=is_known)
    actor = system_actor(tx.tenant)
    match effect:
        case Effect.COUNT:
            return await _worsen(tx, held, alert)
        case Effect.REOPEN:
            held = await reopen_held(tx, actor, held, reason=_fired(alert))
            return await _worsen(tx, held, alert)
        case Effect.JOIN:
            held = await settle_on(tx, actor, held, IncidentEvent.ALERT_FIRED, text=_fired(alert), details=_said(alert))
            return await _worsen(tx, held, alert)
        case Effect.RESOLVE:
            return await resolve_held(tx, actor, held, resolution=f"Its alerts are resolved, the last: {alert.title}")
        case _:
            return await settle_on(
                tx,
                actor,
                held,
                IncidentEvent.ALERT_RESOLVED,
                text=f"Resolved: {alert.title}",
                details=_said(alert),
            )


async def _worsen(tx: Transaction, held: Held, alert: Alert) -> Held:
    """An alert makes it worse, never better: people say that it is less bad than it looked."""
    severity = worse(held.severity, alert.severity)
    if severity is held.severity or held.state not in UNDER_WAY:
        return held
    changed = await settle_on(
        tx,
        system_actor(tx.tenant),
        held,
        IncidentEvent.SEVERITY_CHANGED,
        text=f"Severity {held.severity} → {severity}, as {alert.title} fires",
        values={"severity": severity},
        details={"severity": severity, "before": held.severity},
    )
    await begin_updates(tx, changed)
    return await page_now(tx, changed)


async def _group(tx: Transaction, alert: Alert) -> Row[Any] | None:
    return await store.last_of_group(tx, alert.source, alert.group) if alert.group and alert.is_firing else None


def _goes_to_group(effect: Effect, known: KnownAlert | None) -> bool:
    """Whether it leaves the incident in which it was last, as that one is over for good."""
    is_over = known is not None and known.incident not in UNDER_WAY
    return effect is Effect.JOIN and is_over


def _known(row: Row[Any]) -> KnownAlert:
    return KnownAlert(
        state=AlertState(row.state),
        started_at=row.started_at,
        incident=IncidentState(row.incident_state),
        resolved_at=row.incident_resolved_at,
        others_fire=row.others_fire,
    )


def _known_group(row: Row[Any]) -> KnownAlert:
    state = AlertState.FIRING if row.state in UNDER_WAY else AlertState.RESOLVED
    return KnownAlert(state, row.started_at, IncidentState(row.state), row.resolved_at)


def _values(alert: Alert, *, resolved_at: datetime | None = None) -> dict[str, Any]:
    return {
        "source": alert.source,
        "alert_key": alert.key,
        "state": alert.state,
        "severity": alert.severity,
        "title": alert.title,
        "words": alert.words,
        "labels": dict(alert.labels),
        "link": alert.link,
        "started_at": alert.started_at,
        "resolved_at": None if alert.is_firing else resolved_at,
    }


def _said(alert: Alert) -> dict[str, Any]:
    return {"alert": alert.key[:200], "source": alert.source, "severity": alert.severity, "link": alert.link}


def _fired(alert: Alert) -> str:
    return f"{alert.title} ({alert.source}, {alert.severity})"
