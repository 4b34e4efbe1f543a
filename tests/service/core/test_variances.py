"""Budgets against what was spent, explained to the last digit (C11)."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from core.budgets import Proposal as BudgetProposal
from core.budgets import create, load_budget_catalogue
from core.finance import Basis, budget_variances
from core.finance.errors import InvalidReport
from core.money import Money
from core.tenants import TenantPolicy, provision
from tests.cost_books import books, usage

__all__ = ["books"]  # a fixture
BUDGETS = Path(__file__).parents[3] / "config" / "budgets"
PRICES = {"cpu_hours": Decimal("0.10"), "agent_monitoring": Decimal("0.50"), "audit_logging": Decimal("0.01")}
READER = "audit_reviewer"


def cost(since, until, **about):
    chosen = (
        each
        for each in usage()
        if since <= each.at.date() < until and all(getattr(each, name) == value for name, value in about.items())
    )
    return sum((each.quantity * PRICES[each.meter] for each in chosen), Decimal(0))


@pytest.mark.row("C11")
async def test_a_month_is_explained_by_price_volume_and_mix_and_they_add_up(company, books):
    said = BudgetProposal(name="Billing", amount=Money(Decimal(400), "USD"), period="month", project="billing")
    budget = await create(company.database, load_budget_catalogue(BUDGETS), company.actor("tenant_administrator"), said)
    company.advance(days=10)  # 12 March, 09:00: 11 days and 9 hours of 31 days
    (found,) = await budget_variances(company.database, books, company.actor(READER), budget=budget.id)
    effects = found.effects
    assert effects.actual == cost(date(2026, 3, 1), date(2026, 4, 1), project="billing")
    assert effects.planned == pytest.approx(Decimal(400) * Decimal("11.375") / 31, abs=Decimal("1e-9"))
    assert effects.price + effects.volume + effects.mix == effects.total
    assert effects.price == pytest.approx(Decimal(0), abs=Decimal("1e-9"))  # the rate card is the same
    assert effects.volume < 0
    assert (found.basis, found.is_over, found.reference) == (Basis.BEFORE, False, budget.reference)
    for line in found.lines:
        assert line.effects.price + line.effects.volume + line.effects.mix == line.effects.total
    assert {line.key.project for line in found.lines} == {"billing"}
    (listed,) = await budget_variances(company.database, books, company.actor(READER))
    assert listed == found
    with pytest.raises(InvalidReport, match="no period that holds 2025-01-01"):
        await budget_variances(company.database, books, company.actor(READER), budget=budget.id, at=date(2025, 1, 1))


@pytest.mark.row("C11")
async def test_the_plan_is_in_the_proportions_of_the_whole_period_before_whatever_its_length(company, books):
    said = BudgetProposal(name="Billing", amount=Money(Decimal(400), "USD"), period="month", project="billing")
    budget = await create(company.database, load_budget_catalogue(BUDGETS), company.actor("tenant_administrator"), said)
    company.advance(days=10)
    (found,) = await budget_variances(company.database, books, company.actor(READER), budget=budget.id)
    february, march = date(2026, 2, 1), date(2026, 3, 1)  # of 28 days, and of 31
    for line in found.lines:
        about = {"agent": line.key.agent, "meter": line.key.meter}
        share = cost(february, march, **about) / cost(february, march, project="billing")
        assert line.effects.planned == pytest.approx(found.effects.planned * share, abs=Decimal("1e-9"))


@pytest.mark.row("C11")
async def test_the_day_that_is_asked_for_is_one_of_the_budget_s_time_zone(company, books):
    await provision(company.database, TenantPolicy(tenant_id=company.tenant, time_zone="Pacific/Auckland"))
    said = BudgetProposal(name="Day", amount=Money(Decimal(9), "USD"), period="day", project="billing")
    budget = await create(company.database, load_budget_catalogue(BUDGETS), company.actor("tenant_administrator"), said)
    today = budget.standing.window.starts_at.astimezone(ZoneInfo("Pacific/Auckland")).date()
    reader, about = company.actor(READER), {"budget": budget.id, "at": today}
    (found,) = await budget_variances(company.database, books, reader, **about)
    assert found.window == budget.standing.window
    with pytest.raises(InvalidReport, match="no period that holds"):
        await budget_variances(company.database, books, reader, **{**about, "at": today - timedelta(days=1)})


@pytest.mark.row("C11")
async def test_where_nothing_was_spent_before_list_prices_are_the_plan_and_where_nothing_at_all_it_is_volume(
    company, books
):
    catalogue, boss = load_budget_catalogue(BUDGETS), company.actor("tenant_administrator")
    for name, project in (("Year", "billing"), ("Unused", "elsewhere")):
        said = BudgetProposal(name=name, amount=Money(Decimal(3650), "USD"), period="year", project=project)
        await create(company.database, catalogue, boss, said)
    year, unused = await budget_variances(company.database, books, company.actor(READER))
    assert (year.basis, unused.basis) == (Basis.LIST, Basis.NOTHING)
    assert year.effects.mix == pytest.approx(Decimal(0), abs=Decimal("1e-9"))
    assert unused.effects.volume == -unused.effects.planned != 0
