"""Why alerts were: the causes of their incidents, as people wrote them down or as they were suspected (S5, S8)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row

from core.db import Transaction
from core.incidents import store


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspected:
    """What is likeliest to have caused an incident: a name and a title, how likely (0 to 1), and why."""

    reference: str
    title: str
    confidence: float
    reasons: str

    def __str__(self) -> str:
        named = f"{self.reference}, {self.title}" if self.title else self.reference
        return f"{named} ({self.confidence:.0%}): {self.reasons}."


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertCause:
    """An incident in which an alert stood, and why there was one. `recorded` is empty where nobody has written it."""

    key: str  # of the alert
    started_at: datetime  # its last episode
    first_at: datetime  # it was told of in this incident
    last_at: datetime  # or now, while it fires
    number: int
    recorded: str
    is_reviewed: bool  # it is the review's
    suspected: Suspected | None

    @property
    def reference(self) -> str:
        """INC-1001."""
        return f"INC-{self.number}"


async def causes_of_alerts(tx: Transaction, source: str, *, since: datetime, until: datetime) -> tuple[AlertCause, ...]:
    """The incidents in which alerts of the source stood at some time in between, the newest first."""
    rows = await store.incidents_of_alerts(tx, source, since=since, until=until)
    return tuple(_cause(row, now=tx.now) for row in rows)


async def keep_suspected(tx: Transaction, incident_id: UUID, suspected: Suspected) -> None:
    """The incident keeps it, for the time when what speaks for it is not there any more."""
    said = {
        "reference": suspected.reference,
        "title": suspected.title,
        "confidence": suspected.confidence,
        "reasons": suspected.reasons,
    }
    await store.keep_suspected(tx, incident_id, said)


def _cause(row: Row[Any], *, now: datetime) -> AlertCause:
    reviewed = str((row.review or {}).get("causes", ""))
    return AlertCause(
        key=row.alert_key,
        started_at=row.started_at,
        first_at=row.first_at,
        last_at=now if row.state == "firing" else row.last_at,
        number=row.number,
        recorded=reviewed or row.cause,
        is_reviewed=bool(reviewed),
        suspected=Suspected(**row.suspected) if row.suspected else None,
    )
