"""In Teams each reader of a message may see their own view of it: of every kind of subject that has one (B6, B7)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from bot.cards import Actions
from bot.conversation.chat import Asker
from bot.conversation.shown import view_for
from bot.living import CHANNEL
from bot.teams.places import PLATFORM
from core.emergency import grant
from core.errors import NotFound
from core.ids import uuid7
from core.links import MessageSlot
from tests.incident_desk import IncidentDesk
from tests.teams_office import office

pytestmark = pytest.mark.row("B6", "B7", "E4")


@pytest.fixture
async def seen(company, catalogue):
    """What somebody sees of a subject: the card's words and its buttons."""
    async with office(company, company.gate(catalogue)) as teams:
        someone = company.people["agent_developer"].email
        await teams.act("install", user=someone, channel="#approvals")  # so that the bot knows who is there

        async def look(who, subject):
            asker = Asker(teams.aad(company.people[who].email))
            card = await view_for(teams.desk.chat, asker, MessageSlot(subject, PLATFORM, "approvals", CHANNEL))
            rows = [block for block in card.blocks if isinstance(block, Actions)]
            return card.summary, [each.label for row in rows for each in row.buttons if hasattr(each, "label")]

        yield look


async def test_an_incident_is_seen_with_what_can_be_done(seen, company):
    incident = await IncidentDesk(company).fires()
    summary, labels = await seen("agent_operator", incident.incident_id)
    assert summary.startswith("INC-1001")
    assert "Acknowledge" in labels


async def test_a_bypass_has_its_buttons_for_those_who_answer_for_it_and_nobody_else(seen, company):
    holder, why = company.actor("meta_agent_manager"), "Payments stand still."
    bypass = await grant(
        company.database, holder, action="*", resource="*", justification=why, duration=timedelta(hours=1)
    )
    assert (await seen("tenant_administrator", bypass.id))[1] == ["Acknowledge", "End now", "Extend", "Review"]
    assert (await seen("meta_agent_manager", bypass.id))[1] == ["End now", "Extend"]
    assert (await seen("agent_developer", bypass.id))[1] == []


async def test_what_there_is_not_is_seen_by_nobody(seen):
    with pytest.raises(NotFound):
        await seen("agent_developer", uuid7())


async def test_the_timeline_that_is_asked_for_is_the_answer_itself(company, catalogue):
    await IncidentDesk(company).fires()
    who = company.people["agent_operator"].email
    async with office(company, company.gate(catalogue)) as teams:
        await teams.act("install", user=who, channel="#approvals")
        (noted,) = (await teams.act("command", user=who, text="sla note INC-1001 The disk is full"))["ephemeral"]
        assert noted["words"] == "INC-1001: its timeline has it."
        (shown,) = (await teams.act("command", user=who, text="timeline INC-1001"))["ephemeral"]
        assert shown["words"].startswith("INC-1001 · Timeline")
        assert "The disk is full" in shown["words"]
        assert shown["actions"] == []


async def test_what_is_typed_about_an_incident_leaves_no_second_message_of_it_with_buttons_that_grow_old(
    company, catalogue
):
    await IncidentDesk(company).fires()
    who = company.people["agent_operator"].email
    async with office(company, company.gate(catalogue)) as teams:
        await teams.act("install", user=who, channel="#approvals")
        shown = (await teams.act("command", user=who, text="sla show INC-1001"))["ephemeral"][-1]
        assert (shown["actions"], "Payments answer too slowly" in str(shown)) == ([], True)
        done = (await teams.act("command", user=who, text="sla ack INC-1001"))["ephemeral"][-1]
        assert (done["actions"], done["words"].startswith("INC-1001"), "Acknowledged" in done["words"]) == (
            [],
            True,
            True,
        )
