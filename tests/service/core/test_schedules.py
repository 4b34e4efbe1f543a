"""The morning digest and the weekly report on a real database: once, at the right hour, for the right people (B9, P8)."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from core.access.errors import ScopeMissing
from core.approvals import week
from core.approvals.state import Choice
from core.deadlines import DeadlineRunner
from core.delegations import Absence, set_away
from core.emergency import grant, review
from core.preferences import InvalidPreference, get_preferences, set_digest
from core.schedules import DEADLINES, ensure_looks, load_digest
from core.tenants import TenantPolicy, WeeklyReport, provision
from tests.factories import START, agent, ask, policies, vote

TECH, SEC, BOSS, DEV = "meta_agent_manager", "security_manager", "tenant_administrator", "agent_developer"
TUESDAY = datetime(2026, 3, 3, 8, 30, tzinfo=UTC)  # START is Monday, 09:00
ONE = policies(
    "One step:\n"
    "  applies_to: [agent.create]\n"
    "  stages: [{stage: review, approvers: [meta_agent_manager], timeout: 400 hours}]\n"
)


@pytest.fixture
async def looks(company, database):
    """The runner of one replica; every tenant has its deadline."""
    await ensure_looks(database)
    return DeadlineRunner(database, DEADLINES)


async def moved_to(company, instant, runner):
    """It is that instant, and what is due by then has been handled."""
    company.clock.advance(instant - company.clock.now())
    await runner.run_due()


async def events(company, kind="digest.due"):
    async with company.database.tenant(company.tenant) as tx:
        rows = await tx.connection.execute(
            text("SELECT subject, data FROM outbox_events WHERE type = :kind ORDER BY position"), {"kind": kind}
        )
        names = {str(person.id): who for who, person in company.people.items()}
        return [(names.get(row.subject.partition(":")[2], "tenant"), row.data) for row in rows]


async def told(company):
    return [who for who, _data in await events(company)]


async def lives_in(company, who, zone):
    async with company.database.tenant(company.tenant) as tx:
        await tx.connection.execute(
            text("UPDATE users SET time_zone = :zone WHERE user_id = :id"),
            {"zone": zone, "id": company.people[who].id},
        )
    await company.database.cache.forget()


async def digest_of(company, who, since=START):
    return await load_digest(company.database, company.tenant, company.people[who].id, since=since)


@pytest.mark.row("B9")
async def test_each_morning_whoever_is_asked_has_one_event_and_nobody_else(company, looks):
    await ask(company, ONE)
    await moved_to(company, TUESDAY - timedelta(seconds=1), looks)
    assert await told(company) == []
    await moved_to(company, TUESDAY, looks)
    assert await events(company) == [
        (
            TECH,
            {
                "day": "2026-03-03",
                "since": "2026-03-02T08:30:00+00:00",
                "expires": "2026-03-03T12:00:00+00:00",
            },
        )
    ]
    for hours in (1, 2, 10):
        await moved_to(company, TUESDAY + timedelta(hours=hours), looks)
    assert await told(company) == [TECH]
    await moved_to(company, TUESDAY + timedelta(days=1), looks)
    assert await told(company) == [TECH, TECH]


@pytest.mark.row("B9", "N6")
async def test_two_replicas_that_look_at_once_make_one_digest_and_one_report(company, looks, other_replica):
    await provision(company.database, TenantPolicy(tenant_id=company.tenant, weekly_report=WeeklyReport(day="tuesday")))
    await ask(company, ONE)
    company.clock.advance(TUESDAY + timedelta(hours=1) - company.clock.now())
    other = DeadlineRunner(other_replica, DEADLINES)
    await asyncio.gather(*(each.run_due() for each in (looks, other, looks, other)))
    assert (await told(company), len(await events(company, "report.due"))) == ([TECH], 1)


@pytest.mark.row("B9", "N6")
async def test_a_look_that_fails_half_way_leaves_the_turn_to_the_next(company, looks):
    await ask(company, ONE)

    async def broken(tx, due):
        await DEADLINES[due.kind](tx, due)
        raise RuntimeError("died before the commit")

    company.clock.advance(TUESDAY - company.clock.now())
    await DeadlineRunner(company.database, dict.fromkeys(DEADLINES, broken)).run_due()
    assert await told(company) == []
    await moved_to(company, TUESDAY + timedelta(seconds=10), looks)
    assert await told(company) == [TECH]


@pytest.mark.row("B9", "N6")
async def test_after_an_outage_of_days_the_morning_is_made_up_for_once_and_after_noon_not_at_all(company, looks):
    await ask(company, ONE)
    await moved_to(company, TUESDAY + timedelta(days=3, hours=2), looks)  # Friday, 10:30
    assert [data["day"] for _who, data in await events(company)] == ["2026-03-06"]
    await moved_to(company, datetime(2026, 3, 9, 12, 0, tzinfo=UTC), looks)  # Monday noon
    assert len(await events(company)) == 1
    await moved_to(company, datetime(2026, 3, 10, 8, 30, tzinfo=UTC), looks)
    assert [data["day"] for _who, data in await events(company)] == ["2026-03-06", "2026-03-10"]


@pytest.mark.row("B9")
async def test_on_a_weekend_there_is_none_and_monday_looks_back_to_friday(company, looks):
    await ask(company, ONE)
    for day in range(3, 10):
        await moved_to(company, datetime(2026, 3, day, 9, 0, tzinfo=UTC), looks)
    found = await events(company)
    assert [data["day"][-2:] for _who, data in found] == ["03", "04", "05", "06", "09"]
    assert found[-1][1]["since"] == "2026-03-06T08:30:00+00:00"


@pytest.mark.row("B9")
async def test_the_hour_is_the_persons_own_and_follows_them_to_another_zone_without_a_second_one(company, looks):
    await lives_in(company, TECH, "Asia/Singapore")
    await ask(company, ONE)
    await moved_to(company, datetime(2026, 3, 3, 0, 29, tzinfo=UTC), looks)
    assert await told(company) == []
    await moved_to(company, datetime(2026, 3, 3, 0, 30, tzinfo=UTC), looks)  # 08:30 there
    assert await told(company) == [TECH]
    await lives_in(company, TECH, "America/New_York")
    await moved_to(company, datetime(2026, 3, 3, 14, 0, tzinfo=UTC), looks)  # 09:00 there, of the same day
    assert await told(company) == [TECH]
    await moved_to(company, datetime(2026, 3, 4, 0, 30, tzinfo=UTC), looks)  # what would have been Singapore's hour
    assert await told(company) == [TECH]
    await moved_to(company, datetime(2026, 3, 4, 13, 30, tzinfo=UTC), looks)
    assert await told(company) == [TECH, TECH]


@pytest.mark.row("B9")
async def test_across_a_change_of_clocks_it_comes_at_the_same_hour(company, looks):
    await lives_in(company, TECH, "Europe/Prague")
    await ask(company, ONE)
    await moved_to(company, datetime(2026, 3, 13, 7, 30, tzinfo=UTC), looks)
    await moved_to(company, datetime(2026, 3, 30, 6, 29, tzinfo=UTC), looks)  # clocks went forward the day before
    assert len(await events(company)) == 1
    await ask(company, ONE, resource=agent("second"))
    await moved_to(company, datetime(2026, 3, 30, 6, 30, tzinfo=UTC), looks)
    assert [data["day"] for _who, data in await events(company)] == ["2026-03-13", "2026-03-30"]


@pytest.mark.row("B9", "A1")
async def test_it_can_be_switched_off_and_moved_and_the_trail_says_so(company, looks):
    await ask(company, ONE)
    tech = company.actor(TECH)
    await set_digest(company.database, tech, "off")
    await moved_to(company, TUESDAY + timedelta(hours=1), looks)
    assert await told(company) == []
    await set_digest(company.database, tech, "on")  # at 09:30: this morning's was never expected
    await moved_to(company, TUESDAY + timedelta(hours=2), looks)
    assert await told(company) == []
    assert (await set_digest(company.database, tech, "10:45")).digest_at.hour == 10
    await moved_to(company, TUESDAY.replace(hour=10, minute=45), looks)
    assert await told(company) == [TECH]
    assert (await get_preferences(company.database, tech)).digest_at.minute == 45
    found = [
        (each["details"]["before"], each["details"]["digest"]) for each in await company.trail(action="preferences.set")
    ]
    assert found == [("08:30", "off"), ("off", "08:30"), ("08:30", "10:45")]


@pytest.mark.row("R6")
async def test_what_cannot_be_chosen_changes_nothing_and_a_narrow_token_is_refused_on_record(company):
    with pytest.raises(InvalidPreference):
        await set_digest(company.database, company.actor(TECH), "14:00")
    with pytest.raises(ScopeMissing):
        await set_digest(company.database, company.actor(TECH, scopes=frozenset({"read"})), "off")
    (denied,) = await company.trail(action="preferences.set")
    assert denied["result"] == "denied"
    assert (await get_preferences(company.database, company.actor(TECH))).has_digest


@pytest.mark.row("B9", "X5")
async def test_whoever_is_away_altogether_has_none_and_their_stand_in_has(company, looks):
    await company.add("deputy")
    wanted = Absence(to_email=company.people["deputy"].email, ends="2026-03-10")
    await set_away(company.database, company.actor(TECH), wanted)
    await ask(company, ONE)
    await moved_to(company, TUESDAY, looks)
    assert await told(company) == ["deputy"]
    assert (await digest_of(company, TECH), (await digest_of(company, "deputy")).agenda.total) == (None, 1)


@pytest.mark.row("X5")
async def test_whoever_has_given_away_a_part_alone_goes_on_having_theirs(company, looks):
    await company.add("deputy")
    wanted = Absence(to_email=company.people["deputy"].email, ends="2026-03-10", actions=("agent.deploy",))
    await set_away(company.database, company.actor(TECH), wanted)
    await ask(company, ONE)
    await moved_to(company, TUESDAY, looks)
    assert await told(company) == [TECH]


@pytest.mark.row("B9")
async def test_nothing_waiting_is_no_digest_even_if_a_request_of_ones_own_has_moved(company):
    request = await ask(company, ONE)
    assert (await digest_of(company, TECH)).agenda.total == 1
    await vote(company, request.request_id, TECH, Choice.REJECT)
    assert await digest_of(company, TECH) is None
    assert await digest_of(company, DEV) is None
    await company.add("lead", TECH)
    await ask(company, ONE, "lead", resource=agent("other"))
    await vote(company, (await ask(company, ONE, TECH, resource=agent("third"))).request_id, "lead")
    digest = await digest_of(company, TECH)
    assert [(each.status, each.resource["name"]) for each in digest.agenda.moved] == [("approved", "third")]
    assert (await digest_of(company, TECH, since=START + timedelta(hours=1))).agenda.moved == ()


@pytest.mark.row("B9", "P3")
async def test_what_is_due_first_comes_first_and_the_rest_is_counted(company):
    slow = policies(
        "One step:\n"
        "  applies_to: [agent.create]\n"
        "  stages: [{stage: review, approvers: [meta_agent_manager], timeout: 24 hours}]\n"
    )
    await ask(company, ONE, resource=agent("patient"))
    for number in range(9):
        company.advance(minutes=1)
        await ask(company, slow, resource=agent(f"urgent-{number}"))
    digest = await digest_of(company, TECH)
    names = [each.resource["name"] for each in digest.agenda.waiting]
    assert (names, digest.agenda.total) == ([f"urgent-{number}" for number in range(6)], 10)
    assert digest.agenda.overdue == 0
    company.advance(hours=25)
    assert (await digest_of(company, TECH)).agenda.overdue == 9


@pytest.mark.row("B9", "E2")
async def test_management_hears_of_reviews_that_it_owes_but_not_of_its_own(company, looks):
    given = await grant(
        company.database,
        company.actor(BOSS),
        action="agent.deploy",
        resource="night-desk",
        justification="It is down.",
        duration=timedelta(hours=1),
    )
    await moved_to(company, TUESDAY, looks)
    assert await digest_of(company, BOSS) is None
    assert [each.reference for each in (await digest_of(company, "enterprise_administrator")).reviews] == ["BYP-1001"]
    await review(
        company.database, company.actor("enterprise_administrator"), given.id, verdict="justified", notes="It was."
    )
    assert await digest_of(company, "enterprise_administrator") is None


async def test_a_tenant_that_begins_in_the_morning_has_its_first_digest_the_next_day(company, looks, database):
    company.clock.advance(TUESDAY + timedelta(hours=1) - company.clock.now())
    await provision(database, TenantPolicy(tenant_id="young", weekly_report=WeeklyReport(day="tuesday")))
    await looks.run_due()
    async with database.tenant("young") as tx:
        assert (await tx.connection.execute(text("SELECT count(*) FROM outbox_events"))).scalar() == 0
        found = (
            (await tx.connection.execute(text("SELECT due_at FROM deadlines WHERE kind = 'schedules.look'")))
            .scalars()
            .all()
        )
    assert found == [company.clock.now() + timedelta(minutes=15)]


@pytest.mark.row("P8")
async def test_a_report_is_due_once_a_week_with_the_seven_days_that_it_tells_of(company, looks):
    report = WeeklyReport(day="wednesday")
    policy = TenantPolicy(tenant_id=company.tenant, time_zone="Europe/Zurich", weekly_report=report)
    await provision(company.database, policy)
    await moved_to(company, datetime(2026, 3, 4, 7, 59, tzinfo=UTC), looks)
    assert await events(company, "report.due") == []
    for minutes in (0, 1, 60):
        await moved_to(company, datetime(2026, 3, 4, 8, 0, tzinfo=UTC) + timedelta(minutes=minutes), looks)
    assert await events(company, "report.due") == [
        (
            "tenant",
            {
                "day": "2026-03-04",
                "since": "2026-02-24T23:00:00+00:00",
                "until": "2026-03-03T23:00:00+00:00",
                "expires": "2026-03-05T08:00:00+00:00",
            },
        )
    ]
    await moved_to(company, datetime(2026, 3, 13, 9, 0, tzinfo=UTC), looks)  # two days late: that week has none
    assert len(await events(company, "report.due")) == 1
    await moved_to(company, datetime(2026, 3, 18, 12, 0, tzinfo=UTC), looks)
    assert [data["day"] for _who, data in await events(company, "report.due")] == ["2026-03-04", "2026-03-18"]


@pytest.mark.row("P8", "T11")
async def test_another_hour_in_the_tenants_document_holds_from_then_on(company, looks):
    await moved_to(company, datetime(2026, 3, 4, 7, 0, tzinfo=UTC), looks)
    early = WeeklyReport(day="wednesday", at=datetime(2026, 3, 4, 7, 5, tzinfo=UTC).time())
    await provision(company.database, TenantPolicy(tenant_id=company.tenant, weekly_report=early))
    await looks.run_due()
    await moved_to(company, datetime(2026, 3, 4, 7, 5, tzinfo=UTC), looks)
    assert len(await events(company, "report.due")) == 1


@pytest.mark.row("P8")
async def test_a_week_counts_what_was_decided_in_it_and_whatever_is_open(company):
    early = await ask(company, ONE, resource=agent("early"))
    company.advance(hours=30)
    since = company.clock.now()
    await vote(company, early.request_id, TECH)
    await ask(company, ONE, resource=agent("open"))
    company.advance(hours=1)
    until = company.clock.now()
    late = await ask(company, ONE, resource=agent("late"))
    await vote(company, late.request_id, TECH)
    found = await week(company.database, company.actor(BOSS), since=since, until=until)
    (stage,) = found.stages
    assert (stage.time.count, stage.time.median_s, stage.open_now) == (1, 30 * 3600.0, 1)
    assert (found.outcomes.by_people, found.open_now, found.overdue_now) == (1, 1, 0)


@pytest.mark.row("P8")
async def test_a_week_has_seven_days_where_the_tenant_lives_also_those_without_a_decision(company):
    await provision(company.database, TenantPolicy(tenant_id=company.tenant, time_zone="Asia/Singapore"))
    request = await ask(company, ONE)
    company.advance(hours=7, minutes=30)  # Monday, 16:30; Tuesday there
    await vote(company, request.request_id, TECH)
    since = datetime(2026, 3, 1, 16, tzinfo=UTC)  # Monday there
    found = await week(company.database, company.actor(BOSS), since=since, until=since + timedelta(days=7))
    assert [(each.day.day, each.approved) for each in found.outcomes.days] == [
        (2, 0), (3, 1), (4, 0), (5, 0), (6, 0), (7, 0), (8, 0)
    ]  # fmt: skip
