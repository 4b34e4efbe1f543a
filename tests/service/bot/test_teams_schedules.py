"""The morning digest and the week, in Teams: once, with pictures where Teams may fetch them (B7, B9, P8)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.schedules import ScheduledMessages
from bot.teams.pictures import TeamsGallery
from core.ids import EventId, uuid7
from core.outbox import Event
from core.pictures import picture_of
from core.schedules import ScheduleEvent
from core.tenants import THE_TENANT, TenantPolicy, WeeklyReport, provision
from tests.factories import START, ask, policies, vote
from tests.service.bot.test_scheduled_messages import PNG, Drawing
from tests.teams_office import office

OURS = "https://countersign.example"
REVIEWER = "meta.agent.manager@enterprise-corp.example"
ONE = policies(
    "One step:\n"
    "  applies_to: [agent.create]\n"
    "  stages: [{stage: review, approvers: [meta_agent_manager], timeout: 400 hours}]\n"
)
pytestmark = pytest.mark.row("B7", "B9")


@pytest.fixture
async def teams(company):
    await provision(company.database, TenantPolicy(tenant_id=company.tenant, weekly_report=WeeklyReport()))
    async with office(company, company.gate(ONE)) as opened:
        await opened.act("install", user=REVIEWER, channel="#approvals")
        yield opened


@pytest.fixture
def scheduled(teams):
    return subscriber(teams, OURS)


def subscriber(teams, address):
    gallery = TeamsGallery(teams.workspace, address)
    return ScheduledMessages(teams.workspace, gallery, Drawing(), "approvals", "emergency")


def event(company, kind, subject, **changes):
    data = {
        "day": "2026-03-03",
        "since": (START - timedelta(days=3)).isoformat(),
        "until": (START + timedelta(hours=1)).isoformat(),
        "expires": (START + timedelta(days=1)).isoformat(),
    }
    return Event(company.tenant, EventId(uuid7()), subject, kind, data | changes, datetime.now(UTC))


async def digests(teams):
    found = (await teams.look("ephemerals", user=REVIEWER))["ephemeral"]
    return [each["words"] for each in found if "Good morning" in each["words"] + each["text"]]


async def test_the_digest_comes_once_with_what_waits(teams, company, scheduled):
    await ask(company, ONE)
    due = event(company, ScheduleEvent.DIGEST_DUE, f"digest:{company.people['meta_agent_manager'].id}")
    await scheduled.deliver(due)
    await scheduled.deliver(due)
    (digest,) = await digests(teams)
    assert "REQ-1001" in digest


async def test_a_digest_whose_time_is_over_does_not_come(teams, company, scheduled):
    await ask(company, ONE)
    user = company.people["meta_agent_manager"].id
    await scheduled.deliver(event(company, ScheduleEvent.DIGEST_DUE, f"digest:{user}", expires=START.isoformat()))
    assert await digests(teams) == []


async def decided(company):
    """Something was decided in the week, so that there are pictures of it."""
    request = await ask(company, ONE)
    company.advance(minutes=30)
    await vote(company, request.request_id, "meta_agent_manager")


async def images(teams):
    """The addresses of the pictures in the channel's newest message."""
    cards = [each["card"] for each in await teams.messages("#approvals") if each["card"]]
    body = cards[-1]["body"] if cards else ()
    return {each["url"]: each["altText"] for each in body if each["type"] == "Image"}


@pytest.mark.row("P8")
async def test_the_week_comes_once_with_pictures_that_our_own_address_has(teams, company, scheduled):
    await decided(company)
    due = event(company, ScheduleEvent.REPORT_DUE, f"report:{THE_TENANT}")
    await scheduled.deliver(due)
    before = await images(teams)
    for url, alt in before.items():
        assert (url.startswith(f"{OURS}/pictures/"), alt != "") == (True, True)
        token = url.removeprefix(f"{OURS}/pictures/").removesuffix(".png")
        assert (await picture_of(company.database, token)).png.startswith(PNG)
    count = len(await teams.messages("#approvals"))
    await scheduled.deliver(due)
    assert (len(before), await images(teams), len(await teams.messages("#approvals"))) == (2, before, count)


@pytest.mark.row("P8")
async def test_a_report_delivered_again_after_its_answer_was_lost_keeps_no_second_set(teams, company, scheduled):
    await decided(company)
    due = event(company, ScheduleEvent.REPORT_DUE, f"report:{THE_TENANT}")
    await teams.fault("commit_then_timeout", match="/activities")
    lost = asyncio.create_task(scheduled.deliver(due))
    async with asyncio.timeout(60):
        first: dict[str, str] = {}
        while not first:
            first = await images(teams)
    lost.cancel()
    await asyncio.gather(lost, return_exceptions=True)
    await teams.clear()
    await scheduled.deliver(due)
    assert (len(first), await images(teams)) == (2, first)
    async with company.database.tenant(company.tenant) as tx:
        assert (await tx.connection.execute(text("SELECT count(*) FROM pictures"))).scalar_one() == 2


@pytest.mark.row("P8")
async def test_where_teams_may_not_fetch_pictures_the_week_comes_in_words_and_nothing_is_kept(teams, company):
    await decided(company)
    await subscriber(teams, "").deliver(event(company, ScheduleEvent.REPORT_DUE, f"report:{THE_TENANT}"))
    assert await images(teams) == {}
    assert "1 request was decided" in (await teams.messages("#approvals"))[-1]["words"]
    async with company.database.tenant(company.tenant) as tx:
        assert (await tx.connection.execute(text("SELECT count(*) FROM pictures"))).scalar_one() == 0


async def test_a_channel_that_there_is_not_keeps_nothing_waiting(teams, company, scheduled):
    await teams.act("uninstall", user=REVIEWER, channel="#approvals")
    await scheduled.deliver(event(company, ScheduleEvent.REPORT_DUE, f"report:{THE_TENANT}"))
