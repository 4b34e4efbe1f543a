"""Usage from files: rows counted once whatever breaks off, and every row that is left out named (C3, C10)."""

from __future__ import annotations

import csv
import json
from decimal import Decimal
from pathlib import Path

import pytest
import pytest_asyncio

from app.administration import operator
from app.usage_import import BATCH, take_file, write_report
from core.costs import CostFilter, Group, UsageWriter, costs_by, load_rate_catalogue
from core.errors import InvalidInput

RATES = load_rate_catalogue(Path(__file__).parents[3] / "config" / "costs")


@pytest_asyncio.fixture
async def writer(company):
    opened = UsageWriter(company.database, RATES)
    yield opened
    await opened.close()


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
    assert [(each.row, each.column, each.message.split(".")[0]) for each in found.errors] == [
        (3, "quantity", "'ten' is no number"),
        (4, "project", "It has at most 200 characters, none of them a blank at an end"),
        (6, "meter", "There is no meter 'cpu_hour'"),
        (7, "time", "'2026-03-01T10:00:00' says no time zone"),
        (8, "id", "'a' was told before, with other facts"),
    ]
    assert (found.rows, found.accepted, found.duplicates) == (7, 2, 0)
    assert await spent(company) == {"alpha": Decimal(1), "beta": Decimal(5)}
    again = await take_file(writer.record, who, path)
    assert (again.accepted, again.duplicates, again.errors) == (0, 2, found.errors)
    write_report(tmp_path / "errors.csv", found.errors)
    with (tmp_path / "errors.csv").open(newline="", encoding="utf-8") as report:
        assert [row["row"] for row in csv.DictReader(report)] == ["3", "4", "6", "7", "8"]


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
    assert json.loads((tmp_path / "usage.csv.progress").read_text())["rows"] == BATCH + 1
    shown = []
    rest = await take_file(writer.record, who, path, progress=lambda done, total: shown.append((done, total)))
    assert (rest.skipped, rest.accepted, rest.duplicates) == (BATCH + 1, BATCH, BATCH)
    assert [each.row for each in rest.errors] == [9]  # found before it broke off
    assert shown[-1] == (BATCH * 3 + 1, BATCH * 3 + 1)
    assert await spent(company) == {"alpha": BATCH * 3 * Decimal("0.10")}
    assert not (tmp_path / "usage.csv.progress").exists()


@pytest.mark.row("C10")
async def test_focus_comes_in_by_what_was_consumed_or_by_what_it_cost_there(company, writer, who, tmp_path):
    header = "BilledCost,ChargePeriodStart,ConsumedQuantity,ResourceId,SkuId,x_ProjectId"
    same = "0.25,2026-03-01T00:00:00Z,2.5,bot,cpu_hours,alpha"
    path = file_of(tmp_path, same, same, "9,2026-03-01T00:00:00Z,3,bot,AmazonEC2,alpha", header=header)
    found = await take_file(writer.record, who, path)
    assert (found.accepted, [each.message for each in found.errors]) == (2, ["There is no meter 'AmazonEC2'."])
    assert await spent(company, Group.METER) == {"cpu_hours": Decimal("0.50")}
    by_cost = await take_file(
        writer.record, who, file_of(tmp_path, "9,2026-03-01,3,bot,X,alpha", header=header), meter="cpu_hours"
    )
    assert by_cost.accepted == 1
    assert await spent(company, Group.METER) == {"cpu_hours": Decimal("1.40")}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("id,meter,quantity", "The file has no column 'time'."),
        ("id,meter,quantity,time,colour", "which is none of ours"),
    ],
)
@pytest.mark.row("C3")
async def test_a_file_of_another_kind_is_refused(writer, who, tmp_path, header, message):
    with pytest.raises(InvalidInput, match=message):
        await take_file(writer.record, who, file_of(tmp_path, header=header))
