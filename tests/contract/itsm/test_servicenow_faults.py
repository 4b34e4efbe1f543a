"""What the connector makes of an instance that fails: always one of four failures, and never a doubled effect."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from connectors.itsm.base import (
    ConnectorError,
    Health,
    NotSent,
    OutcomeUnknown,
    Refused,
    Throttled,
    TicketKind,
    TicketPatch,
    TicketState,
)
from connectors.itsm.servicenow import ServiceNow, connect
from sandbox.faults import Fault

CREATION = "/change/normal"
READ = "/table/change_request"
EVERY_STATE = (
    TicketState.IN_APPROVAL,
    TicketState.APPROVED,
    TicketState.IMPLEMENTING,
    TicketState.IMPLEMENTED,
    TicketState.CLOSED,
)


@pytest.fixture
async def servicenow(instance) -> AsyncIterator[ServiceNow]:
    connector = connect(instance.settings(read_timeout_s=0.5))
    yield connector
    await connector.close()


async def until_done(work: Any, *, attempts: int = 40) -> Any:
    """What the dispatcher does, without its waiting: the same call again until it succeeds."""
    for _ in range(attempts):
        try:
            return await work()
        except (NotSent, Throttled, OutcomeUnknown):
            continue
    pytest.fail(f"not done after {attempts} attempts")


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
async def test_each_fault_is_one_failure(instance, servicenow, draft, fault, when_reading, when_writing):
    instance.fail(fault, match=READ)
    with pytest.raises(ConnectorError) as reading:
        await servicenow.find_by_key(TicketKind.CHANGE, draft.key)
    instance.fail(fault, match=CREATION)
    with pytest.raises(ConnectorError) as writing:
        await servicenow.create(draft)

    assert (type(reading.value), type(writing.value)) == (when_reading, when_writing)
    assert instance.met() == 2


@pytest.mark.parametrize("fault", list(Fault))
async def test_no_ticket_is_doubled_whatever_happens_to_its_creation(instance, servicenow, draft, fault):
    instance.fail(fault, 2, match=CREATION, retry_after=0.1)

    ticket = await until_done(lambda: servicenow.create(draft))

    assert instance.one(draft.key)["number"] == ticket.number


async def test_no_ticket_is_doubled_when_create_times_out_after_commit(instance, servicenow, draft):
    instance.fail(Fault.COMMIT_THEN_TIMEOUT, match=CREATION)
    with pytest.raises(OutcomeUnknown, match="did not answer properly"):
        await servicenow.create(draft)

    ticket = await servicenow.create(draft)

    assert instance.one(draft.key)["sys_id"] == ticket.external_id


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.SLOW])
async def test_a_whole_life_survives_every_fault_with_each_step_and_note_once(instance, servicenow, draft, fault):
    ticket = await servicenow.create(draft)
    for number, target in enumerate(EVERY_STATE):
        instance.fail(fault, 2, retry_after=0)
        step = TicketPatch(key=f"event-{number}", target=target, note=f"now {target.value}", by="Ann Lee")
        await until_done(lambda step=step: servicenow.update(ticket, step))

    row = instance.one(draft.key)
    assert instance.met() == 2 * len(EVERY_STATE)
    states = [change["fields"]["state"][1] for change in row["history"] if "state" in change["fields"]]
    assert states == ["-5", "-4", "-3", "-2", "-1", "0", "3"]
    ours = [entry["value"].splitlines()[0] for entry in row["journal"] if entry["element"] == "work_notes"]
    assert ours == [f"now {target.value}" for target in EVERY_STATE]


async def test_a_write_lost_after_each_single_call_is_never_repeated(instance, servicenow, draft):
    ticket = await servicenow.create(draft)
    step = TicketPatch(key="event-1", target=TicketState.APPROVED, note="approved", by="Ann Lee")
    for path in ("/table/change_request", "/sn_chg_rest/change", "/table/sysapproval_approver"):
        instance.fail(Fault.COMMIT_THEN_TIMEOUT, match=path)

    moved = await until_done(lambda: servicenow.update(ticket, step))

    row = instance.one(draft.key)
    assert moved.state is TicketState.APPROVED
    assert sum(entry["element"] == "work_notes" for entry in row["journal"]) == 1
    approvals = instance.records("sysapproval_approver")
    assert [one["state"] for one in approvals].count("approved") == 2


async def test_a_slow_answer_within_the_time_out_is_waited_for(instance, servicenow, draft):
    instance.fail(Fault.SLOW, retry_after=0.2, match=CREATION)

    ticket = await servicenow.create(draft)

    assert instance.one(draft.key)["number"] == ticket.number


async def test_the_time_to_wait_is_the_instances_own(instance, servicenow, draft):
    instance.fail(Fault.RATE_LIMITED, retry_after=17)

    with pytest.raises(Throttled, match="limits how often") as throttled:
        await servicenow.create(draft)
    assert throttled.value.retry_after_s == 17.0


async def test_an_hourly_rule_is_respected_until_the_hour_ends(instance, servicenow, draft):
    instance.system.configure({"rate_limit": 0})

    with pytest.raises(Throttled, match="Rate limit of 0 requests per hour") as throttled:
        await servicenow.create(draft)
    assert 1 <= throttled.value.retry_after_s <= 3600


async def test_wrong_credentials_are_refused_and_named(instance, draft):
    wrong = connect(instance.settings(password=SecretStr("wrong")))

    with pytest.raises(Refused, match="does not accept the credentials: User Not Authenticated") as refused:
        await wrong.create(draft)
    await wrong.close()
    assert refused.value.field == "password"


async def test_a_hibernating_instance_is_neither_believed_nor_given_up(instance, servicenow, draft):
    instance.system.configure({"hibernating": True})
    with pytest.raises(NotSent, match="a page instead of data"):
        await servicenow.create(draft)
    (finding,) = (await servicenow.check()).findings
    assert (finding.health, finding.next_step) == (Health.FAILED, "Check the address, and that the instance is awake.")

    instance.system.configure({"hibernating": False})
    assert (await servicenow.create(draft)).label == "New"


async def test_an_address_where_nobody_listens_is_not_sent(instance, draft):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        absent = connect(instance.settings(url=f"http://127.0.0.1:{reserved.getsockname()[1]}"))
        with pytest.raises(NotSent, match="cannot be reached"):
            await absent.create(draft)
        await absent.close()


async def test_a_redirect_to_a_sign_in_page_is_refused_and_not_followed(instance, draft):
    async def sign_in_page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: https://sso.example/login\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(sign_in_page, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        moved = connect(instance.settings(url=f"http://127.0.0.1:{port}"))
        with pytest.raises(Refused, match=r"redirects API calls to sso\.example:") as refused:
            await moved.create(draft)
        await moved.close()
    assert refused.value.field == "url"


async def test_an_answer_that_trickles_in_ends_with_the_total_time_out(instance):
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not gave_up.is_set():
            writer.write(b" ")
            await writer.drain()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(gave_up.wait(), 0.05)
        writer.close()
        await writer.wait_closed()
        ended.set()

    gave_up, ended = asyncio.Event(), asyncio.Event()

    async with await asyncio.start_server(trickle, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        slow = connect(instance.settings(url=f"http://127.0.0.1:{port}", total_timeout_s=0.4, read_timeout_s=0.3))
        with pytest.raises(NotSent, match=r"no complete answer within 0\.4 s"):
            await slow.find_by_key(TicketKind.CHANGE, "any")
        gave_up.set()
        await asyncio.wait_for(ended.wait(), 5.0)
        await slow.close()


async def test_a_call_that_waited_too_long_for_its_turn_was_not_sent(instance, draft):
    narrow = connect(instance.settings(max_concurrent_calls=1, total_timeout_s=0.5, read_timeout_s=2.0))
    instance.fail(Fault.SLOW, retry_after=1.0)
    first = asyncio.create_task(narrow.find_by_key(TicketKind.CHANGE, "any"))
    await until(lambda: instance.met() == 1)

    with pytest.raises(NotSent, match=r"waited 0\.5 s for its turn"):
        await narrow.create(draft)
    with pytest.raises(NotSent):
        await first
    await narrow.close()
    assert instance.with_key(draft.key) == []


async def test_closing_leaves_no_thread(instance, draft):
    before = threading.active_count()
    connected = connect(instance.settings())
    await connected.create(draft)
    await connected.close()

    assert threading.active_count() <= before + 1  # asyncio's own default executor may have started one


async def until(condition: Any, *, within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the simulator counts, it does not signal
            await asyncio.sleep(0.01)
