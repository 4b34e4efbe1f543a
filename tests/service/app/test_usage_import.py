"""Usage from files: rows counted once whatever breaks off, and every row that is left out named (C3, C10)."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from app.administration import operator
from app.usage_import import BATCH
from app.usage_import import take_file as take_file_by
from config.yamlfile import load_yaml
from core.costs import CostFilter, Group, RateCatalogue, UsageWriter, costs_by, load_rate_catalogue
from core.costs.rates_file import read_rate_card
from core.errors import Conflict, InvalidInput

RATES = load_rate_catalogue(Path(__file__).parents[3] / "config" / "costs")
BILLS = """
Cost Structure:
  currency: USD
  exchange_rates:
    - {from: 2020-01-01, EUR: "1.10"}
  compute_costs:
    - cpu_hours: "$0.10 per hour"
  other_clouds:
    - cloud_spend: "$1 per USD"
    - cloud_spend_eur: "1 EUR per EUR"
"""


@pytest_asyncio.fixture
async def writer(company):
    opened = UsageWriter(company.database, RATES)
    yield opened
    await opened.close()


@pytest_asyncio.fixture
async def bills(company, tmp_path):
    """A writer with meters that count the money of other clouds, and its card."""
    (tmp_path / "rates.yaml").write_text(BILLS, encoding="utf-8")
    card = read_rate_card(load_yaml(tmp_path / "rates.yaml"))
    opened = UsageWriter(company.database, RateCatalogue({"default": card}))
    yield opened, card
    await opened.close()


async def take_file(write, who, path, **options):
    return await take_file_by(write, who, path, **{"card": RATES.for_tenant(who.tenant), **options})


def reported(path):
    with path.with_name(f"{path.name}.errors.csv").open(newline="", encoding="utf-8") as report:
        return [(int(row["row"]), row["column"], row["problem"]) for row in csv.DictReader(report)]


@pytest.fixture
def who(company):
    return operator(company.tenant)


async def spent(company, by=Group.PROJECT):
    rows = await costs_by(company.database, company.actor("audit_reviewer"), [by], CostFilter())
    return {row.keys[0]: row.amount for row in rows}


def file_of(tmp_path, *lines, header="id,meter,quantity,time,project,agent"):
    path = tmp_path / "usage.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


@pytest.mark.row("C3")
async def test_rows_that_cannot_be_taken_are_named_by_their_line_and_the_others_stand(company, writer, who, tmp_path):
    path = file_of(
        tmp_path,
        "a,cpu_hours,10,2026-03-01T10:00:00Z,alpha,bot",
        "b,cpu_hours,ten,2026-03-01,alpha,bot",
        '"c",cpu_hours,1,2026-03-01,"two\nlines",bot',
        "d,cpu_hour,1,2026-03-01,alpha,bot",
        "e,cpu_hours,1,2026-03-01T10:00:00,alpha,bot",
        "a,cpu_hours,11,2026-03-01T10:00:00Z,alpha,bot",
        "f,agent_creation,1,2026-03-01,beta,bot",
    )
    found = await take_file(writer.record, who, path)
    assert [(row, column, problem.split(".")[0]) for row, column, problem in reported(path)] == [
        (3, "quantity", "'ten' is no number"),
        (4, "project", "It is one line of at most 200 printable characters, none of them a blank at an end"),
        (6, "meter", "There is no meter 'cpu_hour'"),
        (7, "time", "'2026-03-01T10:00:00' says no time zone"),
        (8, "id", "'a' was told before, with other facts"),
    ]
    assert (found.rows, found.accepted, found.duplicates, found.errors) == (7, 2, 0, 5)
    report = found.report.read_bytes()
    assert await spent(company) == {"alpha": Decimal(1), "beta": Decimal(5)}
    again = await take_file(writer.record, who, path)
    assert (again.accepted, again.duplicates, again.errors) == (0, 2, 5)
    assert again.report.read_bytes() == report


@pytest.mark.row("C3")
async def test_an_import_that_breaks_off_goes_on_where_it_was(company, writer, who, tmp_path):
    lines = [f"r{number},cpu_hours,1,2026-03-01,alpha,bot" for number in range(BATCH * 3)]
    lines[7:7] = ["bad,cpu_hours,none,2026-03-01,alpha,bot"]
    path, calls = file_of(tmp_path, *lines), []

    async def breaks(actor, events):
        calls.append(len(events))
        if len(calls) == 2:
            await writer.record(actor, events)  # committed, and nobody heard of it
            raise ConnectionError("killed")
        return await writer.record(actor, events)

    with pytest.raises(ConnectionError):
        await take_file(breaks, who, path)
    assert json.loads((tmp_path / "usage.csv.progress").read_text())["tally"]["rows"] == BATCH
    shown = []
    rest = await take_file(writer.record, who, path, progress=lambda done, total: shown.append((done, total)))
    assert (rest.skipped, rest.accepted, rest.duplicates) == (BATCH, BATCH + 1, BATCH)
    assert [row for row, _column, _problem in reported(path)] == [9]  # found before it broke off
    assert (shown[0], shown[-1]) == ((BATCH, BATCH * 3 + 1), (BATCH * 3 + 1, BATCH * 3 + 1))
    assert await spent(company) == {"alpha": BATCH * 3 * Decimal("0.10")}
    assert not (tmp_path / "usage.csv.progress").exists()


@pytest.mark.row("C3")
async def test_rows_that_were_told_with_other_facts_are_found_at_once_however_many_they_are(
    company, writer, who, tmp_path
):
    ids, calls = range(BATCH), []
    await take_file(
        writer.record, who, file_of(tmp_path, *[f"r{each},cpu_hours,1,2026-03-01,alpha,bot" for each in ids])
    )

    async def counted(actor, events):
        calls.append(len(events))
        return await writer.record(actor, events)

    lines = [f"r{each},cpu_hours,{2 if each % 2 else 1},2026-03-01,alpha,bot" for each in ids]
    path = file_of(tmp_path, *lines)
    found = await take_file(counted, who, path)
    assert (found.duplicates, found.errors, calls) == (BATCH // 2, BATCH // 2, [BATCH, BATCH // 2])
    assert reported(path)[-1] == (BATCH + 1, "id", f"'r{BATCH - 1}' was told before, with other facts.")


@pytest.mark.row("C3")
async def test_what_broke_off_in_one_tenant_or_database_is_not_taken_for_another_s(company, writer, who, tmp_path):
    path = file_of(tmp_path, *[f"r{number},cpu_hours,1,2026-03-01,alpha,bot" for number in range(BATCH + 1)])

    async def breaks(actor, events):
        if len(events) < BATCH:
            raise ConnectionError("killed")
        return await writer.record(actor, events)

    with pytest.raises(ConnectionError):
        await take_file(breaks, who, path, into="db.staging:5432/countersign")
    found = await take_file(writer.record, who, path, into="db.corp:5432/countersign")
    assert (found.skipped, found.duplicates, found.accepted) == (0, BATCH, 1)


@pytest.mark.row("C3")
async def test_a_file_that_is_changed_while_it_is_read_is_no_further_taken(company, writer, who, tmp_path):
    path = file_of(tmp_path, *[f"r{number},cpu_hours,1,2026-03-01,alpha,bot" for number in range(BATCH * 2)])

    async def changes(actor, events):
        with path.open("a", encoding="utf-8") as file:
            file.write("late,cpu_hours,1,2026-03-01,alpha,bot\n")
        return await writer.record(actor, events)

    with pytest.raises(Conflict, match="was changed while it was read"):
        await take_file(changes, who, path)
    found = await take_file(writer.record, who, path)
    assert (found.skipped, found.duplicates, found.accepted) == (0, BATCH, BATCH + 1)


@pytest.mark.row("C10")
async def test_focus_comes_in_by_what_was_consumed(company, writer, who, tmp_path):
    header = "ChargeCategory,ChargePeriodStart,ConsumedQuantity,ResourceId,SkuId,x_ProjectId"
    same = "Usage,2026-03-01T00:00:00Z,2.5,bot,cpu_hours,alpha"
    path = file_of(
        tmp_path,
        same,
        same,
        "Usage,2026-03-01T00:00:00Z,3,bot,AmazonEC2,alpha",
        f"Usage,2026-03-01T00:00:00Z,3,{'b' * 201},cpu_hours,alpha",
        "Adjustment,2026-03-01T00:00:00Z,,,,",
        "Usage,2026-03-01T00:00:00Z,0,bot,cpu_hours,alpha",
        "Usage,2026-03-01T00:00:00Z,-1,bot,cpu_hours,alpha",
        header=header,
    )
    found = await take_file(writer.record, who, path)
    assert (found.accepted, found.free, found.errors) == (2, 2, 3)
    assert reported(path) == [
        (4, "SkuId", "There is no meter 'AmazonEC2'."),
        (5, "ResourceId", "It is one line of at most 200 printable characters, none of them a blank at an end."),
        (8, "ConsumedQuantity", "It takes usage back, and does not say which."),
    ]
    assert await spent(company, Group.METER) == {"cpu_hours": Decimal("0.50")}


@pytest.mark.row("C10")
async def test_a_bill_comes_in_by_what_it_cost_with_free_rows_passed_over_and_credits_told(
    company, bills, who, tmp_path
):
    writer, card = bills
    path = file_of(
        tmp_path,
        "9,USD,2026-03-01,bot,alpha",
        "1E-7,USD,2026-03-01T00:00:00Z,bot,alpha",
        "0,USD,2026-03-01,bot,alpha",
        "0E-10,EUR,2026-03-01,bot,alpha",
        "-2.50,USD,2026-03-01,bot,alpha",
        "-1e-2,USD,2026-03-01,bot,alpha",
        "-3,EUR,2026-03-01,bot,alpha",
        "7,EUR,2026-03-01,bot,alpha",
        "NaN,USD,2026-03-01,bot,alpha",
        "Infinity,USD,2026-03-01,bot,alpha",
        "4,,2026-03-01,bot,alpha",
        header="BilledCost,BillingCurrency,ChargePeriodStart,ResourceId,x_ProjectId",
    )
    found = await take_file(writer.record, who, path, card=card, meter="cloud_spend")
    assert (found.accepted, found.free, found.credits, found.errors) == (2, 2, 3, 4)
    assert [(each.text, each.currency) for each in found.credited] == [("-3.00", "EUR"), ("-2.51", "USD")]
    assert reported(path) == [
        (9, "BillingCurrency", "It is billed in EUR, and 'cloud_spend' counts USD."),
        (10, "BilledCost", "'NaN' is no number."),
        (11, "BilledCost", "'Infinity' is no number."),
        (12, "BillingCurrency", "'' is no currency."),
    ]
    assert await spent(company, Group.METER) == {"cloud_spend": Decimal("9.0000001")}
    euros = await take_file(writer.record, who, path, card=card, meter="cloud_spend_eur")
    assert euros.accepted == 1
    assert await spent(company, Group.METER) == {
        "cloud_spend": Decimal("9.0000001"),
        "cloud_spend_eur": Decimal("7.70"),
    }


@pytest.mark.row("C10")
async def test_a_row_of_focus_that_counts_already_by_another_meter_is_named_so(company, bills, who, tmp_path):
    writer, card = bills
    header = "BilledCost,BillingCurrency,ChargePeriodStart,ConsumedQuantity,SkuId"
    path = file_of(tmp_path, "9,USD,2026-03-01,2,cpu_hours", header=header)
    assert (await take_file(writer.record, who, path, card=card)).accepted == 1
    found = await take_file(writer.record, who, path, card=card, meter="cloud_spend")
    assert (found.accepted, found.errors) == (0, 1)
    assert reported(path) == [(2, "SkuId", "This row counts already, by another meter, and no row counts twice.")]
    assert await spent(company, Group.METER) == {"cpu_hours": Decimal("0.20")}


@pytest.mark.row("C10")
async def test_a_bill_is_not_counted_by_a_meter_of_something_else_than_money(bills, who, tmp_path):
    writer, card = bills
    path = file_of(tmp_path, "9,USD,2026-03-01", header="BilledCost,BillingCurrency,ChargePeriodStart")
    with pytest.raises(InvalidInput, match="'cpu_hours' counts no money, but 'hour'"):
        await take_file(writer.record, who, path, card=card, meter="cpu_hours")
