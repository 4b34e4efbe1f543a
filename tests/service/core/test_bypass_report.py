"""A month of bypasses in figures, and when its report comes (E2)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import text

from core.charts import Theme, bypass_chart
from core.deadlines import DeadlineRunner
from core.emergency import Circumstances, FollowUp, acknowledge, bypass_report, grant, review
from core.emergency.errors import InvalidBypass
from core.schedules import DEADLINES, ensure_looks
from core.tenants import BypassPolicy, MonthlyReport, TenantPolicy
from core.tenants.bypass_policy import BypassReason
from tests.factories import START, found_company

WHY = "Payments stand still since 08:40."


@pytest.fixture
async def northwind(database, clock):
    reasons = (BypassReason("outage", "A service is down"), BypassReason("fix", "A fix that cannot wait"))
    policy = TenantPolicy(
        tenant_id="northwind",
        time_zone="Europe/Zurich",
        bypass=BypassPolicy(reasons=reasons, reason_required=False),
        bypass_report=MonthlyReport(day=2, at=time(9)),
    )
    return await found_company(database, clock, policy)


async def granted(company, who, reason=""):
    return await grant(
        company.database,
        company.actor(who),
        action="agent.deploy",
        resource="x",
        justification=WHY,
        duration=timedelta(hours=1),
        named=Circumstances(reason=reason),
    )


@pytest.mark.row("E2", "E4")
async def test_a_month_is_counted_by_reason_person_and_verdict_with_the_times_that_people_took(northwind):
    company, boss = northwind, northwind.actor("tenant_administrator")
    first = await granted(company, "security_manager", "outage")
    second = await granted(company, "security_manager", "outage")
    await granted(company, "meta_agent_manager")
    company.advance(minutes=10)
    await acknowledge(company.database, boss, first.id)
    company.advance(minutes=20)
    await acknowledge(company.database, boss, second.id)
    owner = company.people["agent_operator"].email
    to_do = [FollowUp("Alert earlier", owner, START + timedelta(days=9))]
    await review(company.database, boss, first.id, verdict="justified", notes="Needed.", follow_ups=to_do)
    company.advance(minutes=30)
    await review(company.database, boss, second.id, verdict="not_justified", notes="Not needed.")
    company.advance(days=40)
    await granted(company, "tenant_administrator", "fix")
    report = await bypass_report(company.database, company.actor("audit_reviewer"), month="2026-03")
    assert (report.first, report.last) == (date(2026, 3, 1), date(2026, 3, 31))
    assert report.since == datetime(2026, 2, 28, 23, tzinfo=UTC)  # midnight in Zurich
    assert (report.all.total, report.all.justified, report.all.not_justified, report.all.unreviewed) == (3, 1, 1, 1)
    assert [(each.key, each.name, each.total) for each in report.by_reason] == [
        ("outage", "A service is down", 2),
        ("", "No reason given", 1),
    ]
    assert [(each.name, each.total) for each in report.by_person] == [
        ("Security Manager", 2),
        ("Meta Agent Manager", 1),
    ]
    assert (report.to_acknowledgement_s, report.to_review_s) == (20 * 60, 45 * 60)
    assert (report.unacknowledged, report.overdue, report.remediations_open) == (1, 1, 1)
    assert (await bypass_report(company.database, company.actor("audit_reviewer"))).first == date(2026, 3, 1)
    chart = bypass_chart(report)
    assert chart.rows == (("A service is down", "2", "1", "1", "0"), ("No reason given", "1", "0", "0", "1"))
    assert "1 justified, 1 not justified, 1 not reviewed" in chart.description
    assert chart.spec(Theme.DARK)["encoding"]["y"]["field"] == "stage"


@pytest.mark.parametrize("month", ["2026-13", "March", "2026-3", "9999-12", "0001-01", "2026-03-01"])
async def test_what_is_no_month_is_refused(company, month):
    with pytest.raises(InvalidBypass) as refused:
        await bypass_report(company.database, company.actor("audit_reviewer"), month=month)
    assert refused.value.where == "month"


@pytest.mark.row("E2")
async def test_the_months_report_comes_once_on_its_day_where_the_tenant_lives(northwind, database):
    await ensure_looks(database)
    runner = DeadlineRunner(database, DEADLINES)

    async def told():
        async with database.tenant(northwind.tenant) as tx:
            found = await tx.connection.execute(
                text("SELECT data FROM outbox_events WHERE type = 'bypass_report.due' ORDER BY position")
            )
            return [each["month"] for each in found.scalars()]

    async def at(*moment):
        northwind.clock.advance(datetime(*moment, tzinfo=UTC) - northwind.clock.now())
        await runner.run_due()
        return await told()

    assert await at(2026, 4, 2, 6, 59) == []
    assert await at(2026, 4, 2, 7) == ["2026-03"]  # 09:00 in Zurich, in summer
    assert await at(2026, 4, 2, 18) == ["2026-03"]
    assert await at(2026, 5, 2, 7) == ["2026-03", "2026-04"]
