"""Owners of actions of service levels: told, reminded until it is over, and no longer (S6, S10)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from bot.service_actions import EVENTS, ServiceActionMessages
from core import preferences, sla
from core.deadlines import DeadlineRunner
from core.outbox import Event
from core.preferences import set_preferences
from core.sla import Sample, Sampler, SlaCatalogue, add_action, finish_action, get_owed, take_action
from core.sla.errors import WrongState
from tests.service.bot.test_scheduled_messages import slack

__all__ = ["slack"]  # a fixture

OWNER, OTHER, MANAGER = "agent_operator", "agent_developer", "meta_agent_manager"
DAY = timedelta(days=1)
NO_TERMS = SlaCatalogue({})


class Actions:
    """An action for payments, and what is heard of it on Slack."""

    def __init__(self, slack):
        self.slack, self.company, self.heard = slack, slack.company, set()
        self.messages = ServiceActionMessages(slack.workspace)
        self.runner = DeadlineRunner(self.company.database, {**sla.DEADLINES, **preferences.DEADLINES})

    async def begin(self):
        now = self.company.clock.now()
        await Sampler(self.company.database).take(self.company.actor(OWNER), [Sample("payments", now, 0.2, True)])
        self.action = await add_action(
            self.company.database, NO_TERMS, self.company.actor(MANAGER), service="payments", title="Cache answers",
            why="It is slow.", owner=self.company.people[OWNER].email, due_at=now + 3 * DAY,
        )  # fmt: skip
        return self

    async def pass_by(self, time):
        self.company.advance(seconds=time.total_seconds())
        await self.runner.run_due()
        return await self.deliver()

    async def deliver(self):
        """The types of the events that were new; each was delivered twice, as may happen."""
        async with self.company.database.tenant(self.company.tenant) as tx:
            rows = await tx.connection.execute(
                text("SELECT * FROM outbox_events WHERE subject LIKE 'sla_action:%' ORDER BY event_id")
            )
            new = [
                Event(self.company.tenant, row.event_id, row.subject, row.type, row.data, occurred_at=row.occurred_at)
                for row in rows
                if row.event_id not in self.heard
            ]
        for event in new:
            assert event.type in EVENTS
            self.heard.add(event.id)
            for _ in range(2):
                await self.messages.deliver(event)
        return [event.type for event in new]

    async def seen(self, role=OWNER):
        return await self.slack.seen(f"@{self.company.people[role].email}")


@pytest.fixture
async def actions(slack):
    return await Actions(slack).begin()


@pytest.mark.row("S6", "S10")
async def test_an_owner_is_told_and_reminded_every_day_from_its_due_time_on_until_it_is_over(actions):
    assert await actions.deliver() == ["sla.action_given"]
    (message,) = await actions.seen()
    assert "payments: Cache answers — 🔧 Open" in message["text"]
    assert [each["text"] for each in message["actions"]] == ["Finish", "Open"]
    assert message["thread"] == []
    assert await actions.pass_by(2 * DAY) == []
    assert await actions.pass_by(DAY) == ["sla.action_due"]
    assert await actions.pass_by(DAY) == ["sla.action_due"]
    (message,) = await actions.seen()
    assert "⏰ Overdue" in message["text"]
    assert [each["text"] for each in message["thread"]] == ["⏰ This is due: Cache answers"] * 2
    company = actions.company
    await finish_action(
        company.database, NO_TERMS, company.actor(OWNER), actions.action.id, state="done", evidence="CHG-1007"
    )
    assert await actions.pass_by(10 * DAY) == ["sla.action_ended"]
    (message,) = await actions.seen()
    labels = [each["text"] for each in message["actions"]]
    assert ("✅ Done" in message["text"], labels, len(message["thread"])) == (True, ["Open"], 2)
    with pytest.raises(WrongState):
        await get_owed(company.database, company.actor(OWNER), actions.action.id)


@pytest.mark.row("S6")
async def test_who_takes_it_over_is_told_and_who_had_it_is_reminded_no_more(actions):
    await actions.deliver()
    company = actions.company
    due_at = company.clock.now() + 5 * DAY
    await take_action(
        company.database, NO_TERMS, company.actor(MANAGER), actions.action.id,
        owner=company.people[OTHER].email, due_at=due_at,
    )  # fmt: skip
    assert await actions.deliver() == ["sla.action_given"]
    assert [len(await actions.seen(role)) for role in (OTHER, OWNER)] == [1, 1]
    assert await actions.pass_by(4 * DAY) == []  # it has another day
    assert await actions.pass_by(DAY) == ["sla.action_due"]
    threads = [(await actions.seen(role))[0]["thread"] for role in (OTHER, OWNER)]
    assert [len(each) for each in threads] == [1, 0]


@pytest.mark.row("S6", "B9")
async def test_a_reminder_that_waited_is_not_told_if_the_day_was_moved_meanwhile(actions):
    company = actions.company
    await actions.deliver()
    before = [len(each["thread"]) for each in await actions.seen()]
    await actions.pass_by(5 * DAY)
    assert [len(each["thread"]) for each in await actions.seen()] > before  # told that it is due
    await set_preferences(company.database, company.actor(OWNER), quiet_hours="08:00-17:00")
    said = [len(each["thread"]) for each in await actions.seen()]
    await actions.pass_by(DAY)  # due again, in quiet hours
    await take_action(
        company.database, NO_TERMS, company.actor(MANAGER), actions.action.id,
        owner=company.people[OWNER].email, due_at=company.clock.now() + 9 * DAY,
    )  # fmt: skip
    company.advance(seconds=8 * 3600 + 60)
    await actions.runner.run_due()
    await actions.deliver()
    lines = [line["text"] for each in await actions.seen() for line in each["thread"][said[0] :]]
    assert [line for line in lines if "due" in line.lower() and "This is due" in line] == []


@pytest.mark.row("S6", "B9")
async def test_a_reminder_waits_for_the_end_of_quiet_hours(actions):
    company = actions.company
    await set_preferences(company.database, company.actor(OWNER), quiet_hours="08:00-17:00")  # it is 09:00
    await actions.deliver()
    assert await actions.seen() == []
    company.advance(seconds=(datetime(2026, 3, 2, 17, tzinfo=UTC) - company.clock.now()).total_seconds() + 1)
    await actions.runner.run_due()
    await actions.deliver()
    assert [each["text"] for each in await actions.seen()] == ["payments: Cache answers — 🔧 Open"]
