"""Dashboard, trend, forecast, return and chargeback from a real ledger: every figure ties to it (C7-C10)."""

from __future__ import annotations

import csv
from datetime import date
from decimal import Decimal
from io import BytesIO, StringIO

import openpyxl
import pytest
from pypdf import PdfReader

from core.access.errors import PermissionMissing
from core.costs import CostFilter, Group, Usage, UsageWriter, costs_by, ledger_lines
from core.finance import (
    ALL,
    BenefitKind,
    Declared,
    Level,
    Narrowed,
    StatementFormat,
    SubjectKind,
    Turn,
    assign,
    bearers,
    chargeback,
    cost_breakdown,
    cost_forecast,
    cost_trend,
    declare_benefit,
    put_cost_centre,
    returns,
    statement_file,
)
from core.finance.errors import InvalidReport
from tests.cost_books import TODAY, books, day, usage
from tests.factories import START, create_agent
from tests.unit.core.finance import focus_spec

__all__ = ["books"]  # a fixture
PRICES = {"cpu_hours": Decimal("0.10"), "agent_monitoring": Decimal("0.50"), "audit_logging": Decimal("0.01")}
READER = "audit_reviewer"


def cost(*, since, until, **about):
    """What the same usage costs by hand."""
    chosen = (
        each
        for each in usage()
        if since <= each.at.date() < until and all(getattr(each, name) == value for name, value in about.items())
    )
    return sum((each.quantity * PRICES[each.meter] for each in chosen), Decimal(0))


async def file_of(company, rates, written, **about):
    found = await statement_file(company.database, rates, company.actor(READER), written, **about)
    return found.name, b"".join([part async for part in found.chunks])


@pytest.mark.row("C7")
async def test_the_way_down_from_project_to_meter_adds_up_at_every_step(company, books):
    since, until = day(30), TODAY
    steps = [ALL, Narrowed("billing"), Narrowed("billing", "dunning"), Narrowed("billing", "dunning", "cpu_hours")]
    levels = []
    for step in steps:
        found = await cost_breakdown(company.database, company.actor(READER), step, since=since, until=until)
        about = {name: value for name in ("project", "agent", "meter") if (value := getattr(step, name))}
        assert found.total == cost(since=since, until=until, **about)
        assert found.before == cost(since=day(60), until=since, **about)
        assert sum(amount for _day, amount in found.days) == found.total
        if found.level:
            assert sum(each.cost for each in found.shares) == found.total
        levels.append(found.level)
    assert levels == [Level.PROJECT, Level.AGENT, Level.METER, None]


@pytest.mark.row("C7", "R6")
async def test_who_may_not_see_costs_sees_none_and_it_is_recorded(company, books):
    with pytest.raises(PermissionMissing):
        await cost_breakdown(company.database, company.actor("security_operator"), ALL)
    assert await company.trail(action="costs.show", result="denied") != []
    with pytest.raises(InvalidReport, match="must end after it begins"):
        await cost_breakdown(company.database, company.actor(READER), ALL, since=TODAY, until=TODAY)
    with pytest.raises(InvalidReport, match="no costs in 'CHF'"):
        await cost_breakdown(company.database, company.actor(READER), ALL, currency="CHF")


@pytest.mark.row("C8")
async def test_the_forecast_begins_today_and_says_what_the_month_comes_to_and_how_well_it_did_before(company, books):
    found = await cost_forecast(company.database, company.actor(READER), ALL, days=14)
    assert [each.day for each in found.forecast.days][:1] == [TODAY]
    assert len(found.history) == 60
    assert found.month_so_far == cost(since=date(2026, 3, 1), until=TODAY)
    assert found.month_low < found.month_expected < found.month_high
    assert found.forecast.back_test.error < 0.12
    weekday, saturday = found.forecast.days[0], found.forecast.days[5]
    assert saturday.cost < weekday.cost / 2
    nothing = await cost_forecast(company.database, company.actor(READER), Narrowed("unheard-of"))
    assert (nothing.history, nothing.forecast, nothing.month_expected) == ((), None, None)


@pytest.mark.row("C8")
async def test_a_trend_is_of_days_that_are_over(company, books):
    found = await cost_trend(company.database, company.actor(READER), Narrowed("claims"), since=day(60))
    assert found.span.until == TODAY
    assert found.trend.change < -0.5  # triage has rested for three weeks
    assert found.total == cost(since=day(60), until=TODAY, project="claims")


@pytest.mark.row("C9")
async def test_an_agent_is_worth_what_people_say_less_what_the_ledger_says(company, books, catalogue):
    await create_agent(company, catalogue)
    said = Declared(
        agent="invoice-reader",
        kind=BenefitKind.TIME_SAVED,
        title="No typing",
        likely=Decimal(20),
        rate=Decimal(50),
        currency="USD",
        starts_on=date(2026, 2, 1),
    )
    await declare_benefit(company.database, books, company.actor("agent_developer"), said)
    found = await returns(company.database, company.actor(READER), since=date(2026, 2, 1), until=date(2026, 3, 1))
    (reader, *others) = found.agents
    assert (reader.agent, reader.claims, reader.found.benefit) == ("invoice-reader", 1, 1000)
    paid = cost(since=date(2026, 2, 1), until=date(2026, 3, 1), agent="invoice-reader")
    assert reader.found.running_cost == paid
    assert reader.found.payback.is_reached
    assert {each.agent for each in others} == {"dunning", "claims-triage"}
    whole = cost(since=date(2026, 2, 1), until=date(2026, 3, 1))
    assert (found.cost, found.unclaimed, found.net) == (whole, whole - paid, 1000 - whole)
    with pytest.raises(InvalidReport, match="Nothing is known of an agent 'nobody'"):
        await returns(company.database, company.actor(READER), agent="nobody")


@pytest.mark.row("C10")
async def test_every_form_of_a_statement_adds_up_to_the_ledger_to_the_cent(company, books):
    manager = company.actor("meta_agent_manager")
    await put_cost_centre(company.database, manager, "CC-100", "Payments")
    await assign(company.database, manager, Turn(SubjectKind.PROJECT, "billing", date(2026, 2, 10), "CC-100"))
    exact = cost(since=date(2026, 2, 1), until=date(2026, 3, 1))
    made = await chargeback(company.database, books, company.actor(READER), period="2026-02")
    assert (made.period, made.is_over, made.statement.exact) == ("2026-02", True, exact)
    centre, nobody = made.statement.centres
    assert centre.exact == cost(since=date(2026, 2, 10), until=date(2026, 3, 1), project="billing")
    assert nobody.code == ""

    amount = made.statement.amount
    name, text = await file_of(company, books, StatementFormat.CSV)
    assert name == "chargeback-enterprise-corp-2026-02-USD.csv"
    rows = list(csv.DictReader(StringIO(text.decode())))
    assert sum(Decimal(row["amount"]) for row in rows) == amount
    assert sum(Decimal(row["exact_cost"] or 0) for row in rows) == exact

    _, text = await file_of(company, books, StatementFormat.FOCUS, period="2026-02")
    rows = focus_spec.read(text.decode())
    assert sum(Decimal(row["BilledCost"]) for row in rows) == amount
    assert {row["ConsumedUnit"] for row in rows if row["SkuId"] == "cpu_hours"} == {"Hours"}

    _, content = await file_of(company, books, StatementFormat.XLSX, period="2026-02")
    sheet = openpyxl.load_workbook(BytesIO(content))["Cost centres"]
    assert Decimal(str(list(sheet.values)[-1][3])) == amount

    _, content = await file_of(company, books, StatementFormat.PDF, period="2026-02")
    assert f"{amount:,}" in "".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)
    assert len(await company.trail(action="chargeback.exported")) == 4


async def assigned(company):
    """Centres by project and by agent, some from the middle of the month on, and one that ends."""
    manager = company.actor("meta_agent_manager")
    for code in ("CC-100", "CC-200"):
        await put_cost_centre(company.database, manager, code, f"Centre {code}")
    for kind, subject, starts_on, code in (
        (SubjectKind.PROJECT, "billing", date(2026, 2, 3), "CC-100"),
        (SubjectKind.PROJECT, "billing", date(2026, 2, 20), ""),
        (SubjectKind.PROJECT, "claims", date(2026, 1, 1), "CC-200"),
        (SubjectKind.AGENT, "dunning", date(2026, 2, 10), "CC-200"),
        (SubjectKind.AGENT, "dunning", date(2026, 2, 15), ""),
        (SubjectKind.AGENT, "dunning", date(2026, 2, 25), "CC-100"),
    ):
        await assign(company.database, manager, Turn(kind, subject, starts_on, code))


FEBRUARY = {"since": date(2026, 2, 1), "until": date(2026, 3, 1)}


@pytest.mark.row("C7", "C10")
async def test_costs_by_centre_are_those_of_the_statement_to_the_last_digit(company, books):
    await assigned(company)
    reader, where = company.actor(READER), CostFilter(**FEBRUARY)
    statement = (await chargeback(company.database, books, reader, period="2026-02")).statement
    found = await costs_by(company.database, reader, [Group.COST_CENTRE], where, bearers=bearers)
    assert {row.keys[0]: row.amount for row in found} == {each.code: each.exact for each in statement.centres}
    assert {row.keys[0] for row in found} == {"", "CC-100", "CC-200"}
    assert sum(row.amount for row in found) == statement.exact == cost(**FEBRUARY)

    by = [Group.COST_CENTRE, Group.AGENT, Group.METER]
    lines = await costs_by(company.database, reader, by, where, bearers=bearers)
    assert {(*row.keys, row.quantity, row.amount) for row in lines} == {
        (centre.code, line.agent, line.meter, line.quantity, line.exact)
        for centre in statement.centres
        for line in centre.lines
    }
    page = await costs_by(company.database, reader, by, where, bearers=bearers, limit=3)
    more = await costs_by(company.database, reader, by, where, bearers=bearers, after=(*page[-1].keys, "USD"))
    assert page + more == lines


@pytest.mark.row("C7", "C10")
@pytest.mark.parametrize("centre", ["CC-100", ""])
async def test_a_centre_narrows_every_step_down_to_the_lines_of_the_ledger(company, books, centre):
    await assigned(company)
    reader = company.actor(READER)
    (row,) = await costs_by(
        company.database, reader, [Group.COST_CENTRE], CostFilter(**FEBRUARY, cost_centres=(centre,)), bearers=bearers
    )
    step = Narrowed(cost_centre=centre)
    found = await cost_breakdown(company.database, reader, step, **FEBRUARY)
    assert (found.level, found.total, sum(each.cost for each in found.shares)) == (
        Level.PROJECT,
        row.amount,
        row.amount,
    )
    trend = await cost_trend(company.database, reader, step, **FEBRUARY)
    assert trend.total == row.amount
    lines = await ledger_lines(
        company.database,
        reader,
        CostFilter(**FEBRUARY, cost_centres=(centre,)),
        limit=1000,
        bearers=bearers,
    )
    assert sum(each.amount for each in lines) == row.amount


@pytest.mark.row("C7")
async def test_costs_are_divided_by_centre_where_that_is_asked_for(company, books):
    await assigned(company)
    found = await cost_breakdown(company.database, company.actor(READER), ALL, by=Level.COST_CENTRE, **FEBRUARY)
    assert found.level is Level.COST_CENTRE
    assert {each.name for each in found.shares} == {"", "CC-100", "CC-200"}
    assert sum(each.cost for each in found.shares) == found.total == cost(**FEBRUARY)


@pytest.mark.row("C10", "C3")
async def test_what_is_corrected_afterwards_is_taken_back_in_its_own_month(company, books):
    writer = UsageWriter(company.database, books)
    wrong = Usage("wrong", "cpu_hours", Decimal(100), START.replace(month=2, day=14), "billing", "dunning")
    right = Usage("right", "cpu_hours", Decimal(7), wrong.at, "billing", "dunning", corrects="wrong")
    await writer.record(company.actor("meta_agent_manager"), [wrong])
    await writer.record(company.actor("meta_agent_manager"), [right])
    await writer.close()
    made = await chargeback(company.database, books, company.actor(READER), period="2026-02")
    exact = cost(since=date(2026, 2, 1), until=date(2026, 3, 1)) + Decimal("0.7")
    assert made.statement.exact == exact
    _, text = await file_of(company, books, StatementFormat.FOCUS, period="2026-02")
    rows = focus_spec.read(text.decode())
    assert sum(Decimal(row["BilledCost"]) for row in rows) == made.statement.amount
    assert [row["ConsumedQuantity"] for row in rows if row["ChargeClass"] == "Correction"] == ["-100"]


@pytest.mark.row("C10", "X9")
async def test_what_is_no_month_or_version_is_refused_with_what_would_be_one(company, books):
    for period in ("2026-13", "March", "2026-1", "0000-01"):
        with pytest.raises(InvalidReport, match="is no month"):
            await chargeback(company.database, books, company.actor(READER), period=period)
    with pytest.raises(InvalidReport, match="no version '1.1'"):
        await file_of(company, books, StatementFormat.FOCUS, version="1.1")
    empty = await chargeback(company.database, books, company.actor(READER), period="2030-01")
    assert (empty.statement.centres, empty.statement.amount, empty.statement.currency) == ((), Decimal("0.00"), "USD")
