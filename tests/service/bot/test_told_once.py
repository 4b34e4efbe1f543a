"""A person with accounts in Slack and in Teams is told once, where they prefer (B8, B9)."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from app.housekeeping import Housekeeping
from bot.living import LivingMessages
from bot.reach import Reach, note_active
from bot.schedules import ScheduledMessages
from bot.slack.pictures import SlackGallery
from bot.teams.pictures import TeamsGallery
from core.accounts import ChatId, LinkedBy, Platform, accounts_of, set_account, unlink_account
from core.approvals import RequestEvent
from core.ids import EventId, uuid7
from core.links import messages_of
from core.outbox import Event
from core.preferences import (
    InvalidPreference,
    Told,
    get_preferences,
    set_preferences,
    settle_telling,
)
from core.schedules import ScheduleEvent
from tests.factories import START, Company, ask, policies, vote
from tests.service.bot.test_accounts import slack as slack_of
from tests.teams_office import Office, office

WHO = "meta_agent_manager"
REVIEWER = "meta.agent.manager@enterprise-corp.example"
ONE = policies(
    "One step:\n"
    "  applies_to: [agent.create]\n"
    "  stages: [{stage: review, approvers: [meta_agent_manager], timeout: 400 hours}]\n"
)
pytestmark = pytest.mark.row("B8", "B9")


@dataclass
class Both:
    """The company on both platforms, with a subscriber for each."""

    company: Company
    teams: Office
    platforms: dict[str, Any]  # by their names
    reach: Reach
    subscribers: list[LivingMessages]
    slack_url: str
    homes: list[tuple[str, str]]  # that were brought up to date: on which platform, whose

    @property
    def workspaces(self):
        return {(Platform(slug), each.workspace_id) for slug, each in self.platforms.items()}

    async def happens(self, event_type, request_id, **data):
        """The event is delivered on both, at once."""
        event = self.event(event_type, f"request:{request_id}", data)
        await asyncio.gather(*(each.deliver(event) for each in self.subscribers))

    async def reminded(self, request_id):
        await self.happens(RequestEvent.REMINDED, request_id, stage="review", people=[str(self.company.people[WHO].id)])

    def event(self, kind, subject, data):
        company = self.company
        return Event(company.tenant, EventId(uuid7()), subject, kind, data, occurred_at=company.clock.now())

    async def told(self, request_id, role="direct"):
        """On which platforms the reviewer has such messages of the request."""
        company = self.company
        async with company.database.tenant(company.tenant) as tx:
            mine = {each.chat.chat_user for each in await accounts_of(tx, company.people[WHO].id)}
            found = [each for slug in self.platforms for each in await messages_of(tx, request_id, slug)]
        return [each.platform for each in found if each.place in mine and each.role.partition(":")[0] == role]

    def schedules(self):
        """The subscribers of schedules, of Slack and of Teams; they draw nothing."""
        workspaces = self.platforms["slack"], self.platforms["teams"]
        galleries = SlackGallery(workspaces[0]), TeamsGallery(workspaces[1], "")
        return [
            ScheduledMessages(workspace, gallery, None, "approvals", "emergency", self.reach)
            for workspace, gallery in zip(workspaces, galleries, strict=True)
        ]

    async def wants(self, platform):
        await set_preferences(self.company.database, self.company.actor(WHO), platform=platform)

    async def acts_in(self, slug):
        platform = self.platforms[slug]
        await note_active(platform, await platform.chat_user(self.company.people[WHO]))


@pytest.fixture
async def both(company):
    async with office(company, company.gate(ONE)) as teams, slack_of(company) as (workspace, _ids, _told):
        await teams.act("install", user=REVIEWER, channel="#approvals")
        reach = Reach([workspace, teams.workspace])

        homes = []

        def refresh(slug):
            async def refreshed(chat_user):
                homes.append((slug, chat_user))

            return refreshed

        subscribers = [
            LivingMessages(platform, "approvals", "emergency", refresh(platform.slug), reach)
            for platform in reach.platforms
        ]
        platforms = {each.slug: each for each in reach.platforms}
        for platform in reach.platforms:  # who is known on both from the start
            assert await platform.chat_user(company.people[WHO])
        slack_url = workspace.client.base_url.removesuffix("/slack/api/")
        yield Both(company, teams, platforms, reach, subscribers, slack_url, homes)


async def request_of(both):
    request = await ask(both.company, ONE)
    await both.happens(RequestEvent.STAGE_OPENED, request.request_id)
    return request.request_id


async def test_whoever_was_never_active_is_told_in_slack_alone(both):
    assert await both.told(await request_of(both)) == ["slack"]


async def test_what_waits_for_somebody_is_true_on_both_homes_wherever_they_are_told(both):
    request_id = await request_of(both)
    theirs = {(slug, await each.chat_user(both.company.people[WHO])) for slug, each in both.platforms.items()}
    assert theirs <= set(both.homes)
    both.homes.clear()
    await vote(both.company, request_id, WHO)
    await both.happens(RequestEvent.APPROVED, request_id, status="approved")
    assert theirs <= set(both.homes)


async def tells(both, slug, person, subject):
    """Whether that platform, which has found the person's account, tells them."""
    platform = both.platforms[slug]
    return bool(await platform.chat_user(person)) and await both.reach.is_told(platform, person, subject=subject)


@pytest.mark.parametrize("order", [("slack", "teams"), ("teams", "slack")])
async def test_whoever_nobody_has_met_is_told_in_slack_alone_whichever_platform_is_faster(both, order):
    stranger, subject = both.company.people["agent_developer"], uuid7()
    told = {slug: await tells(both, slug, stranger, subject) for slug in order}
    assert told == {"slack": True, "teams": False}


async def test_whoever_nobody_has_met_is_told_in_teams_while_slack_is_down(both, monkeypatch):
    stranger, subject = both.company.people["agent_developer"], uuid7()
    monkeypatch.setattr(both.platforms["slack"].client, "base_url", "http://127.0.0.1:9/")
    assert await tells(both, "teams", stranger, subject)


async def test_it_is_told_where_they_were_last_active(both):
    await both.acts_in("slack")
    both.company.clock.advance(timedelta(minutes=2))
    await both.acts_in("teams")
    assert await both.told(await request_of(both)) == ["teams"]


@pytest.mark.parametrize(
    ("wanted", "places"), [("slack", ["slack"]), ("teams", ["teams"]), ("both", ["slack", "teams"])]
)
async def test_what_they_want_counts_more_than_where_they_were_active(both, wanted, places):
    await both.acts_in("slack" if wanted == "teams" else "teams")
    await both.wants(wanted)
    request_id = await request_of(both)
    await both.reminded(request_id)
    assert sorted(await both.told(request_id)) == places
    assert sorted(await both.told(request_id, "nudge")) == places


async def test_being_active_elsewhere_moves_no_message_until_there_is_something_to_notice(both):
    request_id = await request_of(both)
    await both.acts_in("teams")
    await both.happens(RequestEvent.COMMENTED, request_id, kind="comment", by=REVIEWER, text="Looks good.")
    assert await both.told(request_id) == ["slack"]
    await both.reminded(request_id)
    assert sorted(await both.told(request_id)) == ["slack", "teams"]
    assert await both.told(request_id, "nudge") == ["teams"]


async def test_after_a_change_of_mind_the_older_message_is_still_edited_and_no_button_stays(both):
    await both.wants("slack")
    request_id = await request_of(both)
    await both.wants("teams")
    await both.reminded(request_id)
    await vote(both.company, request_id, WHO)
    company = both.company
    async with company.database.tenant(company.tenant) as tx:
        found = [each for slug in both.platforms for each in await messages_of(tx, request_id, slug)]
    before = {each.key: each.content_hash for each in found}
    await both.happens(RequestEvent.APPROVED, request_id)
    async with company.database.tenant(company.tenant) as tx:
        after = [each for slug in both.platforms for each in await messages_of(tx, request_id, slug)]
    mine = [each for each in after if each.role == "direct" and each.key in before]
    assert {each.platform for each in mine} == {"slack", "teams"}
    assert [each.key for each in mine if each.content_hash == before[each.key]] == []


async def test_whoever_loses_the_account_where_they_were_told_is_told_at_the_other(both):
    request_id = await request_of(both)
    company, platform = both.company, both.platforms["slack"]
    chat = platform.chat(await platform.chat_user(company.people[WHO]))
    await unlink_account(company.database, company.actor(WHO), company.people[WHO].id, chat)
    await both.happens(RequestEvent.STAGE_OPENED, request_id)
    assert await both.told(request_id) == ["teams"]


async def test_an_account_in_a_workspace_that_is_not_served_counts_for_nothing(both, company):
    await both.acts_in("teams")
    company.clock.advance(timedelta(minutes=2))
    chat = ChatId(Platform.SLACK, "T9OTHER", "U0999")
    administrator = company.actor("tenant_administrator")
    await set_account(company.database, administrator, company.people[WHO].id, chat, linked_by=LinkedBy.ADMINISTRATOR)
    alone = Reach([both.teams.workspace])
    assert await alone.is_told(both.teams.workspace, company.people[WHO], subject=uuid7())
    assert await both.told(await request_of(both)) == ["teams"]


async def test_two_who_ask_at_once_hear_the_same_whatever_happens_between(both, company, other_replica):
    here = both.workspaces

    async def asked(database, subject):
        async with database.tenant(company.tenant) as tx:
            return await settle_telling(tx, company.people[WHO].id, subject=subject, here=here)

    for _round in range(5):
        subject = uuid7()
        answers = await asyncio.gather(
            asked(company.database, subject), both.acts_in("teams"), asked(other_replica, subject)
        )
        assert answers[0] is answers[2]
    await both.wants("both")
    assert await asked(company.database, subject) is answers[0]
    assert await asked(company.database, uuid7()) is Told.BOTH


async def test_activity_is_written_once_a_minute(both, company):
    async def seen():
        async with company.database.tenant(company.tenant) as tx:
            found = await accounts_of(tx, company.people[WHO].id)
        return {each.chat.platform: each.last_seen_at for each in found}

    await both.acts_in("teams")
    first = company.clock.now()
    company.clock.advance(timedelta(seconds=59))
    await both.acts_in("teams")
    assert await seen() == {"slack": None, "teams": first}
    company.clock.advance(timedelta(seconds=1))
    await both.acts_in("teams")
    assert (await seen())["teams"] == first + timedelta(minutes=1)


async def test_the_digest_comes_once_however_often_and_late_it_is_delivered(both, company):
    await ask(company, ONE)
    data = {
        "day": "2026-03-03",
        "since": (START - timedelta(days=3)).isoformat(),
        "expires": (START + timedelta(days=1)).isoformat(),
    }
    due = both.event(ScheduleEvent.DIGEST_DUE, f"digest:{company.people[WHO].id}", data)
    slack, teams = both.schedules()
    await slack.deliver(due)
    await both.wants("teams")
    for _delivery in range(2):
        await teams.deliver(due)
        await slack.deliver(due)
    async with company.database.tenant(company.tenant) as tx:
        found = {slug: await messages_of(tx, company.people[WHO].id, slug) for slug in both.platforms}
    assert {slug: len([each for each in slots if each.role.startswith("digest")]) for slug, slots in found.items()} == {
        "slack": 1,
        "teams": 0,
    }


async def test_a_choice_is_in_the_trail_and_a_wrong_half_changes_nothing(company):
    actor = company.actor(WHO)
    await set_preferences(company.database, actor, digest="09:15", platform="teams")
    with pytest.raises(InvalidPreference):
        await set_preferences(company.database, actor, digest="off", platform="mail")
    await asyncio.gather(
        set_preferences(company.database, actor, digest="10:00"),
        set_preferences(company.database, actor, platform="both"),
    )
    chosen = await get_preferences(company.database, actor)
    assert (chosen.digest_choice, chosen.platform_choice) == ("10:00", "both")
    first = (await company.trail(action="preferences.set"))[0]["details"]
    assert first == {
        "door": "api",
        "digest": "09:15",
        "before": "08:30",
        "platform": "teams",
        "platform_before": "last_active",
    }


async def test_a_choice_of_the_platform_takes_nobody_this_morning_s_digest(company):
    actor = company.actor(WHO)
    before = await set_preferences(company.database, actor, digest="09:15")
    company.clock.advance(timedelta(hours=1))
    after = await set_preferences(company.database, actor, platform="teams")
    assert after.changed_at == before.changed_at
    moved = await set_preferences(company.database, actor, digest="09:30")
    assert moved.changed_at == company.clock.now()


async def test_where_things_of_long_ago_were_told_is_forgotten(both, company):
    async def is_told_in_slack(subject):
        return await both.reach.is_told(both.platforms["slack"], company.people[WHO], subject=subject)

    old, new = uuid7(), uuid7()
    assert await is_told_in_slack(old)
    company.clock.advance(timedelta(days=181))
    assert await is_told_in_slack(new)
    await Housekeeping(company.database).clean()
    await both.wants("teams")
    assert (await is_told_in_slack(old), await is_told_in_slack(new)) == (False, True)
