"""Where the time of approvals goes (P8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.approvals import amend, figures
from core.approvals.analytics import Spread
from core.approvals.errors import InvalidRequest
from core.approvals.state import Choice
from tests.factories import START, agent, ask, policies, vote

TWO = policies(
    "Two steps:\n"
    "  applies_to: [agent.create]\n"
    "  stages:\n"
    "    - {stage: security, approvers: [security_manager], timeout: 8 hours}\n"
    "    - {stage: business, approvers: [tenant_administrator], timeout: 8 hours}\n"
)
HOUR_S = 3600.0


async def opened(company, name):
    return (await ask(company, TWO, resource=agent(name))).request_id


async def shown(company, **window):
    return await figures(company.database, company.actor("audit_reviewer"), **window)


@pytest.fixture
async def history(company, runner):
    """Three decided after 1 + 5, 2 + 6, and 3 hours (rejected); one amended and withdrawn; one escalated and open."""
    for name, (first, second) in {"a": (1, 5), "b": (2, 6)}.items():
        request_id = await opened(company, name)
        company.advance(hours=first)
        await vote(company, request_id, "security_manager")
        company.advance(hours=second)
        await vote(company, request_id, "tenant_administrator")
    rejected = await opened(company, "c")
    company.advance(hours=3)
    await vote(company, rejected, "security_manager", Choice.REJECT, reason="Not with this data.")
    await opened(company, "d")
    changed = await opened(company, "e")
    asker, changes = company.actor("agent_developer"), {"owner": "lee@x.example"}
    await amend(company.database, TWO, asker, changed, changes=changes)
    company.advance(hours=8)
    await runner.run_due()
    return company


@pytest.mark.row("P8")
async def test_the_totals_say_what_became_of_the_requests_and_how_long_it_took(history):
    totals = (await shown(history)).totals
    assert (totals.asked, totals.approved, totals.rejected, totals.pending) == (5, 2, 1, 2)
    assert (totals.amended, totals.unused, totals.approval_rate) == (1, 2, 2 / 3)
    assert totals.time_to_decision == Spread(3, 6 * HOUR_S, pytest.approx(7.6 * HOUR_S))  # of 3, 6 and 8 hours


@pytest.mark.row("P8")
async def test_each_stage_has_its_time_and_what_waits_in_it(history):
    security, business = (await shown(history)).stages
    assert (security.stage, security.time) == ("security", Spread(3, 2 * HOUR_S, pytest.approx(2.8 * HOUR_S)))
    assert (security.open_now, security.overdue_now, security.escalated, security.rejected) == (2, 2, 2, 1)
    assert (business.stage, business.time.count, business.time.median_s) == ("business", 2, 5.5 * HOUR_S)
    assert (business.open_now, business.escalated) == (0, 0)


@pytest.mark.row("P8")
async def test_a_bottleneck_is_named_with_its_reasons(history):
    worst, other = (await shown(history)).bottlenecks
    assert (worst.stage, worst.reasons) == ("business", ("65% of all time in stages is spent here.",))
    assert (other.stage, other.reasons) == (
        "security",
        ("2 of 2 that are open now are overdue.", "2 of 5 had to be escalated."),
    )


@pytest.mark.row("P8")
async def test_each_approver_has_their_votes_their_pace_and_what_waits_for_them(history):
    by_name = {each.person.email.partition("@")[0]: each for each in (await shown(history)).approvers}
    security = by_name["security.manager"]
    assert (security.approvals, security.rejections, security.waiting_now) == (2, 1, 2)
    assert security.response.median_s == 2 * HOUR_S
    assert by_name["tenant.administrator"].approvals == 2


@pytest.mark.row("P8", "T1")
async def test_nothing_asked_means_empty_figures_and_another_tenant_sees_nothing(history, database, clock):
    later = history.clock.now() + timedelta(days=1)
    history.advance(days=2)
    empty = await shown(history, since=later)
    assert (empty.totals.asked, empty.totals.approval_rate, empty.totals.time_to_decision) == (
        0,
        None,
        Spread(0, None, None),
    )
    assert (empty.stages, empty.approvers, empty.bottlenecks) == ((), (), ())


@pytest.mark.parametrize("days", [0, -1, 367])
async def test_a_window_that_is_none_is_refused(company, days):
    with pytest.raises(InvalidRequest) as refused:
        await shown(company, since=START, until=START + timedelta(days=days))
    assert refused.value.where == "since"
