"""A sum of costs that is not the ledger's is told to the tenant's administrators, once, where they are (C10)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.cost_checks import CostCheckMessages
from core.costs import CostEvent, Usage, UsageWriter, compare_sums, load_rate_catalogue
from core.links import messages_of
from core.outbox import Event
from tests.factories import START
from tests.service.bot.test_told_once import both

__all__ = ["both"]  # a fixture
RATES = load_rate_catalogue(Path(__file__).parents[3] / "config" / "costs")


@pytest.mark.row("C10", "B8")
async def test_administrators_are_told_of_a_difference_once(both):
    company = both.company
    writer = UsageWriter(company.database, RATES)
    await writer.record(company.actor("agent_operator"), [Usage("a", "cpu_hours", Decimal(1), START, "search")])
    await writer.close()
    async with company.database.tenant(company.tenant) as tx:
        await tx.connection.execute(text("UPDATE cost_rollups SET amount = amount + 1"))
        await compare_sums(tx)
        row = (
            await tx.connection.execute(
                text("SELECT * FROM outbox_events WHERE type = :type"), {"type": CostEvent.SUMS_DIFFER.value}
            )
        ).one()
    event = Event(company.tenant, row.event_id, row.subject, row.type, row.data, occurred_at=row.occurred_at)
    told = [CostCheckMessages(platform, both.reach) for platform in both.reach.platforms]
    for each in 2 * told:
        await each.deliver(event)
    async with company.database.tenant(company.tenant) as tx:
        messages = [each for slug in both.platforms for each in await messages_of(tx, event.subject_id, slug)]
    assert [each.platform for each in messages] == ["slack"]
