"""Group commit on a real database: what shares a transaction, what does not, and what happens when one goes wrong."""

from __future__ import annotations

import asyncio
import socket

import pytest

from core.audit import record
from core.db import Batches, Database
from core.errors import InvalidInput, Unavailable
from core.ids import TenantId
from core.tenants import TenantPolicy
from tests.factories import found_company

AT_ONCE = 40


class Work:
    """Records each question; holds its first batch back until it may go on."""

    def __init__(self, actor, *, held=()):
        self.actor = actor
        self.batches = []
        self.held = {tenant: asyncio.Event() for tenant in held}
        self.begun = {tenant: asyncio.Event() for tenant in held}

    async def __call__(self, tx, questions):
        self.batches.append((tx.tenant, list(questions)))
        if tx.tenant in self.held:
            self.begun[tx.tenant].set()
            await self.held[tx.tenant].wait()
        for question in questions:
            await record(tx, self.actor, action="test.asked", resource=question)
            if question.startswith("poison"):
                raise InvalidInput(f"{question} cannot be read.")
        return [question.upper() for question in questions]


async def asked(company):
    return sorted(entry["resource"] for entry in await company.trail(action="test.asked"))


@pytest.fixture
async def northwind(database, clock):
    return await found_company(database, clock, TenantPolicy(tenant_id="northwind"))


@pytest.fixture
def actor(company):
    return company.actor("agent_developer")


async def test_what_is_asked_while_a_batch_commits_is_answered_together_by_the_next(company, actor):
    work = Work(actor, held=[company.tenant])
    batches = Batches(company.database, work)
    first = asyncio.create_task(batches.ask(company.tenant, "q0"))
    await work.begun[company.tenant].wait()
    others = [asyncio.create_task(batches.ask(company.tenant, f"q{number}")) for number in range(1, AT_ONCE)]
    await asyncio.sleep(0)
    work.held[company.tenant].set()
    assert await asyncio.gather(first, *others) == [f"Q{number}" for number in range(AT_ONCE)]
    assert [len(questions) for _tenant, questions in work.batches] == [1, AT_ONCE - 1]
    assert len(await asked(company)) == AT_ONCE


async def test_an_answer_is_told_only_once_it_is_committed(company, actor):
    batches = Batches(company.database, Work(actor))
    for number in range(5):
        await batches.ask(company.tenant, f"q{number}")
        assert len(await asked(company)) == number + 1  # read in another transaction


async def test_a_question_that_fails_its_batch_fails_alone_and_leaves_nothing(company, actor):
    batches = Batches(company.database, Work(actor))
    questions = ["q1", "poison-1", "q2", "poison-2", "q3"]
    answers = await asyncio.gather(*(batches.ask(company.tenant, each) for each in questions), return_exceptions=True)
    assert [answers[0], answers[2], answers[4]] == ["Q1", "Q2", "Q3"]
    assert [(type(each), each.message) for each in (answers[1], answers[3])] == [
        (InvalidInput, "poison-1 cannot be read."),
        (InvalidInput, "poison-2 cannot be read."),
    ]
    assert await asked(company) == ["q1", "q2", "q3"]


async def test_who_is_cancelled_disturbs_nobody_and_is_not_asked_for_any_more(company, actor):
    work = Work(actor, held=[company.tenant])
    batches = Batches(company.database, work)
    begun = asyncio.create_task(batches.ask(company.tenant, "begun"))
    await work.begun[company.tenant].wait()
    waiting = [asyncio.create_task(batches.ask(company.tenant, name)) for name in ("gone", "stays")]
    await asyncio.sleep(0)
    begun.cancel()
    waiting[0].cancel()
    await asyncio.sleep(0)
    work.held[company.tenant].set()
    assert await waiting[1] == "STAYS"
    await batches.close()
    assert await asked(company) == ["begun", "stays"]  # a batch under way is finished, whoever still waits


@pytest.mark.row("T4")
async def test_a_tenant_whose_batch_is_held_up_holds_up_no_other_tenant(company, northwind, actor):
    work = Work(actor, held=[company.tenant])
    batches = Batches(company.database, work)
    stuck = asyncio.create_task(batches.ask(company.tenant, "stuck"))
    await work.begun[company.tenant].wait()
    assert await asyncio.wait_for(batches.ask(northwind.tenant, "elsewhere"), 5) == "ELSEWHERE"
    assert not stuck.done()
    work.held[company.tenant].set()
    assert await stuck == "STUCK"


@pytest.mark.row("X9")
async def test_without_the_database_everybody_who_waits_is_told(clock):
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        port = nobody_listens.getsockname()[1]
        database = Database(f"postgresql://somebody:secret@127.0.0.1:{port}/gone", clock=clock)
        batches = Batches(database, no_writes)
        answers = await asyncio.gather(
            *(batches.ask(TenantId("enterprise-corp"), str(number)) for number in range(5)), return_exceptions=True
        )
        await database.close()
    assert [type(each) for each in answers] == [Unavailable] * 5


async def no_writes(_tx, questions):
    return list(questions)


async def test_another_lane_opens_once_more_waits_than_one_batch_takes(company):
    both, sizes = asyncio.Barrier(2), []

    async def work(_tx, questions):
        sizes.append(len(questions))
        if len(sizes) <= 2:
            await asyncio.wait_for(both.wait(), 10)  # each goes on once the other is open too
        return questions

    batches = Batches(company.database, work, weight_max=10, lanes=2)
    assert await asyncio.gather(*(batches.ask(company.tenant, number) for number in range(25))) == list(range(25))
    assert sizes == [10, 10, 5]
    await batches.close()


async def test_what_one_batch_takes_is_answered_together_however_many_lanes_there_are(company, actor):
    work = Work(actor)
    batches = Batches(company.database, work, weight_max=10, lanes=2)
    await asyncio.gather(*(batches.ask(company.tenant, f"q{number}") for number in range(10)))
    assert [len(questions) for _tenant, questions in work.batches] == [10]
    await batches.close()
