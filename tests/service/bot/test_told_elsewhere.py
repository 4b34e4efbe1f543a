"""Whoever cannot be reached where they want to be told is told on their other platform, once (B8)."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import text

from bot.absences import AbsenceMessages
from bot.late import said_in
from bot.platform import PlaceUnusable
from bot.reach import BackAgain
from bot.reconciliations import ReconciliationMessages
from core.accounts import accounts_of
from core.approvals import RequestEvent
from core.delegations import Absence, DelegationEvent, set_away
from core.ids import uuid7
from core.links import messages_of
from core.outbox import Event
from core.preferences import Told, Unheard, note_unreached, set_preferences, settle_telling
from core.schedules import ScheduleEvent
from core.tickets import TicketTask, ask_for_walk
from tests.factories import START, agent, ask
from tests.service.bot.test_told_once import ONE, REVIEWER, WHO, both, request_of

__all__ = ["both"]  # a fixture
pytestmark = pytest.mark.row("B8", "B9")


@pytest.fixture
async def in_teams(both):
    """The reviewer has the app in Teams, and wants to be told there."""
    await both.teams.act("install", user=REVIEWER)
    await both.wants("teams")
    return both


async def another_request(both):
    request = await ask(both.company, ONE, resource=agent("another"))
    await both.happens(RequestEvent.STAGE_OPENED, request.request_id)
    return request.request_id


async def removes_the_app(both):
    """Without a word to us: what Teams tells of it is lost."""
    await both.teams.configure(endpoint="http://127.0.0.1:9", event_retry_delays=[])
    await both.teams.act("uninstall", user=REVIEWER)
    await both.teams.configure(endpoint=f"{both.teams.bot_url}/api/messages")


async def handed_over(company):
    """The events that ask the other platform to tell somebody, oldest first."""
    async with company.database.tenant(company.tenant) as tx:
        rows = await tx.connection.execute(
            text("SELECT * FROM outbox_events WHERE type = 'preferences.unreached' ORDER BY position, event_id")
        )
        return [
            Event(company.tenant, row.event_id, row.subject, row.type, row.data, occurred_at=row.occurred_at)
            for row in rows
        ]


async def delivered(both, times=2):
    for event in times * await handed_over(both.company):
        await asyncio.gather(*(each.deliver(event) for each in both.subscribers))


async def reachable(both):
    """Where the reviewer can be written to, as far as we know."""
    company = both.company
    async with company.database.tenant(company.tenant) as tx:
        found = await accounts_of(tx, company.people[WHO].id)
    return sorted(each.chat.platform for each in found if each.unreachable_since is None)


async def test_a_request_that_teams_refuses_is_asked_in_slack_once(in_teams):
    await removes_the_app(in_teams)
    request_id = await request_of(in_teams)
    assert await in_teams.told(request_id) == []
    assert await reachable(in_teams) == ["slack"]
    await delivered(in_teams, times=3)
    assert await in_teams.told(request_id) == ["slack"]
    await in_teams.happens(RequestEvent.STAGE_OPENED, request_id)  # delivered again, after a crash
    assert await in_teams.told(request_id) == ["slack"]
    assert len(await handed_over(in_teams.company)) == 1


async def test_what_comes_later_goes_there_at_once(in_teams):
    await removes_the_app(in_teams)
    await request_of(in_teams)
    later = await another_request(in_teams)
    assert await in_teams.told(later) == ["slack"]
    assert len(await handed_over(in_teams.company)) == 1


async def test_a_reminder_that_is_refused_is_one_line_in_slack_with_its_request(in_teams):
    request_id = await request_of(in_teams)
    await removes_the_app(in_teams)
    await in_teams.reminded(request_id)
    await delivered(in_teams)
    assert sorted(await in_teams.told(request_id)) == ["slack", "teams"]  # the older one is edited once it can be
    assert await in_teams.told(request_id, "nudge") == ["slack"]


async def test_an_edit_that_is_refused_is_no_reason_to_tell_of_what_they_were_told_elsewhere(in_teams):
    request_id = await request_of(in_teams)
    await in_teams.wants("slack")
    await in_teams.reminded(request_id)
    await removes_the_app(in_teams)
    async with in_teams.company.database.tenant(in_teams.company.tenant) as tx:
        await tx.connection.execute(text("UPDATE posted_messages SET content_hash = 'old' WHERE platform = 'teams'"))
    await in_teams.happens(RequestEvent.COMMENTED, request_id, kind="comment", by=REVIEWER, text="Fine.")
    assert await reachable(in_teams) == ["slack"]
    assert await handed_over(in_teams.company) == []


async def test_once_the_app_is_added_again_the_next_one_comes_there_and_no_old_one(in_teams):
    await removes_the_app(in_teams)
    request_id = await request_of(in_teams)
    await delivered(in_teams)
    await in_teams.teams.act("install", user=REVIEWER)
    assert await reachable(in_teams) == ["slack", "teams"]
    await in_teams.happens(RequestEvent.COMMENTED, request_id, kind="comment", by=REVIEWER, text="Fine.")
    assert await in_teams.told(request_id) == ["slack"]
    assert await in_teams.told(await another_request(in_teams)) == ["teams"]


async def test_that_teams_says_so_is_enough_to_tell_them_in_slack_at_once(in_teams):
    await in_teams.teams.act("uninstall", user=REVIEWER)
    assert await reachable(in_teams) == ["slack"]
    assert await in_teams.told(await request_of(in_teams)) == ["slack"]
    assert await handed_over(in_teams.company) == []


async def test_whoever_is_seen_active_there_is_tried_there_again(in_teams):
    await removes_the_app(in_teams)
    await request_of(in_teams)
    await in_teams.acts_in("teams")
    assert await reachable(in_teams) == ["slack", "teams"]
    request_id = await another_request(in_teams)
    await delivered(in_teams)
    assert (await in_teams.told(request_id), await reachable(in_teams)) == (["slack"], ["slack"])


@pytest.mark.parametrize("code", ["messages_tab_disabled", "cannot_dm_bot", "user_disabled", "account_inactive"])
async def test_what_slack_refuses_comes_in_teams(both, code):
    await both.teams.act("install", user=REVIEWER)
    await both.wants("slack")
    async with both.teams.session.post(
        f"{both.slack_url}/control/slack/configure", json={"closed": {REVIEWER: code}}
    ) as answer:
        assert answer.status == 200
    request_id = await request_of(both)
    await both.reminded(request_id)
    await delivered(both)
    assert await both.told(request_id) == ["teams"]
    assert await both.told(request_id, "nudge") == ["teams"]
    await both.acts_in("slack")
    assert await reachable(both) == ["slack", "teams"]


async def test_where_neither_takes_anything_it_is_tried_once_on_each_and_goes_round_no_further(in_teams):
    await removes_the_app(in_teams)
    async with in_teams.teams.session.post(
        f"{in_teams.slack_url}/control/slack/configure", json={"closed": {REVIEWER: "user_disabled"}}
    ) as answer:
        assert answer.status == 200
    request_id = await request_of(in_teams)
    for _round in range(3):
        await delivered(in_teams)
    assert await in_teams.told(request_id) == []
    assert len(await handed_over(in_teams.company)) == 1
    await in_teams.teams.act("install", user=REVIEWER)
    await in_teams.reminded(request_id)
    assert await in_teams.told(request_id) == ["teams"]


async def test_a_digest_that_is_refused_comes_on_the_other_platform_once(in_teams):
    company = in_teams.company
    await ask(company, ONE)
    await removes_the_app(in_teams)
    data = {
        "day": "2026-03-03",
        "since": (START - timedelta(days=3)).isoformat(),
        "expires": (START + timedelta(days=1)).isoformat(),
    }
    due = in_teams.event(ScheduleEvent.DIGEST_DUE, f"digest:{company.people[WHO].id}", data)
    schedules = in_teams.schedules()
    for _delivery in range(2):
        for each in schedules:
            await each.deliver(due)
    (event,) = await handed_over(company)
    assert said_in(event).id == due.id
    for _delivery in range(2):
        for each in (*schedules, *in_teams.subscribers):
            await each.deliver(event)
    async with company.database.tenant(company.tenant) as tx:
        found = {slug: await messages_of(tx, company.people[WHO].id, slug) for slug in in_teams.platforms}
    assert {slug: [each.role for each in slots].count("digest:2026-03-03") for slug, slots in found.items()} == {
        "slack": 1,
        "teams": 0,
    }


async def test_a_notice_of_an_absence_that_is_refused_comes_on_the_other_platform(in_teams):
    company = in_teams.company
    await company.add("deputy")
    wanted = Absence(to_email=company.people["deputy"].email, ends="2026-03-10")
    given = await set_away(company.database, company.actor(WHO), wanted)
    await removes_the_app(in_teams)

    async def nothing(_chat_user):
        return

    notices = [AbsenceMessages(platform, nothing, in_teams.reach) for platform in in_teams.reach.platforms]
    for each in notices:
        await each.deliver(in_teams.event(DelegationEvent.CREATED, f"delegation:{given.id}", {}))
    for event in await handed_over(company):
        for each in (*notices, *in_teams.subscribers):
            await each.deliver(event)
    assert await in_teams.told(given.id) == ["slack"]


async def test_what_a_comparison_of_tickets_found_comes_on_the_other_platform_once(both):
    company, told = both.company, "tenant_administrator"
    await both.teams.act("install", user=company.people[told].email)
    await set_preferences(company.database, company.actor(told), platform="teams")
    async with company.database.tenant(company.tenant) as tx:
        walk = await ask_for_walk(tx, "servicenow", actor=company.actor(told))
    await both.teams.configure(endpoint="http://127.0.0.1:9", event_retry_delays=[])
    await both.teams.act("uninstall", user=company.people[told].email)
    tellers = [ReconciliationMessages(platform, both.reach) for platform in both.reach.platforms]
    found = both.event(TicketTask.RECONCILED, f"reconciliation:{walk}", {})
    for each in tellers:
        await each.deliver(found)
    for event in 2 * await handed_over(company):
        for each in (*tellers, *both.subscribers):
            await each.deliver(event)
    async with company.database.tenant(company.tenant) as tx:
        messages = [each for slug in both.platforms for each in await messages_of(tx, walk, slug)]
    assert [each.platform for each in messages] == ["slack"]


async def test_whoever_comes_back_while_they_are_given_up_is_tried_again(in_teams):
    company, teams = in_teams.company, in_teams.platforms["teams"]
    await removes_the_app(in_teams)
    person = company.people[WHO]
    chat_user = await teams.chat_user(person)
    tried_at = company.clock.now()
    company.clock.advance(timedelta(seconds=1))
    await in_teams.teams.act("install", user=REVIEWER)
    async with company.database.tenant(company.tenant) as tx:
        chat = next(each.chat for each in await accounts_of(tx, person.id) if each.chat.platform == "teams")
        assert not await note_unreached(
            tx, person.id, chat, tried_at=tried_at, about=Unheard("request:x"), here=in_teams.workspaces
        )
    assert (await reachable(in_teams), await handed_over(company)) == (["slack", "teams"], [])
    await in_teams.teams.act("uninstall", user=REVIEWER)

    async def comes_back():
        company.clock.advance(timedelta(seconds=1))
        await in_teams.teams.act("install", user=REVIEWER)
        raise PlaceUnusable

    with pytest.raises(BackAgain):
        await in_teams.reach.writes(teams, person, chat_user, comes_back(), about=Unheard("request:x"))


async def test_two_who_ask_while_somebody_comes_back_hear_the_same(in_teams, company, other_replica):
    here, user = in_teams.workspaces, company.people[WHO].id

    async def asked(database, subject):
        async with database.tenant(company.tenant) as tx:
            return await settle_telling(tx, user, subject=subject, here=here)

    async def goes():
        async with company.database.tenant(company.tenant) as tx:
            chat = next(each.chat for each in await accounts_of(tx, user) if each.chat.platform == "teams")
            await note_unreached(tx, user, chat, tried_at=tx.now, about=None, here=here)

    for _round in range(6):
        subject = uuid7()
        await in_teams.acts_in("teams")
        assert await asked(company.database, subject) is Told.TEAMS
        await goes()
        company.clock.advance(timedelta(seconds=1))
        answers = await asyncio.gather(
            asked(company.database, subject), in_teams.acts_in("teams"), asked(other_replica, subject)
        )
        assert answers[0] is answers[2]
        company.clock.advance(timedelta(seconds=1))
