"""A report as XLSX: its head on the first sheet, each table on its own. Nothing in it is a formula.

A spreadsheet keeps numbers as binary doubles: fifteen digits are exact. A figure that needs more is written as text, so
that nothing is rounded unseen. Texts are written as texts, whatever they begin with: none becomes a formula or a link.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Final

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from core.documents.document import Cell, Column, Document, Picture, Table, Words
from core.money import in_full

DIGITS_EXACT: Final = 15  # of a double
TEXT_MAX: Final = 32_767  # characters of a cell (Microsoft, "Excel specifications and limits")
ROWS_MAX: Final = 1_048_576 - 2
NAME_MAX: Final = 31  # units of UTF-16 in a sheet's name; Excel
_FORBIDDEN: Final = str.maketrans(dict.fromkeys(r"[]:*?/\'", "-"))


def to_workbook(document: Document) -> bytes:
    """The report, to be opened in a spreadsheet. Takes some time: call it in a thread."""
    target = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(target, options) as book:
        book.set_properties(
            {"title": document.title, "author": document.brand.name, "created": _naive(document.made_at)}
        )
        bold = book.add_format({"bold": True})
        head = book.add_worksheet("Report")
        head.set_column(0, 0, 28)
        head.set_column(1, 1, 60)
        head.write_string(0, 0, _text(document.title), book.add_format({"bold": True, "font_size": 16}))
        head.write_string(1, 0, _text(document.subtitle))
        row = 3
        for label, value in document.facts:
            head.write_string(row, 0, _text(label))
            head.write_string(row, 1, _text(value))
            row += 1
        used = {"report"}
        for part in document.parts:
            match part:
                case Table():
                    _table(book, book.add_worksheet(_name(part.title, used)), part, bold)
                case Words():
                    row += 1
                    head.write_string(row, 0, _text(part.text))
                case Picture():
                    continue
    return target.getvalue()


def _table(book: xlsxwriter.Workbook, sheet: Worksheet, table: Table, bold: Format) -> None:
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    for at, column in enumerate(table.columns):
        sheet.set_column(at, at, max(10, 6 * column.share + 4))
        sheet.write_string(0, at, _text(column.title), bold)
    numbers = [_format(book, column) for column in table.columns]
    totals = [_format(book, column, bold=True) for column in table.columns]
    rows = table.rows[: ROWS_MAX - len(table.sums)]
    for number, row in enumerate(rows, start=1):
        _row(sheet, number, row, numbers, day)
    for number, row in enumerate(table.sums, start=len(rows) + 1):
        _row(sheet, number, row, totals, day)
    sheet.freeze_panes(1, 0)
    if rows:
        sheet.autofilter(0, 0, len(rows), len(table.columns) - 1)


def _row(sheet: Worksheet, number: int, row: Iterable[Cell], formats: list[Format], day: Format) -> None:
    for at, (cell, style) in enumerate(zip(row, formats, strict=True)):
        match cell:
            case None:
                sheet.write_blank(number, at, None, style)
            case Decimal() if _digits(cell) > DIGITS_EXACT:
                sheet.write_string(number, at, in_full(cell).replace(",", ""), style)
            case Decimal() | int():
                sheet.write_number(number, at, float(cell), style)
            case date():
                sheet.write_datetime(number, at, cell, day)
            case str():
                sheet.write_string(number, at, _text(cell), style)


def _digits(number: Decimal) -> int:
    """How many digits it has, without zeros at its ends."""
    return len("".join(map(str, number.as_tuple().digits)).strip("0"))


def _format(book: xlsxwriter.Workbook, column: Column, *, bold: bool = False) -> Format:
    shown = (
        {} if column.places is None else {"num_format": "#,##0" + ("." + "0" * column.places if column.places else "")}
    )
    return book.add_format({"bold": bold, **shown})


def _name(title: str, used: set[str]) -> str:
    """A sheet's name: short, without what it may not hold, and of no other sheet."""
    base = _cut(_text(title).translate(_FORBIDDEN).strip(), NAME_MAX) or "Table"
    name, number = base, 2
    while name.lower() in used:
        tail = f" {number}"
        name, number = _cut(base, NAME_MAX - len(tail)) + tail, number + 1
    used.add(name.lower())
    return name


def _cut(text: str, most: int) -> str:
    """The text, no longer than so many units of UTF-16, as Excel counts: a rare character is two of them."""
    return text.encode("utf-16-le")[: 2 * most].decode("utf-16-le", "ignore")


def _text(text: str) -> str:
    """The text without what XML cannot hold, and no longer than a cell."""
    return "".join(each if each >= " " or each in "\n\t" else " " for each in text)[:TEXT_MAX]


def _naive(at: datetime) -> datetime:
    return at.replace(tzinfo=None)
