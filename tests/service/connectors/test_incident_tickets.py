"""An incident and its ticket, over the real outbox and every simulated ticket system (N1-N4, N6, S3)."""

from __future__ import annotations

import pytest

from connectors.itsm.asked import EVERY_EVENT, TicketDesk
from connectors.itsm.base import Refused, TicketKind, TicketState
from connectors.itsm.inbox import TicketInbox
from connectors.itsm.incidents import IncidentSync
from connectors.itsm.subscriber import TicketSync
from core.incidents import Severity, acknowledge, post_update, reopen, resolve
from core.outbox import RetryPolicy, Subscription
from sandbox.faults import Fault
from tests.contract.itsm.jira_bench import JiraBench
from tests.contract.itsm.systems import SYSTEMS
from tests.incident_desk import IncidentDesk
from tests.service.connectors.test_ticket_sync import dispatched

OPERATOR = "agent_operator"


class Overtaken:
    """A system at which something happens between the end of each of our moves and our hearing of it."""

    def __init__(self, system, happens):
        self._system, self._happens = system, happens

    def __getattr__(self, name):
        return getattr(self._system, name)

    async def update(self, ticket, patch):
        moved = await self._system.update(ticket, patch)
        await self._happens()
        return moved


class BreakingOff(Overtaken):
    """A system that refuses to go on when it has come a part of the way."""

    async def update(self, ticket, patch):
        await super().update(ticket, patch)
        raise Refused("Not any further.")


@pytest.fixture(params=SYSTEMS)
async def bench(request):
    """Each simulated system in turn, where incidents live in it."""
    async with SYSTEMS[request.param]() as running:
        yield running.incidents() if isinstance(running, JiraBench) else running


@pytest.fixture
async def connector(bench):
    connected = bench.connect(read_timeout_s=2.0, total_timeout_s=10.0)
    yield connected
    await connected.close()


async def delivered(company, bench, connector, *, into=frozenset({"done"})):
    """Whatever waits has been delivered to the system, or has come to another of these states."""
    sync = TicketSync(bench.slug, company.tenant, connector, company.database)
    desk = TicketDesk(sync, IncidentSync(bench.slug, company.tenant, connector, company.database))
    wanted = Subscription(
        bench.slug, EVERY_EVENT, desk.deliver, RetryPolicy(base_s=0.0), deliver_many=desk.deliver_many
    )
    await dispatched(company, [wanted], into=into)


def one(bench, outcome):
    (record,) = bench.with_key(str(outcome.incident_id), TicketKind.INCIDENT)
    return record


async def state_of(desk, incident):
    (ticket,) = (await desk.show(incident)).tickets
    return ticket.state


@pytest.mark.row("N1", "N2", "N3", "N4", "N6", "S3")
async def test_an_incident_has_one_ticket_that_stands_where_it_is_however_often_the_system_fails(
    company, bench, connector
):
    desk = IncidentDesk(company)
    incident = await desk.fires(severity=Severity.CRITICAL)
    bench.fail(Fault.COMMIT_THEN_TIMEOUT, 2, match=bench.creation)
    await delivered(company, bench, connector)
    await desk.do(acknowledge, OPERATOR, incident)
    await delivered(company, bench, connector)
    assert await state_of(desk, incident) == bench.incident[TicketState.IMPLEMENTING][1]

    await desk.do(post_update, OPERATOR, incident, text="We restart it.")
    await delivered(company, bench, connector)
    await desk.do(resolve, OPERATOR, incident, resolution="Restarted.")
    await delivered(company, bench, connector)
    found = one(bench, incident)
    assert await state_of(desk, incident) == bench.incident[TicketState.IMPLEMENTED][1]
    assert sum("We restart it." in text for text in found.texts) == 1


@pytest.mark.row("N1", "N6", "S3")
@pytest.mark.parametrize("bench", ["servicenow"], indirect=True)
async def test_what_is_refused_together_and_goes_one_by_one_is_not_told_again(company, bench, connector):
    desk = IncidentDesk(company)
    incident = await desk.fires(severity=Severity.HIGH)
    await delivered(company, bench, connector)
    ticket = await connector.find_by_key(TicketKind.INCIDENT, str(incident.incident_id))
    await bench.edit(ticket, {"state": "8"})  # cancelled: nothing moves it on from there
    await desk.do(acknowledge, OPERATOR, incident)
    for text in ("We restart it.", "It comes up."):
        await desk.do(post_update, OPERATOR, incident, text=text)

    await delivered(company, bench, connector, into={"done", "dead"})

    told = "\n".join(one(bench, incident).texts)
    assert [told.count(text) for text in ("acknowledged", "We restart it.", "It comes up.")] == [1, 1, 1]


@pytest.mark.row("S3")
async def test_what_is_not_bad_enough_has_no_ticket_until_it_is(company, bench, connector):
    desk = IncidentDesk(company)
    incident = await desk.fires(severity=Severity.LOW)
    await delivered(company, bench, connector)
    assert bench.with_key(str(incident.incident_id), TicketKind.INCIDENT) == []
    await desk.fires(severity=Severity.HIGH, started_at=company.clock.now())
    await delivered(company, bench, connector)
    assert one(bench, incident).number


@pytest.mark.row("N1", "N2", "N3", "N4", "S3")
async def test_what_somebody_writes_on_the_ticket_is_in_the_timeline_and_not_sent_back(company, bench, connector):
    desk = IncidentDesk(company)
    incident = await desk.fires(severity=Severity.HIGH)
    await delivered(company, bench, connector)
    inbox = TicketInbox(bench.slug, company.tenant, connector, company.database)
    assert await inbox.look()
    ticket = await connector.find_by_key(TicketKind.INCIDENT, str(incident.incident_id))
    await bench.note(ticket, "A customer called.")
    for _ in range(2):
        company.advance(seconds=30)
        assert await inbox.look()
    texts = [each.text for each in (await desk.show(incident)).newest if "A customer called." in each.text]
    assert len(texts) == 1
    before = len(one(bench, incident).texts)
    await delivered(company, bench, connector)
    assert len(one(bench, incident).texts) == before


@pytest.mark.row("N1", "N2", "N3", "N4", "S3")
async def test_what_is_resolved_there_is_resolved_here_and_its_ticket_stays_as_it_is(company, bench, connector):
    desk = IncidentDesk(company)
    incident = await desk.fires(severity=Severity.HIGH)
    await delivered(company, bench, connector)
    await desk.do(acknowledge, OPERATOR, incident)
    await delivered(company, bench, connector)
    inbox = TicketInbox(bench.slug, company.tenant, connector, company.database)
    assert await inbox.look()
    ticket = await connector.find_by_key(TicketKind.INCIDENT, str(incident.incident_id))
    await bench.resolve(ticket)
    for _ in range(2):
        company.advance(seconds=40)
        assert await inbox.look()
        await delivered(company, bench, connector)
    found = await desk.show(incident)
    assert (found.state, found.resolved_by, ticket.number in found.resolution) == ("resolved", None, True)
    assert found.resolution.startswith("By ")
    assert await state_of(desk, incident) == bench.incident[TicketState.IMPLEMENTED][1]


@pytest.mark.row("N1", "N2", "N3", "N4", "S3")
async def test_what_we_move_ourselves_is_not_heard_as_somebody_there(company, bench, connector):
    """However a look falls between our moves: the alert ends, and fires again while each of them is made."""
    desk = IncidentDesk(company)
    inbox = TicketInbox(bench.slug, company.tenant, connector, company.database)
    incident = await desk.fires(severity=Severity.CRITICAL)
    await delivered(company, bench, connector)
    assert await inbox.look()

    async def fires_and_look():
        company.advance(seconds=20)
        await desk.fires(severity=Severity.CRITICAL)
        assert await inbox.look()

    await desk.ends()
    await delivered(company, bench, Overtaken(connector, fires_and_look))
    for _ in range(3):
        company.advance(seconds=40)
        assert await inbox.look()
        await delivered(company, bench, connector)
    found = await desk.show(incident)
    assert (found.state, found.acknowledged_by) == ("open", None)
    assert await desk.kinds(incident) == ["opened", "resolved", "reopened", "alert_fired"]


@pytest.mark.row("N1", "N2", "N3", "N4", "S3")
async def test_what_somebody_does_there_while_we_move_the_ticket_is_heard_once_that_is_over(company, bench, connector):
    desk = IncidentDesk(company)
    inbox = TicketInbox(bench.slug, company.tenant, connector, company.database)
    incident = await desk.fires(severity=Severity.CRITICAL)
    await delivered(company, bench, connector)
    assert await inbox.look()
    ticket = await connector.find_by_key(TicketKind.INCIDENT, str(incident.incident_id))

    async def is_resolved_there():
        await bench.resolve(ticket)
        company.advance(seconds=20)
        assert await inbox.look()

    await desk.do(acknowledge, OPERATOR, incident)
    await delivered(company, bench, Overtaken(connector, is_resolved_there))
    assert (await desk.show(incident)).state == "acknowledged"
    company.advance(seconds=20)
    assert await inbox.look()
    found = await desk.show(incident)
    assert (found.state, ticket.number in found.resolution) == ("resolved", True)


@pytest.mark.row("N1", "N2", "N3", "N4", "S3")
async def test_a_move_of_ours_that_broke_off_is_not_heard_as_somebody_there(company, bench, connector):
    desk = IncidentDesk(company)
    inbox = TicketInbox(bench.slug, company.tenant, connector, company.database)
    incident = await desk.fires(severity=Severity.CRITICAL)
    await delivered(company, bench, connector)
    assert await inbox.look()
    company.advance(seconds=20)

    async def fires():
        await desk.fires(severity=Severity.CRITICAL)

    await desk.ends(started_at=company.clock.now())
    company.advance(seconds=20)
    await delivered(company, bench, BreakingOff(connector, fires), into={"done", "dead"})
    for _ in range(2):
        company.advance(seconds=40)
        assert await inbox.look()
    assert await desk.kinds(incident) == ["opened", "resolved", "reopened"]


@pytest.mark.row("N1", "N2", "S3")
@pytest.mark.parametrize("bench", ["servicenow"], indirect=True)
@pytest.mark.parametrize(("number", "ended"), [("7", "Closed"), ("8", "Canceled")])
async def test_what_is_opened_again_after_its_ticket_was_ended_is_noted_there(company, bench, connector, number, ended):
    desk = IncidentDesk(company)
    inbox = TicketInbox(bench.slug, company.tenant, connector, company.database)
    incident = await desk.fires(severity=Severity.HIGH)
    await delivered(company, bench, connector)
    assert await inbox.look()
    ticket = await connector.find_by_key(TicketKind.INCIDENT, str(incident.incident_id))
    company.advance(seconds=40)
    await bench.edit(ticket, {"state": number, "close_code": "Solved (Permanently)", "close_notes": "Restarted."})
    assert await inbox.look()
    await desk.do(reopen, OPERATOR, incident, reason="It leaks again.")
    await desk.do(acknowledge, OPERATOR, incident)
    await delivered(company, bench, connector)

    assert [each.split("\n")[0] for each in one(bench, incident).texts][-1] == "INC-1001: reopened · Agent Operator"
    company.advance(seconds=40)
    assert await inbox.look()
    assert ((await desk.show(incident)).state, await state_of(desk, incident)) == ("acknowledged", ended)


@pytest.mark.row("N1", "N3", "S3")
async def test_a_workflow_without_a_place_for_what_is_resolved_does_not_open_it_again(company):
    """Jira's simplest workflow has To Do, In Progress, Done: what is resolved here stays in progress there."""
    async with SYSTEMS["jira-cloud"]() as plain:
        connector = plain.connect(incident_type="Task")
        desk = IncidentDesk(company)
        inbox = TicketInbox(plain.slug, company.tenant, connector, company.database)
        incident = await desk.fires(severity=Severity.CRITICAL)
        await delivered(company, plain, connector)
        assert await inbox.look()
        await desk.ends()
        await delivered(company, plain, connector)
        for _ in range(2):
            company.advance(seconds=40)
            assert await inbox.look()
        await connector.close()
        assert await state_of(desk, incident) == "In Progress"
        assert await desk.kinds(incident) == ["opened", "resolved"]
