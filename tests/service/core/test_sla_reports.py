"""Credits, reports, plans and actions of service levels (S6, S8, S9, S10)."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from pypdf import PdfReader

from config.yamlfile import parse_yaml
from core.access import PermissionMissing, UnknownPerson
from core.access.errors import ScopeMissing
from core.charts import Renderer, ReportFormat, write_report
from core.errors import CountersignError
from core.sla import (
    Sample,
    Sampler,
    Wish,
    add_action,
    adopt_plan,
    close_plan,
    create_objective,
    draft_plan,
    finish_action,
    get_plan,
    get_trends,
    list_actions,
    list_credits,
    service_report,
    take_action,
)
from core.sla.catalogue import SlaCatalogue
from core.sla.errors import InvalidPeriod, WrongState
from core.tenants import BrandPolicy, TenantPolicy, provision

TERMS = SlaCatalogue(
    {
        "default": parse_yaml(
            """
SLA Definitions:
  availability: {target: "99.9%", window: "calendar month"}
  performance: {response_time: "< 2 seconds", measurement: "95th percentile"}
  quality: {success_rate: "> 99%"}
  credits: {fee: "1000.00 USD", tiers: [{below: "99.9%", credit: "10%"}, {below: "99%", credit: "25%"}]}
""",
            file="default.yaml",
        )
    }
)


@pytest.fixture
async def month(company):
    """March is over: payments was down for an hour on the tenth, and slow since the twentieth."""
    sampler = Sampler(company.database)
    company.clock.advance(datetime.fromisoformat("2026-04-03T09:00:00Z") - company.clock.now())
    start = datetime.fromisoformat("2026-03-01T00:00:00Z")
    down = datetime.fromisoformat("2026-03-10T12:00:00Z")
    slow = datetime.fromisoformat("2026-03-20T00:00:00Z")
    samples = []
    for step in range((33 * 24 + 9) * 12):  # every five minutes
        at = start + timedelta(minutes=5 * step)
        is_down = down <= at < down + timedelta(hours=1)
        samples.append(Sample("payments", at, 0.2 if at < slow else 0.9, not is_down))
    for begin in range(0, len(samples), 5000):
        await sampler.take(company.actor("agent_operator"), samples[begin : begin + 5000])
    return company


@pytest.mark.row("S9")
async def test_credits_of_a_month_are_those_of_its_terms(month):
    actor = month.actor("agent_operator")
    (found,) = await list_credits(month.database, TERMS, actor)
    assert (found.start.isoformat(), found.is_over, found.promised) == ("2026-03-01T00:00:00+00:00", True, 0.999)
    assert found.minutes_down == pytest.approx(60, abs=0.5)
    assert found.availability == pytest.approx(1 - 60 / (31 * 1440), abs=1e-5)
    assert (found.credit, found.amount, found.currency) == (Decimal("0.1"), Decimal("100.00"), "USD")
    (april,) = await list_credits(month.database, TERMS, actor, period="2026-04-02")
    assert (april.is_over, april.credit) == (False, Decimal())
    with pytest.raises(InvalidPeriod):
        await list_credits(month.database, TERMS, actor, period="2027-01")


@pytest.mark.row("S9")
async def test_a_period_that_runs_is_credited_as_if_nothing_more_happened(month):
    """Of 160 minutes 11 were down: the fee of a month is not given back for that, as 29 days are still to come."""
    actor, now = month.actor("agent_operator"), month.clock.now()
    new = [Sample("search", now - timedelta(minutes=each), 0.1, success=each > 11) for each in range(1, 161)]
    await Sampler(month.database).take(actor, new)
    (found,) = await list_credits(month.database, TERMS, actor, period="2026-04", service="search")
    assert (found.is_over, found.credit, found.amount) == (False, Decimal(), Decimal("0.00"))
    assert found.availability == pytest.approx(149 / 160, abs=1e-4)
    left = 30 * 1440 - (2 * 1440 + 9 * 60)
    assert found.availability_at_end == pytest.approx((149 + left) / (160 + left), abs=1e-6)
    month.advance(days=30)
    (over,) = await list_credits(month.database, TERMS, actor, period="2026-04", service="search")
    assert (over.is_over, over.availability_at_end) == (True, over.availability)


@pytest.mark.row("S9")
async def test_a_report_of_a_time_without_samples_says_so(company, renderer):
    actor = company.actor("agent_operator")
    for kind in ("customer", "trends", "violations"):
        report = await service_report(company.database, TERMS, actor, kind, period="2025-01")
        assert (
            "Nothing was measured in this time." in (await write_report(report, ReportFormat.HTML, renderer)).decode()
        )


@pytest.mark.row("S9", "S8")
async def test_a_name_that_was_sampled_once_owes_nobody_anything_unless_a_promise_names_it(month, renderer):
    actor, now = month.actor("agent_operator"), month.clock.now()
    await Sampler(month.database).take(actor, [Sample("paymnets", now - timedelta(hours=30), 0.1, success=True)])

    async def owed():
        credited = await list_credits(month.database, TERMS, actor, period="2026-04")
        report = await service_report(month.database, TERMS, actor, "customer", period="2026-04")
        text = (await write_report(report, ReportFormat.CSV, renderer)).decode()
        return [(each.service, each.credit) for each in credited], "paymnets" in text

    assert await owed() == ([("payments", Decimal())], False)
    alone = await service_report(month.database, TERMS, actor, "customer", period="2026-04", service="paymnets")
    assert "hardly heard of" in (await write_report(alone, ReportFormat.HTML, renderer)).decode()
    wish = Wish(name="availability", service="paymnets", metric="availability", target="99.9%")
    await create_objective(month.database, TERMS, month.actor("meta_agent_manager"), wish)
    assert await owed() == ([("payments", Decimal()), ("paymnets", Decimal("0.25"))], True)


@pytest.mark.row("S9", "S8")
@pytest.mark.parametrize("period", ["2026-W13", "2026-W13-1", "20260314", "٢٠٢٦-٠٣", "2026-3", "2026-13", "2026"])
async def test_a_period_is_a_month_or_a_day_and_nothing_else(company, period):
    actor = company.actor("agent_operator")
    for kind in ("violations", "trends", "customer"):
        with pytest.raises(InvalidPeriod) as refused:
            await service_report(company.database, TERMS, actor, kind, period=period)
        assert (refused.value.where, refused.value.accepted) == ("period", ("2026-03", "2026-03-14"))
    with pytest.raises(InvalidPeriod, match="has not begun") as refused:
        await list_credits(company.database, TERMS, actor, period="2027-01")
    assert refused.value.accepted == ("up to 2026-03",)


@pytest.fixture
async def renderer():
    found = Renderer()
    yield found
    await found.close()


@pytest.mark.row("S8")
async def test_reports_are_in_the_tenants_name_and_print(month, renderer):
    actor = month.actor("agent_operator")

    async def written(kind, form, **asked):
        return await write_report(await service_report(month.database, TERMS, actor, kind, **asked), form, renderer)

    page = (await written("customer", ReportFormat.HTML, period="2026-03")).decode()
    assert "Service level report of enterprise-corp" in page
    assert "01 Mar 2026 to 31 Mar 2026" in page
    assert "1 of 1 services: 100.00 USD" in page
    assert (
        "What is left of the error budget (availability &gt;= 99.9%, over each calendar month): -34% on 2026-03-31."
        in page
    )
    assert "It was gone on 2026-03-10." in page
    assert page.count("<figure>") == 3
    printed = PdfReader(BytesIO(await written("customer", ReportFormat.PDF, period="2026-03")))
    assert sum(len(sheet.images) for sheet in printed.pages) == 3
    text = (await written("customer", ReportFormat.CSV, period="2026-03")).decode()
    assert "payments,2026-03-10,60.0" in text
    assert "payments,01 Mar 2026 to 31 Mar 2026,99.8656%,60.0,10%,100.00 USD" in text
    assert "payments,availability >= 99.9%,99.8656%,no" in text
    assert "day by day" not in text
    violations = (await written("violations", ReportFormat.CSV, period="2026-03")).decode()
    assert "availability >= 99.9%" in violations
    assert "95% of response times" not in violations  # it is slow, and within its bound
    assert "No sample" not in violations
    trends = (await written("trends", ReportFormat.HTML)).decode()
    assert re.search(r"rose from (198|199|200|201|202)ms to \d+ms about 20 Mar 2026", trends)
    assert "It begins anew on 2026-04-01." in trends
    assert "03 Jan 2026 to 03 Apr 2026, UTC" in trends
    assert "payments,2026-03-20" not in (await written("trends", ReportFormat.CSV)).decode()
    with pytest.raises(InvalidPeriod, match="no report"):
        await service_report(month.database, TERMS, actor, "everything")


@pytest.mark.row("S4", "S8")
async def test_trends_are_over_the_days_up_to_the_end_of_the_period_that_is_named(month, renderer):
    async def written(**asked):
        report = await service_report(month.database, TERMS, month.actor("agent_operator"), "trends", **asked)
        return (await write_report(report, ReportFormat.CSV, renderer)).decode()

    march, april, last = await written(period="2026-03"), await written(period="2026-04-02"), await written()
    assert 'Period,"01 Jan 2026 to 31 Mar 2026, UTC"' in march
    assert "2026-03-31,288,0" in march
    assert "2026-04-01" not in march
    assert april == last
    assert 'Period,"03 Jan 2026 to 03 Apr 2026, UTC"' in last
    earlier = await written(period="2026-02")
    assert "payments" not in earlier


QUIET_TERMS = SlaCatalogue(
    {
        "default": parse_yaml(
            """
SLA Definitions:
  availability: {target: "99.9%"}
  performance: {response_time: "< 0.5 seconds", throughput: "> 1000 operations/minute"}
  alerts: {incidents: false}
""",
            file="default.yaml",
        )
    }
)


@pytest.mark.row("S8")
async def test_what_the_customers_report_calls_not_kept_is_a_violation_also_where_nobody_is_woken(month, renderer):
    actor, texts = month.actor("agent_operator"), {}
    for kind in ("customer", "violations"):
        report = await service_report(month.database, QUIET_TERMS, actor, kind, period="2026-03")
        texts[kind] = (await write_report(report, ReportFormat.CSV, renderer)).decode().splitlines()
    broken = [line.removesuffix(",no") for line in texts["customer"] if line.endswith(",no")]
    assert broken == [
        "payments,availability >= 99.9%,99.8656%",
        "payments,95% of response times < 500ms,897ms",
        "payments,throughput > 1000 operations/minute,0.2 operations/minute",
    ]
    assert "Promises not kept,3" in texts["violations"]
    meant = [line for line in texts["violations"] if any(line.startswith(each) for each in broken)]
    assert [line.removeprefix(each) for line, each in zip(meant, broken, strict=True)] == [
        ",The budget of March 2026 is gone: 60 of 45 min.,–",
        ',"The budget of March 2026 is gone: 3,456 of 446 slow answers.",–',
        ",Not kept over March 2026.,–",
    ]


OTHER_TERMS = SlaCatalogue(
    {
        "default": parse_yaml(
            """
SLA Definitions:
  performance: {response_time: "< 0.5 seconds", measurement: "50th percentile", throughput: "> 0.9 operations/minute"}
""",
            file="default.yaml",
        )
    }
)


@pytest.mark.row("S8")
async def test_a_report_holds_what_was_delivered_against_what_was_promised(month, renderer):
    actor, late = month.actor("agent_operator"), datetime.fromisoformat("2026-03-31T23:00:00Z")
    new = [Sample("search", late + timedelta(minutes=each), 0.1, True) for each in range(60)]
    await Sampler(month.database).take(actor, new)
    report = await service_report(month.database, OTHER_TERMS, actor, "customer", period="2026-03")
    text = (await write_report(report, ReportFormat.CSV, renderer)).decode()
    assert "payments,50% of response times < 500ms,199ms,yes" in text  # the 95th percentile is 900 ms
    assert "search,throughput > 0.9 operations/minute,1 operations/minute,yes" in text  # since it is there


@pytest.mark.row("S8")
async def test_a_customer_reads_a_promise_once_that_two_objectives_make(month, renderer):
    actor = month.actor("agent_operator")
    for name, window in (("quarterly", "rolling 90 days"), ("weekly", "rolling 7 days")):
        wish = Wish(name=name, service="payments", metric="availability", target="99.9%", window=window)
        await create_objective(month.database, TERMS, month.actor("meta_agent_manager"), wish)
    report = await service_report(month.database, TERMS, actor, "customer", period="2026-03")
    text = (await write_report(report, ReportFormat.CSV, renderer)).decode()
    assert text.count("payments,availability >= 99.9%,") == 1


@pytest.mark.row("S8", "T11")
async def test_reports_have_the_tenants_colour_and_sign(month, renderer):
    brand = BrandPolicy("Acme Ltd", "#7a1fa2")
    await provision(month.database, TenantPolicy(tenant_id=month.tenant, brand=brand))
    report = await service_report(month.database, TERMS, month.actor("agent_operator"), "customer", period="2026-03")
    page = (await write_report(report, ReportFormat.HTML, renderer)).decode()
    assert "Service level report of Acme Ltd" in page
    assert "border-top:8px solid #7a1fa2" in page


@pytest.mark.row("S4")
async def test_the_long_run_knows_when_it_became_slow(month):
    found = await get_trends(month.database, TERMS, month.actor("agent_operator"), "payments", days=30)
    slow = next(each for each in found.trends if each.metric == "response_time")
    assert [each.day.isoformat() for each in slow.changes] == ["2026-03-20"]
    assert slow.changes[0].shift.after == pytest.approx(0.9, rel=0.01)


@pytest.mark.row("S10", "S6")
async def test_a_plan_is_drafted_from_data_and_followed_to_its_effect(month):
    database, manager = month.database, month.actor("meta_agent_manager")
    with pytest.raises(PermissionMissing):
        await draft_plan(database, TERMS, month.actor("compliance_manager"), "payments")
    plan = await draft_plan(database, TERMS, manager, "payments")
    assert (plan.reference, plan.state, plan.effect) == ("PLAN-1001", "draft", None)
    assert any(re.search(r"rose from \d+ms to \d+ms about 20 Mar 2026", each) for each in plan.findings)
    action = next(each for each in plan.actions if "20 Mar 2026" in each.title)
    owner = month.people["agent_operator"]
    due = month.clock.now() + timedelta(days=7)
    action = await take_action(database, TERMS, manager, action.id, owner=owner.email, due_at=due)
    assert (action.owner.email, action.is_overdue) == (owner.email, False)
    await adopt_plan(database, TERMS, manager, plan.id)
    month.advance(days=8)
    assert [each.is_overdue for each in await list_actions(database, TERMS, manager) if each.owner] == [True]

    sampler, now = Sampler(database), month.clock.now()
    await sampler.take(manager, [Sample("payments", now - timedelta(minutes=each), 0.9, True) for each in range(600)])
    done = await finish_action(
        database, TERMS, month.actor("agent_operator"), action.id, state="done", evidence="Index added."
    )
    assert (done.state, done.effect.verdict) == ("done", "too_early")
    month.advance(days=2)
    now = month.clock.now()
    await sampler.take(manager, [Sample("payments", now - timedelta(minutes=each), 0.1, True) for each in range(600)])
    (done,) = await list_actions(database, TERMS, manager, state="done")
    assert done.effect.verdict in ("better", "mixed")  # it answers faster; the days without samples are down
    faster = next(each for each in done.effect.differences if each.figure == "response_time_p95")
    assert (faster.before, faster.after) == (pytest.approx(0.9, rel=0.02), pytest.approx(0.1, rel=0.02))
    with pytest.raises(WrongState):
        await finish_action(database, TERMS, manager, action.id, state="dropped", evidence="")
    closed = await close_plan(database, TERMS, manager, plan.id, state="done", note="Fast again.")
    assert (closed.state, closed.effect is not None) == ("done", True)
    with pytest.raises(WrongState):
        await adopt_plan(database, TERMS, manager, plan.id)
    assert (await get_plan(database, TERMS, manager, plan.id)).note == "Fast again."


@pytest.mark.row("S10", "R5")
async def test_a_plan_that_is_over_asks_nothing_of_anybody_any_more(month):
    database, manager = month.database, month.actor("meta_agent_manager")
    plan = await draft_plan(database, TERMS, manager, "payments")
    owner, due = month.people["agent_operator"].email, month.clock.now() + timedelta(days=7)
    action = await take_action(database, TERMS, manager, plan.actions[0].id, owner=owner, due_at=due)
    with pytest.raises(ScopeMissing):
        await finish_action(
            database,
            TERMS,
            month.actor("agent_operator", scopes=frozenset({"read"})),
            action.id,
            state="done",
            evidence="Mine.",
        )
    await close_plan(database, TERMS, manager, plan.id, state="dropped", note="Not worth it.")
    assert {each.state for each in await list_actions(database, TERMS, manager)} == {"dropped"}
    fields = {"service": "payments", "title": "Cache", "owner": owner, "due_at": due}
    with pytest.raises(WrongState, match="PLAN-1001 is dropped already"):
        await add_action(database, TERMS, manager, plan_id=plan.id, **fields)


@pytest.mark.row("S6")
async def test_an_action_stands_without_a_plan(month):
    database, manager, due = month.database, month.actor("meta_agent_manager"), month.clock.now() + timedelta(days=3)
    owner = month.people["agent_operator"].email
    for field, wrong, code in (
        ("owner", "nobody@example.com", UnknownPerson.code),
        ("due_at", month.clock.now(), "sla.invalid_plan"),
    ):
        fields = {"title": "Cache", "owner": owner, "due_at": due, field: wrong}
        with pytest.raises(CountersignError) as refused:
            await add_action(database, TERMS, manager, service="payments", **fields)
        assert (refused.value.where, refused.value.code) == (field, code)
    found = await add_action(
        database, TERMS, manager, service="payments", title="Cache  answers", owner=owner, due_at=due
    )
    assert (found.title, found.plan_id, found.state, found.effect) == ("Cache answers", None, "open", None)
