"""Use cases of chargeback: a month's statement, and as a file (C10)."""

from __future__ import annotations

import asyncio
import csv
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from io import StringIO
from typing import Final

from core.access import TokenScope, permitted
from core.actor import Actor
from core.audit import record
from core.cells import no_formula
from core.costs import RateCatalogue
from core.db import Database, Transaction
from core.documents import to_pdf, to_workbook
from core.finance import ledger, store
from core.finance.chargeback import Chargeback, statement_of
from core.finance.errors import InvalidReport
from core.finance.focus import VERSIONS, Account, Charged, focus_csv, plain
from core.finance.looking import chosen_currency
from core.finance.printing import statement_document
from core.finance.spans import Span, month, name_of
from core.tenants import tenant_policy

CSV: Final = "text/csv; charset=utf-8"
CSV_COLUMNS: Final = (
    "period",
    "currency",
    "kind",
    "cost_centre",
    "cost_centre_title",
    "project",
    "agent",
    "meter",
    "quantity",
    "unit",
    "exact_cost",
    "amount",
)


class StatementFormat(StrEnum):
    """As what a statement is written."""

    CSV = "csv"
    XLSX = "xlsx"
    PDF = "pdf"
    FOCUS = "focus"

    @property
    def media_type(self) -> str:
        """What HTTP and mail call it."""
        match self:
            case StatementFormat.XLSX:
                return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
            case StatementFormat.PDF:
                return "application/pdf"
            case StatementFormat.CSV | StatementFormat.FOCUS:
                return CSV


@dataclass(frozen=True, slots=True)
class StatementFile:
    """A statement as a file, a part at a time."""

    name: str
    media_type: str
    chunks: AsyncIterator[bytes]


async def chargeback(
    database: Database, rates: RateCatalogue, actor: Actor, *, period: str = "", currency: str = ""
) -> Chargeback:
    """The statement of the month (2026-11), by default of the last whole one. Raises InvalidReport."""
    async with permitted(database, actor, TokenScope.READ, action="chargeback.show", resource=period[:20]) as tx:
        await ledger.may_read(tx, actor)
        found = month(period, now=tx.now)
        return await chargeback_in(tx, rates, found, currency=currency)


async def chargeback_in(tx: Transaction, rates: RateCatalogue, found: Span, *, currency: str = "") -> Chargeback:
    """The statement of the span, for those who may have it."""
    known = await ledger.currencies(tx, found)
    card = rates.for_tenant(tx.tenant)
    chosen = chosen_currency(currency, known) if currency or known else card.currency
    spent = await ledger.spent(tx, found, currency=chosen)
    titles = {row.code: row.title for row in await store.centres(tx)}
    statement = statement_of(
        spent, await store.assignments(tx), titles, since=found.since, until=found.until, currency=chosen
    )
    name = (await tenant_policy(tx)).name or str(tx.tenant)
    is_over = tx.now.date() >= found.until
    return Chargeback(tx.tenant, name, name_of(found), statement, tx.now, is_over, ledger.meters_of(card), known)


async def statement_file(
    database: Database,
    rates: RateCatalogue,
    actor: Actor,
    written: StatementFormat,
    *,
    period: str = "",
    currency: str = "",
    version: str = VERSIONS[0],
) -> StatementFile:
    """The statement as a file; that it was taken is recorded. Raises InvalidReport."""
    if version not in VERSIONS:
        raise InvalidReport(f"There is no version '{version[:10]}' here.", where="version", accepted=VERSIONS)
    async with permitted(database, actor, TokenScope.READ, action="chargeback.exported", resource=period[:20]) as tx:
        await ledger.may_read(tx, actor)
        found = month(period, now=tx.now)
        made = await chargeback_in(tx, rates, found, currency=currency)
        charges: list[Charged] = []
        if written is StatementFormat.FOCUS:
            charges = await _charges(tx, rates, found, currency=made.statement.currency)
        details = {
            "report": f"chargeback:{made.period}",
            "format": written,
            "amount": plain(made.statement.amount),
            "currency": made.statement.currency,
        }
        await record(tx, actor, action="chargeback.exported", resource=made.name, details=details)
    return written_as(made, written, charges, version=version)


def written_as(
    made: Chargeback, written: StatementFormat, charges: list[Charged], *, version: str = VERSIONS[0]
) -> StatementFile:
    """The statement in this form."""
    name = f"chargeback-{made.name}"
    match written:
        case StatementFormat.CSV:
            return StatementFile(f"{name}.csv", written.media_type, _encoded(_csv(made)))
        case StatementFormat.FOCUS:
            account = Account(made.tenant, made.tenant_name, made.name)
            rows = focus_csv(charges, made.statement, account, made.meters, version=version)
            return StatementFile(f"{name}-focus-{version}.csv", written.media_type, _encoded(rows))
        case StatementFormat.PDF:
            return StatementFile(f"{name}.pdf", written.media_type, _made(lambda: to_pdf(statement_document(made))))
        case StatementFormat.XLSX:
            book = _made(lambda: to_workbook(statement_document(made)))
            return StatementFile(f"{name}.xlsx", written.media_type, book)


async def _charges(tx: Transaction, rates: RateCatalogue, found: Span, *, currency: str) -> list[Charged]:
    assignments = await store.assignments(tx)
    return [
        replace(each, cost_centre=assignments.centre_of(each.project, each.agent, on=each.day))
        for each in await ledger.charged(tx, found, rates.for_tenant(tx.tenant), currency=currency)
    ]


def _csv(made: Chargeback) -> Iterator[str]:
    """One line for each meter of an agent; what rounding adds stands in lines of its own."""
    buffer = StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    statement, fixed = made.statement, (made.period, made.statement.currency)
    writer.writerow(CSV_COLUMNS)
    for centre in statement.centres:
        whose = (no_formula(centre.code), no_formula(centre.title))
        for line in centre.lines:
            unit = made.meters[line.meter].unit if line.meter in made.meters else ""
            named = map(no_formula, (line.project, line.agent, line.meter))
            what = (*named, plain(line.quantity), no_formula(unit))
            writer.writerow((*fixed, "line", *whose, *what, plain(line.exact), line.amount))
        if centre.rounding:
            writer.writerow((*fixed, "rounding", *whose, "", "", "", "", "", "", centre.rounding))
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()
    if statement.rounding:
        writer.writerow((*fixed, "rounding", "", "", "", "", "", "", "", "", statement.rounding))
    yield buffer.getvalue()


async def _encoded(parts: Iterator[str]) -> AsyncIterator[bytes]:
    for part in parts:
        if part:
            yield part.encode()
            await asyncio.sleep(0)  # others have their turn between the parts


async def _made(make: Callable[[], bytes]) -> AsyncIterator[bytes]:
    yield await asyncio.to_thread(make)
