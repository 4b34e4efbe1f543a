"""How far a file was taken, and what was left out of it, beside the file: `FILE.progress` and `FILE.errors.csv`.

The report grows as rows are left out, and the mark, which is written behind it, says how long it was: what an import
that was killed has added since is cut off, and its rows are gone through again. The mark goes last, when the report is
whole, so that nothing is ever lost; should a part of the report be missing, the file is taken from its first row again.
"""

from __future__ import annotations

import csv
import fcntl
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Annotated, BinaryIO, Final

from pydantic import Field, TypeAdapter

from app.usage_import.rows import RowError
from core.errors import Conflict, InvalidInput
from core.money import Money

ERRORS_MAX: Final = 100_000  # rows named in one report; all are counted
_Count = Annotated[int, Field(ge=0)]


@dataclass(slots=True)
class Tally:
    """What became of the rows that were gone through, but for those that stand in the ledger."""

    rows: _Count = 0
    errors: _Count = 0
    free: _Count = 0
    credits: _Count = 0
    credited: dict[str, Decimal] = field(default_factory=dict)  # below 0, by currency

    def credit(self, money: Money) -> None:
        """One more."""
        self.credits += 1
        before = Money(self.credited.get(money.currency, Decimal(0)), money.currency)
        self.credited[money.currency] = (before + money).amount


@dataclass(frozen=True, slots=True)
class _Mark:
    key: str
    report_bytes: _Count
    tally: Tally


_MARK: Final = TypeAdapter(_Mark)


class Marks:
    """The bookkeeping of one import. `key` tells it from every other: of which file, with which meter, into what.

    Raises InvalidInput if nothing can be written beside the file.
    """

    def __init__(self, path: Path, key: str) -> None:
        self.report = path.with_name(f"{path.name}.errors.csv")
        self._mark = path.with_name(f"{path.name}.progress")
        self._key = key
        with _writing():
            found = self._resumed()
            self.tally, self._size = found or (Tally(), self._begun())
            self._write()

    @property
    def reported(self) -> int:
        """How many rows the report names."""
        return min(self.tally.errors, ERRORS_MAX)

    def keep(self, rows: int, errors: Sequence[RowError]) -> None:
        """So many more rows were gone through: should the import break off now, the next goes on behind them."""
        room = max(0, ERRORS_MAX - self.tally.errors)
        named = sorted(errors, key=lambda error: error.number)[:room]
        with _writing():
            if named:
                self._size += _append(self.report, named)
            self.tally.rows += rows
            self.tally.errors += len(errors)
            self._write()

    def finish(self) -> None:
        """The report is all that stands beside the file, if there is something in it."""
        with _writing():
            if not self.tally.errors:
                self.report.unlink(missing_ok=True)
            self._mark.unlink(missing_ok=True)

    def _begun(self) -> int:
        self.report.write_bytes(b"")
        return _append(self.report, [], ("row", "column", "problem", "accepted"))

    def _resumed(self) -> tuple[Tally, int] | None:
        try:
            mark = _MARK.validate_json(self._mark.read_bytes())
            if mark.key != self._key or self.report.stat().st_size < mark.report_bytes:
                return None
        except (FileNotFoundError, ValueError):  # none of ours, or torn
            return None
        os.truncate(self.report, mark.report_bytes)
        return mark.tally, mark.report_bytes

    def _write(self) -> None:
        fresh = self._mark.with_name(f"{self._mark.name}.new")
        fresh.write_bytes(_MARK.dump_json(_Mark(self._key, self._size, self.tally)))
        fresh.replace(self._mark)


def hold(file: BinaryIO, path: Path) -> None:
    """Nobody else imports the file until it is closed. Raises Conflict."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise Conflict(
            f"'{path}' is being imported already.", where="file", next_step="Wait until that is through."
        ) from None
    except OSError:  # a network's disk that cannot: two at once may spoil the report, and count nothing twice
        return


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise InvalidInput(
            f"How far the file was taken cannot be kept beside it: {exc.strerror}.",
            where="file",
            next_step="Put the file where you may write and there is room, and give the command again.",
        ) from exc


def _append(path: Path, errors: Sequence[RowError], *lines: Sequence[str]) -> int:
    """How many bytes were added. They are on disk."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerows(lines)
    writer.writerows((each.number, each.column, each.message, "; ".join(each.accepted)) for each in errors)
    with path.open("ab") as file:
        added = file.write(text.getvalue().encode())
        file.flush()
        os.fsync(file.fileno())
    return added
