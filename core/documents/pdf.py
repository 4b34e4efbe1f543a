"""A report as PDF: A4, with its title and page number on each page. Takes some time: call it in a thread."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from io import BytesIO
from typing import Final, assert_never

from fpdf import FPDF
from fpdf.enums import TableBordersLayout, TableCellFillMode, XPos, YPos
from fpdf.fonts import FontFace

from core.documents.document import Brand, Cell, Document, Picture, Table, Words, shown
from core.documents.fonts import legible, set_fonts

CAPTION_MM: Final = 24  # a picture's title and words
ROWS_PRINTED: Final = 2000  # of a table: beyond, it says how many more there are
MARGIN_MM: Final = 16
TABLE_PT: Final = 8.5
TEXT: Final = (27, 29, 40)
MUTED: Final = (86, 93, 112)
LINE: Final = (220, 223, 232)
SHADE: Final = (243, 244, 248)
PADDING_MM: Final = (0.6, 1.2)  # of a cell, down and across
SLACK_MM: Final = 0.5  # a cell keeps a little to itself
LOGO_MM: Final = (60, 14)  # most, across and down


class _Paper(FPDF):
    """The pages of one document."""

    def __init__(self, document: Document) -> None:
        super().__init__(format="A4")
        self._document = document
        self.family = set_fonts(self)
        self.set_margins(MARGIN_MM, MARGIN_MM, MARGIN_MM)
        self.set_auto_page_break(auto=True, margin=MARGIN_MM + 6)
        self.set_title(self.said(document.title))
        self.set_author(self.said(document.brand.name))
        self.set_creation_date(document.made_at)
        self.set_lang("en")
        self.add_page()

    def said(self, text: str) -> str:
        """The text as the family can set it."""
        return legible(text, self.family)

    def write_line(self, text: str, *, size: float, bold: bool = False, colour: tuple[int, int, int] = TEXT) -> None:
        """A paragraph across the page."""
        self.set_font(self.family, "B" if bold else "", size)
        self.set_text_color(*colour)
        self.multi_cell(0, size * 0.5, self.said(text), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def footer(self) -> None:
        """Called by the library at the end of each page."""
        self.set_y(-MARGIN_MM)
        self.set_font(self.family, "", 8)
        self.set_text_color(*MUTED)
        self.cell(0, 5, self.said(f"{self._document.title} · {self._document.subtitle}"), align="L")
        self.set_x(-MARGIN_MM - 40)
        self.cell(40, 5, f"{self.page_no()} / {{nb}}", align="R")


def to_pdf(document: Document) -> bytes:
    """The report, to be printed."""
    paper = _Paper(document)
    if document.brand.logo:
        _logo(paper, document.brand)
    paper.write_line(document.title, size=20, bold=True)
    paper.write_line(document.subtitle, size=12, colour=MUTED)
    paper.ln(3)
    paper.set_draw_color(document.brand.colour)
    paper.set_line_width(0.6)
    paper.line(MARGIN_MM, paper.get_y(), paper.w - MARGIN_MM, paper.get_y())
    paper.ln(4)
    _facts(paper, document.facts)
    for part in document.parts:
        match part:
            case Table():
                _table(paper, part)
            case Words():
                paper.write_line(part.text, size=9.5)
                paper.ln(3)
            case Picture():
                _picture(paper, part)
            case _:
                assert_never(part)
    return bytes(paper.output())


def _facts(paper: _Paper, facts: tuple[tuple[str, str], ...]) -> None:
    for label, value in facts:
        paper.set_font(paper.family, "", 9)
        paper.set_text_color(*MUTED)
        paper.cell(42, 5, paper.said(label))
        paper.set_text_color(*TEXT)
        paper.multi_cell(0, 5, paper.said(value), align="L", new_x=XPos.LMARGIN, new_y=YPos.NEXT)
    paper.ln(4)


def _logo(paper: _Paper, brand: Brand) -> None:
    across, down = LOGO_MM
    paper.image(
        BytesIO(brand.logo), w=across, h=down, keep_aspect_ratio=True, x=MARGIN_MM, alt_text=paper.said(brand.name)
    )
    paper.ln(4)


def _picture(paper: _Paper, picture: Picture) -> None:
    width, height = (int.from_bytes(picture.png[at : at + 4]) for at in (16, 20))  # W3C, PNG, 11.2.1
    if paper.will_page_break(paper.epw * height / width + CAPTION_MM):  # nothing of it stands alone on a page
        paper.add_page()
    if picture.title:
        paper.write_line(picture.title, size=11.5, bold=True)
        paper.ln(1)
    paper.image(BytesIO(picture.png), w=paper.epw, alt_text=paper.said(picture.words))
    paper.ln(1)
    paper.write_line(picture.words, size=8.5, colour=MUTED)
    paper.ln(4)


def _table(paper: _Paper, table: Table) -> None:
    if paper.will_page_break(34):  # the title stays with the first rows
        paper.add_page()
    paper.write_line(table.title, size=11.5, bold=True)
    paper.ln(1.5)
    paper.set_font(paper.family, "", TABLE_PT)
    paper.set_text_color(*TEXT)
    paper.set_draw_color(*LINE)
    paper.set_line_width(0.2)
    rows = table.rows[:ROWS_PRINTED]
    with paper.table(
        col_widths=_widths(paper, table),
        borders_layout=TableBordersLayout.HORIZONTAL_LINES,
        cell_fill_color=SHADE,
        cell_fill_mode=TableCellFillMode.NONE,
        headings_style=FontFace(emphasis="BOLD", color=MUTED),
        line_height=5,
        padding=PADDING_MM,
        text_align=tuple("RIGHT" if _is_numbers(table, at) else "LEFT" for at in range(len(table.columns))),
    ) as grid:
        grid.row([paper.said(each.title) for each in table.columns])
        for row in rows:
            grid.row(_cells(paper, table, row))
        for row in table.sums:
            grid.row(_cells(paper, table, row), style=FontFace(emphasis="BOLD", fill_color=SHADE))
    if len(table.rows) > len(rows):
        paper.write_line(f"{len(table.rows) - len(rows):,} more lines are in the spreadsheet.", size=8.5, colour=MUTED)
    paper.ln(6)


def _widths(paper: _Paper, table: Table) -> tuple[float, ...]:
    """Millimetres of each column: by its share, and at least as much as its title's longest word takes.

    Sets the font of titles. Where there is no room for all of those words, they are narrowed alike.
    """
    paper.set_font(paper.family, "B", TABLE_PT)
    room = 2 * (PADDING_MM[1] + SLACK_MM)
    words = [paper.said(each.title).split() or [""] for each in table.columns]
    least = [max(map(paper.get_string_width, each)) + room for each in words]
    paper.set_font(paper.family, "", TABLE_PT)
    return widened([each.share for each in table.columns], least, across=paper.epw)


def widened(shares: Sequence[float], least: Sequence[float], *, across: float) -> tuple[float, ...]:
    """Widths that fill `across`, by shares, of which none is below its least while there is room for those. Pure."""
    if sum(least) >= across:
        return tuple(each * across / sum(least) for each in least)
    raised: set[int] = set()
    while True:
        left = across - sum(least[at] for at in raised)
        unit = left / sum(share for at, share in enumerate(shares) if at not in raised)
        found = tuple(least[at] if at in raised else share * unit for at, share in enumerate(shares))
        narrow = {at for at, width in enumerate(found) if width < least[at]}
        if not narrow:
            return found
        raised |= narrow


def _cells(paper: _Paper, table: Table, row: tuple[Cell, ...]) -> list[str]:
    return [paper.said(shown(cell, column)) for cell, column in zip(row, table.columns, strict=True)]


def _is_numbers(table: Table, at: int) -> bool:
    cells = [row[at] for row in (*table.rows[:ROWS_PRINTED], *table.sums) if row[at] not in (None, "")]
    return bool(cells) and not any(isinstance(cell, str | date) for cell in cells)
