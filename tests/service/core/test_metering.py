"""Governed actions meter themselves, once each, whatever crashes or is looked at twice (C1, C3)."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from core.access.errors import PermissionMissing
from core.audit import AuditFilter, records_by_hour
from core.costs import (
    DEADLINES,
    CostFilter,
    Group,
    Metering,
    UsageWriter,
    costs_by,
    ensure_metering,
    ledger_lines,
    list_checks,
    load_rate_catalogue,
)
from core.costs.metering import Read
from core.deadlines import DeadlineRunner, set_deadline
from core.decisions import report_outcome
from core.emergency import issue_bypass_report
from core.finance import StatementFormat, chargeback, statement_file
from core.sla import export_report, load_sla_catalogue, service_report
from core.tenants import METERING, THE_TENANT
from core.trail import export_trail
from tests.factories import START, agent, ask, create_agent

CONFIG = Path(__file__).parents[3] / "config"
RATES = load_rate_catalogue(CONFIG / "costs")
LEVELS = load_sla_catalogue(CONFIG / "sla")


@pytest_asyncio.fixture
async def looking(database):
    writer = UsageWriter(database, RATES)
    await ensure_metering(database)
    yield DeadlineRunner(database, {**Metering(writer, RATES, page=1).deadlines, **DEADLINES})
    await writer.close()


async def spent(company):
    by = [Group.METER, Group.AGENT, Group.PROJECT]
    rows = await costs_by(company.database, company.actor("audit_reviewer"), by, CostFilter())
    return {row.keys: (row.quantity, row.amount) for row in rows if row.keys[0] != "audit_logging"}


@pytest.mark.row("C1")
async def test_an_agent_s_creation_deployment_and_days_cost_what_the_framework_says(company, catalogue, looking):
    await create_agent(company, catalogue, project="checkout")
    deploying = {"action": "agent.deploy", "resource": agent(project="checkout")}
    await ask(company, catalogue, "agent_operator", **deploying)
    for hours in (0, 1, 24):
        company.advance(hours=hours)
        assert await looking.run_due() > 0
    key = ("invoice-reader", "checkout")
    assert await spent(company) == {
        ("agent_creation", *key): (1, Decimal("5.00")),
        ("agent_deployment", *key): (1, Decimal("2.00")),
        ("agent_monitoring", *key): (2, Decimal("1.00")),
    }


@pytest.mark.row("C1")
async def test_what_the_platform_could_not_do_is_taken_back(company, catalogue, looking):
    decision = await create_agent(company, catalogue)
    await looking.run_due()
    assert [keys[0] for keys in await spent(company)] == ["agent_creation"]
    who = company.actor("agent_developer")
    await report_outcome(company.database, who, decision.id, status="failed", details={})
    company.advance(minutes=1)
    await looking.run_due()
    assert await spent(company) == {}


async def reported(company):
    """How many reports were charged, and what they cost."""
    where = CostFilter(meters=("compliance_reporting",))
    rows = await costs_by(company.database, company.actor("audit_reviewer"), [Group.METER], where)
    return [(row.quantity, row.amount) for row in rows]


@pytest.mark.row("C1", "C10")
async def test_a_report_costs_once_a_day_in_however_many_forms_and_however_often_it_is_taken(company, looking):
    reader = company.actor("audit_reviewer")
    for _ in range(2):
        for written in (StatementFormat.PDF, StatementFormat.CSV):
            await statement_file(company.database, RATES, reader, written, period="2026-02")
        await looking.run_due()
        company.advance(minutes=1)
    assert await reported(company) == [(1, Decimal("10.00"))]
    await statement_file(company.database, RATES, reader, StatementFormat.CSV, period="2026-01")
    company.advance(minutes=1)
    await looking.run_due()
    company.advance(hours=24)
    await statement_file(company.database, RATES, reader, StatementFormat.CSV, period="2026-02")
    company.advance(minutes=1)
    await looking.run_due()
    assert await reported(company) == [(3, Decimal("30.00"))]


@pytest.mark.row("C1", "A4", "S8", "E2")
async def test_exports_of_the_trail_reports_of_service_levels_and_the_month_of_bypasses_are_metered(company, looking):
    reader = company.actor("audit_reviewer")
    for _ in range(2):
        await export_trail(company.database, reader, AuditFilter())
    await export_report(company.database, LEVELS, reader, "violations", period="2026-02")
    for _ in range(2):  # to Slack and to Teams
        await issue_bypass_report(company.database, company.tenant, month="2026-02")
    company.advance(minutes=1)
    await looking.run_due()
    assert await reported(company) == [(4, Decimal("40.00"))]


@pytest.mark.row("C1", "R6")
async def test_what_is_only_looked_at_or_refused_costs_nothing(company, looking):
    await chargeback(company.database, RATES, company.actor("audit_reviewer"), period="2026-02")
    await service_report(company.database, LEVELS, company.actor("audit_reviewer"), "violations")
    with pytest.raises(PermissionMissing):
        await export_trail(company.database, company.actor("security_operator"), AuditFilter())
    company.advance(minutes=1)
    await looking.run_due()
    assert await reported(company) == []


@pytest.mark.row("C1")
async def test_every_record_of_the_trail_is_counted_once_its_hour_is_over_and_looking_again_changes_nothing(
    company, catalogue, looking
):
    await create_agent(company, catalogue)
    for _ in range(4):
        company.advance(minutes=40)
        await looking.run_due()
    async with company.database.tenant(company.tenant) as tx:
        hours = await records_by_hour(tx, 0, since=START - timedelta(days=1), until=START + timedelta(hours=2))
    async with company.database.tenant(company.tenant) as tx:  # as if all that was read had been forgotten
        await set_deadline(tx, THE_TENANT, METERING, tx.now, data=Read(0, START, 0).data())
    await looking.run_due()
    lines = await ledger_lines(company.database, company.actor("audit_reviewer"), CostFilter(meters=("audit_logging",)))
    assert hours[0][1] > 10
    assert [(each.at, each.quantity, each.amount) for each in reversed(lines)] == [
        (at, number, number * Decimal("0.01")) for at, number in hours
    ]


@pytest.mark.row("C10")
async def test_the_sums_are_checked_every_night(company, looking):
    for _ in range(3):
        await looking.run_due()
        company.advance(hours=24)
    checks = await list_checks(company.database, company.actor("audit_reviewer"))
    assert [each.is_sound for each in checks] == [True, True, True]
    assert [each.months for each in checks] == [("2026-03",), ("2026-03",), ()]  # at first nothing was used
