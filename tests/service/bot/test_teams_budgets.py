"""A budget's message in a channel of Teams: whoever keeps the budget has its buttons, and nobody else (B6, B7, C4)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.budgets import BudgetMessages
from bot.teams.pictures import TeamsGallery
from tests.service.bot.test_budget_messages import MANAGER, MINUTE, Spending
from tests.service.bot.test_scheduled_messages import Drawing
from tests.service.bot.test_told_once import WHO
from tests.teams_office import office

pytestmark = pytest.mark.row("B6", "B7", "C4")
BYSTANDER = "audit_reviewer"
ADDRESS = "https://countersign.example"


@pytest.fixture
async def teams(company, catalogue, budget_catalogue):
    async with office(company, company.gate(catalogue), budgets=budget_catalogue, pictures_at=ADDRESS) as opened:
        await opened.act("install", user=company.people[WHO].email, channel="#approvals")
        yield opened


@pytest.fixture
async def spending(teams, company, budget_catalogue):
    gallery = TeamsGallery(teams.workspace, ADDRESS)
    messages = BudgetMessages(teams.workspace, gallery, Drawing(), "approvals", budget_catalogue)
    return await Spending(company, [messages]).begins(budget_catalogue)


async def seen(teams, company, who=None):
    """The one message of the channel, as this person sees it, or as it stands there; and its buttons."""
    (message,) = await teams.messages("#approvals", user=company.people[who].email if who else None)
    return message, list(dict.fromkeys(each["text"] for each in message["actions"]))  # a question has its own again


async def test_owners_and_managers_have_every_button_and_others_may_ask_for_a_raise(teams, company, spending):
    await spending.spends("50")
    for keeper in (WHO, MANAGER):
        assert (await seen(teams, company, keeper))[1] == ["Acknowledge", "Raise", "Slow down", "Details"]
    for other in (BYSTANDER, None):
        assert (await seen(teams, company, other))[1] == ["Raise", "Details"]


async def test_everybody_sees_the_same_picture_whatever_their_buttons(teams, company, spending):
    await spending.spends("50")
    of_all, of_owner = [(await seen(teams, company, who))[0] for who in (None, WHO)]

    def pictures(message):
        return [each for each in str(message["card"]).split("'") if each.startswith(f"{ADDRESS}/pictures/")]

    assert len(pictures(of_all)) == 1
    assert pictures(of_owner) == pictures(of_all)


async def test_a_press_of_the_owner_s_button_is_seen_by_everybody(teams, company, spending):
    await spending.spends("50")
    (pressed, *_others) = (await seen(teams, company, WHO))[0]["actions"]
    message, who = (await seen(teams, company))[0], company.people[WHO].email
    await teams.act("click", user=who, channel="#approvals", ts=message["ts"], action_id=pressed["action_id"])
    assert await spending.delivered() == ["budget.acknowledged"]
    after, buttons = await seen(teams, company, WHO)
    assert "looks after it since" in str(after)
    assert buttons == ["Raise", "Slow down", "Details"]


async def test_once_the_period_is_over_nobody_has_a_button(teams, company, spending):
    await spending.spends("50")
    await spending.passes(timedelta(days=31))
    for who in (WHO, MANAGER, BYSTANDER, None):
        assert (await seen(teams, company, who))[1] == []


async def test_a_look_at_a_message_whose_period_ended_a_moment_ago_breaks_nothing(teams, company, spending):
    await spending.spends("50")
    before = (await seen(teams, company))[0]
    company.advance(seconds=timedelta(days=31).total_seconds())  # nobody was told of it yet
    assert (await seen(teams, company, WHO))[0]["words"] == before["words"]
    await spending.passes(MINUTE)
    assert (await seen(teams, company, WHO))[1] == []
