"""Whatever breaks off, the report names each row that was left out once, and a file is taken by one at a time (C3)."""

from __future__ import annotations

import csv
import fcntl
import os
from decimal import Decimal

import pytest

from app.administration import operator
from app.usage_import import ERRORS_MAX, take_file
from app.usage_import.marks import Marks
from app.usage_import.rows import RowError
from core.costs import Meter, Price, RateCard, Recorded, Tier
from core.costs.rates import FOREVER
from core.errors import Conflict, InvalidInput
from core.ids import TenantId
from core.money import Money

CARD = RateCard(
    "USD",
    {
        "cpu_hours": Meter("cpu_hours", "compute_costs", (Price(FOREVER, "USD", (Tier(Decimal(0), Decimal(1)),)),)),
        "spend": Meter("spend", "clouds", (Price(FOREVER, "USD", (Tier(Decimal(0), Decimal(1)),), "USD"),)),
    },
)
WHO = operator(TenantId("enterprise-corp"))
HEADER = "id,meter,quantity,time"


def wrong(*numbers):
    return [RowError(each, "quantity", "'ten' is no number.", ("12.5",)) for each in numbers]


def named(path):
    with path.with_name(f"{path.name}.errors.csv").open(newline="", encoding="utf-8") as report:
        return [int(row["row"]) for row in csv.DictReader(report)]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "usage.csv"


async def counts(_actor, events):
    return Recorded(len(events), 0)


@pytest.mark.row("C3")
def test_what_is_kept_is_there_when_an_import_goes_on(path):
    before = Marks(path, "key")
    before.tally.free = 3
    before.tally.credit(Money(Decimal("-0.10"), "USD"))
    before.tally.credit(Money(Decimal("-1E-30"), "USD"))
    before.keep(1000, wrong(9, 4))
    after = Marks(path, "key")
    assert (after.tally, named(path)) == (before.tally, [4, 9])
    assert after.tally.credited == {"USD": Decimal("-0.100000000000000000000000000001")}


@pytest.mark.row("C3")
def test_what_a_killed_import_has_added_to_the_report_is_named_once(path):
    Marks(path, "key").keep(1000, wrong(4))
    with path.with_name("usage.csv.errors.csv").open("a", encoding="utf-8") as report:
        report.write("1200,quantity,'ten'")  # and killed, before the mark knew of it
    Marks(path, "key").keep(1000, wrong(1200))
    assert named(path) == [4, 1200]


@pytest.mark.row("C3")
def test_an_import_that_is_killed_at_its_very_end_keeps_its_report(path):
    Marks(path, "key").keep(1000, wrong(4))  # all of the file, but the mark still stands
    last = Marks(path, "key")
    last.finish()
    assert (last.tally.rows, last.reported, named(path)) == (1000, 1, [4])
    assert [each.name for each in path.parent.iterdir()] == ["usage.csv.errors.csv"]


@pytest.mark.parametrize(
    "spoilt", [b"", b"[]", b'{"key": "key"}', b'{"sha256": "0", "rows": 5, "errors": []}', b"\xff"]
)
@pytest.mark.row("C3")
def test_a_mark_that_says_nothing_is_begun_anew(path, spoilt):
    path.with_name("usage.csv.progress").write_bytes(spoilt)
    assert Marks(path, "key").tally.rows == 0


@pytest.mark.row("C3")
def test_a_file_is_gone_through_anew_if_its_report_was_taken_away(path):
    Marks(path, "key").keep(1000, wrong(4))
    path.with_name("usage.csv.errors.csv").unlink()
    assert Marks(path, "key").tally.rows == 0


@pytest.mark.row("C3")
def test_the_mark_does_not_grow_with_what_is_left_out(path):
    marks, sizes = Marks(path, "key"), []
    for batch in range(3):
        marks.keep(1000, wrong(*range(batch * 1000, batch * 1000 + 1000)))
        sizes.append(path.with_name("usage.csv.progress").stat().st_size)
    assert max(sizes) - min(sizes) <= len("3000") - len("1000") + len("report_bytes")
    assert len(named(path)) == 3000


@pytest.mark.row("C3")
def test_all_that_is_left_out_is_counted_though_the_report_is_cut(path):
    marks = Marks(path, "key")
    marks.keep(ERRORS_MAX - 1, wrong(*range(ERRORS_MAX - 1)))
    marks.keep(3, wrong(ERRORS_MAX, ERRORS_MAX + 1, ERRORS_MAX + 2))
    assert (marks.tally.errors, marks.reported) == (ERRORS_MAX + 2, ERRORS_MAX)
    assert (len(named(path)), named(path)[-1]) == (ERRORS_MAX, ERRORS_MAX)


@pytest.mark.row("C3")
async def test_a_report_of_an_earlier_run_is_gone_once_all_rows_are_taken(path):
    path.write_text(f"{HEADER}\na,cpu_hours,ten,2026-03-01\n", encoding="utf-8")
    assert (await take_file(counts, WHO, path, card=CARD)).errors == 1
    path.write_text(f"\ufeff{HEADER}\r\na,cpu_hours,10,2026-03-01\r\n", encoding="utf-8")
    found = await take_file(counts, WHO, path, card=CARD)
    assert (found.rows, found.accepted, found.errors, found.report) == (1, 1, 0, None)
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.row("C3")
async def test_a_file_that_another_imports_is_left_to_it(path):
    path.write_text(f"{HEADER}\n", encoding="utf-8")
    with path.open("rb") as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="is being imported already"):
            await take_file(counts, WHO, path, card=CARD)
    assert (await take_file(counts, WHO, path, card=CARD)).rows == 0


@pytest.mark.row("C3")
async def test_nothing_is_written_where_nothing_can_be_kept_beside_the_file(tmp_path):
    told = []

    async def tells(_actor, events):
        told.extend(events)
        return Recorded(len(events), 0)

    path = tmp_path / ("u" * 250)  # with a name so long that nothing beside it has room in its own
    path.write_text(f"{HEADER}\na,cpu_hours,1,2026-03-01\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="cannot be kept beside it: File name too long"):
        await take_file(tells, WHO, path, card=CARD)
    assert told == []


@pytest.mark.row("C3")
async def test_what_is_no_text_on_disk_is_refused(path, tmp_path):
    with pytest.raises(InvalidInput, match="cannot be read: No such file"):
        await take_file(counts, WHO, path, card=CARD)
    with pytest.raises(InvalidInput, match="is no file"):
        await take_file(counts, WHO, tmp_path, card=CARD)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InvalidInput, match="is no file"):
        await take_file(counts, WHO, tmp_path / "pipe", card=CARD)
    path.write_bytes(HEADER.encode("utf-16"))
    with pytest.raises(InvalidInput, match="is no text in UTF-8"):
        await take_file(counts, WHO, path, card=CARD)
