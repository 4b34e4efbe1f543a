"""What a dead letter would change in the other system, and how long deliveries take (N6)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from connectors.itsm.base import Refused, Ticket, TicketKind, TicketState
from connectors.itsm.happenings import EVENTS, SEATING
from connectors.itsm.subscriber import TicketSync
from core.access import PermissionMissing
from core.approvals import comment
from core.deliveries import Changed, Connected, Connection, compare, destinations, list_all, throughput
from core.errors import NotFound
from core.outbox import Subscription
from tests.factories import ask
from tests.service.core.test_outbox import Subscriber, dispatching, happen, settled, until

pytestmark = pytest.mark.row("N6")
TICKET = Ticket("1", "T-1", "https://desk.example/1", TicketState.OPEN, kind=TicketKind.CHANGE)


class Desk:
    """Takes everything, until it takes no comment any more."""

    takes_comments = True

    async def create(self, draft):
        return TICKET

    async def update(self, ticket, patch):
        return ticket

    async def comment(self, ticket, text, *, key):
        if not self.takes_comments:
            raise Refused("The desk takes no comments.")


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture
def sync(company, desk):
    return TicketSync("desk", company.tenant, desk, company.database)


@pytest.fixture
def connected(company, sync):
    return Connected([Connection("desk", "Desk", company.tenant, None, preview=sync.preview)])


class Listening:
    """As `dispatching` wants it."""

    def __init__(self, sync):
        types = frozenset(map(str, EVENTS)) - SEATING
        self.subscription = Subscription("desk", types, sync.deliver, deliver_many=sync.deliver_many)


async def test_a_dead_letter_is_compared_with_what_was_last_accepted_there(company, catalogue, desk, sync, connected):
    asked = await ask(company, catalogue)
    reviewer = company.actor("audit_reviewer")
    async with dispatching((company.database, [Listening(sync)])) as running:
        await until(settled(company, "done"), *running)
        accepted = company.clock.now()
        desk.takes_comments = False
        company.advance(seconds=1)
        secret = "Use Bearer abc.def to try it."
        await comment(
            company.database, company.actor("security_manager"), asked.request_id, text=secret, kind="comment"
        )
        await until(settled(company, "done", "dead"), *running)
    (dead,) = await list_all(company.database, reviewer, subscriber="desk", state="dead", after=None, limit=10)
    found = await compare(company.database, reviewer, connected, dead.event_id, subscriber="desk")
    reference = "REQ-1001"
    assert found.last is not None
    assert found.last.at == accepted
    assert found.last.payload["state"] == "in_approval"
    commented = f"{reference}: commented · by Security Manager\nUse *** to try it."
    assert found.changes == (
        Changed("by", "", None),
        Changed("note", f"{reference}: opened · agent.create", commented),
        Changed("state", "in_approval", None),
    )


async def test_only_those_who_may_see_deliveries_compare_them_and_only_what_there_is(company, connected):
    with pytest.raises(PermissionMissing):
        await compare(company.database, company.actor("infrastructure_manager"), connected, TICKET_ID, subscriber="x")
    with pytest.raises(NotFound):
        await compare(company.database, company.actor("audit_reviewer"), connected, TICKET_ID, subscriber="desk")


TICKET_ID = "00000000-0000-0000-0000-000000000001"


async def test_a_destination_says_how_many_it_took_in_each_hour_and_how_long_that_takes(company):
    waiting = Subscriber()
    for _ in range(3):
        await happen(company)
    company.advance(seconds=30)
    async with dispatching((company.database, [waiting])) as running:
        await until(settled(company, "done", "done", "done"), *running)
    reviewer = company.actor("audit_reviewer")
    (there,) = await destinations(company.database, reviewer)
    assert (there.p50_s, there.p95_s, there.done_lately) == (30.0, 30.0, 3)
    company.advance(hours=2)
    found = await throughput(company.database, reviewer, subscriber="listener")
    assert len(found) == 24
    assert [count for _begins, count in found[-3:]] == [3, 0, 0]
    assert found[-1][0] - found[0][0] == timedelta(hours=23)
    (there,) = await destinations(company.database, reviewer)
    assert there.p95_s is None
