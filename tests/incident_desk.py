"""What tests of incidents work with: alerts told, acts done, time passed, in one tenant."""

from __future__ import annotations

import pytest

from core.incidents import (
    Alert,
    AlertState,
    IncidentFilter,
    Outcome,
    Severity,
    get_incident,
    list_incidents,
    open_or_update,
    timeline,
)
from tests.factories import START


def alert(key="payments/p95", **changes):
    """p95 of payments is too slow, from the company's start on."""
    values = {
        "tenant": "enterprise-corp",
        "source": "sla",
        "key": key,
        "state": AlertState.FIRING,
        "severity": Severity.HIGH,
        "service": "Payments",
        "title": "Payments answer too slowly",
        "words": "p95 is 4.2 s; the objective is 2 s.",
        "started_at": START,
        "labels": {"region": "eu"},
    }
    return Alert(**values | changes)


class IncidentDesk:
    """Incidents of one company: alerts told, and each use case by the name of who calls it."""

    def __init__(self, company):
        self.company, self.database = company, company.database

    async def tell(self, told):
        async with self.database.tenant(self.company.tenant) as tx:
            return await open_or_update(tx, told)

    async def fires(self, key="payments/p95", **changes):
        return await self.tell(alert(key, **{"started_at": self.company.clock.now(), **changes}))

    async def ends(self, key="payments/p95", **changes):
        return await self.fires(key, **{"state": AlertState.RESOLVED, **changes})

    async def do(self, use_case, who, incident, **given):
        return await use_case(self.database, self.company.actor(who), id_of(incident), **given)

    async def show(self, incident):
        known = incident if isinstance(incident, int) else id_of(incident)
        return await get_incident(self.database, self.company.actor("agent_operator"), known)

    async def all(self, **wanted):
        return await list_incidents(self.database, self.company.actor("agent_operator"), IncidentFilter(**wanted))

    async def kinds(self, incident):
        """What its timeline tells of, in order."""
        entries = await timeline(self.database, self.company.actor("agent_operator"), id_of(incident))
        return [each.kind for each in entries]

    def later(self, **by):
        self.company.advance(**by)


def id_of(incident):
    return incident.incident_id if isinstance(incident, Outcome) else incident.id


@pytest.fixture
def incident_desk(company):
    return IncidentDesk(company)
