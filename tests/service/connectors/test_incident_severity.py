"""How bad an incident is, and the priority of its ticket, in every simulated ticket system (N1-N3, S3)."""

from __future__ import annotations

import pytest

from connectors.itsm.asked import EVERY_EVENT, TicketDesk
from connectors.itsm.base import TicketKind
from connectors.itsm.inbox import TicketInbox
from connectors.itsm.incidents import IncidentSync
from connectors.itsm.jira.priorities import SEVERITY_SCALE as JIRA
from connectors.itsm.remedy.mapping import SEVERITY_SCALE as REMEDY
from connectors.itsm.servicenow.mapping import SEVERITY_SCALE as SERVICENOW
from connectors.itsm.severing import Severities
from connectors.itsm.subscriber import TicketSync
from core.incidents import Severity, change_severity, resolve
from core.outbox import RetryPolicy, Subscription
from core.tickets import Direction, Owner
from tests.contract.itsm.jira_bench import JiraBench
from tests.contract.itsm.systems import SYSTEMS
from tests.incident_desk import IncidentDesk
from tests.service.connectors.test_ticket_sync import dispatched

OPERATOR = "agent_operator"
SCALES = {"servicenow": SERVICENOW, "jira-cloud": JIRA, "jira-datacenter": JIRA, "remedy": REMEDY}


class Way:
    """Which way severities travel."""

    def __init__(self, direction, owner=Owner.OURS):
        self.said = direction, owner

    def severities(self, names):
        assert names
        return self.said


class Scene:
    """A critical incident with its ticket, of which everything is known so far."""

    def __init__(self, company, bench, connector, scale):
        self.company, self.bench, self.connector, self.scale = company, bench, connector, scale
        self.desk, self.direction = IncidentDesk(company), Direction.BOTH
        self.inbox = TicketInbox(bench.slug, company.tenant, connector, company.database)

    async def begin(self):
        self.incident = await self.desk.fires(severity=Severity.CRITICAL)
        await self.deliver()
        assert await self.inbox.look()
        self.ticket = await self.connector.find_by_key(TicketKind.INCIDENT, str(self.incident.incident_id))
        return self

    async def deliver(self):
        tenant, slug, database = self.company.tenant, self.bench.slug, self.company.database
        severities = Severities(tenant, self.connector, database, self.scale, Way(self.direction))
        incidents = IncidentSync(slug, tenant, self.connector, database, severities)
        desk = TicketDesk(TicketSync(slug, tenant, self.connector, database), incidents)
        wanted = Subscription(slug, EVERY_EVENT, desk.deliver, RetryPolicy(base_s=0.0), deliver_many=desk.deliver_many)
        await dispatched(self.company, [wanted])

    async def hear(self):
        """Everything that happened there is taken over, and what follows is delivered; twice."""
        for _ in range(2):
            await self.deliver()
            self.company.advance(seconds=30)
            assert await self.inbox.look()
            await self.deliver()

    async def moved_there(self, severity):
        await self.bench.edit(self.ticket, self.scale.values(severity))
        await self.hear()

    async def there(self):
        reading = await self.connector.read(TicketKind.INCIDENT, self.ticket.external_id, self.scale.fields)
        return self.scale.severity(reading.fields)

    async def here(self):
        return (await self.desk.show(self.incident)).severity

    async def kinds(self):
        return [each for each in await self.desk.kinds(self.incident) if each in ("severity_changed", "noted")]


@pytest.fixture(params=SCALES)
async def scene(company, request):
    async with SYSTEMS[request.param]() as running:
        bench = running.incidents() if isinstance(running, JiraBench) else running
        connector = bench.connect(read_timeout_s=2.0, total_timeout_s=10.0)
        yield await Scene(company, bench, connector, SCALES[request.param]).begin()
        await connector.close()


@pytest.mark.row("N1", "N2", "N3", "S3")
async def test_a_ticket_is_as_bad_as_its_incident_from_its_beginning_on(scene):
    assert await scene.there() == "critical"
    for severity in ("medium", "low", "high"):
        await scene.desk.do(change_severity, OPERATOR, scene.incident, severity=severity)
        await scene.hear()
        assert (await scene.there(), await scene.here()) == (severity, severity)
    assert await scene.kinds() == ["severity_changed"] * 3  # nothing came back of it


@pytest.mark.row("N1", "N2", "N3", "S3")
async def test_a_priority_that_people_move_is_taken_over_where_it_travels_both_ways(scene):
    await scene.moved_there("medium")
    assert (await scene.here(), await scene.there()) == ("medium", "medium")
    assert await scene.kinds() == ["severity_changed"]
    newest = [each.text for each in (await scene.desk.show(scene.incident)).newest if each.kind == "severity_changed"]
    assert scene.ticket.number in newest[0]
    await scene.desk.do(change_severity, OPERATOR, scene.incident, severity="high")
    await scene.hear()
    assert (await scene.here(), await scene.there()) == ("high", "high")


@pytest.mark.row("N1", "N2", "N3", "S3")
async def test_elsewhere_ours_is_put_back_and_the_timeline_says_so(scene):
    scene.direction = Direction.OUT
    await scene.moved_there("low")
    assert (await scene.here(), await scene.there()) == ("critical", "critical")
    assert await scene.kinds() == ["noted"]


@pytest.mark.row("N1", "S3")
async def test_what_is_over_stays_as_bad_as_it_was(scene):
    await scene.desk.do(resolve, OPERATOR, scene.incident, resolution="Restarted.")
    await scene.hear()
    await scene.moved_there("low")
    assert await scene.here() == "critical"
    assert "severity_changed" not in await scene.kinds()
