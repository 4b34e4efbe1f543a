"""What every ticket connector makes of approvals, over real HTTP: people are asked, decide there, and it is told once."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from connectors.itsm.base import ConnectorError, Ticket, TicketState, TicketSystem
from connectors.itsm.registry import CONNECTORS
from core.tickets import Decision, Shown
from sandbox.faults import Fault
from tests.contract.itsm.bench import Bench, make_draft, patch, told, until_done
from tests.contract.itsm.systems import ASKING, SYSTEMS

pytestmark = pytest.mark.row("N1", "N2", "N4", "N6")


@pytest.fixture(params=SYSTEMS)
async def desk(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    """Each system in turn, where its people are asked for approvals."""
    async with SYSTEMS[request.param]() as running:
        yield running.deciding()


@pytest.fixture
async def system(desk: Bench) -> AsyncIterator[TicketSystem]:
    connected = desk.connect(read_timeout_s=2.0)
    yield connected
    await connected.close()


async def waiting(desk: Bench, system: TicketSystem, *, others: bool = False) -> tuple[Ticket, str]:
    """A ticket on which the desk's approver is asked, and a cursor behind that."""
    ticket = await system.create(make_draft())
    await system.update(ticket, patch(TicketState.IN_APPROVAL, note="opened"))
    await system.show_approvers(ticket, asked(desk))
    _, cursor = await told(system, None)
    return ticket, cursor


def asked(desk: Bench, decision: Decision = Decision.REQUESTED, **more: object) -> tuple[Shown, ...]:
    return (Shown(desk.approver, "", decision, **more),)  # type: ignore[arg-type]


def of(approvals: object, account: str) -> list[tuple[Decision, str, bool]]:
    return [(one.decision, one.comment, one.is_ours) for one in approvals if one.account == account]  # type: ignore[attr-defined]


async def test_who_is_asked_there_stands_as_asked(desk, system):
    ticket, _ = await waiting(desk, system)

    stand = await system.show_approvers(ticket, asked(desk))

    assert of(stand, desk.approver) == [(Decision.REQUESTED, "", False)] or of(stand, desk.approver) == [
        (Decision.REQUESTED, "", True)
    ]


@pytest.mark.parametrize(("word", "decision"), [("approved", Decision.APPROVED), ("rejected", Decision.REJECTED)])
async def test_what_somebody_decides_there_is_told_once_with_who_and_why(desk, system, word, decision):
    ticket, cursor = await waiting(desk, system)
    await desk.decide(ticket, desk.approver, word, comment="Read and weighed.")

    (change,), cursor = await told(system, cursor)

    (approval,) = [one for one in change.approvals if one.decision is decision]
    assert (change.ticket.external_id, approval.account, approval.is_ours) == (ticket.external_id, desk.approver, False)
    assert approval.name
    if word in desk.tells_why:
        assert approval.comment == "Read and weighed."
    assert await told(system, cursor) == ([], cursor)


async def test_what_was_decided_later_is_of_a_later_version(desk, system):
    ticket, _ = await waiting(desk, system)
    before = await system.show_approvers(ticket, asked(desk))
    await desk.decide(ticket, desk.approver, "approved")

    after = await system.show_approvers(ticket, asked(desk))

    versions = {one.id: one.version for one in before}
    decided = [one for one in after if one.decision is Decision.APPROVED]
    assert [one.version > versions[one.id] or desk.slug == "remedy" for one in decided] == [True]
    assert all(one.version >= versions[one.id] for one in decided)


@pytest.mark.parametrize("fault", [Fault.RATE_LIMITED, Fault.SERVER_ERROR, Fault.TIMEOUT, Fault.DOWN, Fault.BAD_JSON])
async def test_a_decision_is_not_lost_however_the_question_for_it_fails(desk, system, fault):
    ticket, cursor = await waiting(desk, system)
    await desk.decide(ticket, desk.approver, "approved")
    desk.fail(fault, 1, retry_after=0.1)

    with pytest.raises(ConnectorError):
        await system.changes_since(cursor)
    changes, _ = await until_done(lambda: told(system, cursor))

    found = [one.account for change in changes for one in change.approvals if one.decision is Decision.APPROVED]
    assert found == [desk.approver]


async def test_an_approver_whom_the_system_does_not_know_is_left_out(desk, system):
    ticket, _ = await waiting(desk, system)

    stand = await system.show_approvers(ticket, (Shown("nobody.there", "", Decision.REQUESTED),))

    assert of(stand, "nobody.there") == []


def test_what_a_system_can_do_with_approvals_is_declared():
    able = {slug: declared.capabilities.approvals for slug, declared in CONNECTORS.items()}
    assert {slug for slug, one in able.items() if one.reads} == {"servicenow", "jira", "remedy"}
    assert {slug for slug, one in able.items() if one.asks} == {"servicenow"}
    assert {slug for slug, one in able.items() if one.marks} == {"servicenow"}


# Where people can be asked by the interface


@pytest.fixture(params=ASKING)
async def bench(request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    async with SYSTEMS[request.param]() as running:
        yield running


@pytest.fixture
async def asking(bench: Bench) -> AsyncIterator[TicketSystem]:
    connected = bench.connect(read_timeout_s=2.0)
    yield connected
    await connected.close()


def states(bench: Bench, ticket: Ticket) -> list[Decision]:
    return [one.decision for one in bench.asked(ticket, bench.approver)]


async def test_a_vote_given_here_is_marked_there_and_the_ticket_does_not_move_by_it(bench, asking):
    ticket, cursor = await waiting(bench, asking)

    stand = await asking.show_approvers(ticket, asked(bench, Decision.APPROVED, comment="Checked."))

    assert of(stand, bench.approver) == [(Decision.APPROVED, "Approved in Countersign. Checked.", True)]
    assert bench.one("request-0001").label == bench.life[TicketState.IN_APPROVAL][1]
    (change,), _ = await told(asking, cursor)
    assert [one.is_ours for one in change.approvals] == [True]


async def test_who_is_asked_no_more_is_not_required_and_can_be_asked_anew(bench, asking):
    ticket, _ = await waiting(bench, asking)

    await asking.show_approvers(ticket, ())
    await asking.show_approvers(ticket, asked(bench))
    await asking.show_approvers(ticket, asked(bench))

    assert states(bench, ticket) == [Decision.ENDED, Decision.REQUESTED]


async def test_what_the_workflow_asks_is_left_to_it(bench, asking):
    ticket, _ = await waiting(bench, asking)
    before = bench.workflow(ticket)

    await asking.show_approvers(ticket, ())

    assert before
    assert bench.workflow(ticket) == before


async def test_an_answer_that_does_not_count_is_taken_off_its_row(bench, asking):
    ticket, _ = await waiting(bench, asking)
    await bench.decide(ticket, bench.approver, "approved")
    (row,) = bench.asked(ticket, bench.approver)

    for _ in range(2):
        await asking.show_approvers(ticket, asked(bench, reopen=row.id))

    assert states(bench, ticket) == [Decision.REQUESTED]


async def test_an_answer_that_was_spent_leaves_room_for_another_question(bench, asking):
    ticket, _ = await waiting(bench, asking)
    await bench.decide(ticket, bench.approver, "approved")
    (row,) = bench.asked(ticket, bench.approver)

    await asking.show_approvers(ticket, asked(bench))
    await asking.show_approvers(ticket, asked(bench, spent=frozenset({row.id})))

    assert states(bench, ticket) == [Decision.APPROVED, Decision.REQUESTED]


async def test_what_an_administrator_writes_on_somebodys_row_is_nobodys_decision(bench, asking):
    ticket, cursor = await waiting(bench, asking)
    (row,) = bench.asked(ticket, bench.approver)
    await bench.overwrite(ticket, row.id)

    (change,), _ = await told(asking, cursor)

    (approval,) = change.approvals
    assert (approval.account, approval.written_by, approval.is_ours) == (bench.approver, bench.person, False)


@pytest.mark.parametrize("fault", list(Fault))
async def test_nobody_is_asked_twice_whatever_happens_to_the_question(bench, asking, fault):
    ticket = await asking.create(make_draft())
    await asking.update(ticket, patch(TicketState.IN_APPROVAL, note="opened"))
    bench.fail(fault, 2, match=f"/{bench.asks}$", retry_after=0.1)

    await until_done(lambda: asking.show_approvers(ticket, asked(bench)))

    assert states(bench, ticket) == [Decision.REQUESTED]
