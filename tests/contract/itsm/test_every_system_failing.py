"""What every ticket connector makes of a system that fails: one of four failures, and never a doubled effect."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable

import pytest

from connectors.itsm.base import (
    ConnectorError,
    Health,
    NotSent,
    OutcomeUnknown,
    Refused,
    Throttled,
    TicketKind,
    TicketState,
)
from sandbox.faults import Fault
from tests.contract.itsm.bench import EVERY_STATE, patch, told, until_done
from tests.contract.itsm.systems import IN_THREADS

FAULTS_AS = [  # fault, what it is when reading, what it is when writing
    (Fault.RATE_LIMITED, Throttled, Throttled),
    (Fault.SERVER_ERROR, NotSent, OutcomeUnknown),
    (Fault.TIMEOUT, NotSent, OutcomeUnknown),
    (Fault.COMMIT_THEN_TIMEOUT, NotSent, OutcomeUnknown),
    (Fault.DOWN, NotSent, OutcomeUnknown),
    (Fault.BAD_JSON, NotSent, OutcomeUnknown),
]

pytestmark = pytest.mark.row("N1", "N2", "N4", "N6")


@pytest.mark.parametrize(("fault", "when_reading", "when_writing"), FAULTS_AS)
async def test_each_fault_is_one_failure(bench, impatient, draft, fault, when_reading, when_writing):
    bench.fail(fault, match=bench.look)
    with pytest.raises(ConnectorError) as reading:
        await impatient.find_by_key(TicketKind.CHANGE, draft.key)
    bench.fail(fault, match=bench.creation)
    with pytest.raises(ConnectorError) as creating:
        await impatient.create(draft)
    ticket = await until_done(lambda: impatient.create(draft))
    bench.fail(fault, match=bench.look)
    with pytest.raises(ConnectorError) as polling:
        await impatient.changes_since(None)

    failures = [type(one.value) for one in (reading, creating, polling)]
    assert failures == [when_reading, when_writing, when_reading]
    assert bench.met() == 3
    assert bench.one(draft.key).id == ticket.external_id


@pytest.mark.parametrize("fault", list(Fault))
async def test_no_ticket_is_doubled_whatever_happens_to_its_creation(bench, impatient, draft, fault):
    bench.fail(fault, 2, match=bench.creation, retry_after=0.1)

    ticket = await until_done(lambda: impatient.create(draft))

    assert bench.one(draft.key).number == ticket.number


async def test_no_ticket_is_doubled_when_create_times_out_after_commit(bench, impatient, draft):
    bench.fail(Fault.COMMIT_THEN_TIMEOUT, match=bench.creation)
    with pytest.raises(OutcomeUnknown):
        await impatient.create(draft)

    ticket = await impatient.create(draft)

    assert bench.one(draft.key).id == ticket.external_id


@pytest.mark.parametrize("fault", list(Fault))
async def test_no_note_is_doubled_whatever_happens_to_it(bench, connected, impatient, draft, fault):
    ticket = await connected.create(draft)
    bench.fail(fault, 2, match=bench.noting, retry_after=0.1)

    await until_done(lambda: impatient.comment(ticket, "Once.", key="event-1"))

    assert bench.met() >= 1
    assert bench.one(draft.key).notes == ("Once.",)


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.SLOW])
async def test_a_whole_life_survives_every_fault_with_each_step_and_note_once(
    bench, connected, impatient, draft, fault
):
    ticket = await connected.create(draft)
    for target in EVERY_STATE:
        bench.fail(fault, 2, retry_after=0)
        step = patch(target, target.value, note=f"now {target.value}", by="Ann Lee")
        await until_done(lambda step=step: impatient.update(ticket, step))

    record = bench.one(draft.key)
    assert bench.met() == 2 * len(EVERY_STATE)
    assert record.walked == bench.walked
    assert record.notes == tuple(f"now {target.value}" for target in EVERY_STATE)


async def test_a_write_lost_after_each_single_call_is_never_repeated(bench, connected, impatient, draft):
    ticket = await connected.create(draft)
    for path in bench.writes:
        bench.fail(Fault.COMMIT_THEN_TIMEOUT, 2, match=path)

    step = patch(TicketState.APPROVED, note="approved", by="Ann Lee")
    moved = await until_done(lambda: impatient.update(ticket, step))

    record = bench.one(draft.key)
    assert moved.state is TicketState.APPROVED
    assert bench.met() > len(bench.writes)
    assert record.walked == bench.walked[: len(record.walked)]
    assert record.notes.count("approved") == 1


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.SLOW])
async def test_no_change_is_missed_or_told_twice_whatever_happens_to_the_question(
    bench, connected, impatient, draft, fault
):
    ticket = await connected.create(draft)
    _, cursor = await told(connected, None)
    await bench.cancel(ticket)
    bench.fail(fault, 2, retry_after=0)

    changes, cursor = await until_done(lambda: told(impatient, cursor))

    assert [change.ticket.state for change in changes] == [TicketState.CANCELLED]
    assert await told(connected, cursor) == ([], cursor)


async def test_a_slow_answer_within_the_time_out_is_waited_for(bench, impatient, draft):
    bench.fail(Fault.SLOW, retry_after=0.2, match=bench.creation)

    ticket = await impatient.create(draft)

    assert bench.one(draft.key).number == ticket.number


async def test_the_time_to_wait_is_the_systems_own(bench, connected, draft):
    bench.fail(Fault.RATE_LIMITED, retry_after=17)

    with pytest.raises(Throttled, match="limits how often") as throttled:
        await connected.create(draft)
    assert throttled.value.retry_after_s == 17.0


async def test_an_address_where_nobody_listens_is_not_sent(bench, draft):
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))
        absent = bench.connect(url=f"http://127.0.0.1:{reserved.getsockname()[1]}")
        with pytest.raises(NotSent, match="cannot be reached"):
            await absent.create(draft)
        (finding,) = (await absent.check()).findings
        await absent.close()
    assert finding.health is Health.FAILED


async def test_a_redirect_to_a_sign_in_page_is_refused_and_not_followed(bench, draft):
    async def sign_in_page(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: https://sso.example/login\r\nContent-Length: 0\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(sign_in_page, "127.0.0.1", 0) as server:
        moved = bench.connect(url=f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
        with pytest.raises(Refused, match=r"redirects API calls to sso\.example:") as refused:
            await moved.create(draft)
        await moved.close()
    assert refused.value.field == "url"


async def test_an_answer_that_trickles_in_ends_with_the_total_time_out(bench):
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
        slow = bench.connect(url=f"http://127.0.0.1:{port}", total_timeout_s=0.4, read_timeout_s=0.3)
        with pytest.raises(NotSent, match=r"no complete answer within 0\.4 s"):
            await slow.find_by_key(TicketKind.CHANGE, "any")
        gave_up.set()
        await asyncio.wait_for(ended.wait(), 5.0)
        await slow.close()


@pytest.mark.parametrize("bench", IN_THREADS, indirect=True)
async def test_a_call_that_waited_too_long_for_its_turn_was_not_sent(bench, draft):
    narrow = bench.connect(max_concurrent_calls=1, total_timeout_s=0.5, read_timeout_s=2.0)
    bench.fail(Fault.SLOW, retry_after=1.0)
    first = asyncio.create_task(narrow.find_by_key(TicketKind.CHANGE, "any"))
    await until(lambda: bench.met() == 1)

    with pytest.raises(NotSent, match=r"waited 0\.5 s for its turn"):
        await narrow.create(draft)
    with pytest.raises(NotSent):
        await first
    await narrow.close()
    assert bench.with_key(draft.key) == []


async def test_wrong_credentials_are_refused_and_named(bench, draft):
    wrong = bench.wrong()
    field, next_step = bench.credentials

    with pytest.raises(Refused, match="does not accept the credentials") as refused:
        await wrong.create(draft)
    (finding,) = (await wrong.check()).findings
    await wrong.close()

    assert refused.value.field == field
    assert (finding.subject, finding.health) == ("Address and credentials", Health.FAILED)
    assert finding.next_step.startswith(next_step)


async def until(condition: Callable[[], bool], *, within_s: float = 5.0) -> None:
    async with asyncio.timeout(within_s):
        while not condition():  # noqa: ASYNC110 - the simulator counts, it does not signal
            await asyncio.sleep(0.01)
