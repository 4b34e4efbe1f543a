"""Who is suspected of an incident, for doors; and rolling back a change that is (S5)."""

from __future__ import annotations

from uuid import UUID

from core.access import TokenScope, permitted
from core.actor import Actor
from core.db import Database, Transaction
from core.incidents import IncidentView, load_incident
from core.suspects.evidence import Suspect
from core.suspects.gathering import scene_of
from core.suspects.ranking import is_placed, rank


async def list_suspects(database: Database, actor: Actor, incident_id: UUID) -> tuple[Suspect, ...]:
    """What may have caused the incident, the likeliest first, as far as is known now.

    Raises UnknownIncident.
    """
    async with permitted(database, actor, TokenScope.READ, action="incident.suspects", resource=str(incident_id)) as tx:
        return await suspects_of(tx, await load_incident(tx, incident_id))


async def suspects_of(tx: Transaction, incident: IncidentView) -> tuple[Suspect, ...]:
    """The same, for subscribers; none of an incident that began at no time that can be reckoned with."""
    return rank(await scene_of(tx, incident)) if is_placed(incident.started_at) else ()
