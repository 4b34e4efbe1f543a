"""Last month's statement in a channel, of Slack and of Teams: once, with its centres, its picture and the files (C10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from core.costs import Usage, UsageWriter, load_rate_catalogue
from core.finance import SubjectKind, Turn, assign, put_cost_centre
from core.ids import EventId, uuid7
from core.outbox import Event
from core.schedules import ScheduleEvent
from core.tenants import THE_TENANT, ChargebackReport, TenantPolicy, provision
from tests.cost_books import RATES
from tests.factories import START
from tests.service.bot.test_scheduled_messages import CONSOLE, slack
from tests.service.bot.test_teams_schedules import OURS, images, subscriber, teams

__all__ = ["slack", "teams"]  # fixtures
MONTH = "2026-02"


async def spent(company, channel):
    """A month of costs, half of them of a cost centre; the statement goes to this channel. The rates."""
    await provision(
        company.database, TenantPolicy(tenant_id=company.tenant, chargeback_report=ChargebackReport(channel=channel))
    )
    rates, manager = load_rate_catalogue(RATES), company.actor("meta_agent_manager")
    used = [
        Usage(project, "cpu_hours", Decimal(hours), datetime(2026, 2, 3, tzinfo=UTC), project, f"{project}-bot")
        for project, hours in (("billing", "12045.04"), ("claims", "802.5"))
    ]
    writer = UsageWriter(company.database, rates)
    await writer.record(manager, used)
    await writer.close()
    await put_cost_centre(company.database, manager, "CC-100", "Payments")
    await assign(company.database, manager, Turn(SubjectKind.PROJECT, "billing", date(2026, 1, 1), "CC-100"))
    return rates


def due(company, **changes):
    data = {"day": "2026-03-02", "month": MONTH, "expires": (START + timedelta(days=1)).isoformat(), **changes}
    subject = f"chargeback:{THE_TENANT}"
    return Event(company.tenant, EventId(uuid7()), subject, ScheduleEvent.CHARGEBACK_DUE, data, START)


async def in_slack(slack, channel="weekly"):
    rates = await spent(slack.company, channel)
    return replace(slack.messages, rates=rates)


@pytest.mark.row("C10", "B9")
async def test_the_statement_comes_to_the_channel_once_with_its_centres_its_picture_and_the_files(slack):
    messages, event = await in_slack(slack), due(slack.company)
    for attempt in (1, 2):
        await messages.deliver(replace(event, attempt=attempt))
    (message,) = await slack.seen("weekly")
    assert message["text"] == "Chargeback 2026-02. 1,284.75 USD for 2026-02, by 2 cost centres."
    shown = str(message["blocks"])
    assert "CC-100 Payments" in shown
    assert "1,204.50 USD" in shown
    assert "No cost centre" in shown
    assert "80.25 USD" in shown
    assert f"{CONSOLE}/costs/chargeback?period=2026-02" in shown
    assert [each["name"] for each in message["files"]] == ["chargeback-2026-02.png"]
    assert await slack.seen("approvals") == []


@pytest.mark.row("C10")
async def test_a_month_without_costs_says_so_and_has_no_picture(slack):
    messages = await in_slack(slack)
    await messages.deliver(due(slack.company, month="2025-12"))
    (message,) = await slack.seen("weekly")
    assert message["text"] == "Chargeback 2025-12. Nothing was spent."
    assert "files" not in message


@pytest.mark.row("C10")
@pytest.mark.parametrize("channel", ["", "nowhere"])
async def test_without_a_channel_that_can_be_written_to_nothing_is_posted_and_nothing_is_tried_for_ever(slack, channel):
    messages = await in_slack(slack, channel)
    await messages.deliver(due(slack.company))
    assert [await slack.seen(each) for each in ("approvals", "weekly")] == [[], []]


@pytest.mark.row("C10")
async def test_a_statement_that_is_a_day_late_is_left_to_the_console(slack):
    messages = await in_slack(slack)
    await messages.deliver(due(slack.company, expires=START.isoformat()))
    assert await slack.seen("weekly") == []


@pytest.mark.row("C10", "B7")
async def test_the_statement_comes_in_teams_as_well(teams, company):
    rates = await spent(company, "approvals")
    messages, event = replace(subscriber(teams, OURS), rates=rates), due(company)
    for _ in range(2):
        await messages.deliver(event)
    (message,) = [each for each in await teams.messages("#approvals") if "Chargeback" in each["words"]]
    assert "1,284.75 USD for 2026-02, by 2 cost centres" in message["words"]
    assert "CC-100 Payments" in message["words"]
    assert [url.startswith(f"{OURS}/pictures/") for url in await images(teams)] == [True]
