"""What the connector makes of a Remedy that fails: always one of four failures, and never a doubled effect."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from connectors.itsm.base import (
    ConnectorError,
    NotSent,
    OutcomeUnknown,
    Refused,
    Throttled,
    TicketKind,
    TicketPatch,
    TicketState,
)
from connectors.itsm.remedy import Remedy, connect
from sandbox.faults import Fault
from tests.contract.itsm.remedy_server import Instance, draft_of, met, patch, serving, settings_of, with_key

CREATION = "CHG:ChangeInterface_Create"
READ = "entry/CHG:ChangeInterface"
EVERY_STATE = (
    TicketState.IN_APPROVAL, TicketState.APPROVED, TicketState.IMPLEMENTING, TicketState.IMPLEMENTED,
    TicketState.CLOSED,
)  # fmt: skip


@pytest.fixture
async def remedy_server() -> AsyncIterator[Instance]:
    async with serving() as running:
        yield running


@pytest.fixture
async def remedy(remedy_server) -> AsyncIterator[Remedy]:
    found = connect(settings_of(remedy_server, read_timeout_s=0.5))
    yield found
    await found.close()


async def until_done(work: Any, *, attempts: int = 40) -> Any:
    for _ in range(attempts):
        try:
            return await work()
        except (NotSent, Throttled, OutcomeUnknown):
            continue
    pytest.fail(f"not done after {attempts} attempts")


@pytest.mark.row("N6")
@pytest.mark.parametrize(
    ("fault", "when_reading", "when_writing"),
    [
        (Fault.RATE_LIMITED, Throttled, Throttled),
        (Fault.SERVER_ERROR, NotSent, OutcomeUnknown),
        (Fault.TIMEOUT, NotSent, OutcomeUnknown),
        (Fault.COMMIT_THEN_TIMEOUT, NotSent, OutcomeUnknown),
        (Fault.DOWN, NotSent, OutcomeUnknown),
        (Fault.BAD_JSON, NotSent, OutcomeUnknown),
    ],
)
async def test_each_fault_is_one_failure(remedy_server, remedy, fault, when_reading, when_writing):
    ticket = await remedy.create(draft_of())
    remedy_server.fail(fault, match=READ)
    with pytest.raises(ConnectorError) as reading:
        await remedy.find_by_key(TicketKind.CHANGE, "request-1")
    remedy_server.fail(Fault.SLOW, retry_after=0.0, match="CHG:WorkLog")  # the question whether it is written
    remedy_server.fail(fault, match="CHG:WorkLog")
    with pytest.raises(ConnectorError) as writing:
        await remedy.comment(ticket, "text", key="event-1")

    assert (type(reading.value), type(writing.value)) == (when_reading, when_writing)
    assert met(remedy_server) == 3


@pytest.mark.row("N6")
@pytest.mark.parametrize("fault", list(Fault))
@pytest.mark.parametrize("kind", [TicketKind.CHANGE, TicketKind.INCIDENT])
async def test_no_ticket_is_doubled_whatever_happens_to_its_creation(remedy_server, remedy, fault, kind):
    form = "Interface_Create"
    for skipped in range(3):
        if skipped:
            remedy_server.fail(Fault.SLOW, retry_after=0.0, match=form)
        remedy_server.fail(fault, match=form, retry_after=0.1)

    ticket = await until_done(lambda: remedy.create(draft_of(kind=kind)))

    (row,) = with_key(remedy_server, "request-1", "incident" if kind is TicketKind.INCIDENT else "change")
    assert row["number"] == ticket.number


@pytest.mark.row("N6")
async def test_no_ticket_is_doubled_when_create_times_out_after_commit(remedy_server, remedy):
    remedy_server.fail(Fault.SLOW, retry_after=0.0, match=CREATION)  # the question whether it is ordered
    remedy_server.fail(Fault.COMMIT_THEN_TIMEOUT, match=CREATION)
    with pytest.raises(OutcomeUnknown, match="did not answer properly"):
        await remedy.create(draft_of())

    ticket = await remedy.create(draft_of())

    (row,) = with_key(remedy_server, "request-1")
    assert row["number"] == ticket.number


@pytest.mark.row("N6")
async def test_an_order_that_has_not_appeared_yet_is_waited_for_and_not_given_twice(remedy_server, remedy):
    remedy_server.system.configure({"create_lag_s": 2.5})
    with pytest.raises(OutcomeUnknown, match="does not show a ticket with our key yet"):
        await remedy.create(draft_of())
    with pytest.raises(NotSent, match=r"has taken the order for CRQ\d+"):
        await remedy.create(draft_of())
    await asyncio.sleep(1.5)

    ticket = await remedy.create(draft_of())

    (row,) = with_key(remedy_server, "request-1")
    assert row["number"] == ticket.number


async def test_a_ticket_that_appears_a_moment_later_is_seen_by_the_same_call(remedy_server, remedy):
    remedy_server.system.configure({"create_lag_s": 0.3})

    ticket = await remedy.create(draft_of())

    assert with_key(remedy_server, "request-1")[0]["number"] == ticket.number


@pytest.mark.row("N6")
@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.SLOW])
async def test_a_whole_life_survives_every_fault_with_each_step_and_note_once(remedy_server, remedy, fault):
    ticket = await remedy.create(draft_of())
    for number, target in enumerate(EVERY_STATE):
        remedy_server.fail(fault, 2, retry_after=0)
        step = TicketPatch(key=f"event-{number}", target=target, note=f"now {target.value}", by="Ann Lee")
        await until_done(lambda step=step: remedy.update(ticket, step))

    (row,) = with_key(remedy_server, "request-1")
    assert met(remedy_server) == 2 * len(EVERY_STATE)
    statuses = [
        one["fields"]["Change Request Status"][1] for one in row["history"] if "Change Request Status" in one["fields"]
    ]
    assert statuses == [
        "Draft", "Request For Authorization", "Planning In Progress", "Scheduled For Approval", "Scheduled",
        "Implementation In Progress", "Completed", "Closed",
    ]  # fmt: skip
    assert [one["text"] for one in row["worklog"]] == [f"now {target.value}" for target in EVERY_STATE]


@pytest.mark.row("N6")
async def test_a_write_lost_after_each_single_call_is_never_repeated(remedy_server, remedy):
    ticket = await remedy.create(draft_of())
    step = patch(TicketState.APPROVED, note="approved", by="Ann Lee")
    for path in ("CHG:WorkLog", READ, "AP:Detail-Signature"):
        remedy_server.fail(Fault.SLOW, retry_after=0.0, match=path)
        remedy_server.fail(Fault.COMMIT_THEN_TIMEOUT, match=path)

    moved = await until_done(lambda: remedy.update(ticket, step))

    (row,) = with_key(remedy_server, "request-1")
    assert (moved.state, len(row["worklog"])) == (TicketState.APPROVED, 1)
    assert [one["status"] for one in row["approvals"]].count("Approved") == 2
    assert met(remedy_server) == 6


async def test_the_time_to_wait_is_the_gateways_own(remedy_server, remedy):
    remedy_server.fail(Fault.RATE_LIMITED, retry_after=17, match=READ)

    with pytest.raises(Throttled) as throttled:
        await remedy.find_by_key(TicketKind.CHANGE, "k")
    assert throttled.value.retry_after_s == 17.0


async def test_a_server_without_a_free_licence_is_asked_again_later(remedy_server, remedy):
    remedy_server.system.configure({"floating_licences": 0})

    with pytest.raises(NotSent, match="no session or licence free"):
        await remedy.create(draft_of())


@pytest.mark.parametrize("fault", [Fault.BAD_JSON, Fault.TIMEOUT, Fault.DOWN, Fault.SERVER_ERROR])
async def test_a_sign_in_that_fails_changes_nothing(remedy_server, remedy, fault):
    remedy_server.fail(fault, match="/api/jwt/login")

    with pytest.raises(NotSent):
        await remedy.create(draft_of())
    await remedy.create(draft_of())
    assert len(with_key(remedy_server, "request-1")) == 1


async def test_what_a_rule_refuses_is_refused_although_it_answers_500(remedy_server):
    remedy_server.system.configure({"note_before_errors": True})
    remedy = connect(settings_of(remedy_server, first_name="Nobody"))

    with pytest.raises(Refused, match="The person does not exist in the People form"):
        await remedy.create(draft_of().__class__("k", TicketKind.CHANGE, "s", "d", ""))
    await remedy.close()


async def test_a_key_that_the_field_cannot_hold_is_refused(remedy):
    with pytest.raises(Refused, match="exceeds maximum size") as refused:
        await remedy.create(draft_of("k" * 90))
    assert refused.value.field == "Vendor Ticket Number"


async def test_more_calls_than_the_server_may_see_wait_for_their_turn(remedy_server):
    remedy = connect(settings_of(remedy_server, max_concurrent_calls=1, total_timeout_s=0.5, read_timeout_s=5.0))
    await remedy.find_by_key(TicketKind.CHANGE, "k")
    remedy_server.fail(Fault.TIMEOUT, 3, match=READ)  # whoever has a moment left when its turn comes hangs too

    answers = await asyncio.gather(
        *(remedy.find_by_key(TicketKind.CHANGE, "k") for _ in range(3)), return_exceptions=True
    )

    assert {type(one) for one in answers} == {NotSent}
    assert any("was not made" in str(one) for one in answers)
    await remedy.close()


async def test_a_closed_connection_sends_nothing(remedy_server):
    remedy = connect(settings_of(remedy_server))
    await remedy.close()

    with pytest.raises(NotSent, match="is closed"):
        await remedy.find_by_key(TicketKind.CHANGE, "k")


@pytest.mark.parametrize(("fault", "kind"), [(Fault.TIMEOUT, NotSent), (Fault.RATE_LIMITED, Throttled)])
async def test_whoever_waited_for_a_sign_in_that_failed_fails_with_it(remedy_server, remedy, fault, kind):
    remedy_server.fail(fault, match="/api/jwt/login")

    failed = await asyncio.gather(
        *(remedy.find_by_key(TicketKind.CHANGE, "k") for _ in range(5)), return_exceptions=True
    )

    assert {type(one) for one in failed} == {kind}
    assert met(remedy_server) == 1
    assert await remedy.find_by_key(TicketKind.CHANGE, "k") is None
