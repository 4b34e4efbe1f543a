"""What responders do while an incident is under way (B6)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from core.access import TokenScope, directory, find_person, permitted
from core.actor import Actor
from core.audit import audited
from core.db import Database, Transaction
from core.ids import UserId
from core.incidents import rules, store
from core.incidents.alerts import Severity, read_severity
from core.incidents.errors import InvalidIncident, WrongState
from core.incidents.events import IncidentEvent
from core.incidents.holding import Held, hold, require_responder, settle_on
from core.incidents.paging import begin_updates, page_now, stop_paging
from core.incidents.reading import view_of
from core.incidents.state import UNDER_WAY, IncidentState, Step, steps_from
from core.incidents.views import IncidentView


async def acknowledge(database: Database, actor: Actor, incident_id: UUID) -> IncidentView:
    """The actor looks after it, and nobody is told again. Raises WrongState or NotAResponder."""
    async with audited(database, actor, action="incident.acknowledged", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        user = await require_responder(tx, actor, held)
        if held.state is IncidentState.ACKNOWLEDGED:
            raise await _acknowledged(tx, held, user)
        values = {"state": held.move(Step.ACKNOWLEDGE), "acknowledged_by": user, "acknowledged_at": tx.now}
        await stop_paging(tx, held)
        text = f"{actor.name} looks after it"
        await settle_on(tx, actor, held, IncidentEvent.ACKNOWLEDGED, text=text, values=values)
        return await view_of(tx, held.id)


async def release(database: Database, actor: Actor, incident_id: UUID, *, reason: str = "") -> IncidentView:
    """The acknowledgement is undone: nobody looks after it, and it pages as at first."""
    async with audited(database, actor, action="incident.released", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        await require_responder(tx, actor, held)
        why = rules.check_text("reason", reason, least=0)
        nobody: dict[str, Any] = {"acknowledged_by": None, "acknowledged_at": None, "page": {}}
        row = await store.change(tx, held.id, {"state": held.move(Step.RELEASE), **nobody})
        paged = await page_now(tx, Held(row, held.policy))
        text = f"{actor.name} does not look after it any more" + (f": {why}" if why else "")
        details = {"reason": why, "people": paged.row.page.get("people", [])}
        await settle_on(tx, actor, held, IncidentEvent.RELEASED, text=text, details=details)
        return await view_of(tx, held.id)


async def assign(database: Database, actor: Actor, incident_id: UUID, *, email: str) -> IncidentView:
    """The person works on it and is told so; nobody does, if the address is empty. Raises UnknownPerson."""
    async with audited(database, actor, action="incident.assigned", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        await require_responder(tx, actor, held)
        _require_under_way(held)
        person = await find_person(tx, email) if email.strip() else None
        text = f"Assigned to {person.name}" if person else "Assigned to nobody"
        details = {"assignee": person.email if person else "", "people": [str(person.id)] if person else []}
        values = {"assignee_id": person.id if person else None}
        await settle_on(tx, actor, held, IncidentEvent.ASSIGNED, text=text, values=values, details=details)
        return await view_of(tx, held.id)


async def give_role(database: Database, actor: Actor, incident_id: UUID, *, role: str, email: str) -> IncidentView:
    """The person has the role in it; nobody has, if the address is empty. Raises InvalidIncident or UnknownPerson."""
    async with audited(database, actor, action="incident.role_given", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        await require_responder(tx, actor, held)
        _require_under_way(held)
        if role not in rules.ROLES:
            raise InvalidIncident(f"'{role}' is not a role in an incident.", where="role", accepted=rules.ROLES)
        person = await find_person(tx, email) if email.strip() else None
        roles = {key: user for key, user in held.row.roles.items() if key != role}
        if person is not None:
            roles[role] = str(person.id)
        text = f"{role.capitalize()}: {person.name if person else 'nobody'}"
        details = {
            "role": role,
            "person": person.email if person else "",
            "people": [str(person.id)] if person else [],
        }
        values = {"roles": roles}
        await settle_on(tx, actor, held, IncidentEvent.ROLE_GIVEN, text=text, values=values, details=details)
        return await view_of(tx, held.id)


async def change_severity(
    database: Database, actor: Actor, incident_id: UUID, *, severity: str, reason: str = ""
) -> IncidentView:
    """It is as bad as that; whoever that pages is told. Raises InvalidIncident or WrongState."""
    async with audited(database, actor, action="incident.severity_changed", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        await require_responder(tx, actor, held)
        _require_under_way(held)
        wanted = read_severity(severity)
        if wanted is held.severity:
            raise WrongState(f"{held.reference} is {wanted} already.", where="severity")
        why = rules.check_text("reason", reason, least=0)
        await change_severity_held(tx, actor, held, wanted, why=why)
        return await view_of(tx, held.id)


async def change_severity_held(
    tx: Transaction,
    actor: Actor,
    held: Held,
    wanted: Severity,
    *,
    why: str,
    details: Mapping[str, Any] | None = None,
) -> None:
    """The held incident is as bad as that; whoever that pages is told."""
    text = f"Severity {held.severity} → {wanted}" + (f": {why}" if why else "")
    said = {"severity": wanted, "before": held.severity, "reason": why, **(details or {})}
    event = IncidentEvent.SEVERITY_CHANGED
    changed = await settle_on(tx, actor, held, event, text=text, values={"severity": wanted}, details=said)
    await begin_updates(tx, changed)
    await page_now(tx, changed)


async def correct_start(database: Database, actor: Actor, incident_id: UUID, *, started_at: datetime) -> IncidentView:
    """It began then; when it was reported stays as it is. Raises InvalidIncident for a time to come."""
    async with audited(database, actor, action="incident.start_corrected", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        await require_responder(tx, actor, held)
        began = rules.check_past("started_at", started_at, now=tx.now)
        details = {"before": held.row.started_at.isoformat(), "started_at": began.isoformat()}
        text = f"It began {began.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        await settle_on(
            tx,
            actor,
            held,
            IncidentEvent.START_CORRECTED,
            text=text,
            values={"started_at": began},
            details=details,
        )
        return await view_of(tx, held.id)


async def post_update(database: Database, actor: Actor, incident_id: UUID, *, text: str) -> IncidentView:
    """Everybody who follows it, stakeholders too, hears how it stands."""
    async with audited(database, actor, action="incident.updated", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        await require_responder(tx, actor, held)
        said = rules.check_text("text", text)
        values = {"told_at": tx.now}
        changed = await settle_on(tx, actor, held, IncidentEvent.UPDATED, text=said, values=values)
        await begin_updates(tx, changed)
        return await view_of(tx, held.id)


async def note(
    database: Database, actor: Actor, incident_id: UUID, *, text: str, at: datetime | None = None
) -> IncidentView:
    """The timeline has what somebody saw or did, at the time at which that was. Everybody of the tenant may note."""
    async with permitted(database, actor, TokenScope.REQUEST, action="incident.noted", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        when = None if at is None else rules.check_past("at", at, now=tx.now)
        said = rules.check_text("text", text)
        await settle_on(tx, actor, held, IncidentEvent.NOTED, text=said, at=when)
        return await view_of(tx, held.id)


async def want_channel(database: Database, actor: Actor, incident_id: UUID) -> IncidentView:
    """It has a channel of its own, where the platform has such; asked for twice, it is one."""
    async with audited(database, actor, action="incident.channel_wanted", resource=str(incident_id)) as tx:
        held = await hold(tx, incident_id)
        await require_responder(tx, actor, held)
        _require_under_way(held)
        if not held.row.channel:
            name = rules.channel_name(held.row.number, held.row.title)
            text = f"A channel of its own is wanted: #{name}"
            event = IncidentEvent.CHANNEL_WANTED
            await settle_on(tx, actor, held, event, text=text, values={"channel": name}, details={"channel": name})
        return await view_of(tx, held.id)


async def _acknowledged(tx: Transaction, held: Held, user: UserId) -> WrongState:
    by = held.row.acknowledged_by
    if by == user:
        who = "You look"
    elif by is None:
        who = "Somebody in a ticket system looks"
    else:
        who = f"{(await directory(tx)).people[by].name} looks"
    return WrongState(f"{who} after {held.reference} already.", where="state", accepted=tuple(steps_from(held.state)))


def _require_under_way(held: Held) -> None:
    if held.state not in UNDER_WAY:
        message = f"{held.reference} is {held.state}."
        raise WrongState(message, where="state", accepted=tuple(map(str, IncidentState))[:2], next_step="Reopen it.")
