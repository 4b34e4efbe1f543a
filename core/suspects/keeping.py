"""What is suspected is kept with the incident: samples' labels go after some days, and its report comes later (S5)."""

from __future__ import annotations

from typing import Final

from core.db import Database
from core.incidents import IncidentEvent, Suspected, keep_suspected, load_incident
from core.outbox import Event
from core.suspects.evidence import Kind
from core.suspects.service import suspects_of

HEARD: Final = frozenset(
    map(
        str,
        (
            IncidentEvent.OPENED,
            IncidentEvent.ALERT_FIRED,
            IncidentEvent.REOPENED,
            IncidentEvent.START_CORRECTED,
            IncidentEvent.RESOLVED,
        ),
    )
)


async def keep_likeliest(database: Database, event: Event) -> None:
    """The incident knows who is suspected first by now; whom it knew already, if nobody is."""
    async with database.tenant(event.tenant) as tx:
        incident = await load_incident(tx, event.subject_id)
        found = await suspects_of(tx, incident)
        if found:
            first = found[0]
            kept = Suspected(
                reference=first.reference,
                title="" if first.kind is Kind.DIMENSION else first.title,  # its reference says as much
                confidence=first.confidence,
                reasons=first.sentence,
            )
            await keep_suspected(tx, incident.id, kept)
