"""Usage from a file: CSV of ours, or FOCUS (the export of Countersign or of another provider).

A row that cannot be taken is named with its number and left out; the others stand in the ledger. How far a file was
taken stands beside it, so that an import that broke off goes on where it was; and since each row has an id of its own,
taking a row twice counts it once.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any, Final, TextIO

from app.administration import existing, operator, run
from app.container import Service
from config.settings import Settings
from core.actor import Actor
from core.costs import Recorded, UnsoundUsage, Usage, UsageConflict
from core.errors import CountersignError, InvalidInput

BATCH: Final = 1_000  # rows in one transaction
COLUMNS: Final = ("id", "meter", "quantity", "time", "project", "agent", "corrects")
REQUIRED: Final = ("id", "meter", "quantity", "time")
FOCUS: Final = ("ChargePeriodStart", "ConsumedQuantity", "SkuId")
ERRORS_MAX: Final = 100_000  # rows named in one report

Write = Callable[[Actor, Sequence[Usage]], Awaitable[Recorded]]
Progress = Callable[[int, int], None]  # rows done, rows in all


@dataclass(frozen=True, slots=True)
class RowError:
    """A row that was left out. `row` counts lines of the file from 1, the header being the first."""

    row: int
    column: str
    message: str
    accepted: tuple[str, ...] = ()


@dataclass(slots=True)
class Imported:
    """What became of a file."""

    rows: int = 0
    skipped: int = 0  # taken by an earlier run
    accepted: int = 0
    duplicates: int = 0
    errors: list[RowError] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Row:
    number: int
    usage: Usage


class BadRow(InvalidInput):
    """This row cannot be read."""

    code = "costs.bad_row"


def import_usage(
    settings: Settings, tenant: str, path: Path, *, meter: str | None, progress: Progress
) -> dict[str, Any]:
    """The rows of the file stand in the tenant's ledger, but for those in the report. Raises InvalidInput."""

    async def work(service: Service) -> Imported:
        actor = operator(await existing(service, tenant))
        try:
            return await take_file(service.usage.record, actor, path, meter=meter, progress=progress)
        finally:
            await service.usage.close()

    found = run(settings, work)
    report = path.with_name(f"{path.name}.errors.csv")
    if found.errors:
        write_report(report, found.errors)
    else:
        report.unlink(missing_ok=True)
    return {
        "rows": found.rows,
        "skipped": found.skipped,
        "accepted": found.accepted,
        "duplicates": found.duplicates,
        "errors": len(found.errors),
        "report": str(report) if found.errors else None,
    }


async def take_file(
    write: Write, actor: Actor, path: Path, *, meter: str | None = None, progress: Progress = lambda _done, _all: None
) -> Imported:
    """What became of the file, once all of it was gone through. Raises InvalidInput for a file that is none of ours."""
    digest, total = _measured(path)
    digest = f"{digest}/{meter or ''}"
    mark = path.with_name(f"{path.name}.progress")
    done, errors = _resumed(mark, digest)
    found = Imported(rows=total, skipped=done, errors=errors)
    with path.open(newline="", encoding="utf-8-sig") as file:
        rows, ordinal = _read(file, meter), 0
        while True:
            batch, ordinal, is_over = _next(rows, ordinal, done, found)
            await _take(write, actor, batch, found)
            _keep(mark, digest, ordinal, found.errors)
            progress(ordinal, total)
            if is_over:
                break
    found.errors.sort(key=lambda error: error.row)
    mark.unlink()
    return found


def write_report(path: Path, errors: Sequence[RowError]) -> None:
    """The file names each row that was left out, and why."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("row", "column", "problem", "accepted"))
        writer.writerows((each.row, each.column, each.message, "; ".join(each.accepted)) for each in errors)


def _next(rows: Iterator[_Row | RowError], ordinal: int, done: int, found: Imported) -> tuple[list[_Row], int, bool]:
    batch: list[_Row] = []
    for row in rows:
        ordinal += 1
        if ordinal <= done:
            continue
        if isinstance(row, RowError):
            _note(found, row)
        else:
            batch.append(row)
        if len(batch) == BATCH:
            return batch, ordinal, False
    return batch, ordinal, True


async def _take(write: Write, actor: Actor, batch: Sequence[_Row], found: Imported) -> None:
    """All of the batch stands in the ledger, but for the rows that are refused."""
    if not batch:
        return
    try:
        answer = await write(actor, [row.usage for row in batch])
    except UnsoundUsage as exc:
        for problem in exc.problems:
            _note(found, _refused(batch[problem.index], problem.error))
        bad = {problem.index for problem in exc.problems}
        await _take(write, actor, [row for index, row in enumerate(batch) if index not in bad], found)
    except UsageConflict as exc:
        if len(batch) == 1:
            _note(found, _refused(batch[0], exc))
            return
        middle = len(batch) // 2
        await _take(write, actor, batch[:middle], found)
        await _take(write, actor, batch[middle:], found)
    else:
        found.accepted += answer.accepted
        found.duplicates += answer.duplicates


def _refused(row: _Row, error: CountersignError) -> RowError:
    return RowError(row.number, error.where or "", error.message, error.accepted)


def _note(found: Imported, error: RowError) -> None:
    if len(found.errors) < ERRORS_MAX:
        found.errors.append(error)


def _read(file: TextIO, meter: str | None) -> Iterator[_Row | RowError]:
    reader = csv.DictReader(file, restval="", strict=True)
    header = tuple(reader.fieldnames or ())
    of_focus = set(FOCUS) <= set(header)
    if not of_focus:
        _check_header(header)
    seen: dict[str, int] = {}
    while True:
        begins = reader.line_num + 1
        try:
            fields = next(reader)
            usage = _of_focus(fields, meter, seen) if of_focus else _of_ours(fields, meter)
        except StopIteration:
            return
        except csv.Error as exc:
            yield RowError(begins, "", f"It is no CSV: {exc}.")
        except BadRow as exc:
            yield RowError(begins, exc.where or "", exc.message, exc.accepted)
        else:
            yield _Row(begins, usage)


def _check_header(header: Sequence[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in COLUMNS]
    if missing or unknown:
        wrong = f"has no column '{missing[0]}'" if missing else f"has a column '{unknown[0]}', which is none of ours"
        raise InvalidInput(
            f"The file {wrong}.", where="header", accepted=(",".join(COLUMNS), "FOCUS 1.2 or 1.3 with its own columns")
        )


def _of_ours(fields: Mapping[str, str], meter: str | None) -> Usage:
    return Usage(
        id=fields["id"].strip(),
        meter=meter or fields["meter"].strip(),
        quantity=_number(fields, "quantity"),
        at=_instant(fields, "time"),
        project=fields.get("project", "").strip(),
        agent=fields.get("agent", "").strip(),
        corrects=fields.get("corrects", "").strip(),
    )


def _of_focus(fields: Mapping[str, str], meter: str | None, seen: dict[str, int]) -> Usage:
    """A row of FOCUS; its id follows from what it says, and from how often the file says the same.

    With `meter`, what a row cost there is the quantity of that meter here: so another provider's bill comes in.
    """
    said = json.dumps(sorted((str(name), str(value)) for name, value in fields.items()))
    digest = hashlib.sha256(said.encode()).hexdigest()[:32]
    seen[digest] = seen.get(digest, 0) + 1
    return Usage(
        id=f"focus:{digest}:{seen[digest]}",
        meter=meter or fields["SkuId"].strip(),
        quantity=_number(fields, "BilledCost" if meter else "ConsumedQuantity"),
        at=_instant(fields, "ChargePeriodStart"),
        project=(fields.get("x_ProjectId") or fields.get("SubAccountName") or "").strip(),
        agent=(fields.get("x_AgentId") or fields.get("ResourceId") or "").strip(),
    )


def _number(fields: Mapping[str, str], column: str) -> Decimal:
    try:
        return Decimal(fields.get(column, "").strip())
    except InvalidOperation:
        message = f"'{fields.get(column, '')[:40]}' is no number."
        raise BadRow(message, where=column, accepted=("12.5",)) from None


def _instant(fields: Mapping[str, str], column: str) -> datetime:
    text = fields.get(column, "").strip()
    accepted = ("2026-11-27T10:00:00Z", "2026-11-27")
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise BadRow(f"'{text[:40]}' is no time.", where=column, accepted=accepted) from None
    if found.tzinfo is None and len(text) > len("2026-11-27"):
        raise BadRow(f"'{text[:40]}' says no time zone.", where=column, accepted=accepted)
    return found.replace(tzinfo=found.tzinfo or UTC).astimezone(UTC)


def _measured(path: Path) -> tuple[str, int]:
    """What the file's content is known by, and how many rows follow its header."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as raw:
            while part := raw.read(1 << 20):
                digest.update(part)
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = sum(1 for _row in csv.reader(file)) - 1
    except (OSError, UnicodeDecodeError, csv.Error) as exc:
        raise InvalidInput(f"'{path}' cannot be read as CSV in UTF-8: {exc}.", where="file") from exc
    return digest.hexdigest(), max(0, rows)


def _keep(mark: Path, digest: str, rows: int, errors: Sequence[RowError]) -> None:
    """Should the import break off now, the next one goes on behind these rows, and names these errors too."""
    written = json.dumps({"sha256": digest, "rows": rows, "errors": [asdict(each) for each in errors]})
    fresh = mark.with_name(f"{mark.name}.new")
    fresh.write_text(written, encoding="utf-8")
    fresh.replace(mark)


def _resumed(mark: Path, digest: str) -> tuple[int, list[RowError]]:
    try:
        known = json.loads(mark.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return 0, []
    if known.get("sha256") != digest:
        return 0, []
    return int(known["rows"]), [RowError(**{**each, "accepted": tuple(each["accepted"])}) for each in known["errors"]]
