"""Looking at incidents, without changing any."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from core.access import TokenScope, directory, permitted
from core.actor import Actor
from core.audit import audited
from core.db import Database, Transaction
from core.errors import Forbidden
from core.incidents import part_store, rules, store
from core.incidents.alerts import read_severity
from core.incidents.errors import InvalidIncident, NotTheOwner, UnknownIncident, WrongState
from core.incidents.holding import Held, require_responder
from core.incidents.naming import id_of
from core.incidents.reading import entry_view, view_of, views
from core.incidents.state import IncidentState
from core.incidents.store import IncidentFilter
from core.incidents.views import EntryView, FollowUpView, IncidentView
from core.tenants import tenant_policy

AROUND_MAX: Final = 200  # incidents that stand around another
PREPARED: Final = "incident.prepare"  # in the trail: somebody wanted the form of an act


async def get_incident(database: Database, actor: Actor, which: UUID | int) -> IncidentView:
    """The incident by id, or by its number. Raises UnknownIncident."""
    named = f"INC-{which}" if isinstance(which, int) else str(which)
    async with permitted(database, actor, TokenScope.READ, action="incident.show", resource=named) as tx:
        return await view_of(tx, await id_of(tx, which))


async def refusal_of(database: Database, actor: Actor, incident_id: UUID) -> Forbidden | None:
    """Why the actor may not work on the incident; None if they may. Raises UnknownIncident.

    For pages that offer acts beside other things: whoever looks at one has not tried any.
    """
    async with permitted(database, actor, TokenScope.READ, action="incident.show", resource=str(incident_id)) as tx:
        held = await _looked_at(tx, incident_id)
        try:
            await require_responder(tx, actor, held)
        except Forbidden as refusal:
            return refusal
        return None


async def check_may_act(database: Database, actor: Actor, incident: IncidentView, *, form: str) -> None:
    """Returns if the actor may work on it. Raises NotAResponder, recorded like an attempt (R6)."""
    said = {"form": form}
    async with audited(database, actor, action=PREPARED, resource=incident.reference, details=said) as tx:
        await require_responder(tx, actor, await _looked_at(tx, incident.id))


async def check_may_review(database: Database, actor: Actor, incident: IncidentView, *, form: str) -> None:
    """As `check_may_act`, and the incident is over. Raises WrongState too."""
    await check_may_act(database, actor, incident, form=form)
    rules.check_reviewable(incident.reference, IncidentState(incident.state))


async def finishable_follow_ups(
    database: Database, actor: Actor, incident: IncidentView, *, form: str
) -> tuple[FollowUpView, ...]:
    """The incident's open ones that the actor may finish: all for a responder, else their own.

    Raises WrongState if none is open, NotTheOwner if all are somebody else's, which is recorded like an attempt.
    """
    said = {"form": form}
    async with audited(database, actor, action=PREPARED, resource=incident.reference, details=said) as tx:
        held = await _looked_at(tx, incident.id)
        found = tuple(each for each in (await view_of(tx, incident.id)).follow_ups if each.state == "open")
        if not found:
            raise WrongState(f"No follow-up of {incident.reference} is open.", where="follow_up")
        try:
            await require_responder(tx, actor, held)
        except Forbidden as refusal:
            mine = tuple(each for each in found if each.owner.id == actor.user)
            if not mine:
                raise NotTheOwner(where="owner", accepted=refusal.accepted) from refusal
            return mine
        return found


async def list_incidents(
    database: Database, actor: Actor, wanted: IncidentFilter, *, after: int | None = None, limit: int = 50
) -> tuple[IncidentView, ...]:
    """Incidents, newest first, beyond the number `after`. Raises InvalidIncident where nothing can match."""
    _check(wanted)
    async with permitted(database, actor, TokenScope.READ, action="incident.list", resource="incidents") as tx:
        return await views(tx, await store.page(tx, wanted, after=after, limit=limit))


async def timeline(
    database: Database,
    actor: Actor,
    incident_id: UUID,
    *,
    after: tuple[datetime, UUID] | None = None,
    limit: int = 50,
) -> tuple[EntryView, ...]:
    """What happened, in the order in which it did, beyond the entry `after`. Raises UnknownIncident."""
    async with permitted(database, actor, TokenScope.READ, action="incident.timeline", resource=str(incident_id)) as tx:
        if not await store.by_ids(tx, [incident_id]):
            raise UnknownIncident(where="incident")
        everybody = await directory(tx)
        rows = await part_store.timeline(tx, incident_id, after=after, limit=limit)
        return tuple(entry_view(row, everybody) for row in rows)


async def newest_entries(database: Database, actor: Actor, incident_id: UUID, *, limit: int) -> tuple[EntryView, ...]:
    """The last entries of its timeline, as they happened."""
    async with permitted(database, actor, TokenScope.READ, action="incident.timeline", resource=str(incident_id)) as tx:
        everybody = await directory(tx)
        found = await part_store.newest_entries(tx, [incident_id], each=limit)
        return tuple(entry_view(row, everybody) for row in found.get(incident_id, ()))


async def begun_between(tx: Transaction, *, since: datetime, until: datetime) -> tuple[IncidentView, ...]:
    """Incidents that began in that span, the newest of them."""
    wanted = IncidentFilter(began_since=since, until=until)
    return await views(tx, await store.page(tx, wanted, after=None, limit=AROUND_MAX))


async def load_incident(tx: Transaction, incident_id: UUID) -> IncidentView:
    """The incident, for subscribers. Raises UnknownIncident."""
    return await view_of(tx, incident_id)


async def _looked_at(tx: Transaction, incident_id: UUID) -> Held:
    """The incident as it is, without a lock. Raises UnknownIncident."""
    rows = await store.by_ids(tx, [incident_id])
    if not rows:
        raise UnknownIncident(where="incident")
    return Held(rows[0], (await tenant_policy(tx)).incidents)


def _check(wanted: IncidentFilter) -> None:
    if wanted.state is not None and wanted.state not in tuple(IncidentState):
        raise InvalidIncident(f"'{wanted.state}' is not a state.", where="state", accepted=tuple(IncidentState))
    if wanted.severity is not None:
        read_severity(wanted.severity)
    if wanted.since and wanted.until and wanted.since > wanted.until:
        raise InvalidIncident("'since' is after 'until'.", where="since")
