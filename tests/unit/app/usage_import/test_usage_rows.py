"""Rows of a file are known by the lines on which they stand, and none is passed over in silence (C3)."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.usage_import.cells import BadCell, instant, number
from app.usage_import.rows import CreditRow, FreeRow, RowError, UsageRow, count_rows, read_file
from core.costs import Meter, Price, RateCard, Tier
from core.costs.rates import FOREVER
from core.errors import InvalidInput
from core.money import EXACT, Money


def priced(currency, unit, since=FOREVER):
    return Price(since, currency, (Tier(Decimal(0), Decimal(1)),), unit)


CARD = RateCard(
    "USD",
    {
        "cpu_hours": Meter("cpu_hours", "compute_costs", (priced("USD", "hour"),)),
        "spend": Meter("spend", "clouds", (priced("USD", "USD"),)),
        "bare": Meter("bare", "clouds", (priced("EUR", ""),)),
        "bought": Meter("bought", "clouds", (priced("USD", "EUR"),)),
        "young": Meter("young", "clouds", (priced("USD", "USD", date(2026, 3, 1)),)),
    },
)
OURS = "id,meter,quantity,time,project"
BILL = "BilledCost,BillingCurrency,ChargePeriodStart"


def read(text, meter=None):
    return list(read_file(io.StringIO(text, newline=""), CARD, meter=meter).rows)


def numbers(rows):
    return [row.number for row in rows]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.row("C3")
def test_a_row_has_the_number_of_its_line_however_lines_end_and_whatever_is_blank_before(end):
    text = end.join(
        [
            "",
            OURS,
            "a,cpu_hours,1,2026-03-01,alpha",
            "",
            "   ",
            'b,cpu_hours,1,2026-03-01,"two',
            'lines"',
            "",
            "c,cpu_hours,none,2026-03-01,alpha",
            ",,,,",
            "d,cpu_hours,1,2026-03-01,alpha",
        ]
    )
    rows = read(text)
    assert numbers(rows) == [3, 6, 9, 11]
    assert [type(row) for row in rows] == [UsageRow, UsageRow, RowError, UsageRow]
    assert count_rows(io.StringIO(text, newline="")) == 4


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("a,cpu_hours,1,2026-03-01,alpha,beta", "It has 6 cells, and the header has 5."),
        ("a,cpu_hours,1,2026-03-01", "It has 4 cells, and the header has 5."),
        ('a,cpu_hours,1,2026-03-01,"al"pha', "It is no CSV: ',' expected after '\"'."),
        (f"a,cpu_hours,1,2026-03-01,{'x' * 200_000}", "It is no CSV: field larger than field limit (131072)."),
    ],
)
@pytest.mark.row("C3")
def test_a_row_of_another_shape_is_named_and_the_next_is_taken(row, message):
    wrong, right = read(f"{OURS}\n{row}\nb,cpu_hours,1,2026-03-01,alpha\n")
    assert (wrong.number, wrong.message) == (2, message)
    assert (right.number, right.usage.id) == (3, "b")


@pytest.mark.row("C3")
def test_what_a_quote_that_never_ends_has_swallowed_is_named():
    row, wrong = read(f'{OURS}\na,cpu_hours,1,2026-03-01,alpha\nb,cpu_hours,1,2026-03-01,"alpha\nc,x,1,,\nd,x,1,,\n')
    assert row.number == 2
    assert (wrong.number, wrong.message) == (3, "It is no CSV, through line 5: unexpected end of data.")


@pytest.mark.parametrize(
    ("text", "meter", "message"),
    [
        ("", None, "The file is empty."),
        ("\n \n", None, "The file is empty."),
        ('"id\n', None, "It is no CSV: unexpected end of data."),
        ("id,meter,quantity", None, "The file has no column 'time'."),
        ("id,meter,quantity,time,colour", None, "The file has a column 'colour', which is none of ours."),
        ("id,meter,quantity,time,", None, "The file has a column without a name."),
        ("id,meter,quantity,time,quantity", None, "The file has more than one column 'quantity'."),
        (f"{BILL},BilledCost", "spend", "The file has more than one column 'BilledCost'."),
        ("ChargePeriodStart,SkuId", None, "The file is FOCUS and has no column 'ConsumedQuantity'."),
        ("ChargePeriodStart,BilledCost", "spend", "The file is FOCUS and has no column 'BillingCurrency'."),
        (BILL, "cpu_hours", "'cpu_hours' counts no money, but 'hour'."),
        (BILL, "spent", "There is no meter 'spent'. Did you mean 'spend'?"),
        (OURS, "spent", "There is no meter 'spent'. Did you mean 'spend'?"),
    ],
)
@pytest.mark.row("C3")
def test_a_file_of_another_kind_is_refused_before_any_row(text, meter, message):
    with pytest.raises(InvalidInput) as refused:
        read_file(io.StringIO(text, newline=""), CARD, meter=meter)
    assert refused.value.message == message


@pytest.mark.row("C3")
def test_a_header_alone_has_no_rows():
    assert read(f"{OURS}\n") == []
    assert count_rows(io.StringIO(OURS)) == 0


@pytest.mark.row("C3")
def test_the_meter_that_is_named_needs_no_column():
    (row,) = read("id,quantity,time\na,2,2026-03-01\n", "cpu_hours")
    assert (row.usage.meter, row.usage.quantity) == ("cpu_hours", Decimal(2))


@pytest.mark.parametrize(
    ("meter", "billed", "is_taken"),
    [
        ("spend", "USD", True),
        ("spend", "EUR", False),
        ("bare", "EUR", True),
        ("bare", "USD", False),
        ("bought", "EUR", True),
        ("bought", "USD", False),
    ],
)
@pytest.mark.row("C10")
def test_a_meter_takes_what_is_billed_in_the_currency_that_it_counts(meter, billed, is_taken):
    (row,) = read(f"{BILL}\n5,{billed},2026-03-01T00:00:00Z\n", meter)
    assert isinstance(row, UsageRow if is_taken else RowError)
    assert is_taken or row.column == "BillingCurrency"


@pytest.mark.row("C10")
def test_of_a_bill_what_is_free_and_what_lowers_it_is_no_usage():
    rows = read(f"{BILL}\n0.00,USD,2026-03-01\n-5.25,EUR,2026-03-01\n-0,,\n", "spend")
    assert rows == [FreeRow(2), CreditRow(3, Money(Decimal("-5.25"), "EUR")), FreeRow(4)]


@pytest.mark.row("C10")
def test_a_row_before_the_meter_s_first_price_is_named_by_its_own_column():
    (row,) = read(f"{BILL}\n5,USD,2026-02-28\n", "young")
    assert (row.number, row.column) == (2, "ChargePeriodStart")
    assert row.message == "'young' has no price on 2026-02-28; its first is of 2026-03-01."


@pytest.mark.parametrize(
    ("category", "status", "is_free"),
    [("Tax", "", True), ("Usage", "Unused", True), ("Usage", "Used", False), ("", "", False)],
)
@pytest.mark.row("C10")
def test_no_consumption_is_nothing_where_nothing_is_consumed_and_an_error_elsewhere(category, status, is_free):
    header = "ChargeCategory,CommitmentDiscountStatus,ChargePeriodStart,ConsumedQuantity,SkuId"
    (row,) = read(f"{header}\n{category},{status},2026-03-01,,cpu_hours\n")
    assert isinstance(row, FreeRow if is_free else RowError)


@pytest.mark.row("C10")
def test_rows_that_say_the_same_count_as_often_as_a_file_says_it():
    first, second, third = read(f"{BILL}\n5,USD,2026-03-01\n5,USD,2026-03-01\n6,USD,2026-03-01\n", "spend")
    assert first.usage.id.endswith(":1")
    assert second.usage.id == f"{first.usage.id[:-1]}2"
    assert third.usage.id.endswith(":1")


@pytest.mark.parametrize(
    "text",
    ["", "NaN", "sNaN", "Infinity", "-inf", "1_000", "1,000", "$5", "٣", "1E999", "1E-999999999", "9" * 1_000_000, "."],
)
@pytest.mark.row("C3")
def test_what_is_no_number_that_can_be_counted_is_refused(text):
    with pytest.raises(BadCell, match="is no number") as refused:
        number({"quantity": text}, "quantity")
    assert len(refused.value.message) < 100


@pytest.mark.parametrize(
    ("text", "value"), [("1E-7", "0.0000001"), ("1e-007", "0.0000001"), ("+.5", "0.5"), (" 3. ", "3"), ("2E2", "200")]
)
@pytest.mark.row("C10")
def test_numbers_may_have_an_exponent(text, value):
    assert number({"quantity": text}, "quantity") == Decimal(value)


@pytest.mark.row("C3")
@given(st.lists(st.text("0123456789+-.eE", max_size=70), max_size=20))
def test_whatever_is_a_number_adds_up_exactly(texts):
    total = Decimal(0)
    for text in texts:
        try:
            total = EXACT.add(total, number({"quantity": text}, "quantity"))
        except BadCell:
            continue
    assert total.is_finite()


@pytest.mark.parametrize("text", ["", "yesterday", "2026-02-30", "0001-01-01T00:00:00+14:00", "9" * 1_000_000])
@pytest.mark.row("C3")
def test_what_is_no_time_is_refused(text):
    with pytest.raises(BadCell, match="is no time") as refused:
        instant({"time": text}, "time")
    assert len(refused.value.message) < 100


@pytest.mark.row("C3")
def test_times_are_in_utc_and_say_their_zone():
    assert instant({"time": "2026-03-01T01:00:00+02:00"}, "time") == datetime(2026, 2, 28, 23, tzinfo=UTC)
    with pytest.raises(BadCell, match="says no time zone"):
        instant({"time": "2026-03-01T01:00:00"}, "time")
