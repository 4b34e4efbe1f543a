"""Cost centres and benefits: who may say what of which agent, and from which day on it holds (C9, C10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from core.access.errors import PermissionMissing
from core.costs import RateCatalogue, Usage, UsageWriter, load_rate_catalogue
from core.finance import (
    BenefitKind,
    Declared,
    SubjectKind,
    Turn,
    assign,
    declare_benefit,
    list_assignments,
    list_benefits,
    list_cost_centres,
    put_cost_centre,
    unassign,
    withdraw_benefit,
)
from core.finance.errors import InvalidBenefit, InvalidCostCentre, UnknownBenefit, UnknownCostCentre
from tests import cost_books
from tests.factories import START, create_agent

MARCH = date(2026, 3, 1)
RATES = load_rate_catalogue(cost_books.RATES)


def turn(code, on=MARCH, subject="invoice-reader"):
    return Turn(SubjectKind.AGENT, subject, on, code)


@pytest.mark.row("C10")
async def test_a_centre_has_one_title_and_a_subject_one_centre_from_each_day_on(company):
    database, manager = company.database, company.actor("meta_agent_manager")
    await put_cost_centre(database, manager, "CC-100", "Payment")
    await put_cost_centre(database, manager, "CC-100", "Payments")
    await put_cost_centre(database, manager, "CC-200", "Claims")
    await assign(database, manager, turn("CC-100"))
    await assign(database, manager, turn("CC-200", date(2026, 4, 1)))
    await assign(database, manager, turn("CC-200"))
    await unassign(database, manager, SubjectKind.AGENT, "invoice-reader", date(2026, 4, 1))
    reader = company.actor("audit_reviewer")
    assert [(each.code, each.title) for each in await list_cost_centres(database, reader)] == [
        ("CC-100", "Payments"),
        ("CC-200", "Claims"),
    ]
    (found,) = await list_assignments(database, reader)
    assert (found.subject, found.starts_on, found.code) == ("invoice-reader", MARCH, "CC-200")
    assert found.author.email == company.people["meta_agent_manager"].email
    assert [each["action"] for each in await company.trail(action="cost_centre.put")] == ["cost_centre.put"] * 3


@pytest.mark.row("C10", "R6")
async def test_centres_that_are_none_and_people_who_may_not_are_refused(company):
    database, manager = company.database, company.actor("meta_agent_manager")
    with pytest.raises(InvalidCostCentre, match="up to 40 letters"):
        await put_cost_centre(database, manager, "CC 100", "Payments")
    await put_cost_centre(database, manager, "CC-100", "Payments")
    with pytest.raises(UnknownCostCentre, match="Did you mean 'CC-100'"):
        await assign(database, manager, turn("CC-10O"))
    with pytest.raises(UnknownCostCentre):
        await unassign(database, manager, SubjectKind.AGENT, "invoice-reader", MARCH)
    with pytest.raises(PermissionMissing):
        await assign(database, company.actor("audit_reviewer"), turn("CC-100"))
    assert await company.trail(action="cost_centre.assigned", result="denied") != []


def said(**changes):
    values = {
        "agent": "invoice-reader",
        "kind": BenefitKind.TIME_SAVED,
        "title": "No typing of invoices",
        "likely": Decimal(40),
        "rate": Decimal("62.50"),
        "currency": "USD",
        "starts_on": MARCH,
    }
    return Declared(**(values | changes))


@pytest.mark.row("C9")
async def test_what_people_say_of_an_agent_stands_until_it_is_withdrawn(company, catalogue):
    await create_agent(company, catalogue)
    database, developer = company.database, company.actor("agent_developer")
    view = await declare_benefit(database, RATES, developer, said())
    assert (view.benefit.quantity.low, view.benefit.quantity.high) == (32, 48)
    assert view.author.email == company.people["agent_developer"].email
    await withdraw_benefit(database, developer, view.id)
    assert await list_benefits(database, developer) == ()
    with pytest.raises(UnknownBenefit):
        await withdraw_benefit(database, developer, view.id)


@pytest.mark.row("C9", "X9")
@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"agent": "nobody"}, "agent"),
        ({"kind": "joy"}, "kind"),
        ({"rate": None}, "rate"),
        ({"kind": BenefitKind.REVENUE}, "rate"),
        ({"low": Decimal(50)}, "low"),
        ({"likely": Decimal(-1)}, "likely"),
        ({"likely": Decimal("NaN")}, "likely"),
        ({"currency": "usd"}, "currency"),
        ({"ends_on": MARCH}, "ends_on"),
        ({"title": " "}, "title"),
    ],
)
async def test_what_is_no_benefit_is_refused_by_its_field(company, catalogue, changes, where):
    await create_agent(company, catalogue)
    with pytest.raises(InvalidBenefit) as refused:
        await declare_benefit(company.database, RATES, company.actor("agent_developer"), said(**changes))
    assert refused.value.where == where


@pytest.mark.row("C9", "X9")
async def test_a_benefit_in_a_currency_without_costs_is_refused_with_those_that_have_some(company, catalogue):
    await create_agent(company, catalogue)
    database, developer = company.database, company.actor("agent_developer")
    with pytest.raises(InvalidBenefit) as refused:
        await declare_benefit(database, RATES, developer, said(currency="CHF"))
    assert (refused.value.where, refused.value.accepted) == ("currency", ("USD",))
    assert refused.value.message == "Costs are in USD here, so a benefit in 'CHF' would count nowhere."
    assert await list_benefits(database, developer) == ()


@pytest.mark.row("C9")
async def test_a_benefit_may_be_in_the_currency_of_costs_before_the_rate_card_changed(company, catalogue):
    await create_agent(company, catalogue)
    database, developer = company.database, company.actor("agent_developer")
    writer = UsageWriter(database, RATES)
    used = Usage("u-1", "cpu_hours", Decimal(1), START, agent="invoice-reader")
    await writer.record(company.actor("meta_agent_manager"), [used])
    await writer.close()
    ours = RATES.for_tenant(company.tenant)
    in_euros = RateCatalogue({"default": replace(ours, currency="EUR")})
    assert (await declare_benefit(database, in_euros, developer, said(currency="USD"))).currency == "USD"
    assert (await declare_benefit(database, in_euros, developer, said(currency="EUR"))).currency == "EUR"
    with pytest.raises(InvalidBenefit) as refused:
        await declare_benefit(database, in_euros, developer, said(currency="CHF"))
    assert refused.value.accepted == ("EUR", "USD")
