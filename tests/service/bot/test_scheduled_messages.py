"""The morning digest and the week's pictures in Slack: once, and in words where pictures cannot be (B9, P8, N6)."""

from __future__ import annotations

import contextlib
import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import aiohttp
import pytest
from aiohttp import web
from structlog.testing import capture_logs

from bot.schedules import ScheduledMessages
from bot.slack.pictures import SlackGallery
from bot.slack.workspace import PLATFORM, Workspace, make_client
from core.charts import PictureFailed, Renderer
from core.ids import EventId, UserId, uuid7
from core.links import MessageSlot, reserve_message
from core.outbox import Event
from core.schedules import ScheduleEvent
from core.tenants import THE_TENANT, TenantPolicy, WeeklyReport, provision
from sandbox.server import Options, create_app
from tests.factories import START, agent, ask, policies, vote

TECH = "meta_agent_manager"
CONSOLE = "https://countersign.example/console"
ONE = policies(
    "One step:\n"
    "  applies_to: [agent.create]\n"
    "  stages: [{stage: review, approvers: [meta_agent_manager], timeout: 400 hours}]\n"
)
PNG = b"\x89PNG\r\n\x1a\n and so on"


class Drawing(Renderer):
    """Draws at once, or fails as often as told: what a chart looks like is another test's matter."""

    def __init__(self, fails: int = 0) -> None:
        super().__init__()
        self.fails = fails

    async def draw(self, chart, picture, theme):
        if self.fails:
            self.fails -= 1
            raise PictureFailed
        return PNG + chart.name.encode()


class Slack:
    """A workspace of the company's people, the subscriber, and a person's eyes."""

    def __init__(self, company, url, client, session):
        workspace = Workspace(
            tenant=company.tenant, team_id="T1ACME", client=client, database=company.database, console=CONSOLE
        )
        self.company, self.url, self.session = company, url, session
        self.workspace, self.renderer = workspace, Drawing()
        self.messages = ScheduledMessages(workspace, SlackGallery(workspace), self.renderer, "approvals", "emergency")

    def waits(self, pauses_s):
        self.messages = replace(self.messages, gallery=SlackGallery(self.workspace, pauses_s))

    async def control(self, call, **body):
        async with self.session.post(f"{self.url}/control/{call}", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    async def seen(self, channel):
        async with self.session.get(f"{self.url}/control/slack/messages", params={"channel": channel}) as answer:
            return (await answer.json())["messages"]

    async def decides(self):
        """Something was decided in the week, so that there are pictures of it."""
        request = await ask(self.company, ONE)
        self.company.advance(minutes=30)
        await vote(self.company, request.request_id, TECH)

    async def digest(self, who, attempt=1, **changes):
        user = self.company.people[who].id
        await self.messages.deliver(self.event(ScheduleEvent.DIGEST_DUE, f"digest:{user}", attempt, **changes))
        return await self.seen(f"@{self.company.people[who].email}")

    async def report(self, attempt=1, channel="approvals", **changes):
        data = {"until": (START + timedelta(hours=1)).isoformat(), "day": "2026-03-02", **changes}
        await self.messages.deliver(self.event(ScheduleEvent.REPORT_DUE, f"report:{THE_TENANT}", attempt, **data))
        return await self.seen(channel)

    def event(self, event, subject, attempt, **changes):
        data = {
            "day": "2026-03-03",
            "since": (START - timedelta(days=3)).isoformat(),
            "expires": (START + timedelta(days=1)).isoformat(),
        }
        return Event(
            self.company.tenant, EventId(uuid7()), subject, event, data | changes, datetime.now(UTC), attempt=attempt
        )


@pytest.fixture
async def slack(company):
    report = WeeklyReport()
    await provision(company.database, TenantPolicy(tenant_id=company.tenant, weekly_report=report))
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    people = [
        {"id": f"U{number:04}", "name": key, "real_name": person.name, "email": person.email}
        for number, (key, person) in enumerate(company.people.items())
    ]
    options = Options(
        base_url=url,
        product_url="http://127.0.0.1:9",
        signing_secret="s",
        bot_token="xoxb-1",
        app_token="xapp-1",
        people={
            "team": {"id": "T1ACME", "name": "Acme", "domain": "acme"},
            "people": people,
            "channels": [
                {"id": "C0APPROVALS", "name": "approvals", "members": "*"},
                {"id": "C0WEEKLY", "name": "weekly", "members": "*"},
            ],
        },
    )
    runner = web.AppRunner(create_app(options, systems={}), shutdown_timeout=0.5)
    await runner.setup()
    await web.SockSite(runner, bound).start()
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(runner.cleanup)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        yield Slack(company, url, make_client("xoxb-1", f"{url}/slack/api/"), session)


@pytest.mark.row("B9", "B3")
async def test_the_digest_says_what_waits_with_its_buttons_and_is_not_edited_when_delivered_again(slack):
    await ask(slack.company, ONE)
    (message,) = await slack.digest(TECH)
    assert message["text"] == "Good morning. 1 request waits for your decision."
    assert [each["text"] for each in message["actions"]] == ["Approve", "Reject", "Show"]
    await ask(slack.company, ONE, resource=agent("later"))
    assert await slack.digest(TECH, attempt=2) == [message]
    assert len(await slack.digest(TECH, day="2026-03-04")) == 2


@pytest.mark.row("B9")
async def test_what_was_decided_before_its_delivery_leaves_no_digest(slack):
    request = await ask(slack.company, ONE)
    await vote(slack.company, request.request_id, TECH)
    assert await slack.digest(TECH) == []


@pytest.mark.row("B9", "N6")
async def test_a_delivery_after_noon_says_nothing(slack):
    await ask(slack.company, ONE)
    assert await slack.digest(TECH, expires=START.isoformat()) == []


@pytest.mark.row("N6")
async def test_somebody_without_an_account_here_is_left_alone(slack):
    added = await slack.company.add("second", TECH)
    await ask(slack.company, ONE)
    event = slack.event(ScheduleEvent.DIGEST_DUE, f"digest:{added.id}", 1)
    await slack.messages.deliver(event)
    assert await slack.workspace.chat_user(added) is None


@pytest.mark.row("P8")
async def test_the_week_stands_in_the_channel_with_its_pictures_and_their_words(slack):
    await slack.decides()
    (message,) = await slack.report()
    assert message["text"].startswith(
        "The week in approvals, 23 February to 1 March 2026. 1 request was decided: 1 approved."
    )
    pictures = [block for block in message["blocks"] if block["type"] == "image"]
    assert [block["alt_text"][:30] for block in pictures] == [
        "Requests by the day of their d",
        "Minutes from a stage's opening",
    ]
    assert [file["name"] for file in message["files"]] == [
        "decisions-2026-03-02.png",
        "time-in-stage-2026-03-02.png",
    ]
    async with slack.session.get(slack.url + message["files"][0]["path"]) as answer:
        assert await answer.read() == PNG + b"decisions"


@pytest.mark.row("P8", "N6")
async def test_a_report_that_was_posted_before_its_id_was_stored_is_found_and_not_posted_again(slack):
    slot = MessageSlot(THE_TENANT, PLATFORM, "approvals", "report:2026-03-02")
    async with slack.workspace.database.tenant(slack.company.tenant) as tx:
        await reserve_message(tx, slot)
    await slack.workspace.client.chat_postMessage(
        channel="C0APPROVALS",
        text="The week",
        metadata={"event_type": "countersign_message", "event_payload": {"key": slot.key}},
    )
    for attempt in (1, 2):
        assert [each["text"] for each in await slack.report(attempt)] == ["The week"]


@pytest.mark.row("P8")
async def test_without_the_scope_the_words_come_alone_with_a_link_and_the_log_says_so(slack):
    await slack.decides()
    await slack.control("slack/configure", scopes=["chat:write", "channels:history", "channels:read", "users:read"])
    with capture_logs() as logs:
        (message,) = await slack.report()
    assert {block["type"] for block in message["blocks"]} == {"header", "section", "context"}
    assert f"{CONSOLE}/analytics" in str(message["blocks"])
    (told, _second) = [entry for entry in logs if entry["event"] == "chat_picture_not_uploaded"]
    assert (told["error"], told["needed"], told["log_level"]) == ("missing_scope", "files:write", "warning")


@pytest.mark.row("P8")
async def test_a_picture_that_slack_is_still_looking_through_is_waited_for(slack):
    slack.waits((0.2,) * 20)
    await slack.decides()
    await slack.control("slack/configure", file_processing_s=0.5)
    (message,) = await slack.report()
    assert len(message["files"]) == 2


@pytest.mark.row("P8")
async def test_a_picture_that_never_gets_ready_leaves_the_words(slack):
    slack.waits((0.01, 0.01))
    await slack.decides()
    await slack.control("slack/configure", file_processing_s=600)
    with capture_logs() as logs:
        (message,) = await slack.report()
    assert "files" not in message
    assert "chat_pictures_not_shown" in [entry["event"] for entry in logs]


@pytest.mark.row("P8")
async def test_a_chart_that_cannot_be_drawn_is_tried_again_and_then_left_out(slack):
    await slack.decides()
    slack.renderer.fails = 3
    for attempt in (1, 2):
        with pytest.raises(PictureFailed):
            await slack.report(attempt)
        assert await slack.seen("approvals") == []
    (message,) = await slack.report(3)
    assert "files" not in message


@pytest.mark.row("P8", "T11")
async def test_a_channel_that_the_bot_is_not_in_costs_the_report_and_a_line_in_the_log(slack):
    elsewhere = WeeklyReport(channel="nowhere")
    await provision(slack.company.database, TenantPolicy(tenant_id=slack.company.tenant, weekly_report=elsewhere))
    with capture_logs() as logs:
        await slack.report()
    assert [entry["channel"] for entry in logs if entry["event"] == "chat_channel_unusable"] == ["nowhere"]
    other = WeeklyReport(channel="weekly")
    await provision(slack.company.database, TenantPolicy(tenant_id=slack.company.tenant, weekly_report=other))
    assert len(await slack.report(channel="weekly")) == 1


@pytest.mark.row("P8")
async def test_a_week_in_which_nothing_was_decided_has_words_and_no_empty_pictures(slack):
    await ask(slack.company, ONE)
    (message,) = await slack.report()
    assert "No request was decided. Now 1 stage is open, none overdue." in message["text"]
    assert "files" not in message


async def test_a_report_that_was_switched_off_meanwhile_is_not_made(slack):
    await provision(slack.company.database, TenantPolicy(tenant_id=slack.company.tenant))
    assert await slack.report() == []


def test_an_events_person_is_its_subject():
    user = UserId(uuid7())
    event = Event("t", EventId(uuid7()), f"digest:{user}", ScheduleEvent.DIGEST_DUE, {}, START)
    assert event.subject_id == user
