"""How many statements service levels take does not depend on how many services there are (S7, S8)."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta

import pytest
from sqlalchemy import event

from core.sla import (
    Sample,
    Sampler,
    adopt_plan,
    draft_plan,
    finish_action,
    list_actions,
    list_credits,
    list_plans,
    list_services,
    service_report,
    standings,
    take_action,
)
from tests.service.core.test_sla_reports import TERMS

FEW, MORE = ("s0", "s1"), ("s2", "s3", "s4", "s5", "s6")


@contextmanager
def counting(database):
    """How many statements were sent, as the one item of a list that has it at the end."""
    sent: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        sent.append(statement)

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    count: list[int] = []
    try:
        yield count
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)
        count.append(len(sent))


async def standing(company):
    async with company.database.tenant(company.tenant) as tx:
        return await standings(tx, TERMS, limit=50)


def report(kind):
    async def write(company):
        return await service_report(company.database, TERMS, company.actor("agent_operator"), kind, period="2026-03")

    return write


def listed(use_case):
    return lambda company: use_case(company.database, TERMS, company.actor("agent_operator"))


async def live(company, services):
    """Each service is sampled for an hour, and has a plan under way with an action that is done."""
    database, operator, manager = company.database, company.actor("agent_operator"), company.actor("meta_agent_manager")
    now = company.clock.now()
    await Sampler(database).take(
        operator,
        [
            Sample(service, now - timedelta(minutes=minute), 3.0, success=minute > 3)
            for service in services
            for minute in range(60)
        ],
    )
    for service in services:
        plan = await draft_plan(database, TERMS, manager, service)
        await adopt_plan(database, TERMS, manager, plan.id)
        due, owner = now + timedelta(days=7), company.people["agent_operator"].email
        action = await take_action(database, TERMS, manager, plan.actions[0].id, owner=owner, due_at=due)
        await finish_action(database, TERMS, operator, action.id, state="done", evidence="Done.")


@pytest.mark.row("S7", "S8")
async def test_many_services_are_read_in_as_many_statements_as_few(company):
    asked = {
        "standings": standing,
        "services": listed(list_services),
        "credits": listed(lambda *of: list_credits(*of, period="2026-03")),
        "plans": listed(list_plans),
        "actions": listed(list_actions),
        **{kind: report(kind) for kind in ("violations", "trends", "customer")},
    }
    await live(company, FEW)
    counts = []
    for more in ((), MORE):
        await live(company, more)
        for ask in asked.values():
            await ask(company)  # what is remembered is remembered
        found = {}
        for name, ask in asked.items():
            with counting(company.database) as count:
                await ask(company)
            found[name] = count[0]
        counts.append(found)
    assert counts[0] == counts[1]
    assert [each.service for each in await standing(company)] == [*FEW, *MORE]


@pytest.mark.row("S8", "S9")
async def test_each_service_is_reported_with_its_own_figures(company):
    now, operator = company.clock.now(), company.actor("agent_operator")
    await Sampler(company.database).take(
        operator,
        [
            Sample(service, now - timedelta(minutes=minute), seconds, success=minute >= failing)
            for service, seconds, failing in (("a", 0.1, 0), ("b", 0.4, 6), ("c", 1.6, 30))
            for minute in range(60)
        ],
    )
    found = await standing(company)
    assert [(each.service, each.samples, each.failed, each.response_time_p95, each.is_exact) for each in found] == [
        ("a", 60, 0, 0.1, True), ("b", 60, 6, 0.4, True), ("c", 60, 30, 1.6, True),
    ]  # fmt: skip
    credited = await list_credits(company.database, TERMS, operator, period="2026-03")
    assert [(each.service, round(each.minutes_down)) for each in credited] == [
        ("a", 0), ("b", 5), ("c", 29),  # the minute that runs is not over
    ]  # fmt: skip
