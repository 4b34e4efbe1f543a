"""A process that dies between posting in Teams and storing the message's id (B3, B7, N6).

Teams shows a bot no history, so the message is posted again; the one that nobody knows of disappears when its reader
looks at it.
"""

import pytest

from bot.cards import Card, Plain, Section
from bot.living import LivingMessages
from bot.teams import render
from bot.teams.connector import Posted
from bot.teams.openers import DIALOGS
from bot.teams.places import PLATFORM
from bot.teams.slots import naming
from core.approvals import RequestEvent
from core.ids import EventId, uuid7
from core.links import MessageSlot, drop_message, reserve_message, stored_message
from core.outbox import Event
from tests.service.bot.conftest import DEVELOPER, REVIEWER

pytestmark = pytest.mark.row("B3", "B7", "N6")


@pytest.fixture
def teams(met):
    return met


@pytest.fixture
def living(teams):
    async def nothing(_chat_user):
        return

    return LivingMessages(teams.workspace, "approvals", "emergency", nothing)


def event(company, request_id, kind=RequestEvent.STAGE_OPENED, **data):
    return Event(company.tenant, EventId(uuid7()), f"request:{request_id}", kind, data, occurred_at=company.clock.now())


def slot_of(teams, request_id):
    return MessageSlot(request_id, PLATFORM, teams.aad(REVIEWER), "direct")


async def stored(teams, slot):
    async with teams.places.database.tenant(teams.places.tenant) as tx:
        return await stored_message(tx, slot)


async def of_reviewer(teams, words="REQ-"):
    chat = await teams.places.chat_with(teams.aad(REVIEWER))
    return [each for each in await teams.messages(chat.id) if words in each["words"]]


async def dies_after_posting(teams, slot):
    """The message stands in Teams; of its id nobody knows."""
    card = Card("REQ-1001", (Section((Plain("REQ-1001"),)),))
    chat = await teams.places.chat_with(slot.place)
    member = teams.about["people"][REVIEWER]["id"]
    content = render.message(card, refresh=render.Refresh((member,), naming(slot)), dialogs=DIALOGS)
    async with teams.places.database.tenant(teams.places.tenant) as tx:
        await reserve_message(tx, slot)
    return await teams.places.connector.post(chat.service_url, chat.id, content)


async def looks(teams):
    """The reviewer looks at their chat: their client asks for their view of each message."""
    chat = await teams.places.chat_with(teams.aad(REVIEWER))
    return await teams.messages(chat.id, user=REVIEWER)


async def test_a_message_without_a_known_id_is_posted_again_and_its_double_goes_when_it_is_looked_at(
    teams, company, living, request_id
):
    lost = await dies_after_posting(teams, slot_of(teams, request_id))
    await living.deliver(event(company, request_id))
    assert len(await of_reviewer(teams)) == 2

    await looks(teams)

    (kept,) = await of_reviewer(teams)
    assert kept["ts"] == (await stored(teams, slot_of(teams, request_id))).message_id != lost.id


async def test_a_message_that_is_looked_at_before_it_would_be_posted_again_is_taken_over(
    teams, company, living, request_id
):
    lost = await dies_after_posting(teams, slot_of(teams, request_id))
    await looks(teams)
    assert (await stored(teams, slot_of(teams, request_id))).message_id == lost.id

    await living.deliver(event(company, request_id))

    (kept,) = await of_reviewer(teams)
    assert (kept["ts"], "Approve" in [each["text"] for each in kept["actions"]]) == (lost.id, True)


async def test_an_answer_that_was_lost_is_asked_for_again_and_leaves_one_message_after_a_look(
    teams, company, living, request_id
):
    await teams.fault("down", count=1, match="/activities")
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever the network says; the outbox tries again
        await living.deliver(event(company, request_id))
    await living.deliver(event(company, request_id))
    await looks(teams)
    assert len(await of_reviewer(teams)) == 1


async def test_a_message_that_somebody_deleted_is_posted_anew(teams, company, living, request_id):
    await living.deliver(event(company, request_id))
    before = await stored(teams, slot_of(teams, request_id))
    chat = await teams.places.chat_with(teams.aad(REVIEWER))
    await teams.places.connector.delete(chat.service_url, Posted(before.channel, before.message_id))
    async with teams.places.database.tenant(teams.places.tenant) as tx:
        await drop_message(tx, MessageSlot(request_id, PLATFORM, "approvals", "channel"))
    company.advance(hours=30)  # what it shows is another now

    await living.deliver(event(company, request_id, RequestEvent.REMINDED, people=[]))

    (kept,) = await of_reviewer(teams)
    assert kept["ts"] != before.message_id


async def test_a_stranger_cannot_take_over_somebody_else_s_message(teams, request_id):
    slot = slot_of(teams, request_id)
    async with teams.places.database.tenant(teams.places.tenant) as tx:
        await reserve_message(tx, slot)
    found = await teams.workspace.shown_to(teams.aad(DEVELOPER), "a:elsewhere", "1", naming(slot))
    assert (found, (await stored(teams, slot)).message_id) == (None, None)


@pytest.mark.parametrize("value", ["", "{}", "null", "[]", '{"s":"x","p":"y","r":"z"}', '{"s":1,"p":2,"r":3}'])
async def test_what_names_no_message_of_ours_is_none(teams, value):
    assert await teams.workspace.shown_to(teams.aad(DEVELOPER), "a:1", "1", value) is None


async def test_approvers_see_their_buttons_in_the_channel_and_others_none(teams, company, living, request_id):
    await living.deliver(event(company, request_id))

    async def buttons(who):
        (message,) = await teams.messages("#approvals", user=company.people[who].email)
        return {each["text"] for each in message["actions"]}

    assert {"Approve", "Reject"} <= await buttons("meta_agent_manager")
    assert "Withdraw" in await buttons("agent_developer")
    assert not {"Approve", "Reject", "Withdraw"} & await buttons("audit_reviewer")


async def test_somebody_who_has_not_got_the_app_keeps_nobody_else_from_being_told(teams, company, living, request_id):
    async with teams.session.post(
        f"{teams.url}/control/teams/edit", json={"type": "user", "id": DEVELOPER, "fields": {"blocked": True}}
    ) as answer:
        assert answer.status == 200
    await living.deliver(event(company, request_id))
    assert len(await of_reviewer(teams)) == 1
