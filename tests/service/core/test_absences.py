"""Away by calendar: who is asked instead, when that begins, moves and ends, and what a broken feed may not do (X5)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from core.absences import (
    CalendarPoller,
    FeedAnswer,
    FeedFailed,
    FeedQuestion,
    connect_calendar,
    disconnect_calendar,
    get_calendar,
    list_absences,
    set_fallback,
)
from core.absences.errors import InvalidFallback, InvalidFeed, NoFeed, SelfAppointedFallback
from core.access import PermissionMissing, TokenScope, UnknownPerson, set_manager
from core.access.errors import ScopeMissing
from core.approvals import get_request
from core.approvals.errors import NotAnApprover
from core.clock import ManualClock
from core.delegations import Absence, end, set_away
from tests.factories import agent, ask, policies, vote

TECH, SEC, BOSS, ABOVE = "meta_agent_manager", "security_manager", "tenant_administrator", "enterprise_administrator"
SECRET = "private-4711"
ADDRESS = f"https://calendar.example/{SECRET}/basic.ics"
EVERY = timedelta(minutes=15)


@dataclass
class Calendars:
    """The world's calendars: what stands at each address, or what goes wrong there."""

    clock: ManualClock
    events: dict[str, list[tuple[float, float]]] = field(default_factory=dict)  # in hours from the start
    failures: dict[str, Exception] = field(default_factory=dict)
    asked: list[FeedQuestion] = field(default_factory=list)
    unchanged: bool = False
    tag: str = '"1"'
    before_answer: object = None

    def __post_init__(self):
        self.start = self.clock.now()

    async def fetch(self, question: FeedQuestion) -> FeedAnswer | None:
        self.asked.append(question)
        if self.before_answer:
            await self.before_answer()
        if question.address in self.failures:
            raise self.failures[question.address]
        if self.unchanged and question.etag:
            return None
        body = "".join(
            f"BEGIN:VEVENT\nUID:{number}\nSUMMARY:Out of office\nDTSTART:{self._at(since)}\nDTEND:{self._at(until)}\n"
            "END:VEVENT\n"
            for number, (since, until) in enumerate(self.events.get(question.address, []))
        )
        return FeedAnswer(f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:t\n{body}END:VCALENDAR\n".encode(), etag=self.tag)

    def _at(self, hours: float) -> str:
        return f"{self.start + timedelta(hours=hours):%Y%m%dT%H%M%SZ}"


@pytest.fixture
def calendars(clock):
    return Calendars(clock)


@pytest.fixture
def poller(database, calendars):
    return CalendarPoller(database, calendars.fetch, every=EVERY, chance=lambda: 0.5)


@pytest.fixture
async def deputy(company):
    """Somebody without a role, who can vote only by standing in."""
    return await company.add("deputy")


async def is_away(company, calendars, poller, runner, *windows, who=TECH):
    """The person's calendar says so, and everybody has taken note."""
    calendars.events[ADDRESS + who] = list(windows)
    if await get_calendar(company.database, company.actor(who)) is None:
        await connect_calendar(company.database, company.actor(who), ADDRESS + who)
    else:
        company.advance(minutes=16)
    await poller.run_due()
    await runner.run_due()


async def fallback(company, who, to, *, by=None):
    person = company.people[who].email if by else None
    email = company.people[to].email if to else ""
    return await set_fallback(company.database, company.actor(by or who), email, person_email=person)


async def opened(company, catalogue, name="invoice-reader"):
    return await shown(company, (await ask(company, catalogue, resource=agent(name))).request_id)


async def shown(company, request_id):
    return await get_request(company.database, company.actor("agent_developer"), request_id)


def asked(company, request, stage=0):
    names = {person.id: who for who, person in company.people.items()}
    return {names[person.id] for person in request.stages[stage].approvers}


async def windows(company):
    found = await list_absences(company.database, company.actor(TECH))
    start = company.clock.now()
    return [
        (round((each.starts_at - start) / timedelta(hours=1), 2), round((each.ends_at - start) / timedelta(hours=1), 2))
        for each in found
    ]


@pytest.mark.row("X5", "P6", "B1")
async def test_away_by_calendar_the_fallback_is_asked_and_votes_by_name_for_whom(
    company, catalogue, calendars, poller, runner, deputy
):
    await fallback(company, TECH, "deputy")
    await is_away(company, calendars, poller, runner, (-1, 48))
    request = await opened(company, catalogue)
    assert asked(company, request) == {"deputy"}
    (cast,) = (await vote(company, request.id, "deputy")).stages[0].votes
    assert (cast.voter.id, cast.on_behalf_of.id) == (deputy.id, company.people[TECH].id)
    (entry,) = await company.trail(action="request.voted")
    assert (entry["user_id"], entry["details"]["on_behalf_of_email"]) == (deputy.email, company.people[TECH].email)


@pytest.mark.row("X5", "P6")
async def test_without_a_fallback_the_manager_is_asked_and_without_one_whoever_stands_above(
    company, catalogue, calendars, poller, runner, deputy
):
    await is_away(company, calendars, poller, runner, (-1, 48))
    request = await opened(company, catalogue)
    assert asked(company, request) == {TECH, BOSS}  # the absent one too: they might look all the same
    await set_manager(company.database, company.actor(BOSS), company.people[TECH].id, deputy.email)
    assert asked(company, await opened(company, catalogue, "ledger-bot")) == {"deputy"}


@pytest.mark.row("X5", "P6", "P7")
async def test_everybody_above_who_is_away_as_well_is_passed_over(company, catalogue, calendars, poller, runner):
    await is_away(company, calendars, poller, runner, (-1, 48))
    await is_away(company, calendars, poller, runner, (-1, 48), who=BOSS)
    request = await opened(company, catalogue)
    assert asked(company, request) == {TECH, BOSS, ABOVE}
    after = await vote(company, request.id, ABOVE)
    assert after.stages[0].status == "approved"


@pytest.mark.row("X5", "P7")
async def test_where_a_quorum_counts_by_group_whoever_stands_above_an_absent_member_counts(
    company, calendars, poller, runner
):
    catalogue = policies(
        "Deploy:\n  applies_to: [agent.create]\n  stages:\n    - {stage: review, timeout: 4 hours, quorum: each,"
        " approvers: [meta_agent_manager, security_manager]}\n"
    )
    await is_away(company, calendars, poller, runner, (-1, 48))
    request = await opened(company, catalogue)
    assert asked(company, request) == {TECH, SEC, BOSS}
    await vote(company, request.id, SEC)
    assert (await vote(company, request.id, BOSS)).status == "approved"


@pytest.mark.row("X5", "P6")
async def test_what_was_asked_before_waits_for_both_from_the_beginning_on_and_for_the_person_after_the_end(
    company, catalogue, calendars, poller, runner, deputy
):
    await fallback(company, TECH, "deputy")
    request = await opened(company, catalogue)
    await is_away(company, calendars, poller, runner, (2, 5))
    assert asked(company, await shown(company, request.id)) == {TECH}
    company.advance(hours=3)
    await runner.run_due()
    assert asked(company, await shown(company, request.id)) == {TECH, "deputy"}
    company.advance(hours=3)
    await runner.run_due()
    assert asked(company, await shown(company, request.id)) == {TECH}
    with pytest.raises(NotAnApprover):
        await vote(company, request.id, "deputy", stage="technical_review")
    kept = [entry["action"] for entry in await company.trail() if entry["action"].startswith("absence.")]
    assert kept == ["absence.begin", "absence.end"]


@pytest.mark.row("X5")
async def test_one_that_moves_or_vanishes_in_the_calendar_moves_or_ends_here(
    company, catalogue, calendars, poller, runner, deputy
):
    await fallback(company, TECH, "deputy")
    await is_away(company, calendars, poller, runner, (-1, 48))
    request = await opened(company, catalogue)
    assert asked(company, request) == {"deputy"}
    await is_away(company, calendars, poller, runner, (24, 72))
    assert await windows(company) == [(23.73, 71.73)]
    assert asked(company, await shown(company, request.id)) == {TECH}
    await is_away(company, calendars, poller, runner, (-1, 72))
    assert asked(company, await shown(company, request.id)) == {TECH, "deputy"}
    await is_away(company, calendars, poller, runner)
    assert (await windows(company), asked(company, await shown(company, request.id))) == ([], {TECH})


@pytest.mark.row("X5")
async def test_what_somebody_says_by_hand_counts_before_what_their_calendar_says(
    company, catalogue, calendars, poller, runner, deputy
):
    await company.add("chosen")
    await fallback(company, TECH, "deputy")
    await is_away(company, calendars, poller, runner, (-1, 48))
    wanted = Absence(
        to_email=company.people["chosen"].email, ends=(company.clock.now() + timedelta(days=1)).isoformat()
    )
    by_hand = await set_away(company.database, company.actor(TECH), wanted)
    request = await opened(company, catalogue)
    assert asked(company, request) == {"chosen"}
    await end(company.database, company.actor(TECH), by_hand.id)
    await runner.run_due()
    assert asked(company, await shown(company, request.id)) == {"deputy"}


@pytest.mark.row("X5", "P6")
async def test_two_who_stand_in_for_each_other_and_are_both_away_leave_it_to_whoever_stands_above(
    company, catalogue, calendars, poller, runner, deputy
):
    await fallback(company, "deputy", TECH)
    wanted = Absence(to_email=deputy.email, ends=(company.clock.now() + timedelta(days=1)).isoformat())
    await set_away(company.database, company.actor(TECH), wanted)
    await is_away(company, calendars, poller, runner, (-1, 48), who="deputy")
    assert asked(company, await opened(company, catalogue)) == {TECH, BOSS}


@pytest.mark.row("X5")
async def test_a_calendar_that_cannot_be_read_changes_nothing_and_its_person_sees_why(
    company, catalogue, calendars, poller, runner, deputy
):
    await fallback(company, TECH, "deputy")
    await is_away(company, calendars, poller, runner, (-1, 48))
    address = ADDRESS + TECH
    for failures, wait_minutes in ((1, 30), (2, 60), (3, 120)):
        calendars.failures[address] = FeedFailed("The calendar's server answers 500.")
        company.advance(minutes=wait_minutes / 2 + 1)
        assert await poller.run_due() == 1
        feed = await get_calendar(company.database, company.actor(TECH))
        assert feed.problem == "The calendar's server answers 500."
        assert feed.next_poll_at - company.clock.now() == timedelta(minutes=wait_minutes), failures
    assert asked(company, await opened(company, catalogue)) == {"deputy"}
    del calendars.failures[address]
    company.advance(hours=3)
    await poller.run_due()
    assert (await get_calendar(company.database, company.actor(TECH))).problem == ""


async def test_a_fault_of_ours_in_one_calendar_keeps_no_other_from_being_read(
    company, calendars, poller, runner, capsys
):
    calendars.failures[ADDRESS + SEC] = RuntimeError(f"cannot read {ADDRESS}")
    await connect_calendar(company.database, company.actor(SEC), ADDRESS + SEC)
    await is_away(company, calendars, poller, runner, (1, 2))
    assert await windows(company) == [(1.0, 2.0)]
    problem = (await get_calendar(company.database, company.actor(SEC))).problem
    assert problem == "It could not be read, for a reason of ours."
    assert SECRET not in capsys.readouterr().out


@pytest.mark.row("X5")
async def test_one_that_has_not_changed_is_asked_for_by_its_tag_but_read_anew_before_the_days_ahead_run_out(
    company, calendars, poller, runner
):
    calendars.unchanged = True
    await is_away(company, calendars, poller, runner, (1, 2), (24 * 60 + 1, 24 * 60 + 2))
    company.advance(minutes=16)
    await poller.run_due()
    assert [question.etag for question in calendars.asked] == [None, '"1"']
    company.advance(hours=13)
    await poller.run_due()
    assert calendars.asked[-1].etag is None
    assert len(await windows(company)) == 1  # the first is over, the one at the horizon has come into sight


@pytest.mark.row("X5", "X9")
async def test_a_tag_of_bytes_that_nobody_can_store_does_not_keep_a_calendar_from_being_read(
    company, calendars, poller, runner
):
    calendars.tag = '"\udcff"'  # as aiohttp hands on a byte that is no UTF-8
    await is_away(company, calendars, poller, runner, (1, 2))
    assert await windows(company) == [(1.0, 2.0)]
    company.advance(minutes=16)
    await poller.run_due()
    assert [question.etag for question in calendars.asked] == [None, None]


@pytest.mark.row("X5")
async def test_two_replicas_do_not_read_the_same_calendar_at_once(company, calendars, poller, other_replica):
    await connect_calendar(company.database, company.actor(TECH), ADDRESS)
    other = CalendarPoller(other_replica, calendars.fetch, every=EVERY)
    assert sorted(await asyncio.gather(poller.run_due(), other.run_due())) == [0, 1]


@pytest.mark.row("X5")
async def test_a_calendar_that_is_removed_while_it_is_read_says_nothing_any_more(company, calendars, poller):
    calendars.events[ADDRESS] = [(-1, 48)]
    await connect_calendar(company.database, company.actor(TECH), ADDRESS)

    async def remove():
        await disconnect_calendar(company.database, company.actor(TECH))

    calendars.before_answer = remove
    await poller.run_due()
    assert await windows(company) == []


async def test_a_calendar_that_is_removed_takes_its_absences_along(
    company, catalogue, calendars, poller, runner, deputy
):
    await fallback(company, TECH, "deputy")
    await is_away(company, calendars, poller, runner, (-1, 48))
    request = await opened(company, catalogue)
    await disconnect_calendar(company.database, company.actor(TECH))
    await runner.run_due()
    assert asked(company, await shown(company, request.id)) == {TECH}
    with pytest.raises(NoFeed):
        await disconnect_calendar(company.database, company.actor(TECH))


async def test_who_has_left_is_not_read_and_stands_in_for_nobody(company, catalogue, calendars, poller, runner, deputy):
    await fallback(company, TECH, "deputy")
    await is_away(company, calendars, poller, runner, (-1, 48))
    await company.leaves("deputy")
    assert asked(company, await opened(company, catalogue)) == {TECH, BOSS}
    await company.leaves(TECH)
    company.advance(minutes=16)
    assert (await poller.run_due(), await list_absences(company.database, company.actor(BOSS))) == (0, ())


@pytest.mark.row("X5", "R6")
async def test_an_administrator_does_it_for_executives_who_never_will_and_the_trail_says_so(company, calendars, deputy):
    person = company.people[TECH].email
    await connect_calendar(company.database, company.actor(BOSS), ADDRESS, person_email=person)
    await fallback(company, TECH, "deputy", by=BOSS)
    entries = await company.trail(resource=person)
    told = [(each["action"], each["user_id"], each["details"]["set_by_administrator"]) for each in entries]
    boss = company.people[BOSS].email
    assert told == [("calendar.connect", boss, True), ("user.fallback", boss, True)]


@pytest.mark.row("R6", "R7")
async def test_nobody_else_may_and_no_administrator_appoints_themselves(company):
    developer, person = company.actor("agent_developer"), company.people[TECH].email
    for refused in (
        connect_calendar(company.database, developer, ADDRESS, person_email=person),
        disconnect_calendar(company.database, developer, person_email=person),
        get_calendar(company.database, developer, person_email=person),
        set_fallback(company.database, developer, person, person_email=person),
    ):
        with pytest.raises(PermissionMissing):
            await refused
    with pytest.raises(SelfAppointedFallback):
        await fallback(company, TECH, BOSS, by=BOSS)
    with pytest.raises(InvalidFallback):
        await fallback(company, TECH, TECH)
    with pytest.raises(UnknownPerson):
        await set_fallback(company.database, company.actor(TECH), "nobody@x.example")
    with pytest.raises(ScopeMissing):
        await connect_calendar(company.database, company.actor(TECH, scopes=frozenset({TokenScope.READ})), ADDRESS)
    assert len(await company.trail(result="denied")) == 6


@pytest.mark.row("X5")
async def test_of_the_address_only_the_host_is_ever_shown_or_recorded(company, calendars, poller):
    view = await connect_calendar(
        company.database, company.actor(TECH), f"webcal://calendar.example/{SECRET}/x.ics?k=1"
    )
    assert view.shown == "https://calendar.example/…"
    calendars.failures[f"https://calendar.example/{SECRET}/x.ics?k=1"] = FeedFailed("No.")
    await poller.run_due()
    assert SECRET not in str(await company.trail()) + str(view)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "basic-ics",
        "ftp://calendar.example/x",
        "https://",
        "https://a:b@calendar.example/x",
        "https://x/ y",
        "https://[",
    ],
)
async def test_what_is_no_address_is_refused_without_being_repeated(company, wrong):
    with pytest.raises(InvalidFeed) as refused:
        await connect_calendar(company.database, company.actor(TECH), wrong)
    assert not wrong or wrong not in refused.value.message
    assert await get_calendar(company.database, company.actor(TECH)) is None
