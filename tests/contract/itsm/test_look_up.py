"""Any ticket is looked up by its number, on every system, over real HTTP (X6)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from connectors.itsm.base import ConnectorError, Refused, TicketDraft, TicketKind, TicketState
from connectors.itsm.custom import Custom, load
from core.named_tickets import TicketFacts
from sandbox.faults import Fault
from tests.contract.itsm.desks import SECRETS, Desk, serving
from tests.contract.itsm.glpi import Glpi
from tests.contract.itsm.servicenow_bench import ServiceNowBench, servicenow_bench

STARTS = datetime(2027, 1, 16, 20, 0, tzinfo=UTC)
ENDS = datetime(2027, 1, 17, 0, 0, tzinfo=UTC)
REQUESTERS = {
    "servicenow": "david.loo@example.com",
    "jira": "emma.richards@example.com",
    "remedy": "allen.allbrook@example.com",
    "desk": "dana.reyes@example.com",
}
NO_SUCH = {"servicenow": "CHG9999999", "jira": "GOV-9999", "remedy": "CRQ000000999999", "desk": "T-9999"}

pytestmark = pytest.mark.row("X6")


async def planned(bench, connected):
    """A change somebody plans for invoice-reader, in the night to the 17th."""
    draft = TicketDraft(
        "planned-1",
        TicketKind.CHANGE,
        "Bring invoice-reader live",
        "With the new model.",
        REQUESTERS[bench.slug],
        {
            "business_service": "Payments",
            "planned_start": STARTS.isoformat(),
            "planned_end": ENDS.isoformat(),
        },
    )
    ticket = await connected.create(draft)
    if bench.slug == "jira":  # a plain project's screens have a day, and no window
        await bench.system.edit("issue", ticket.external_id, {"duedate": "2027-01-16", "labels": ["payments"]})
    return ticket


async def test_a_ticket_shows_who_asked_what_it_is_about_and_when_it_is_planned(bench, connected):
    ticket = await planned(bench, connected)

    facts = await connected.look_up(ticket.number.lower())

    assert facts is not None
    assert (facts.external_id, facts.number, facts.url) == (ticket.external_id, ticket.number, ticket.url)
    assert (facts.kind, facts.state, facts.label) == (TicketKind.CHANGE, TicketState.OPEN, ticket.label)
    assert REQUESTERS[bench.slug] in facts.requesters
    assert "payments" in {name.casefold() for name in facts.resources}
    assert "Bring invoice-reader live" in facts.text
    assert "With the new model." in facts.text
    assert (facts.starts_at, facts.ends_at) == ((None if bench.slug == "jira" else STARTS), ENDS)


async def test_a_ticket_shows_where_it_stands_now(bench, connected):
    ticket = await planned(bench, connected)
    await bench.cancel(ticket)
    facts = await connected.look_up(ticket.number)
    assert facts is not None
    assert (facts.state, facts.label) == (TicketState.CANCELLED, bench.cancelled)


@pytest.mark.parametrize("number", ["", "CHG", "no ticket", "CHG1^active=true", '" OR 1=1', "x" * 90])
async def test_what_is_no_number_of_a_ticket_there_is_no_ticket(bench, connected, number):
    await planned(bench, connected)
    assert await connected.look_up(NO_SUCH[bench.slug]) is None
    assert await connected.look_up(number) is None


@pytest.mark.row("X9")
@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.SLOW])
async def test_a_system_that_fails_never_passes_for_one_that_has_no_such_ticket(bench, connected, impatient, fault):
    ticket = await planned(bench, connected)
    bench.fail(fault, 1, retry_after=0)
    with pytest.raises(ConnectorError) as failed:
        await impatient.look_up(ticket.number)
    assert not isinstance(failed.value, Refused)  # it is asked again
    facts = await connected.look_up(ticket.number)
    assert facts is not None
    assert facts.number == ticket.number


@pytest.fixture
async def servicenow():
    async with servicenow_bench() as running:
        yield running


async def test_servicenow_shows_the_affected_items_of_a_change_and_its_urgency(servicenow: ServiceNowBench):
    connected = servicenow.connect()
    draft = TicketDraft("urgent", TicketKind.EMERGENCY_CHANGE, "Stop it", "", "david.loo@example.com")
    ticket = await connected.create(draft)
    (service, *_more) = servicenow.system.records("cmdb_ci_service")
    affected = {"task": ticket.external_id, "ci_item": service["sys_id"]}
    await servicenow._post("/api/now/table/task_ci", affected, expected=201)

    facts = await connected.look_up(ticket.number)
    await connected.close()

    assert facts is not None
    assert (facts.kind, facts.resources) == (TicketKind.EMERGENCY_CHANGE, (service["name"],))


async def test_an_incident_can_be_named_too(servicenow: ServiceNowBench):
    connected = servicenow.connect()
    draft = TicketDraft("inc", TicketKind.INCIDENT, "invoice-reader is down", "", "david.loo@example.com")
    ticket = await connected.create(draft)
    facts = await connected.look_up(ticket.number)
    await connected.close()
    assert facts is not None
    assert (facts.kind, facts.state, facts.requesters[0]) == (
        TicketKind.INCIDENT, TicketState.OPEN, "david.loo@example.com",
    )  # fmt: skip


@pytest.fixture
def declared_secrets(monkeypatch):
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("declared_secrets")
async def test_a_declared_system_shows_what_its_file_says_where_to_find(tmp_path):
    desk = Desk()
    async with serving(desk, tmp_path, name="desk.yaml") as file:
        system = Custom(load(file))
        draft = TicketDraft("k", TicketKind.CHANGE, "Bring invoice-reader live", "Soon.", "dana@example.com",
                            {"business_service": "Payments"})  # fmt: skip
        ticket = await system.create(draft)
        desk.tickets[ticket.external_id]["planned"] = {"start": STARTS.isoformat(), "end": ENDS.isoformat()}

        assert await system.look_up("T-404") is None
        assert await system.look_up("t-1") == TicketFacts(
            external_id="1",
            number="T-1",
            url="https://desk.example.com/tickets/1",
            kind=TicketKind.CHANGE,
            state=TicketState.OPEN,
            label="new",
            requesters=("dana@example.com",),
            resources=("Payments",),
            text="Bring invoice-reader live\nSoon.",
            starts_at=STARTS,
            ends_at=ENDS,
        )
        desk.faults.add(desk.slug, Fault.SERVER_ERROR, 1, None, None)
        with pytest.raises(ConnectorError):
            await system.look_up("T-1")
        await system.close()


@pytest.mark.usefixtures("declared_secrets")
async def test_of_a_system_that_says_no_where_nothing_is_the_file_says_which_no_that_is(tmp_path):
    async with serving(Glpi(), tmp_path, name="glpi.yaml") as file:
        system = Custom(load(file))
        ticket = await system.create(TicketDraft("k", TicketKind.CHANGE, "invoice-reader", "Soon.", "d@example.com"))
        facts = await system.look_up(ticket.number)
        assert facts is not None
        assert (facts.number, facts.text) == (ticket.number, "invoice-reader\nSoon.")
        assert await system.look_up("4711") is None
        await system.close()


@pytest.mark.usefixtures("declared_secrets")
async def test_a_system_without_look_up_says_so(tmp_path):
    async with serving(Desk(), tmp_path, name="desk.yaml") as file:
        text = file.read_text()
        start, end = text.index("look_up:"), text.index("create:\n")
        file.write_text(text[:start] + text[end:])
        system = Custom(load(file))
        with pytest.raises(Refused, match="declares no 'look_up'"):
            await system.look_up("T-1")
        await system.close()
