"""What was decided, whenever it was asked for (P8)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.approvals import DayOutcomes, outcomes
from core.approvals.errors import InvalidRequest
from core.approvals.state import Choice
from core.charts import UnknownChart, approval_chart
from tests.factories import START, agent, ask, policies, vote

ONE = policies(
    "One step:\n"
    "  applies_to: [agent.create]\n"
    "  stages: [{stage: security, approvers: [security_manager], timeout: 99 hours}]\n"
)
SELF = policies(
    "Itself:\n"
    "  applies_to: [agent.create]\n"
    "  automatic: [{criterion: always, when: 'true'}]\n"
    "  stages: [{stage: security, approvers: [security_manager], timeout: 99 hours}]\n"
)


async def decided(company, name, choice=Choice.APPROVE):
    request = await ask(company, ONE, resource=agent(name))
    await vote(company, request.request_id, "security_manager", choice, reason="As asked.")


@pytest.mark.row("P8")
async def test_requests_count_on_the_day_of_their_decision_even_if_they_were_asked_for_before(company):
    early = await ask(company, ONE, resource=agent("early"))
    company.advance(hours=50)
    since = company.clock.now()
    await vote(company, early.request_id, "security_manager")
    await decided(company, "second", Choice.REJECT)
    await ask(company, ONE, resource=agent("open"))
    company.advance(hours=24)
    await decided(company, "third")
    found = await outcomes(
        company.database, company.actor("audit_reviewer"), since=since, until=since + timedelta(days=2)
    )
    day = since.date()
    assert found.days == (DayOutcomes(day, 1, 1, 0, 0), DayOutcomes(day + timedelta(days=1), 1, 0, 0, 0))
    assert (found.automatic, found.by_people, found.automatic_share) == (0, 3, 0.0)


@pytest.mark.row("P8", "P5")
async def test_what_policy_approved_alone_is_told_apart(company):
    await ask(company, SELF, resource=agent("a"))
    await decided(company, "b")
    company.advance(hours=1)
    found = await outcomes(company.database, company.actor("audit_reviewer"))
    assert (found.automatic, found.by_people, found.automatic_share) == (1, 1, 0.5)


@pytest.mark.row("P8", "T1")
async def test_nothing_decided_has_no_share(company):
    found = await outcomes(company.database, company.actor("audit_reviewer"))
    assert (found.days, found.automatic_share) == ((), None)


async def test_a_window_that_is_none_and_a_chart_that_is_none_are_refused(company):
    reader = company.actor("audit_reviewer")
    with pytest.raises(InvalidRequest):
        await outcomes(company.database, reader, since=START, until=START)
    with pytest.raises(UnknownChart) as refused:
        await approval_chart(company.database, reader, "pie")
    assert "decisions" in refused.value.accepted
