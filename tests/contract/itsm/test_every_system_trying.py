"""A dry run names a ticket that nobody of us has made: its id goes nowhere but to where tickets stand (N1, N6, X8)."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from connectors.itsm.trying import try_ticket
from core.deliveries import Asked, SystemSilent, Trying
from core.errors import InvalidInput
from sandbox.faults import Fault
from tests.contract.itsm.systems import MAPPED, SYSTEMS

pytestmark = pytest.mark.row("N1", "N6", "X8")

ODD = (
    "../../../../../healthz?a=", "../../table/sys_user/beth?", "..", "a^b", "a\nb", "a b", "é", "10/transitions",
    "x" * 5_000,
)  # fmt: skip


@pytest.fixture(params=SYSTEMS, ids=list(SYSTEMS))
async def bench(request):
    async with SYSTEMS[request.param]() as running:
        yield running


@pytest.fixture
async def connected(bench):
    system = bench.connect()
    yield system
    await system.close()


def update(ticket):
    return Asked(Trying.UPDATE, ticket=ticket, given=("target=closed", "by=Ann Lee"))


@pytest.mark.parametrize("bench", MAPPED, indirect=True)
async def test_what_is_no_ticket_is_refused_with_what_one_looks_like(connected):
    for ticket in ODD:
        with pytest.raises(InvalidInput, match=r"(?s)^'.*' is (no sys_id|no number|neither the id nor)") as refused:
            await try_ticket(connected, update(ticket))
        assert refused.value.where == "ticket"
        assert len(refused.value.message) < 500


async def test_in_a_declared_system_an_id_is_one_part_of_a_path_or_refused():
    async with SYSTEMS["custom"]() as bench:
        connected = bench.connect()
        for ticket in ODD:
            try:
                tried = await try_ticket(connected, update(ticket))
            except InvalidInput:
                continue
            assert all(f"/{quote(ticket, safe='')}" in call.url for call in tried.calls), ticket
        await connected.close()


async def test_a_system_that_is_down_is_not_the_fault_of_who_asks(bench, connected, draft):
    ticket = await connected.create(draft)
    bench.fail(Fault.DOWN, 50)

    with pytest.raises(SystemSilent) as silent:
        await try_ticket(connected, update(ticket.external_id))

    assert silent.value.next_step == "Test the connector, then try again."
