"""A statement as a document: what is printed and opened in a spreadsheet. Pure."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from core.documents import Column, Document, Table, Words
from core.finance.chargeback import CentreStatement, Chargeback, Statement, places_of
from core.money import in_full

_NOBODY: Final = "No cost centre"


def statement_document(made: Chargeback) -> Document:
    """The statement: who is charged what, then each centre's lines."""
    statement = made.statement
    facts = (
        ("Tenant", f"{made.tenant_name} ({made.tenant})"),
        ("Period", f"{made.period}, days of UTC" + ("" if made.is_over else "; it is not over yet")),
        ("Currency", statement.currency),
        ("Amount", f"{statement.amount:,} {statement.currency}"),
        ("Exact cost in the ledger", f"{in_full(statement.exact)} {statement.currency}"),
        ("Made", f"{made.made_at:%Y-%m-%d %H:%M} UTC"),
    )
    parts: list[Table | Words] = [
        _summary(statement),
        Words(_HOW),
        *(_centre(each, made) for each in statement.centres),
    ]
    return Document(f"Chargeback {made.period}", made.tenant_name, facts, tuple(parts), made.made_at)


_HOW: Final = (
    "Each figure is the exact cost, rounded to the smallest coin. Rounded figures need not add up: what is missing "
    "stands beside them as rounding, and with it everything adds up to the ledger's total."
)


def _summary(statement: Statement) -> Table:
    places = places_of(statement.currency)
    columns = (
        Column("Cost centre", 2),
        Column("Name", 4),
        Column("Exact cost", 3),
        Column(f"Amount ({statement.currency})", 3, places=places),
    )
    rows = tuple((each.code or "–", each.title or _title(each), each.exact, each.amount) for each in statement.centres)
    sums: list[tuple[str | Decimal | None, ...]] = []
    if statement.rounding:
        sums.append(("", "Rounding", None, statement.rounding))
    sums.append(("", "Total", statement.exact, statement.amount))
    return Table("Cost centres", columns, rows, tuple(sums))


def _centre(centre: CentreStatement, made: Chargeback) -> Table:
    places = places_of(made.statement.currency)
    columns = (
        Column("Project", 3),
        Column("Agent", 4),
        Column("Meter", 4),
        Column("Quantity", 3),
        Column("Unit", 2),
        Column("Amount", 2, places=places),
    )
    rows = tuple(
        (
            line.project or "–",
            line.agent or "–",
            made.meters[line.meter].title if line.meter in made.meters else line.meter,
            line.quantity,
            made.meters[line.meter].unit if line.meter in made.meters else "",
            line.amount,
        )
        for line in centre.lines
    )
    sums: list[tuple[str | Decimal | None, ...]] = []
    if centre.rounding:
        sums.append(("Rounding", "", "", None, "", centre.rounding))
    sums.append(("Total", "", "", None, "", centre.amount))
    return Table(_title(centre), columns, rows, tuple(sums))


def _title(centre: CentreStatement) -> str:
    return f"{centre.code} {centre.title}".strip() or _NOBODY
