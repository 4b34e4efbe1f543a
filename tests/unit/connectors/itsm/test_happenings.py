"""Where an event puts a ticket, and what is said of it there."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.itsm.base import CloseCode, TicketState
from connectors.itsm.happenings import walk_of
from connectors.itsm.telling import Telling
from core.emergency import EmergencyEvent
from core.ids import EventId, TenantId, uuid7
from core.outbox import Event


@pytest.mark.row("E2", "N1")
@pytest.mark.parametrize(
    ("verdict", "failed", "code"),
    [
        ("justified", 0, CloseCode.SUCCESSFUL),
        ("not_justified", 0, CloseCode.SUCCESSFUL_WITH_ISSUES),
        ("justified", 1, CloseCode.UNSUCCESSFUL),
        ("not_justified", 2, CloseCode.UNSUCCESSFUL),
    ],
)
def test_the_ticket_of_a_bypass_is_closed_by_what_its_review_found(verdict, failed, code):
    data = {"verdict": verdict, "notes": "Nobody had looked at the runbook.", "failed": failed, "by": "Amara"}
    event = Event(
        TenantId("acme"), EventId(uuid7()), f"bypass:{uuid7()}", EmergencyEvent.REVIEWED, data, datetime.now(UTC)
    )
    walk = walk_of([event], "BYP-1007", Telling((event,), "key"))
    assert (walk.target, walk.close_code) == (TicketState.CLOSED, code)
    said = f"BYP-1007: reviewed · {verdict.replace('_', ' ')} · by Amara\nNobody had looked at the runbook."
    assert (walk.note, walk.close_notes) == (said, said)
