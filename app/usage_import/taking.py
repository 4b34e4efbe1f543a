"""Use case: the rows of a file stand in the ledger.

A row that cannot be taken is named with its number and left out; the others stand. How far a file was taken stands
beside it, so that an import that broke off goes on where it was; and since each row has an id of its own, taking a row
twice counts it once.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, Final, assert_never
from urllib.parse import urlsplit

from app.administration import existing, operator, run
from app.container import Service
from app.usage_import.marks import Marks, hold
from app.usage_import.rows import CreditRow, FreeRow, Row, RowError, UsageRow, count_rows, read_file
from config.settings import Settings
from core.actor import Actor
from core.costs import RateCard, Recorded, ToldOtherwise, UnsoundUsage, Usage, UsageConflict
from core.errors import Conflict, CountersignError, InvalidInput
from core.money import Money

BATCH: Final = 1_000  # rows at a time, and usage in one transaction
_BY_ANOTHER: Final = "This row counts already, by another meter, and no row counts twice."
_ITS_METER: Final = ("the same --meter as before, or none as before",)
_PART: Final = 1 << 20  # bytes read at a time

Write = Callable[[Actor, Sequence[Usage]], Awaitable[Recorded]]
Progress = Callable[[int, int], None]  # rows done, rows in all


@dataclass(frozen=True, slots=True)
class Imported:
    """What became of a file: of this run what is new or known, and of all of it what stands in no ledger."""

    rows: int
    skipped: int  # gone through by an earlier run that broke off
    accepted: int
    duplicates: int
    free: int  # rows of what costs nothing
    credits: int
    credited: tuple[Money, ...]  # below 0, one for each currency
    errors: int
    reported: int  # of them, named in the report
    report: Path | None


@dataclass(slots=True)
class _Written:
    accepted: int = 0
    duplicates: int = 0
    errors: list[RowError] = field(default_factory=list)


def import_usage(
    settings: Settings, tenant: str, path: Path, *, meter: str | None, progress: Progress
) -> dict[str, Any]:
    """The rows of the file stand in the tenant's ledger, but for those in the report.

    Raises NotFound, InvalidInput, or Conflict if the file is imported already or was changed meanwhile.
    """

    async def work(service: Service) -> Imported:
        actor = operator(await existing(service, tenant))
        card = service.rates.for_tenant(actor.tenant)
        try:
            return await take_file(
                service.usage.record, actor, path, card=card, meter=meter, into=_place(settings), progress=progress
            )
        finally:
            await service.usage.close()

    found = run(settings, work)
    return {
        "rows": found.rows,
        "skipped": found.skipped,
        "accepted": found.accepted,
        "duplicates": found.duplicates,
        "of_no_cost": found.free,
        "credits": found.credits,
        "credited": {each.currency: each.text for each in found.credited},
        "errors": found.errors,
        "reported": found.reported,
        "report": str(found.report) if found.report else None,
    }


async def take_file(
    write: Write,
    actor: Actor,
    path: Path,
    *,
    card: RateCard,
    meter: str | None = None,
    into: str = "",
    progress: Progress = lambda _done, _all: None,
) -> Imported:
    """What became of the file, once all of it was gone through. `into` names the database that is written.

    Raises InvalidInput for a file that is none of ours, UnknownMeter, or Conflict if the file is imported already or
    was changed meanwhile.
    """
    with _opened(path) as raw:
        before, digest = _state(raw), _digest(raw)
        file = io.TextIOWrapper(raw, newline="", encoding="utf-8-sig")
        total = _counted(file, path)
        file.seek(0)
        given = read_file(file, card, meter=meter)
        marks = Marks(path, _key(digest, meter or "", actor.tenant, into))
        written, skipped = _Written(), marks.tally.rows
        rows = islice(given.rows, skipped, None)
        progress(skipped, total)
        while batch := list(islice(rows, BATCH)):
            _check_unchanged(raw, before, path)
            usage = [row for row in batch if isinstance(row, UsageRow)]
            written.errors = []
            await _write(write, actor, usage, given.columns, written)
            for row in batch:
                _note(row, marks, written)
            marks.keep(len(batch), written.errors)
            progress(marks.tally.rows, total)
        _check_unchanged(raw, before, path)
        marks.finish()
    return _imported(marks, written, total=total, skipped=skipped)


async def _write(
    write: Write, actor: Actor, batch: Sequence[UsageRow], columns: Mapping[str, str], written: _Written
) -> None:
    """All of the batch stands in the ledger, but for the rows that are refused."""
    if not batch:
        return
    try:
        answer = await write(actor, [row.usage for row in batch])
    except UnsoundUsage as exc:
        bad = {problem.index: problem.error for problem in exc.problems}
        written.errors += [_refused(batch[index], error, columns) for index, error in bad.items()]
        await _write(write, actor, [row for index, row in enumerate(batch) if index not in bad], columns, written)
    except UsageConflict as exc:
        refused = _told_otherwise(batch, exc)
        written.errors += [_refused(row, error, columns) for row, error in refused.items()]
        left = [row for row in batch if row not in refused]
        middle = 0 if refused else len(left) // 2
        await _write(write, actor, left[:middle], columns, written)
        await _write(write, actor, left[middle:], columns, written)
    else:
        written.accepted += answer.accepted
        written.duplicates += answer.duplicates


def _told_otherwise(batch: Sequence[UsageRow], conflict: UsageConflict) -> Mapping[UsageRow, UsageConflict]:
    """The rows that conflict with what stands; none if this batch is to be halved to know which of its own do."""
    if len(batch) == 1:
        return {batch[0]: conflict}
    if not isinstance(conflict, ToldOtherwise):
        return {}
    told = set(conflict.usage_ids)
    found = {row: ToldOtherwise([row.usage.id]) for row in batch if row.usage.id in told}
    return found if len(found) == len(told) else {}


def _imported(marks: Marks, written: _Written, *, total: int, skipped: int) -> Imported:
    tally = marks.tally
    return Imported(
        rows=total,
        skipped=skipped,
        accepted=written.accepted,
        duplicates=written.duplicates,
        free=tally.free,
        credits=tally.credits,
        credited=tuple(Money(amount, code) for code, amount in sorted(tally.credited.items())),
        errors=tally.errors,
        reported=marks.reported,
        report=marks.report if tally.errors else None,
    )


def _refused(row: UsageRow, error: CountersignError, columns: Mapping[str, str]) -> RowError:
    if columns and isinstance(error, ToldOtherwise):  # of FOCUS: a row says its id, so the meter alone differs
        return RowError(row.number, columns["meter"], _BY_ANOTHER, _ITS_METER)
    where = error.where or ""
    return RowError(row.number, columns.get(where, where), error.message, error.accepted)


def _note(row: Row, marks: Marks, written: _Written) -> None:
    match row:
        case UsageRow():
            return
        case CreditRow():
            marks.tally.credit(row.credit)
        case FreeRow():
            marks.tally.free += 1
        case RowError():
            written.errors.append(row)
        case _:
            assert_never(row)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The file, which nobody else imports meanwhile."""
    try:
        if path.exists() and not path.is_file():
            raise InvalidInput(f"'{path}' is no file.", where="file", accepted=("a file on disk, which is read twice",))
        raw = path.open("rb")
    except OSError as exc:
        raise InvalidInput(f"'{path}' cannot be read: {exc.strerror}.", where="file") from exc
    with raw:
        hold(raw, path)
        yield raw


def _digest(raw: BinaryIO) -> str:
    digest = hashlib.sha256()
    while part := raw.read(_PART):
        digest.update(part)
    raw.seek(0)
    return digest.hexdigest()


def _counted(file: io.TextIOWrapper, path: Path) -> int:
    try:
        return count_rows(file)
    except UnicodeDecodeError as exc:
        raise InvalidInput(f"'{path}' is no text in UTF-8: {exc}.", where="file", accepted=("CSV in UTF-8",)) from exc


def _state(raw: BinaryIO) -> tuple[int, int]:
    found = os.fstat(raw.fileno())
    return found.st_size, found.st_mtime_ns


def _check_unchanged(raw: BinaryIO, before: tuple[int, int], path: Path) -> None:
    """Raises Conflict, since rows have other numbers now, and half of one may have been read."""
    if _state(raw) != before:
        raise Conflict(
            f"'{path}' was changed while it was read. What was taken of it stands.",
            where="file",
            next_step="Give the command again once nobody writes to it; no row counts twice.",
        )


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _place(settings: Settings) -> str:
    """What tells the database from others, but for the password."""
    if settings.database_url is None:
        return str(settings.data_dir)
    url = urlsplit(settings.database_url.get_secret_value())
    return f"{url.netloc.rpartition('@')[2]}{url.path}"
