"""Which events monitoring systems are told of, and the two that only they hear of."""

from __future__ import annotations

from typing import Final

from core.approvals import RequestEvent
from core.approvals import numbers as request_numbers
from core.budgets import BudgetEvent
from core.changes import ChangeEvent, DrillEvent
from core.db import Database
from core.emergency import EmergencyEvent
from core.incidents import IncidentEvent
from core.outbox import Event
from core.sla import SlaEvent

MEASURED: Final = "monitoring.measured"  # data: since, until, points
AUDIT_DUE: Final = "monitoring.audit_due"  # data: after, until: positions in the trail
SUBJECT: Final = "monitoring"

EXPORTED: Final = frozenset(
    map(
        str,
        (
            RequestEvent.OPENED,
            RequestEvent.ESCALATED,
            RequestEvent.APPROVED,
            RequestEvent.REJECTED,
            RequestEvent.WITHDRAWN,
            RequestEvent.EXPIRED,
            EmergencyEvent.GRANTED,
            EmergencyEvent.EXTENDED,
            EmergencyEvent.ENDED,
            EmergencyEvent.EXPIRED,
            EmergencyEvent.REVIEW_OVERDUE,
            EmergencyEvent.REVIEWED,
            ChangeEvent.SUBMITTED,
            ChangeEvent.AUTHORISED,
            ChangeEvent.TURNED_DOWN,
            ChangeEvent.SENT_BACK,
            ChangeEvent.STARTED,
            ChangeEvent.BYPASSED,
            ChangeEvent.OVERRUN,
            ChangeEvent.COMPLETED,
            ChangeEvent.VALIDATED,
            ChangeEvent.VALIDATION_FAILED,
            ChangeEvent.ROLLBACK_STARTED,
            ChangeEvent.ROLLBACK_FAILED,
            ChangeEvent.ROLLED_BACK,
            ChangeEvent.RECOVERED,
            ChangeEvent.RECOVERY_FAILED,
            DrillEvent.PASSED,
            DrillEvent.FAILED,
            IncidentEvent.OPENED,
            IncidentEvent.ALERT_FIRED,
            IncidentEvent.ACKNOWLEDGED,
            IncidentEvent.SEVERITY_CHANGED,
            IncidentEvent.RESOLVED,
            IncidentEvent.REOPENED,
            IncidentEvent.CLOSED,
            BudgetEvent.THRESHOLD_REACHED,
            BudgetEvent.FORECAST_EXCEEDED,
            BudgetEvent.THROTTLED,
            BudgetEvent.THROTTLE_LIFTED,
            BudgetEvent.RAISED,
            SlaEvent.ALERTED,
            SlaEvent.CHANGED,
            SlaEvent.RECOVERED,
        ),
    )
)


async def reference_of(database: Database, event: Event) -> str:
    """How people call the event's subject, where the event itself does not say: REQ-1042; empty if they do not."""
    if "reference" in event.data or not event.subject.startswith("request:"):
        return ""
    async with database.tenant(event.tenant) as tx:
        found = await request_numbers(tx, {event.subject_id})
    return f"REQ-{found[event.subject_id]}" if event.subject_id in found else ""
