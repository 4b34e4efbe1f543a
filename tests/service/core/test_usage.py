"""Usage is told, priced, and stands in the ledger once; the sums are those of the ledger to the last digit (C1, C3)."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy import text

from config.yamlfile import parse_yaml
from core.access.errors import PermissionMissing
from core.costs import (
    CostFilter,
    Group,
    RateCatalogue,
    Recorded,
    UnsoundUsage,
    Usage,
    UsageConflict,
    UsageWriter,
    check_sums,
    costs_by,
    ledger_lines,
    load_rate_catalogue,
)
from core.costs.rates_file import read_rate_card
from core.db import Database
from tests.factories import START

RATES = Path(__file__).parents[3] / "config" / "costs"
TIERED = """
Cost Structure:
  compute_costs:
    - cpu_hours: {price: "$0.10 per hour", tiers: [{above: 100, price: "$0.05"}]}
"""
WHO = "meta_agent_manager"
WAITS = text("SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)")


@pytest_asyncio.fixture
async def writer(company):
    found = UsageWriter(company.database, load_rate_catalogue(RATES))
    yield found
    await found.close()


def used(id_, quantity="1", **about):
    return Usage(id=id_, **{"meter": "cpu_hours", "quantity": Decimal(quantity), "at": START, **about})


async def spent(company, by=Group.PROJECT, **where):
    rows = await costs_by(company.database, company.actor("audit_reviewer"), [by], CostFilter(**where))
    return {row.keys[0]: row.amount for row in rows}


async def is_sound(company):
    check = await check_sums(company.database, company.actor("tenant_administrator"))
    return check.is_sound


@pytest.mark.row("C1", "C3")
async def test_usage_is_priced_exactly_and_shows_at_once(company, writer):
    told = [used("a", "0.1", project="alpha"), used("b", "3", project="alpha", meter="agent_creation")]
    assert await writer.record(company.actor(WHO), told) == Recorded(accepted=2, duplicates=0)
    assert await spent(company) == {"alpha": Decimal("15.01")}
    assert await spent(company, Group.METER_CLASS) == {
        "agent_operations": Decimal(15),
        "compute_costs": Decimal("0.010"),
    }


@pytest.mark.row("C3")
async def test_told_again_it_counts_once_and_told_otherwise_it_is_a_conflict_that_writes_nothing(company, writer):
    await writer.record(company.actor(WHO), [used("a", project="alpha")])
    again = await writer.record(company.actor(WHO), [used("a", "1.0", project="alpha"), used("b", project="alpha")])
    assert again == Recorded(accepted=1, duplicates=1)
    with pytest.raises(UsageConflict, match="'a' was told before"):
        await writer.record(company.actor(WHO), [used("c", project="alpha"), used("a", "2", project="alpha")])
    assert await spent(company) == {"alpha": Decimal("0.20")}


@pytest.mark.row("C3")
async def test_a_correction_takes_the_place_of_what_it_corrects_and_nothing_in_the_ledger_changes(company, writer):
    late = START - timedelta(days=40)
    await writer.record(company.actor(WHO), [used("a", "10", project="alpha", at=late)])
    await writer.record(company.actor(WHO), [used("a2", "4", project="beta", at=late, corrects="a")])
    assert await spent(company) == {"beta": Decimal("0.40")}
    with pytest.raises(UsageConflict, match="was corrected already"):
        await writer.record(company.actor(WHO), [used("a3", "5", corrects="a")])
    await writer.record(company.actor(WHO), [used("a4", "0", corrects="a2")])
    assert await spent(company) == {}
    lines = await ledger_lines(company.database, company.actor("audit_reviewer"), CostFilter())
    assert sorted((line.usage_id, line.is_reversal, line.amount) for line in lines) == [
        ("a", False, Decimal("1.00")),
        ("a", True, Decimal("-1.00")),
        ("a2", False, Decimal("0.40")),
        ("a2", True, Decimal("-0.40")),
    ]
    assert await is_sound(company)


@pytest.mark.row("C3")
async def test_what_is_wrong_is_named_by_its_place_and_nothing_is_recorded(company, writer):
    told = [used("a"), used("b", "NaN"), used("c", meter="cpu_hour"), used("d", at=START + timedelta(hours=1))]
    with pytest.raises(UnsoundUsage, match="Event 1: 'NaN' is no quantity") as caught:
        await writer.record(company.actor(WHO), told)
    assert [(each.index, each.error.where) for each in caught.value.problems] == [
        (1, "quantity"),
        (2, "meter"),
        (3, "time"),
    ]
    assert await spent(company) == {}


@pytest.mark.row("C3", "R6")
async def test_who_may_not_deploy_agents_tells_nothing(company, writer):
    with pytest.raises(PermissionMissing):
        await writer.record(company.actor("audit_reviewer"), [used("a")])
    for unsound in ([], [used("a", meter="joy")], [used("", "-1")]):  # nor learns what could be told
        with pytest.raises(PermissionMissing):
            await writer.record(company.actor("audit_reviewer"), unsound)
    assert len(await company.trail(action="usage.recorded", result="denied")) == 4
    assert await spent(company) == {}


@pytest.mark.row("C1", "C3")
async def test_writers_of_two_replicas_count_everything_once_whatever_the_order(company):
    """Duplicates, late usage, corrections, tiers: in the end the ledger is what an independent sum says."""
    catalogue = RateCatalogue({"default": read_rate_card(parse_yaml(TIERED, file="rates.yaml"))})
    chance = random.Random(4711)
    told = [
        used(
            f"u{n}",
            str(Decimal(chance.randint(1, 900)) / 100),
            project=chance.choice("abc"),
            at=START - timedelta(days=chance.randint(0, 70)),
        )
        for n in range(400)
    ]
    corrections = [
        Usage(f"c{each.id}", "cpu_hours", Decimal(chance.randint(0, 5)), each.at, each.project, corrects=each.id)
        for each in chance.sample(told, 40)
    ]
    other = Database(company.database.url, clock=company.clock)
    writers = [UsageWriter(company.database, catalogue), UsageWriter(other, catalogue)]
    sent = [*told, *chance.sample(told, 200)]
    chance.shuffle(sent)
    await asyncio.gather(
        *(chance.choice(writers).record(company.actor(WHO), sent[at : at + 7]) for at in range(0, len(sent), 7))
    )
    await asyncio.gather(*(chance.choice(writers).record(company.actor(WHO), [each]) for each in corrections))
    for writer in writers:
        await writer.close()
    await other.close()
    standing = {each.id: each for each in told} | {each.corrects: each for each in corrections}
    months: dict[str, Decimal] = {}
    for each in standing.values():
        months[each.at.strftime("%Y-%m")] = months.get(each.at.strftime("%Y-%m"), Decimal(0)) + each.quantity
    expected = {
        f"{month}-01": min(total, Decimal(100)) * Decimal("0.10") + max(total - 100, Decimal(0)) * Decimal("0.05")
        for month, total in months.items()
    }
    assert await spent(company, Group.MONTH) == expected
    assert await is_sound(company)


@pytest.mark.row("C3", "C10")
async def test_a_sum_that_is_not_the_ledgers_is_found_told_of_and_mended(company, writer, owner_url):
    await writer.record(company.actor(WHO), [used("a", project="alpha")])
    async with company.database.tenant(company.tenant) as tx:
        await tx.connection.execute(text("UPDATE cost_rollups SET amount = amount + 0.01"))
    check = await check_sums(company.database, company.actor("tenant_administrator"), repair=True)
    assert (check.differing, check.repaired, check.differences[0]["project"]) == (1, True, "alpha")
    assert await is_sound(company)


@pytest.mark.row("C3")
async def test_names_stand_in_the_ledger_as_they_were_told_whatever_they_mean_to_the_database(company, writer):
    names = [r"a\b", r"\N", r"\.", "été", "{x}", "'; --", "100%"]
    await writer.record(company.actor(WHO), [used(f"{name}#", project=name, agent=name) for name in names])
    lines = await ledger_lines(company.database, company.actor("audit_reviewer"), CostFilter())
    assert {(line.usage_id, line.project, line.agent) for line in lines} == {(f"{name}#", name, name) for name in names}
    assert (await writer.record(company.actor(WHO), [used(r"\N#", project=r"\N", agent=r"\N")])).duplicates == 1


@pytest.mark.row("C3")
async def test_what_two_replicas_are_told_at_once_counts_once_and_both_are_answered(company, writer):
    other = Database(company.database.url, clock=company.clock)
    writers = [writer, UsageWriter(other, load_rate_catalogue(RATES))]
    calls = [[used(f"{call}/{n}", project="alpha") for n in range(50)] for call in range(8)]
    answers = await asyncio.gather(
        *(writers[0].record(company.actor(WHO), call) for call in calls),
        *(writers[1].record(company.actor(WHO), call[::-1]) for call in calls),
    )
    await writers[1].close()
    await other.close()
    assert sum(answer.accepted for answer in answers) == sum(answer.duplicates for answer in answers) == 400
    assert await spent(company) == {"alpha": Decimal("40.00")}
    assert await is_sound(company)


@pytest.mark.row("C3")
async def test_more_than_one_transaction_takes_is_written_by_two_beside_each_other(company, writer):
    calls = [[used(f"{call}/{n}", project="abc"[n % 3]) for n in range(4000)] for call in range(4)]
    calls[3][:100] = calls[0][:100]
    answers = await asyncio.gather(*(writer.record(company.actor(WHO), call) for call in calls))
    assert sum(answer.accepted for answer in answers) == 15_900
    assert sum(answer.duplicates for answer in answers) == 100
    assert sum((await spent(company)).values()) == Decimal("1590.00")
    assert await is_sound(company)


@pytest.mark.row("C3")
async def test_a_correction_waits_for_who_writes_what_it_corrects(company, writer):
    written, goes_on = asyncio.Event(), asyncio.Event()

    async def linger(_tx, _spent):
        written.set()
        await goes_on.wait()

    slow = UsageWriter(company.database, load_rate_catalogue(RATES), [linger])
    told = asyncio.create_task(
        slow.record(company.actor(WHO), [used("a", project="alpha"), used("b", project="alpha")])
    )
    await written.wait()
    taken_back = asyncio.create_task(writer.record(company.actor(WHO), [used("c", "0", corrects="a")]))
    async with company.database.tenant(company.tenant) as tx:
        while not (await tx.connection.execute(WAITS)).scalar_one():
            pass
    goes_on.set()
    await asyncio.gather(told, taken_back)
    await slow.close()
    assert await spent(company) == {"alpha": Decimal("0.10")}
    assert await is_sound(company)
