"""What would make a sound in somebody's quiet hours waits for their end, and comes once, as it stands then (B8, B9)."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from core.approvals import RequestEvent
from core.deadlines import DeadlineRunner
from core.emergency import EmergencyEvent, grant
from core.ids import uuid7
from core.outbox import Event
from core.preferences import DEADLINES, get_preferences, hold_back, set_preferences
from tests.factories import agent, ask, policies, vote
from tests.service.bot.test_told_once import WHO, both, request_of

__all__ = ["both"]  # a fixture

ASKER = "agent_developer"
HOURS = "08:00-17:00"  # it is 09:00
END = datetime(2026, 3, 2, 17, tzinfo=UTC)
pytestmark = pytest.mark.row("B8", "B9")


def with_timeout(timeout):
    return policies(
        "One step:\n"
        "  applies_to: [agent.create]\n"
        f"  stages: [{{stage: review, approvers: [meta_agent_manager], timeout: {timeout}}}]\n"
    )


async def quiet(company, hours=HOURS, who=WHO):
    return await set_preferences(company.database, company.actor(who), quiet_hours=hours)


async def ended(company):
    """The events that say that somebody's quiet hours are over."""
    async with company.database.tenant(company.tenant) as tx:
        rows = await tx.connection.execute(
            text("SELECT * FROM outbox_events WHERE type = 'preferences.quiet_over' ORDER BY position, event_id")
        )
        return [
            Event(company.tenant, row.event_id, row.subject, row.type, row.data, occurred_at=row.occurred_at)
            for row in rows
        ]


async def moved_to(both, instant):
    """It is that instant; what is due by then was handled and delivered, twice."""
    company = both.company
    company.clock.advance(instant - company.clock.now())
    await DeadlineRunner(company.database, DEADLINES).run_due()
    await delivered(both)


async def delivered(both):
    for event in 2 * await ended(both.company):
        await asyncio.gather(*(each.deliver(event) for each in both.subscribers))


async def posted(company, subject, who, role):
    """How many messages of that kind the person has of the subject."""
    async with company.database.tenant(company.tenant) as tx:
        rows = await tx.connection.execute(
            text(
                "SELECT count(*) FROM posted_messages m JOIN chat_accounts a ON a.tenant_id = m.tenant_id AND "
                "a.chat_user = m.place WHERE m.subject_id = :subject AND a.user_id = :user AND m.role LIKE :role"
            ),
            {"subject": subject, "user": company.people[who].id, "role": f"{role}%"},
        )
        return rows.scalar_one()


async def lives_in(company, zone):
    async with company.database.tenant(company.tenant) as tx:
        await tx.connection.execute(
            text("UPDATE users SET time_zone = :zone WHERE user_id = :id"),
            {"zone": zone, "id": company.people[WHO].id},
        )
    await company.database.cache.forget()


async def test_a_request_and_its_reminders_come_after_the_end_as_one_message_and_one_line(both):
    await quiet(both.company)
    request_id = await request_of(both)
    for _reminder in range(3):
        await both.reminded(request_id)
    await moved_to(both, END - timedelta(seconds=1))
    assert await both.told(request_id) == []
    await moved_to(both, END)
    assert (await both.told(request_id), await both.told(request_id, "nudge")) == (["slack"], ["slack"])
    await both.reminded(request_id)
    assert len(await both.told(request_id, "nudge")) == 2


async def test_a_message_that_exists_is_edited_and_its_line_waits(both):
    request_id = await request_of(both)
    await quiet(both.company)
    await both.reminded(request_id)
    assert (await both.told(request_id), await both.told(request_id, "nudge")) == (["slack"], [])
    await moved_to(both, END)
    assert await both.told(request_id, "nudge") == ["slack"]


async def test_what_was_decided_meanwhile_is_not_asked(both):
    await quiet(both.company)
    request_id = await request_of(both)
    await both.reminded(request_id)
    await vote(both.company, request_id, WHO)
    await both.happens(RequestEvent.APPROVED, request_id)
    await moved_to(both, END)
    assert len(await ended(both.company)) == 1
    assert (await both.told(request_id), await both.told(request_id, "nudge")) == ([], [])


@pytest.mark.parametrize(("within", "waits"), [("9 hours", True), ("8 hours", False)])
async def test_what_would_leave_them_no_hour_to_decide_does_not_wait(both, within, waits):
    await quiet(both.company)
    request = await ask(both.company, with_timeout(within))
    await both.happens(RequestEvent.STAGE_OPENED, request.request_id)
    assert await both.told(request.request_id) == ([] if waits else ["slack"])


async def test_longer_quiet_hours_keep_back_nothing_that_would_time_out_in_them(both):
    await quiet(both.company)
    catalogue, due = with_timeout("9 hours"), []
    for name in ("early-bot", "late-bot"):  # due at 18:00 and 21:00
        request = await ask(both.company, catalogue, resource=agent(name))
        await both.happens(RequestEvent.STAGE_OPENED, request.request_id)
        both.company.clock.advance(timedelta(hours=3))
        due.append(request.request_id)
    early, later = due
    await quiet(both.company, "08:00-19:00")
    await delivered(both)
    assert (await both.told(early), await both.told(later)) == (["slack"], [])
    await moved_to(both, END)
    assert await both.told(later) == []
    await moved_to(both, END + timedelta(hours=2))
    assert await both.told(later) == ["slack"]


async def test_whoever_ends_them_early_has_what_waited_at_once(both):
    await quiet(both.company)
    request_id = await request_of(both)
    await quiet(both.company, "off")
    await delivered(both)
    assert await both.told(request_id) == ["slack"]
    await moved_to(both, END)
    assert len(await ended(both.company)) == 1


async def test_whoever_moves_to_another_zone_is_told_when_it_is_no_longer_quiet_there(both):
    await quiet(both.company)
    request_id = await request_of(both)
    await lives_in(both.company, "America/New_York")  # where 17:00 is 22:00 UTC
    await moved_to(both, END)
    assert await both.told(request_id) == []
    await moved_to(both, END + timedelta(hours=5))
    assert await both.told(request_id) == ["slack"]


async def test_a_requester_has_their_own_message_at_once_and_the_outcome_after_the_end(both):
    company = both.company
    await quiet(company, who=ASKER)
    request_id = await request_of(both)

    async def lines(role):
        return await posted(company, request_id, ASKER, role)

    assert await lines("direct") == 1
    await vote(company, request_id, WHO)
    await both.happens(RequestEvent.APPROVED, request_id)
    assert await lines("nudge") == 0
    await moved_to(both, END)
    assert (await lines("direct"), await lines("nudge")) == (1, 1)


async def test_an_emergency_is_told_at_once(both):
    company = both.company
    for who in ("tenant_administrator", "security_manager"):
        await quiet(company, who=who)
    bypass = await grant(
        company.database,
        company.actor("security_manager"),
        action="agent.deploy",
        resource="night-desk",
        justification="It is down.",
        duration=timedelta(hours=1),
    )
    event = both.event(EmergencyEvent.GRANTED, f"bypass:{bypass.id}", {})
    await asyncio.gather(*(each.deliver(event) for each in both.subscribers))
    assert await posted(company, bypass.id, "tenant_administrator", "direct") == 1


async def test_two_replicas_give_back_once_and_lose_nothing_that_is_put_aside_meanwhile(both, company, other_replica):
    await quiet(company)
    runners = [DeadlineRunner(each, DEADLINES) for each in (company.database, other_replica)]
    subjects = [uuid7() for _number in range(6)]

    async def held(database, subject):
        event = both.event(RequestEvent.REMINDED, f"request:{subject}", {"people": []})
        async with database.tenant(company.tenant) as tx:
            return await hold_back(tx, company.people[WHO].id, event, is_noticed=True, due_at=None)

    assert await held(company.database, subjects[0])
    late = [other_replica.tenant(company.tenant) for _subject in subjects[1:]]
    transactions = [await each.__aenter__() for each in late]  # begun while it is quiet, done when it is over
    company.clock.advance(END - company.clock.now())

    async def held_late(context, tx, subject):
        event = both.event(RequestEvent.REMINDED, f"request:{subject}", {"people": []})
        waits = await hold_back(tx, company.people[WHO].id, event, is_noticed=True, due_at=None)
        await context.__aexit__(None, None, None)
        return waits

    pending = [held_late(*each) for each in zip(late, transactions, subjects[1:], strict=True)]
    answers = (await asyncio.gather(*(runner.run_due() for runner in runners), *pending))[2:]
    assert answers == [True] * 5
    await asyncio.gather(*(runner.run_due() for runner in runners))
    told = [str(event.subject_id) for event in await ended(company)]
    assert sorted(told) == sorted(map(str, subjects))


async def test_quiet_hours_are_in_the_trail_and_a_wrong_half_changes_nothing(company):
    actor = company.actor(WHO)
    chosen = await quiet(company, "22:00-07:00")
    details = (await company.trail(action="preferences.set"))[0]["details"]
    assert (details["quiet_hours"], details["quiet_hours_before"]) == ("22:00-07:00", "off")
    after = await set_preferences(company.database, actor, digest="09:15")
    assert (after.quiet, await get_preferences(company.database, actor)) == (chosen.quiet, after)
