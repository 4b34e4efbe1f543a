"""When a change is planned, here and on its ticket (G6, N1-N4)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from connectors.itsm.asked import EVERY_EVENT, TicketDesk
from connectors.itsm.base import Ticket, TicketKind, TicketState
from connectors.itsm.inbox import TicketInbox
from connectors.itsm.subscriber import TicketSync
from connectors.itsm.timing import PlannedTimes
from core.accounts import LinkedBy
from core.changes import Span, schedule, told
from core.links import tickets_of
from core.outbox import RetryPolicy, Subscription
from core.ticket_accounts import AccountSystem, set_ticket_account, unlink_ticket_account
from core.tickets import Direction, FieldsThere, plan_times, spelled
from sandbox.faults import Fault
from tests.changes_desk import HOUR, TOMORROW, Desk
from tests.contract.itsm.systems import SYSTEMS
from tests.contract.itsm.test_every_system_fields import planning
from tests.service.connectors.test_ticket_sync import dispatched

pytestmark = pytest.mark.row("G6", "N1", "N2", "N3", "N4")
EVERYWHERE = pytest.mark.parametrize("board", SYSTEMS, indirect=True)
LATER = TOMORROW + 3 * HOUR


@dataclass
class Way:
    """Which way the dates travel."""

    direction: Direction = Direction.BOTH

    def times(self, _kind, _names):
        return self.direction


class Board:
    """A change of the company, and the dates of its ticket in one system."""

    def __init__(self, company, catalogue, bench):
        self.company, self.catalogue, self.bench = company, catalogue, bench
        self.desk, self.way, self.slug = Desk(company, catalogue), Way(), bench.slug
        self.system = planning(bench)
        self.names = self.system.time_fields(TicketKind.CHANGE)

    async def deliver(self):
        company = self.company
        times = PlannedTimes(company.tenant, self.system, company.database, self.catalogue, self.way)
        desk = TicketDesk(TicketSync(self.slug, company.tenant, self.system, company.database, times=times), None)
        retry = RetryPolicy(base_s=0.0)
        wanted = Subscription(self.slug, EVERY_EVENT, desk.deliver, retry, deliver_many=desk.deliver_many)
        await dispatched(company, [wanted])

    async def link(self, who):
        """The hand that moves dates there is this person's."""
        administrator, user = self.company.actor("enterprise_administrator"), self.company.people[who].id
        linked_by = LinkedBy.ADMINISTRATOR
        worker = self.bench.worker
        await set_ticket_account(
            self.company.database,
            administrator,
            user,
            self.slug,
            worker,
            among=[AccountSystem(self.slug)],
            linked_by=linked_by,
        )

    async def unlink(self, who):
        """The hand that moves dates there is nobody's any more."""
        administrator, user = self.company.actor("enterprise_administrator"), self.company.people[who].id
        await unlink_ticket_account(self.company.database, administrator, user, self.slug, self.bench.worker)

    async def look(self):
        """What happened there is known here, with everything that follows."""
        self.company.advance(seconds=30)
        assert await TicketInbox(self.slug, self.company.tenant, self.system, self.company.database).look()
        await self.deliver()

    async def scheduled(self, **proposal):
        """A change with its time, and a ticket that says so."""
        change = await self.desk.submitted(**proposal)
        await self.deliver()
        await self.look()
        await self.desk.vote(change, "meta_agent_manager")
        change = await self.desk.do(schedule, "agent_developer", change.id)
        await self.deliver()
        await self.look()
        return change

    async def ticket(self, change):
        async with self.company.database.tenant(self.company.tenant) as tx:
            return (await tickets_of(tx, [change.request_id]))[change.request_id][0]

    async def there(self, change):
        """The dates of the ticket."""
        link = await self.ticket(change)
        reading = await self.system.read(TicketKind.CHANGE, link.external_id, self.names)
        return [spelled(reading.fields[name]) for name in self.names]

    async def moves(self, change, starts_at, ends_at):
        """A person moves both dates there."""
        link = await self.ticket(change)
        ticket = Ticket(link.external_id, link.number, link.url, TicketState.OPEN, link.state)
        values = [self.spell(at) for at in (starts_at, ends_at)]
        await self.bench.edit(ticket, dict(zip(self.names, values, strict=True)))

    def spell(self, at):
        if self.slug == "remedy":
            return int(at.timestamp())
        return f"{at:%Y-%m-%d %H:%M:%S}" if self.slug == "servicenow" else f"{at:%Y-%m-%dT%H:%M:%S.000+0000}"

    async def told(self, action):
        return [each["details"] for each in await self.company.trail(action=action)]

    def notes(self, change, words):
        return sum(words in text for text in self.bench.one(str(change.request_id)).texts)


@pytest.fixture(params=["servicenow"])
async def board(request, company, change_catalogue):
    """One system stands for all where the connector's part makes no difference."""
    async with SYSTEMS[request.param]() as bench:
        here = Board(company, change_catalogue, bench)
        await here.link("agent_developer")
        yield here
        await here.system.close()


def as_told(starts_at):
    """An hour from then on, as people of the tenant read it."""
    return told(Span(starts_at, starts_at + HOUR), "UTC")


def span(starts_at, ends_at):
    return [starts_at.isoformat(), ends_at.isoformat()]


@EVERYWHERE
async def test_a_time_that_is_set_here_stands_in_the_tickets_own_dates_and_comes_back_as_no_news(board):
    change = await board.scheduled()
    assert await board.there(change) == span(TOMORROW, TOMORROW + HOUR)
    await board.desk.do(schedule, "agent_developer", change.id, starts_at=LATER, ends_at=LATER + HOUR)
    await board.deliver()
    for _ in range(2):
        await board.look()

    assert await board.there(change) == span(LATER, LATER + HOUR)
    assert (await board.desk.events(change)).count("scheduled") == 2
    assert await board.told("request.ticket_field") == []


@EVERYWHERE
async def test_a_date_that_is_moved_there_moves_the_change_where_its_rules_allow_it(board):
    change = await board.scheduled()
    await board.moves(change, LATER, LATER + 2 * HOUR)
    for _ in range(3):
        await board.look()

    moved = await board.desk.now(change)
    assert (moved.starts_at, moved.ends_at, moved.state) == (LATER, LATER + 2 * HOUR, "schedule")
    assert await board.there(change) == span(LATER, LATER + 2 * HOUR)
    (_first, taken) = await board.told("change.scheduled")
    link = await board.ticket(change)
    (recorded,) = [each for each in await board.company.trail(action="change.scheduled") if "ticket" in each["details"]]
    assert recorded["user_id"] == board.company.people["agent_developer"].email
    assert (taken["ticket"], taken["system"], taken["starts_at"]) == (link.number, link.system_title, LATER.isoformat())
    assert await board.told("request.ticket_field") == []


async def test_a_date_that_is_moved_to_where_more_approval_is_needed_sends_the_change_back(board):
    change = await board.scheduled()
    friday = TOMORROW + timedelta(days=3)
    await board.moves(change, friday, friday + 5 * HOUR)
    for _ in range(3):
        await board.look()

    moved = await board.desk.now(change)
    assert (moved.state, moved.request, moved.risk.level) == ("authorise", "REQ-1002", "medium")
    assert (moved.starts_at, moved.scheduled_at) == (friday, None)
    assert board.notes(change, "its risk is medium, which needs the approval of: technical lead, security manager") == 1
    assert (await board.ticket(change)).state == "Canceled"
    assert await board.there(moved) == span(friday, friday + 5 * HOUR)  # on the ticket of the new request


@EVERYWHERE
async def test_a_date_that_collides_is_put_back_with_a_note_that_says_why(board):
    change = await board.scheduled()
    board.company.advance(seconds=1)
    other = await board.desk.submitted(title="Lower the limit", starts_at=LATER, ends_at=LATER + HOUR)
    await board.desk.vote(other, "meta_agent_manager")
    await board.desk.do(schedule, "agent_developer", other.id)
    await board.moves(change, LATER, LATER + HOUR)
    for _ in range(3):
        await board.look()

    kept = await board.desk.now(change)
    assert (kept.starts_at, kept.ends_at) == (TOMORROW, TOMORROW + HOUR)
    assert await board.there(change) == span(TOMORROW, TOMORROW + HOUR)
    (told,) = await board.told("request.ticket_field")
    assert (told["there"], told["here"], told["kept"]) == (as_told(LATER), as_told(TOMORROW), "ours")
    assert f"{other.reference} (" in told["text"]
    assert "touches service:Payments at that time" in told["text"]
    assert board.notes(change, "touches service:Payments at that time") == 1


async def test_whatever_a_ticket_is_told_of_times_reads_as_the_tenants_clocks_do(board):
    change = await board.scheduled()
    assert board.notes(change, f"scheduled. {as_told(TOMORROW)}") == 1
    past = board.company.clock.now() - timedelta(days=2)
    await board.moves(change, past, past + HOUR)
    await board.look()

    assert board.notes(change, f"to {as_told(past)}. It stays {as_told(TOMORROW)}. That time is over") == 1


async def test_after_three_times_the_ticket_keeps_a_date_that_is_moved_again_and_says_so(board):
    board.way.direction = Direction.OUT
    change = await board.scheduled()
    for hours in range(3, 7):
        await board.moves(change, TOMORROW + hours * HOUR, TOMORROW + (hours + 1) * HOUR)
        for _ in range(2):
            await board.look()

    assert await board.there(change) == span(TOMORROW + 6 * HOUR, TOMORROW + 7 * HOUR)
    assert (await board.desk.now(change)).starts_at == TOMORROW
    assert [each["kept"] for each in await board.told("request.ticket_field")] == ["ours", "ours", "ours", "open"]
    assert board.notes(change, f"Here it stays {as_told(TOMORROW)}; the ticket keeps its own, set it back there.") == 1


async def test_a_date_that_a_stranger_moves_is_put_back_and_denied_in_the_trail(board):
    await board.unlink("agent_developer")
    change = await board.scheduled()
    await board.moves(change, LATER, LATER + HOUR)
    for _ in range(2):
        await board.look()

    assert (await board.desk.now(change)).starts_at == TOMORROW
    assert await board.there(change) == span(TOMORROW, TOMORROW + HOUR)
    (denied,) = await board.company.trail(action="change.scheduled", result="denied")
    link = await board.ticket(change)
    assert (denied["details"]["code"], denied["details"]["ticket"]) == ("changes.unlinked_mover", link.number)
    assert board.notes(change, "is not linked to anybody in Countersign, so it is not moved") == 1


async def test_a_date_that_a_person_without_the_right_moves_is_put_back_and_denied_in_their_name(board):
    await board.unlink("agent_developer")
    await board.link("audit_reviewer")
    change = await board.scheduled()
    await board.moves(change, LATER, LATER + HOUR)
    for _ in range(2):
        await board.look()

    assert (await board.desk.now(change)).starts_at == TOMORROW
    (denied,) = await board.company.trail(action="change.scheduled", result="denied")
    assert denied["details"]["code"] == "access.permission_missing"
    assert denied["user_id"] == board.company.people["audit_reviewer"].email
    assert len(await board.told("request.ticket_field")) == 1


async def test_a_date_that_is_moved_before_the_approval_is_put_back_as_it_is_what_people_decide_on(board):
    change = await board.desk.submitted()
    await board.deliver()
    await board.look()
    await board.moves(change, LATER, LATER + HOUR)
    for _ in range(2):
        await board.look()

    assert (await board.desk.now(change)).starts_at == TOMORROW
    assert await board.there(change) == span(TOMORROW, TOMORROW + HOUR)
    assert board.notes(change, "is in 'authorise'") == 1


async def test_where_dates_only_go_out_one_that_is_moved_there_is_put_back(board):
    board.way.direction = Direction.OUT
    change = await board.scheduled()
    await board.moves(change, LATER, LATER + HOUR)
    for _ in range(2):
        await board.look()

    assert (await board.desk.now(change)).starts_at == TOMORROW
    assert await board.there(change) == span(TOMORROW, TOMORROW + HOUR)
    assert board.notes(change, "not taken over from the ticket") == 1


async def test_where_dates_go_no_way_both_sides_keep_their_own(board):
    board.way.direction = Direction.NONE
    change = await board.scheduled()
    await board.moves(change, LATER, LATER + HOUR)
    await board.look()

    assert (await board.desk.now(change)).starts_at == TOMORROW
    assert await board.there(change) == span(LATER, LATER + HOUR)


async def test_a_time_that_is_over_is_put_back(board):
    change = await board.scheduled()
    past = board.company.clock.now() - timedelta(days=2)
    await board.moves(change, past, past + HOUR)
    await board.look()

    assert (await board.desk.now(change)).starts_at == TOMORROW
    assert board.notes(change, "That time is over") == 1


async def test_a_date_that_is_moved_there_and_here_is_as_it_is_here(board):
    change = await board.scheduled()
    await board.moves(change, LATER, LATER + HOUR)
    await board.desk.do(schedule, "agent_developer", change.id, starts_at=TOMORROW + HOUR, ends_at=TOMORROW + 2 * HOUR)
    await board.deliver()
    await board.look()

    assert (await board.desk.now(change)).starts_at == TOMORROW + HOUR
    assert await board.there(change) == span(TOMORROW + HOUR, TOMORROW + 2 * HOUR)
    assert len(await board.told("request.ticket_field")) == 1


async def test_a_write_whose_answer_was_lost_is_no_persons_edit(board):
    change = await board.scheduled()
    link = await board.ticket(change)
    ticket = Ticket(link.external_id, link.number, link.url, TicketState.OPEN, link.state)
    await board.desk.do(schedule, "agent_developer", change.id, starts_at=LATER, ends_at=LATER + HOUR)
    board.bench.fail(Fault.COMMIT_THEN_TIMEOUT, 1, match=board.bench.field_write(ticket))
    await board.deliver()
    await board.look()

    assert board.bench.met() == 1
    assert await board.there(change) == span(LATER, LATER + HOUR)
    assert await board.told("request.ticket_field") == []


async def test_old_news_moves_nothing(board):
    change = await board.scheduled()
    link = await board.ticket(change)
    reading = await board.system.read(TicketKind.CHANGE, link.external_id, board.names)
    old = dict(zip(board.names, span(LATER, LATER + HOUR), strict=True))
    there = FieldsThere(old, reading.version - 1, reading.at, "beth.anglin", is_ours=False)
    company = board.company
    writes = await plan_times(
        company.database,
        board.catalogue,
        company.tenant,
        link,
        names=board.names,
        direction=Direction.BOTH,
        there=there,
    )

    assert writes == {}
    assert (await board.desk.now(change)).starts_at == TOMORROW
