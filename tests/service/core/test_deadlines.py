"""Reminders, time-outs and escalation: rows that survive every process and are handled once (P3, P6)."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from core.approvals import get_request
from core.approvals.errors import AlreadyDecided
from core.deadlines import DeadlineRunner, clear, set_deadline
from core.errors import Unavailable
from core.ids import TenantId, uuid7
from core.tenants import TenantPolicy
from tests.factories import START, agent, ask, found_company, policies, vote
from tests.service.conftest import DEADLINES

HOUR = timedelta(hours=1)
ONE_STAGE = policies(
    "Agent Creation Approval:\n"
    "  stages:\n"
    "    - {stage: review, approvers: [security_analyst], criteria: [], timeout: 8 hours, reminder: 2 hours}\n"
)


async def opened(company, catalogue, name="invoice-reader"):
    return (await ask(company, catalogue, resource=agent(name))).request_id


async def seen(company, request_id):
    return await get_request(company.database, company.actor("agent_developer"), request_id)


async def deadlines(company):
    async with company.database.tenant(company.tenant) as tx:
        rows = await tx.connection.execute(
            text("SELECT kind, part, due_at - :s, attempts FROM deadlines ORDER BY 3, 1"), {"s": START}
        )
        return [tuple(row) for row in rows if row.kind.startswith(("approvals", "test"))]


def emails(company, *people):
    return sorted(company.people[who].email for who in people)


@pytest.mark.row("P3")
async def test_a_stage_is_due_and_reminded_as_its_policy_says(company, catalogue):
    request_id = await opened(company, catalogue)
    assert await deadlines(company) == [
        ("approvals.reminder", "technical_review", 18 * HOUR, 0),
        ("approvals.timeout", "technical_review", 24 * HOUR, 0),
    ]
    company.advance(hours=1)
    await vote(company, request_id, "meta_agent_manager")
    assert await deadlines(company) == [  # the next stage's alone: 48 hours from its opening
        ("approvals.reminder", "security_review", 37 * HOUR, 0),
        ("approvals.timeout", "security_review", 49 * HOUR, 0),
    ]


@pytest.mark.row("P3")
async def test_those_who_have_not_voted_are_reminded_once_and_not_a_moment_too_soon(company, runner):
    await opened(company, ONE_STAGE)
    company.advance(hours=5, minutes=59, seconds=59)
    assert await runner.run_due() == 0
    company.advance(seconds=1)
    assert await runner.run_due() == 1
    assert await runner.run_due() == 0
    (reminded,) = await company.trail(action="request.reminded")
    assert reminded["details"]["people"] == [str(company.people["security_analyst"].id)]
    assert (reminded["user_id"], reminded["timestamp"]) == ("system", "2026-03-02T15:00:00.000000Z")


@pytest.mark.row("P6", "P3")
async def test_a_silent_stage_is_escalated_to_the_top_and_then_the_request_expires(company, runner):
    request_id = await opened(company, ONE_STAGE)
    ladder = ["security_manager", "tenant_administrator", "enterprise_administrator"]
    asked, roles = ["security_analyst"], ["security_analyst"]
    for level, role in enumerate(ladder, start=1):
        company.advance(hours=8)
        await runner.run_due()
        asked, roles = [*asked, role], [*roles, role]
        request = await seen(company, request_id)
        (stage,) = request.stages
        assert (request.status, stage.status, stage.escalation_level) == ("pending", "open", level)
        assert stage.due_at == START + (level + 1) * 8 * HOUR
        assert stage.approver_roles == tuple(roles)
        assert sorted(person.email for person in stage.approvers) == emails(company, *asked)
    company.advance(hours=8)
    await runner.run_due()
    request = await seen(company, request_id)
    assert (request.status, request.stages[0].status, request.decided_at) == ("expired", "skipped", company.clock.now())
    assert await deadlines(company) == []
    assert [entry["details"]["to_role"] for entry in await company.trail(action="request.escalated")] == ladder
    assert len(await company.trail(action="request.expired")) == 1
    with pytest.raises(AlreadyDecided, match="This request is expired already") as told:
        await vote(company, request_id, "security_analyst")
    assert (told.value.by, told.value.at) == (None, None)


@pytest.mark.row("P6")
async def test_both_who_was_asked_first_and_who_was_asked_later_may_decide_an_escalated_stage(company, runner):
    for who in ("security_analyst", "security_manager"):
        request_id = await opened(company, ONE_STAGE, f"bot-of-{who}")
        company.advance(hours=8)
        await runner.run_due()
        assert (await vote(company, request_id, who)).status == "approved"


@pytest.mark.row("P3")
async def test_a_decided_stage_is_neither_reminded_nor_escalated(company, runner):
    request_id = await opened(company, ONE_STAGE)
    await vote(company, request_id, "security_analyst")
    company.advance(days=29)
    assert await runner.run_due() == 0
    assert (await seen(company, request_id)).status == "approved"


@pytest.mark.row("P9")
async def test_an_approval_that_nobody_uses_within_thirty_days_is_over(company, runner):
    request_id = await opened(company, ONE_STAGE)
    await vote(company, request_id, "security_analyst")
    company.advance(days=30)
    assert await runner.run_due() == 1
    assert (await seen(company, request_id)).status == "expired"
    (recorded,) = await company.trail(action="request.expired")
    assert recorded["details"]["note"] == "Nobody used the approval within 30 days."
    assert (await ask(company, ONE_STAGE)).decision == "pending"  # it has to be asked for anew


@pytest.mark.row("P3")
async def test_what_fell_due_while_nobody_ran_is_handled_by_the_next_process(company, other_replica):
    request_id = await opened(company, ONE_STAGE)
    company.advance(hours=9)
    assert await DeadlineRunner(other_replica, DEADLINES).run_due() == 2  # reminder, then time-out
    request = await seen(company, request_id)
    assert request.stages[0].escalation_level == 1
    assert request.stages[0].due_at == company.clock.now() + 8 * HOUR  # from when they were asked


@pytest.mark.row("P3")
async def test_two_replicas_at_once_handle_each_deadline_once(company, other_replica):
    company_b = await found_company(company.database, company.clock, TenantPolicy(tenant_id="northwind"))
    for each in (company, company_b):
        await opened(each, ONE_STAGE)
    company.advance(hours=8)
    runners = [DeadlineRunner(database, DEADLINES) for database in (company.database, other_replica) * 3]
    assert sum(await asyncio.gather(*(runner.run_due() for runner in runners))) == 4
    for each in (company, company_b):
        assert len(await each.trail(action="request.reminded")) == 1
        assert len(await each.trail(action="request.escalated")) == 1


@pytest.mark.row("P3")
async def test_a_vote_and_the_time_out_at_once_do_not_block_each_other(company, other_replica):
    for number in range(6):
        request_id = await opened(company, ONE_STAGE, f"bot-{number}")
        company.advance(hours=8)
        runner = DeadlineRunner(other_replica, DEADLINES)
        await asyncio.gather(vote(company, request_id, "security_analyst"), runner.run_due())
        assert (await seen(company, request_id)).status == "approved"
        assert [kind for kind, *_rest in await deadlines(company)] == ["approvals.unused"] * (number + 1)


class Handler:
    """Does what it is told and counts how often."""

    def __init__(self, failures=0, error=ValueError("the row is odd")):
        self.calls, self.failures, self.error = 0, failures, error

    async def __call__(self, tx, due):
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error


async def set_one(company, kind="test.one", **after):
    async with company.database.tenant(company.tenant) as tx:
        subject = uuid7()
        await set_deadline(tx, subject, kind, tx.now + timedelta(**after))
        return subject


@pytest.mark.row("P3", "N6")
async def test_a_failing_deadline_backs_off_and_is_never_dropped(company):
    handler = Handler(failures=3)
    runner = DeadlineRunner(company.database, {"test.one": handler})
    await set_one(company, minutes=1)
    company.advance(minutes=1)
    waited = timedelta(minutes=1)
    for attempts, pause_s in enumerate((5, 10, 20), start=1):
        assert await runner.run_due() == 0
        waited += timedelta(seconds=pause_s)
        assert await deadlines(company) == [("test.one", "", waited, attempts)]
        company.advance(seconds=pause_s - 1)
        assert await runner.run_due() == 0
        assert handler.calls == attempts
        company.advance(seconds=1)
    assert await runner.run_due() == 1
    assert (handler.calls, await deadlines(company)) == (4, [])


@pytest.mark.row("P3", "T4")
async def test_a_failing_deadline_does_not_hold_up_the_others(company):
    broken, sound = Handler(failures=100), Handler()
    runner = DeadlineRunner(company.database, {"test.broken": broken, "test.sound": sound})
    for _ in range(3):
        await set_one(company, "test.broken", minutes=1)
        await set_one(company, "test.sound", minutes=1, seconds=1)
    company.advance(minutes=2)
    assert await runner.run_due() == 3
    assert (broken.calls, sound.calls) == (3, 3)


async def test_a_deadline_that_was_set_anew_by_its_own_handler_stays(company):
    async def again(tx, due):
        await set_deadline(tx, due.subject, due.kind, tx.now + HOUR)

    runner = DeadlineRunner(company.database, {"test.one": again})
    await set_one(company, minutes=1)
    for hour in range(3):
        company.advance(hours=1, minutes=1)
        assert await runner.run_due() == 1
        assert await deadlines(company) == [("test.one", "", (hour + 2) * HOUR + (hour + 1) * timedelta(minutes=1), 0)]


async def test_a_cleared_deadline_does_nothing_and_a_later_one_replaces_an_earlier(company):
    handler = Handler()
    runner = DeadlineRunner(company.database, {"test.one": handler})
    gone, moved = await set_one(company, minutes=1), await set_one(company, minutes=1)
    async with company.database.tenant(company.tenant) as tx:
        await clear(tx, gone)
        await set_deadline(tx, moved, "test.one", tx.now + HOUR)
    company.advance(minutes=30)
    assert await runner.run_due() == 0
    company.advance(minutes=30)
    assert (await runner.run_due(), handler.calls) == (1, 1)


@pytest.mark.row("P3", "X9")
async def test_while_the_database_is_away_nothing_is_lost_or_put_off(company):
    handler = Handler(failures=1, error=Unavailable())
    runner = DeadlineRunner(company.database, {"test.one": handler})
    await set_one(company, minutes=1)
    company.advance(minutes=1)
    assert await runner.run_due() == 0
    assert await deadlines(company) == [("test.one", "", timedelta(minutes=1), 0)]
    assert await runner.run_due() == 1


@pytest.mark.row("P3")
async def test_a_replica_does_not_spin_while_another_works_on_the_only_deadline(company, other_replica):
    """It looks once, sees that there is nothing for it to do, and leaves."""
    entered, may_end = asyncio.Event(), asyncio.Event()

    async def slow(tx, due):
        entered.set()
        await may_end.wait()

    await set_one(company, minutes=1)
    company.advance(minutes=1)
    working = asyncio.create_task(DeadlineRunner(company.database, {"test.one": slow}).run_due())
    await entered.wait()
    async with asyncio.timeout(5):
        assert await DeadlineRunner(other_replica, {"test.one": slow}).run_due() == 0
    may_end.set()
    assert await working == 1


@pytest.mark.row("P3")
async def test_a_started_runner_handles_what_is_due_when_it_is_woken(company):
    done = asyncio.Event()

    async def handler(tx, due):
        assert due.tenant == TenantId("enterprise-corp")
        done.set()

    runner = DeadlineRunner(company.database, {"test.one": handler})
    runner.start()
    assert runner.is_running
    await set_one(company, minutes=1)
    company.advance(minutes=1)
    await runner.wake()
    assert done.is_set()
    await runner.stop()
    assert not runner.is_running
