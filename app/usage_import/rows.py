"""The rows of a CSV file, each with its place: usage, or why there is none in it.

Nothing is passed over in silence but lines with nothing on them. A row that is shorter or longer than the header says
something that nobody knows the meaning of, so it is an error.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, TextIO

from app.usage_import.cells import instant, number
from app.usage_import.focus import SIGN, FocusReader
from core.costs import RateCard, Usage
from core.errors import InvalidInput
from core.money import Money

COLUMNS: Final = ("id", "meter", "quantity", "time", "project", "agent", "corrects")
REQUIRED: Final = ("id", "meter", "quantity", "time")
_KINDS: Final = (",".join(COLUMNS), "FOCUS 1.2 or 1.3 with its own columns")


@dataclass(frozen=True, slots=True)
class UsageRow:
    """What was used. `number` counts lines of the file from 1, as do those of the others."""

    number: int
    usage: Usage


@dataclass(frozen=True, slots=True)
class CreditRow:
    """A credit or refund, which is below 0."""

    number: int
    credit: Money


@dataclass(frozen=True, slots=True)
class FreeRow:
    """A row of what costs nothing."""

    number: int


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that cannot be taken."""

    number: int
    column: str
    message: str
    accepted: tuple[str, ...] = ()


Row = UsageRow | CreditRow | FreeRow | RowError
_Line = tuple[int, list[str] | str]  # its number; its cells, or why it has none


@dataclass(frozen=True, slots=True)
class UsageFile:
    """The rows of a file, and what its columns are called that say what our usage has, if not the same."""

    rows: Iterator[Row]
    columns: Mapping[str, str]


def count_rows(file: TextIO) -> int:
    """How many rows follow the header."""
    return max(0, sum(1 for _line in _lines(file)) - 1)


def read_file(file: TextIO, card: RateCard, *, meter: str | None) -> UsageFile:
    """Its rows, from the first. Raises InvalidInput for a header that is none of ours, and UnknownMeter."""
    lines = _lines(file)
    header = _header(lines)
    if meter:
        card.meter(meter)
    if SIGN in header:
        focus = FocusReader(header, card, meter)
        return UsageFile(_rows(lines, header, focus.read, focus.columns), focus.columns)
    _check_ours(header, meter)
    return UsageFile(_rows(lines, header, lambda fields: _ours(fields, meter), {}), {})


def _lines(file: TextIO) -> Iterator[_Line]:
    """What has something on it, by the line on which it begins."""
    reader = csv.reader(file, strict=True)
    while True:
        begins = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as exc:  # the next one begins behind the line that this was found on
            through = f", through line {reader.line_num}" if reader.line_num > begins else ""
            yield begins, f"It is no CSV{through}: {exc}."
        else:
            if any(cell.strip() for cell in cells):
                yield begins, cells


def _header(lines: Iterator[_Line]) -> tuple[str, ...]:
    _begins, cells = next(lines, (1, None))
    if cells is None:
        raise InvalidInput("The file is empty.", where="header", accepted=_KINDS)
    if isinstance(cells, str):
        raise InvalidInput(cells, where="header", accepted=_KINDS)
    names = tuple(cell.strip() for cell in cells)
    twice = [name for name, count in Counter(names).items() if name and count > 1]
    if twice:
        raise InvalidInput(f"The file has more than one column '{twice[0]}'.", where="header", accepted=_KINDS)
    return names


def _check_ours(header: Sequence[str], meter: str | None) -> None:
    missing = [name for name in REQUIRED if name not in header and not (meter and name == "meter")]
    unknown = [name for name in header if name not in COLUMNS]
    if missing:
        raise InvalidInput(f"The file has no column '{missing[0]}'.", where="header", accepted=_KINDS)
    if unknown:
        name = f"a column '{unknown[0][:80]}', which is none of ours" if unknown[0] else "a column without a name"
        raise InvalidInput(f"The file has {name}.", where="header", accepted=_KINDS)


def _rows(
    lines: Iterator[_Line],
    header: Sequence[str],
    read: Callable[[Mapping[str, str]], Usage | Money | None],
    columns: Mapping[str, str],
) -> Iterator[Row]:
    for begins, cells in lines:
        if isinstance(cells, str):
            yield RowError(begins, "", cells)
            continue
        if len(cells) != len(header):
            message = f"It has {len(cells)} cells, and the header has {len(header)}."
            yield RowError(begins, "", message, (f"{len(header)} cells",))
            continue
        try:
            said = read(dict(zip(header, cells, strict=True)))
        except InvalidInput as exc:
            where = exc.where or ""
            yield RowError(begins, columns.get(where, where), exc.message, exc.accepted)
        else:
            yield _row(begins, said)


def _row(begins: int, said: Usage | Money | None) -> Row:
    match said:
        case None:
            return FreeRow(begins)
        case Money():
            return CreditRow(begins, said)
        case Usage():
            return UsageRow(begins, said)


def _ours(fields: Mapping[str, str], meter: str | None) -> Usage:
    return Usage(
        id=fields["id"].strip(),
        meter=meter or fields["meter"].strip(),
        quantity=number(fields, "quantity"),
        at=instant(fields, "time"),
        project=fields.get("project", "").strip(),
        agent=fields.get("agent", "").strip(),
        corrects=fields.get("corrects", "").strip(),
    )
