"""At night those sums are compared with the ledger that may differ from it, and in time all of them (C10)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from core.costs import Usage, UsageWriter, compare_changed, compare_sums, load_rate_catalogue
from core.tenants import TenantPolicy
from tests.factories import found_company

RATES = load_rate_catalogue(Path(__file__).parents[3] / "config" / "costs")
MONTHS = ("2025-09", "2025-10", "2025-12", "2026-01", "2026-02", "2026-03")
pytestmark = pytest.mark.row("C10")


async def told(company, name, at):
    writer = UsageWriter(company.database, RATES)
    await writer.record(company.actor("agent_operator"), [Usage(name, "cpu_hours", Decimal(1), at, "search")])
    await writer.close()


async def night(company):
    company.advance(hours=24)
    async with company.database.tenant(company.tenant) as tx:
        return await compare_changed(tx)


async def spoilt(company, statement, **values):
    async with company.database.tenant(company.tenant) as tx:
        await tx.connection.execute(text(statement), values)


@pytest.fixture
async def compared(company):
    """Six months with usage, each compared, a night after the other."""
    for month in MONTHS:
        await told(company, month, datetime.fromisoformat(f"{month}-02T08:00:00+00:00"))
    assert (await night(company)).months == MONTHS
    return company


async def test_months_that_are_as_they_were_are_not_read_but_for_one_in_turn(compared):
    nights = [await night(compared) for _ in range(5)]
    assert [each.months for each in nights] == [
        (month, "2026-02", "2026-03") for month in ("2025-09", "2025-10", "2025-12", "2026-01", "2025-09")
    ]
    assert [(each.is_sound, each.lines) for each in nights] == 5 * [(True, 3)]


async def test_what_comes_late_has_its_month_read_that_night(compared):
    await told(compared, "late", datetime.fromisoformat("2025-12-24T08:00:00+00:00"))
    assert (await night(compared)).months == ("2025-09", "2025-12", "2026-02", "2026-03")
    assert (await night(compared)).months == ("2025-10", "2026-02", "2026-03")


async def test_a_sum_that_was_changed_is_found_the_next_night_and_every_night_until_it_is_mended(compared):
    await spoilt(compared, "UPDATE cost_rollups SET amount = amount + 0.01 WHERE day = '2025-10-02'")
    for _ in range(2):
        found = await night(compared)
        assert (found.differing, found.differences[0]["day"]) == (1, "2025-10-02")
        assert "2025-10" in found.months
    async with compared.database.tenant(compared.tenant) as tx:
        assert (await compare_sums(tx, repair=True)).months == ()
    assert (await night(compared)).is_sound


async def test_sums_that_are_gone_are_found_the_next_night(compared):
    await spoilt(compared, "DELETE FROM cost_rollups WHERE day = '2025-10-02'")
    assert (await night(compared)).differing == 1


async def test_a_line_that_no_sum_holds_is_found_once_its_month_has_its_turn(compared):
    line = (
        "INSERT INTO usage_ledger SELECT tenant_id, at, gen_random_uuid(), 'lost', is_reversal, project, agent, meter,"
        " meter_class, quantity, amount, currency, priced_amount, priced_currency, recorded_at FROM usage_ledger"
        " WHERE usage_id = :month"
    )
    await spoilt(compared, line, month="2025-12")
    assert [(await night(compared)).differing for _ in range(3)] == [0, 0, 1]


async def test_another_tenants_months_are_its_own(compared, database, clock):
    northwind = await found_company(database, clock, TenantPolicy(tenant_id="northwind"))
    async with northwind.database.tenant(northwind.tenant) as tx:
        assert (await compare_changed(tx)).months == ()
