"""A report as PDF and as a workbook, read by other libraries than those that wrote it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from core.documents import ROWS_PRINTED, Column, Document, Table, Words, to_pdf, to_workbook
from core.documents.fonts import FALLBACK, legible
from core.documents.pdf import widened

COLUMNS = (Column("Agent", 3), Column("Quantity", 2), Column("Amount", 2, places=2), Column("Day", 2))


def document(*rows, sums=(), title="Chargeback", words="Everything adds up."):
    table = Table("Payments", COLUMNS, tuple(rows), tuple(sums))
    facts = (("Tenant", "Enterprise Corp"), ("Currency", "USD"))
    return Document(title, "March 2026", facts, (Words(words), table), datetime(2026, 4, 1, 9, tzinfo=UTC))


def printed(found):
    return [page.extract_text() for page in PdfReader(BytesIO(to_pdf(found))).pages]


def sheet(found, name="Payments"):
    book = openpyxl.load_workbook(BytesIO(to_workbook(found)))
    return [[cell.value for cell in row] for row in book[name].iter_rows()]


ROW = ("čtečka – 合同", Decimal("1234.5"), Decimal("1234567.891"), date(2026, 3, 7))


@pytest.mark.row("C10")
def test_print_has_head_tables_sums_and_numbered_pages():
    rows = [ROW] * 80
    found = document(*rows, sums=[("Total", None, Decimal("98765431.28"), None)])
    pages = printed(found)
    assert len(pages) >= 2
    assert "Chargeback" in pages[0]
    assert "Enterprise Corp" in pages[0]
    assert "čtečka – " in pages[0]
    assert "1,234.5" in pages[0]
    assert "1,234,567.89" in pages[0]
    assert "2026-03-07" in pages[0]
    assert f"2 / {len(pages)}" in pages[1]
    assert "Amount" in pages[1]  # the head is repeated
    assert "98,765,431.28" in pages[-1]


@pytest.mark.row("S8")
def test_no_title_of_a_column_is_broken_within_a_word():
    titles = (("Service", 2), ("Period", 3), ("Availability", 2), ("Minutes down", 1), ("Credit", 1), ("Terms", 9))
    columns = tuple(Column(title, share) for title, share in titles)
    table = Table("Credits", columns, (("payments", "March 2026", "99.9 %", "1", "10 %", "below 99.9 %: 10 %"),))
    (page,) = printed(Document("Report", "March", (), (table,), datetime(2026, 4, 1, 9, tzinfo=UTC)))
    for word in ("Service", "Period", "Availability", "Minutes", "down", "Credit", "Terms"):
        assert word in page


@given(
    columns=st.lists(st.tuples(st.integers(1, 20), st.floats(1, 60)), min_size=1, max_size=12),
    across=st.floats(50, 400),
)
def test_widths_fill_the_page_and_none_is_below_its_least_while_there_is_room(columns, across):
    shares, least = zip(*columns, strict=True)
    found = widened(shares, least, across=across)
    assert sum(found) == pytest.approx(across)
    if sum(least) < across:
        assert all(width >= wanted - 1e-6 for width, wanted in zip(found, least, strict=True))
    assert all(width > 0 for width in found)


@pytest.mark.row("C10")
def test_a_long_table_says_how_much_of_it_is_not_printed():
    rows = [("x", None, Decimal(1), None)] * (ROWS_PRINTED + 7)
    assert "7 more lines are in the spreadsheet." in printed(document(*rows))[-1]


@pytest.mark.row("C10")
def test_a_workbook_keeps_numbers_as_numbers_and_texts_as_texts():
    found = document(ROW, ("=1+1", Decimal("0.1234567890123456"), Decimal("-0.5"), None))
    assert sheet(found) == [
        ["Agent", "Quantity", "Amount", "Day"],
        ["čtečka – 合同", 1234.5, 1234567.891, datetime(2026, 3, 7)],  # noqa: DTZ001  a spreadsheet knows no zone
        ["=1+1", "0.1234567890123456", -0.5, None],
    ]
    book = openpyxl.load_workbook(BytesIO(to_workbook(found)))
    assert book["Payments"]["A3"].data_type == "s"
    assert book["Payments"]["C2"].number_format == "#,##0.00"
    assert book["Report"]["B4"].value == "Enterprise Corp"


@settings(max_examples=8)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=4))
@example(["\U0001f4b6" * 20, "\U0001f4b6" * 20])  # Excel counts each as two
@pytest.mark.row("X9")
def test_no_words_keep_a_report_from_being_made(texts):
    tables = tuple(Table(text, COLUMNS, ((text, None, Decimal(1), None),)) for text in texts)
    found = Document(texts[0], texts[-1], ((texts[0], texts[-1]),), tables, datetime(2026, 4, 1, tzinfo=UTC))
    assert to_pdf(found).startswith(b"%PDF-")
    assert len(openpyxl.load_workbook(BytesIO(to_workbook(found))).sheetnames) == len(texts) + 1


def test_what_the_fallback_cannot_set_is_a_question_mark():
    assert legible("Zürich 合同", FALLBACK) == "Zürich ??"


@pytest.mark.row("C10")
def test_an_exact_figure_keeps_all_its_digits_in_print_and_in_a_workbook():
    exact = Decimal("4887.898170000012345678901234567890100")  # 34 digits: six more than Python rounds to
    found = document(("bot", exact, None, None), ("bot", Decimal("0.100"), None, None))
    assert sheet(found)[1][1] == "4887.8981700000123456789012345678901"
    assert sheet(found)[2][1] == 0.1
    assert "4,887.8981700000123456789012345678901" in "".join(printed(found)[0].split())
