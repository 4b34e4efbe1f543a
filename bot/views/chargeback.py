"""A month's statement, in words; the picture stands under them (C10)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from bot.cards import Block, Card, Context, Fields, Heading, Link, Markup, Picture, Section, Text, one_line
from bot.plain import line_of
from core.finance import CentreStatement, Chargeback

LISTED: Final = 8  # cost centres


def chargeback_card(made: Chargeback, pictures: Sequence[Picture] = (), console: str = "") -> Card:
    """Who is charged what for the month; the files are in the console."""
    statement = made.statement
    ranked = sorted(statement.centres, key=lambda each: -each.amount)
    words: Text = (
        Markup(f"*{statement.amount:,} {statement.currency}* for {made.period}, by {len(ranked)} cost centres.")
        if ranked
        else Markup("*Nothing was spent.*"),
    )
    blocks: list[Block] = [Heading(f"Chargeback · {made.period}"), Section(words)]
    if ranked:
        amounts = tuple((_name(each), _amount(each, statement.currency)) for each in ranked[:LISTED])
        blocks.append(Fields(amounts))
    blocks += pictures
    if console:
        link = f"{console}/costs/chargeback?period={made.period}"
        rest = len(ranked) - LISTED
        more = f"{rest} more, and the files" if rest > 0 else "The files (PDF, XLSX, CSV, FOCUS)"
        blocks.append(Context((Link(f"{more} in the console", link),)))
    return Card(f"Chargeback {made.period}. {line_of(words)}", tuple(blocks))


def _name(each: CentreStatement) -> str:
    return f"{each.code} {each.title}".strip() or "No cost centre"


def _amount(each: CentreStatement, currency: str) -> Text:
    return (one_line(f"{each.amount:,} {currency}"),)
