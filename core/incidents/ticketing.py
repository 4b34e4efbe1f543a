"""What people do with an incident's ticket in its own system comes back here (N1, X6)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Row

from core.actor import system_actor
from core.db import Transaction
from core.incidents.alerts import Severity
from core.incidents.events import IncidentEvent
from core.incidents.holding import Held, hold, settle_on
from core.incidents.paging import stop_paging
from core.incidents.resolving import reopen_held, resolve_held
from core.incidents.responding import change_severity_held
from core.incidents.state import UNDER_WAY, IncidentState, Step
from core.links import TicketLink, TicketPhase

SETTLES: Final = timedelta(seconds=30)  # a look that began before we ended the ticket may be told so late
SYSTEM: Final = "ticket_system"  # in an event's data: what it came from, and need not be told of it


async def hear_of_ticket(
    tx: Transaction,
    link: TicketLink,
    *,
    notes: Sequence[tuple[str, str]],
    phase: TicketPhase | None,
    by: str,
) -> None:
    """The timeline has what people wrote there, and the incident is where they put it.

    `notes` are (author, text); `phase` is where somebody there has moved the ticket to, None if nobody has.
    """
    held = await hold(tx, link.subject_id)
    where = f"{link.number} in {link.system_title}"
    for author, text in notes:
        said = f"{author} on {where}: {text.strip()}"
        held = await settle_on(
            tx, system_actor(tx.tenant), held, IncidentEvent.NOTED, text=said, details={SYSTEM: link.system}
        )
    if phase is not None:
        await _follow(tx, held, link, phase, f"{by or 'Somebody'} on {where}")


@dataclass(frozen=True, slots=True)
class HeldSeverity:
    """How bad an incident under lock is, and whether that may still change."""

    held: Held

    @property
    def row(self) -> Row[Any]:
        """As it is stored."""
        return self.held.row

    @property
    def severity(self) -> str:
        """How bad it is."""
        return str(self.held.severity)

    @property
    def is_under_way(self) -> bool:
        """Whether it is."""
        return self.held.state in UNDER_WAY


async def held_severity(tx: Transaction, incident_id: UUID) -> HeldSeverity:
    """The incident, locked. Raises UnknownIncident."""
    return HeldSeverity(await hold(tx, incident_id))


async def take_severity(tx: Transaction, found: HeldSeverity, wanted: Severity, *, who: str, system: str) -> None:
    """It is as bad as its ticket says; whoever that pages is told."""
    await change_severity_held(
        tx, system_actor(tx.tenant), found.held, wanted, why=f"moved by {who}", details={SYSTEM: system}
    )


async def keep_severity(tx: Transaction, found: HeldSeverity, *, wanted: str, who: str) -> None:
    """The timeline says that it stays as bad as it is, whatever somebody wanted on the ticket."""
    text = f"{who} moved its priority to {wanted or 'none'}; it stays {found.severity} here, and there"
    await settle_on(tx, system_actor(tx.tenant), found.held, IncidentEvent.NOTED, text=text)


async def _follow(tx: Transaction, held: Held, link: TicketLink, phase: TicketPhase, who: str) -> None:
    actor, told_by = system_actor(tx.tenant), {SYSTEM: link.system}
    is_under_way = held.state in UNDER_WAY
    match phase:
        case TicketPhase.RESOLVED | TicketPhase.ENDED if is_under_way:
            await resolve_held(tx, actor, held, resolution=f"By {who}.", details=told_by)
        case TicketPhase.WORKING if held.state is IncidentState.OPEN:
            await stop_paging(tx, held)
            values = {"state": held.move(Step.ACKNOWLEDGE), "acknowledged_at": tx.now}
            text = f"{who} looks after it"
            await settle_on(tx, actor, held, IncidentEvent.ACKNOWLEDGED, text=text, values=values, details=told_by)
        case TicketPhase.OPEN | TicketPhase.WORKING if not is_under_way and tx.now - held.row.resolved_at > SETTLES:
            await reopen_held(tx, actor, held, reason=f"By {who}.", details=told_by)
        case _:
            return
