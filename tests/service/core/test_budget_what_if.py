"""Who would have been stopped with another limit (X11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from core import budgets
from core.budgets import ControlIn, Proposal, count_charges
from core.budgets.errors import InvalidBudget
from core.costs import Usage, UsageWriter, load_rate_catalogue
from core.decisions import suppose_limit
from core.decisions.errors import InvalidQuestion
from core.money import Money
from tests.factories import ask, create_agent

RATES = Path(__file__).parents[3] / "config" / "costs"


@pytest.mark.row("X11")
async def test_another_limit_names_whom_it_would_have_stopped_and_whom_it_would_not(
    database, company, catalogue, budget_catalogue
):
    company.budgets = budget_catalogue
    manager = company.actor("tenant_administrator")
    await create_agent(company, catalogue, project="care")
    await create_agent(company, catalogue, name="elsewhere", project="other")
    controls = [ControlIn("stop", actions=["agent.deploy"])]
    said = Proposal(amount=Money(Decimal(10), "USD"), project="care", controls=controls)
    made = await budgets.create(database, budget_catalogue, manager, said)
    writer = UsageWriter(database, load_rate_catalogue(RATES), [count_charges])

    async def spend(id_, dollars):
        company.advance(minutes=10)
        now = database.clock.now()
        usage = Usage(id=id_, meter="cpu_hours", quantity=Decimal(dollars) * 10, at=now, project="care")
        await writer.record(manager, [usage])
        company.advance(minutes=10)
        return now

    async def deploy(name="invoice-reader"):
        resource = {"name": name}
        return (await ask(company, catalogue, "agent_operator", action="agent.deploy", resource=resource)).decision

    assert await deploy() == "allow"
    first = await spend("a", 4)
    assert [await deploy(), await deploy("elsewhere")] == ["allow", "allow"]
    second = await spend("b", 6)
    assert await deploy() == "deny"
    await spend("c", 5)

    lower = await suppose_limit(database, manager, made.id, limit=Decimal(4))
    assert first <= lower.reached_at <= first + timedelta(seconds=1)
    assert [(each.agent, each.by) for each in lower.stopped] == [
        ("invoice-reader", company.people["agent_operator"].email)
    ]
    assert (lower.beyond, lower.freed) == (Decimal(11), ())
    assert lower.people == {company.people["agent_operator"].email: 1}

    higher = await suppose_limit(database, manager, made.id, limit=Decimal(20))
    assert (higher.reached_at, higher.stopped, len(higher.freed)) == (None, (), 1)
    assert second <= higher.really_reached_at <= second + timedelta(seconds=1)
    same = await suppose_limit(database, manager, made.id, limit=Decimal(10))
    assert (same.stopped, same.freed) == ((), ())
    with pytest.raises(InvalidQuestion):
        await suppose_limit(database, manager, made.id, limit=Decimal(0))
    begins, ends = made.standing.window.starts_at, made.standing.window.ends_at
    assert (await suppose_limit(database, manager, made.id, at=begins)).budget.standing.window.starts_at == begins
    moment = timedelta(microseconds=1)
    for never in (datetime.min.replace(tzinfo=UTC), begins - moment, ends, datetime.max.replace(tzinfo=UTC)):
        with pytest.raises(InvalidBudget, match=f"its first is from {begins:%Y-%m-%dT%H:%M:%SZ}") as refused:
            await suppose_limit(database, manager, made.id, at=never)
        assert refused.value.where == "period"
    await writer.close()
