"""A field of theirs that holds no single value takes nothing from us: people are told why (N1, N3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from connectors.itsm.base import TicketKind
from core.tickets import Direction, FieldRule, Owner
from tests.contract.itsm.systems import SYSTEMS
from tests.factories import STAGES, vote
from tests.service.connectors.mapped import Desk, OneField

pytestmark = pytest.mark.row("N1", "N3")


@dataclass(frozen=True)
class CostCentre(OneField):
    """Their cost centre is ours."""

    def rules(self, kind: TicketKind) -> tuple[FieldRule, ...]:
        return (FieldRule(self.field, Direction.IN, Owner.THEIRS, "cost_centre"),) if kind is TicketKind.CHANGE else ()

    def values(self, subject: Any) -> dict[str, str]:
        return {self.field: subject.resource.get("cost_centre", "")}


@pytest.fixture
async def desk(company, catalogue):
    async with SYSTEMS["custom"]() as bench:
        system = bench.connect(read_timeout_s=2.0, total_timeout_s=8.0)
        yield Desk(company, catalogue, bench, system, CostCentre("cost_centre"))
        await system.close()


@pytest.mark.parametrize(("held", "shown"), [({"id": 5}, '{"id": 5}'), ([], "[]"), (["a"], '["a"]')])
async def test_an_object_or_a_list_removes_no_fact_and_voids_no_vote(desk, held, shown):
    request_id, ticket = await desk.asked()
    await desk.edit(ticket, "CC-100")
    await desk.looked()
    before = await desk.request(request_id)
    assert before.resource["cost_centre"] == "CC-100"
    voted = await vote(desk.company, request_id, STAGES[0][1])

    await desk.edit(ticket, held)
    for _ in range(2):
        await desk.looked()

    after = await desk.request(request_id)
    assert (after.resource, after.revision) == (before.resource, before.revision)
    assert after.stages[0].votes == voted.stages[0].votes
    (news,) = await desk.told("request.ticket_field")
    assert (news["field"], news["here"], news["there"], news["kept"]) == ("cost_centre", "CC-100", shown, "open")
    assert news["text"] == "At 'cost_centre' Ticket desk has an object or a list, and no single value."

    await desk.edit(ticket, "CC-200")
    await desk.looked()
    assert (await desk.request(request_id)).resource["cost_centre"] == "CC-200"
