"""A report as data. What is a number stays one: a spreadsheet adds it up, print aligns it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Final, TypeAlias

from core.money import in_full

Cell: TypeAlias = str | Decimal | int | date | None
COLOUR: Final = "#0072b2"


@dataclass(frozen=True, slots=True)
class Brand:
    """In whose name a report is: its colour, as CSS writes it in six digits, and its sign as PNG, where it has one."""

    name: str = "Countersign"
    colour: str = COLOUR
    logo: bytes = b""


@dataclass(frozen=True, slots=True)
class Column:
    """A column; `share` of the width in print, beside the shares of the others; `places` of its numbers."""

    title: str
    share: int = 1
    places: int | None = None


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns. `sums` are the last rows, set apart."""

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    sums: tuple[tuple[Cell, ...], ...] = ()


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG with what it shows in words, `width` pixels wide on a page. A spreadsheet has none."""

    png: bytes
    words: str
    title: str = ""
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Document:
    """A report. `facts` stand at its head, label and value."""

    title: str
    subtitle: str
    facts: tuple[tuple[str, str], ...]
    parts: tuple[Table | Words | Picture, ...]
    made_at: datetime
    brand: Brand = Brand()


def shown(cell: Cell, column: Column) -> str:
    """The cell as print shows it: numbers with a point and thousands apart, an empty cell as nothing."""
    match cell:
        case None:
            return ""
        case Decimal() if column.places is not None:
            return f"{cell:,.{column.places}f}"
        case Decimal():
            return in_full(cell)
        case int():
            return f"{cell:,}"
        case date():
            return cell.isoformat()
        case _:
            return str(cell)
