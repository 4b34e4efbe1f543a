"""Messages of budgets: kept current between alerts, and owners told themselves, once, where and when they want it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import text

from bot.budget_owners import BudgetOwnerMessages
from bot.budgets import BudgetMessages
from bot.slack.pictures import SlackGallery
from core import budgets, preferences
from core.budgets import ALERTS, Proposal, count_charges, keep_current, raise_at_once
from core.costs import Charge, spent_of
from core.deadlines import DeadlineRunner
from core.links import messages_of
from core.money import Money
from core.outbox import Event
from core.preferences import set_preferences
from tests.service.bot.test_scheduled_messages import slack
from tests.service.bot.test_told_elsewhere import removes_the_app
from tests.service.bot.test_told_once import REVIEWER, WHO, both

__all__ = ["both", "slack"]  # fixtures

MANAGER = "tenant_administrator"
HOURS, END = "08:00-17:00", datetime(2026, 3, 2, 17, tzinfo=UTC)  # it is 09:00
MINUTE = timedelta(minutes=1)


class Spending:
    """A budget of 100 USD, what is spent of it, and what is heard of that."""

    def __init__(self, company, subscribers):
        self.company, self.subscribers, self.heard = company, subscribers, set()
        self.runner = DeadlineRunner(company.database, {**budgets.DEADLINES, **preferences.DEADLINES})

    async def begins(self, catalogue, owners=(WHO,)):
        self.catalogue = catalogue
        said = Proposal(
            name="Care", amount=usd("100"), project="care", forecast=False,
            owners=[self.company.people[each].email for each in owners],
        )  # fmt: skip
        self.budget = await budgets.create(self.company.database, catalogue, self.company.actor(MANAGER), said)
        await self.delivered()
        return self

    async def spends(self, amount):
        value, now = Decimal(amount), self.company.clock.now()
        charge = Charge("u", now, "care", "bot", "cpu_hours", "compute_costs", value, value, "USD")
        async with self.company.database.tenant(self.company.tenant) as tx:
            await count_charges(tx, spent_of([charge]))
        return await self.delivered()

    async def passes(self, time):
        self.company.advance(seconds=time.total_seconds())
        await self.runner.run_due()
        return await self.delivered()

    async def delivered(self):
        """The types of the events that were new; each was delivered twice, as may happen."""
        async with self.company.database.tenant(self.company.tenant) as tx:
            rows = await tx.connection.execute(
                text(
                    "SELECT * FROM outbox_events WHERE subject LIKE 'budget:%' AND event_id <> ALL(:heard)"
                    " ORDER BY event_id"
                ),
                {"heard": list(self.heard)},
            )
            new = [
                Event(self.company.tenant, row.event_id, row.subject, row.type, row.data, occurred_at=row.occurred_at)
                for row in rows
            ]
        for event in new:
            self.heard.add(event.id)
            if event.type in ALERTS:
                await keep_current(self.company.database, event)
            for each in 2 * self.subscribers:
                await each.deliver(event)
        return [event.type for event in new]


def usd(amount):
    return Money(Decimal(amount), "USD")


@pytest.fixture
async def channel(slack, budget_catalogue):
    gallery = SlackGallery(slack.workspace)
    messages = BudgetMessages(slack.workspace, gallery, slack.renderer, "approvals", budget_catalogue)
    owners = BudgetOwnerMessages(slack.workspace)
    return await Spending(slack.company, [messages, owners]).begins(budget_catalogue)


def pictures(message):
    return [block["slack_file"]["id"] for block in message["blocks"] if block["type"] == "image"]


@pytest.mark.row("B5", "C3", "C4")
async def test_between_thresholds_the_message_follows_once_a_minute_without_a_word(channel, slack):
    await channel.spends("50")
    (alert,) = await slack.seen("approvals")
    assert await channel.spends("5") == []
    assert await channel.spends("1.5") == []
    assert "50.00 of 100.00 USD used" in (await slack.seen("approvals"))[0]["text"]
    assert await channel.passes(MINUTE) == ["budget.moved"]
    (message,) = await slack.seen("approvals")
    assert "56.50 of 100.00 USD used" in message["text"]
    assert "56.5 %" in str(message["blocks"])
    assert pictures(message) not in ([], pictures(alert))  # it is drawn anew
    assert (message["ts"], message["thread"]) == (alert["ts"], [])


@pytest.mark.row("B5")
async def test_what_has_not_moved_is_not_edited(channel, slack):
    await channel.spends("50")
    await channel.passes(MINUTE)
    (shown,) = await slack.seen("approvals")
    assert await channel.passes(10 * MINUTE) == []
    await channel.spends("0.01")  # 50.0 % still
    assert await channel.passes(MINUTE) == []
    assert await slack.seen("approvals") == [shown]


@pytest.mark.row("B5")
async def test_before_its_first_alert_and_after_its_period_nothing_of_a_budget_is_told(channel, slack):
    await channel.spends("20")
    assert await channel.passes(MINUTE) == []
    assert await slack.seen("approvals") == []
    await channel.spends("40")
    await channel.passes(timedelta(days=31))  # into the next period
    await channel.spends("1")
    assert "budget.moved" not in await channel.passes(MINUTE)


@pytest.mark.row("B5")
async def test_after_a_raise_the_message_is_kept_current_although_no_threshold_is_reached_any_more(channel, slack):
    await channel.spends("60")
    await channel.passes(MINUTE)
    manager = slack.company.actor(MANAGER)
    await raise_at_once(
        slack.company.database, channel.catalogue, manager, channel.budget.id, to=usd("1000"), reason="More work."
    )
    await channel.passes(MINUTE)
    await channel.spends("40")
    assert await channel.passes(MINUTE) == ["budget.moved"]
    assert "100.00 of 1,000.00 USD used" in (await slack.seen("approvals"))[0]["text"]


@pytest.mark.row("C4", "B8")
async def test_owners_have_one_message_of_their_own_with_the_buttons_and_hear_of_each_threshold(channel, slack):
    place = f"@{slack.company.people[WHO].email}"
    await channel.spends("50")
    (message,) = await slack.seen(place)
    assert [each["text"] for each in message["actions"]][:3] == ["Acknowledge", "Raise", "Slow down"]
    assert message["thread"] == []
    await channel.passes(MINUTE)
    await channel.spends("31")
    (after,) = await slack.seen(place)
    assert (after["ts"], "81.00 of 100.00 USD used" in after["text"]) == (message["ts"], True)
    assert [each["text"] for each in after["thread"]] == ["🟠 80 % is reached: 81.00 of 100.00 USD."]


@pytest.mark.row("C4")
async def test_who_owns_no_budget_is_told_of_none(channel, slack):
    await channel.spends("100")
    assert [len(await slack.seen(f"@{slack.company.people[each].email}")) for each in (WHO, MANAGER)] == [1, 0]


@pytest.fixture
async def spending(both, budget_catalogue):
    subscribers = [BudgetOwnerMessages(platform, both.reach) for platform in both.reach.platforms]
    return await Spending(both.company, subscribers).begins(budget_catalogue)


async def told(both, role="direct"):
    """On which platforms the owner has messages of budgets."""
    found = []
    async with both.company.database.tenant(both.company.tenant) as tx:
        rows = await tx.connection.execute(text("SELECT DISTINCT subject_id FROM posted_messages"))
        for (subject,) in rows.all():
            found += [each for slug in both.platforms for each in await messages_of(tx, subject, slug)]
    return [each.platform for each in found if each.role.partition(":")[0] == role]


@pytest.mark.row("C4", "B8", "B9")
@pytest.mark.parametrize(("wanted", "places"), [("slack", ["slack"]), ("teams", ["teams"])])
async def test_owners_are_told_on_the_platform_that_they_prefer(both, spending, wanted, places):
    await both.wants(wanted)
    await spending.spends("50")
    await spending.passes(MINUTE)
    await spending.spends("40")
    assert (await told(both), await told(both, "nudge")) == (places, places)


@pytest.mark.row("C4", "B8", "B9")
async def test_in_quiet_hours_an_alert_waits_and_comes_once_as_the_budget_stands_then(both, spending):
    await set_preferences(both.company.database, both.company.actor(WHO), quiet_hours=HOURS)
    await spending.spends("50")
    await spending.spends("40")
    assert await told(both) == []
    await spending.passes(END - both.company.clock.now())
    assert (await told(both), await told(both, "nudge")) == (["slack"], [])


@pytest.mark.row("C4", "B8", "B9")
async def test_an_alert_that_a_raise_has_settled_by_the_end_of_quiet_hours_is_not_told(both, spending):
    company = both.company
    await set_preferences(company.database, company.actor(WHO), quiet_hours=HOURS)
    await spending.spends("50")
    manager = company.actor(MANAGER)
    await raise_at_once(
        company.database, spending.catalogue, manager, spending.budget.id, to=usd("1000"), reason="More work."
    )
    assert "preferences.quiet_over" in await spending.passes(END - company.clock.now())
    assert await told(both) == []


@pytest.mark.row("C4", "B8", "B9")
async def test_whoever_teams_cannot_reach_is_told_in_slack_once(both, spending):
    await both.teams.act("install", user=REVIEWER)
    await both.wants("teams")
    await removes_the_app(both)
    assert await spending.spends("50") == ["budget.threshold_reached"]
    assert await spending.delivered() == ["preferences.unreached"]
    assert await spending.delivered() == []
    assert (await told(both), await told(both, "nudge")) == (["slack"], [])
